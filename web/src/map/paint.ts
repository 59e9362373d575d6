/** The server's layer styles as MapLibre layers: pure, one published layer in, its drawing layers out. */

import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import type { MapLayer, Paint } from "../shapes";
import { LABEL_FONT } from "./fonts";
import { UNITS } from "./names";

type Color = string | ExpressionSpecification;

/** From which zoom a layer's label column is written, and how large; other layers' labels wait for the closest zooms. */
const LABELS: Record<string, { minzoom: number; size: number }> = {
  urban_areas: { minzoom: 8, size: 12 },
  zones: { minzoom: 15.5, size: 11 },
  parcels: { minzoom: 17.5, size: 11 },
};
const OTHER_LABEL = { minzoom: 17, size: 11 };

/**
 * Areas that cover the ground, from the lowest up; each hides what lies below it, since blended official colours mean nothing.
 * Layers that are not named lie on top, translucent, in the server's order.
 */
const GROUND_UP = [UNITS, "population_grid", "zones", "parcels", "natural_areas", "green_areas", "water_bodies"];

/** Plans from coarse to fine by the letters in their codes (Circular 16/2025); the finer one is drawn over the coarser. */
const FINER_PLAN = ["match", ["slice", ["get", "plan_code"], 2, 5], "QHC", 0, "QPK", 1, "QCT", 2, 1];

const KINDS = ["fill", "line", "circle", "symbol"];

const CLEAR = "rgba(0,0,0,0)";

/** Identifier of a layer's part that shows things on the map and answers clicks. */
export const partIds = (layer: MapLayer): string[] => ["fill", "line", "point", "label"].map((part) => `${layer.name}:${part}`);

export const LAND = "#f6f4ee";

/** All drawing layers in the order they are drawn: areas below lines, lines below points, names above everything. */
export function paintLayers(layers: MapLayer[], onBasemap: boolean): LayerSpecification[] {
  const height = (layer: MapLayer) => (GROUND_UP.includes(layer.name) ? GROUND_UP.indexOf(layer.name) : GROUND_UP.length);
  const parts = [...layers].sort((a, b) => height(a) - height(b)).flatMap((layer) => paintLayer(layer, onBasemap));
  return parts.sort((a, b) => KINDS.indexOf(a.type) - KINDS.indexOf(b.type));
}

function paintLayer(layer: MapLayer, onBasemap: boolean): LayerSpecification[] {
  const labels = labelParts(layer);
  if (layer.geometry === "line") return [lineParts(layer), ...labels];
  if (layer.geometry === "point") return [pointParts(layer), ...labels];
  return [...polygonParts(layer, onBasemap), ...labels];
}

/** Official colours, a little lighter than in print, so that lines, names and the selection stand out. */
export const fillOpacity = (layer: MapLayer): number => (layer.style.opacity ?? 1) * 0.72;

function polygonParts(layer: MapLayer, onBasemap: boolean): LayerSpecification[] {
  const opaque = GROUND_UP.includes(layer.name) && !onBasemap;
  const color = (paint: Paint) => (paint.fill ? (opaque ? lighten(paint.fill, fillOpacity(layer)) : paint.fill) : CLEAR);
  return [
    {
      ...common(layer, "fill"),
      type: "fill",
      layout: { "fill-sort-key": drawnLater(layer) },
      paint: { "fill-color": byRule(layer, color), "fill-opacity": opaque ? 1 : fillOpacity(layer), "fill-antialias": false },
    },
    {
      ...common(layer, "line"),
      type: "line",
      layout: { "line-join": "round" },
      paint: {
        "line-color": byRule(layer, (paint) => paint.stroke ?? CLEAR),
        "line-width": scaled(layer),
        "line-dasharray": dashes(layer),
        "line-opacity": ["interpolate", ["linear"], ["zoom"], layer.minzoom, 0.35, layer.minzoom + 3, 1],
      },
    },
  ];
}

/** Of areas that overlap, the finer plan and the later rule of a style are drawn over the others. */
function drawnLater({ name, style: { column, rules } }: MapLayer): ExpressionSpecification | number {
  if (name === "zones") return FINER_PLAN as unknown as ExpressionSpecification;
  if (!column || rules.length === 0) return 0;
  const places = distinct(rules).flatMap((rule, place) => [String(rule.value), place]);
  return ["match", ["to-string", ["get", column]], ...places, -1] as unknown as ExpressionSpecification;
}

function lineParts(layer: MapLayer): LayerSpecification {
  return {
    ...common(layer, "line"),
    type: "line",
    layout: { "line-join": "round", "line-cap": "butt" },
    paint: {
      "line-color": byRule(layer, (paint) => paint.stroke ?? paint.fill ?? CLEAR),
      "line-width": scaled(layer),
      "line-dasharray": dashes(layer),
    },
  };
}

function pointParts(layer: MapLayer): LayerSpecification {
  return {
    ...common(layer, "point"),
    type: "circle",
    paint: {
      "circle-color": byRule(layer, (paint) => paint.fill ?? paint.stroke ?? CLEAR),
      "circle-stroke-color": byRule(layer, (paint) => paint.stroke ?? "#ffffff"),
      "circle-stroke-width": 1,
      "circle-radius": ["interpolate", ["linear"], ["zoom"], 10, 1.5, 15, 4, 18, 6],
    },
  };
}

/** The opaque colour that `color` has over the land when drawn with `opacity`. */
export function lighten(color: string, opacity: number): string {
  const channels = (hex: string) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  const ground = channels(LAND);
  const mixed = channels(color).map((channel, i) => Math.round(channel * opacity + (ground[i] ?? 255) * (1 - opacity)));
  return `rgb(${mixed.join(",")})`;
}

function labelParts(layer: MapLayer): LayerSpecification[] {
  const column = layer.style.label_column;
  if (!column || layer.name === UNITS) return [];
  const label = LABELS[layer.name] ?? OTHER_LABEL;
  return [
    {
      ...common(layer, "label"),
      type: "symbol",
      minzoom: Math.max(label.minzoom, layer.minzoom),
      layout: {
        "text-field": ["to-string", ["get", column]],
        "text-font": [LABEL_FONT],
        "text-size": label.size,
        "text-max-width": 8,
        "text-padding": 6,
        "text-letter-spacing": 0.01,
      },
      paint: { "text-color": "#22242e", "text-halo-color": "rgba(255,255,255,0.9)", "text-halo-width": 1.4 },
    },
  ];
}

function common(layer: MapLayer, part: string) {
  // Tiles end at maxzoom but are drawn on beyond it, so only the near end limits the layer.
  return { id: `${layer.name}:${part}`, source: layer.name, "source-layer": layer.source_layer, minzoom: layer.minzoom };
}

/** The part of a paint that is given; the rest falls back on the style's default. */
export function known(paint: Paint): Paint {
  const { fill, stroke, width, dash } = paint;
  return Object.fromEntries(
    Object.entries({ fill, stroke, width, dash }).filter(([, value]) => value !== null && value !== undefined),
  );
}

const resolve = (layer: MapLayer, paint: Paint): Paint => ({ ...layer.style.default, ...known(paint) });

/** One value per rule of the style, chosen by the layer's column. */
function byRule(layer: MapLayer, read: (paint: Paint) => string): Color {
  const { column, rules, default: otherwise } = layer.style;
  if (!column || rules.length === 0) return read(otherwise);
  const branches = distinct(rules).flatMap((rule) => [String(rule.value), read(resolve(layer, rule))]);
  return ["match", ["to-string", ["get", column]], ...branches, read(otherwise)] as unknown as ExpressionSpecification;
}

/** Line widths are declared for street scale; further out they are thinner. */
function scaled(layer: MapLayer): ExpressionSpecification {
  const { column, rules, default: otherwise } = layer.style;
  const width = (factor: number) => {
    const read = (paint: Paint) => (paint.width ?? 1) * factor;
    if (!column || rules.length === 0) return read(otherwise);
    return [
      "match",
      ["to-string", ["get", column]],
      ...distinct(rules).flatMap((rule) => [String(rule.value), read(resolve(layer, rule))]),
      read(otherwise),
    ];
  };
  return [
    "interpolate",
    ["linear"],
    ["zoom"],
    8,
    width(0.3),
    14,
    width(0.35),
    16,
    width(0.8),
    18,
    width(1.4),
    20,
    width(2),
  ] as unknown as ExpressionSpecification;
}

const SOLID = [1, 0];

function dashes(layer: MapLayer): ExpressionSpecification | number[] {
  const { column, rules, default: otherwise } = layer.style;
  const read = (paint: Paint) => (paint.dash && paint.dash.length > 1 ? paint.dash : SOLID);
  if (!column || rules.every((rule) => !rule.dash?.length)) return read(otherwise);
  const branches = distinct(rules).flatMap((rule) => [String(rule.value), ["literal", read(resolve(layer, rule))]]);
  return [
    "match",
    ["to-string", ["get", column]],
    ...branches,
    ["literal", read(otherwise)],
  ] as unknown as ExpressionSpecification;
}

/** A match expression refuses repeated values; the first rule wins, as in the server's style. */
function distinct<T extends { value: unknown }>(rules: T[]): T[] {
  const seen = new Set<string>();
  return rules.filter((rule) => !seen.has(String(rule.value)) && seen.add(String(rule.value)));
}
