/** The server's layer styles as MapLibre layers: pure, one published layer in, its drawing layers out. */

import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import type { MapLayer, Paint } from "../shapes";
import { LABEL_FONT } from "./fonts";

type Color = string | ExpressionSpecification;

/** From which zoom a layer's label column is written, and how large; other layers' labels wait for the closest zooms. */
const LABELS: Record<string, { minzoom: number; size: number }> = {
  admin_units: { minzoom: 4, size: 12 },
  urban_areas: { minzoom: 8, size: 12 },
  zones: { minzoom: 15.5, size: 11 },
  parcels: { minzoom: 17.5, size: 11 },
};
const OTHER_LABEL = { minzoom: 17, size: 11 };

const CLEAR = "rgba(0,0,0,0)";

/** Identifier of a layer's part that shows things on the map and answers clicks. */
export const partIds = (layer: MapLayer): string[] => ["fill", "line", "point", "label"].map((part) => `${layer.name}:${part}`);

export function paintLayer(layer: MapLayer): LayerSpecification[] {
  const parts = { polygon: polygonParts, line: lineParts, point: pointParts }[layer.geometry](layer);
  return [...parts, ...labelParts(layer)];
}

function polygonParts(layer: MapLayer): LayerSpecification[] {
  return [
    {
      ...common(layer, "fill"),
      type: "fill",
      paint: { "fill-color": byRule(layer, (paint) => paint.fill ?? CLEAR), "fill-opacity": (layer.style.opacity ?? 1) * 0.85, "fill-antialias": false },
    },
    {
      ...common(layer, "line"),
      type: "line",
      layout: { "line-join": "round" },
      paint: {
        "line-color": byRule(layer, (paint) => paint.stroke ?? CLEAR),
        "line-width": scaled(layer),
        "line-dasharray": dashes(layer),
      },
    },
  ];
}

function lineParts(layer: MapLayer): LayerSpecification[] {
  return [
    {
      ...common(layer, "line"),
      type: "line",
      layout: { "line-join": "round", "line-cap": "butt" },
      paint: {
        "line-color": byRule(layer, (paint) => paint.stroke ?? paint.fill ?? CLEAR),
        "line-width": scaled(layer),
        "line-dasharray": dashes(layer),
      },
    },
  ];
}

function pointParts(layer: MapLayer): LayerSpecification[] {
  return [
    {
      ...common(layer, "point"),
      type: "circle",
      paint: {
        "circle-color": byRule(layer, (paint) => paint.fill ?? paint.stroke ?? CLEAR),
        "circle-stroke-color": byRule(layer, (paint) => paint.stroke ?? "#ffffff"),
        "circle-stroke-width": 1,
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 10, 1.5, 15, 4, 18, 6],
      },
    },
  ];
}

function labelParts(layer: MapLayer): LayerSpecification[] {
  const column = layer.style.label_column;
  if (!column) return [];
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
        "text-padding": layer.name === "admin_units" ? 48 : 6,
        ...(layer.name === "admin_units" && { "symbol-avoid-edges": true }),
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

/** One value per rule of the style, chosen by the layer's column. */
function byRule(layer: MapLayer, read: (paint: Paint) => string): Color {
  const { column, rules, default: otherwise } = layer.style;
  if (!column || rules.length === 0) return read(otherwise);
  const branches = distinct(rules).flatMap((rule) => [String(rule.value), read(rule)]);
  return ["match", ["to-string", ["get", column]], ...branches, read(otherwise)] as unknown as ExpressionSpecification;
}

/** Line widths are declared for street scale; far out they thin to a third. */
function scaled(layer: MapLayer): ExpressionSpecification {
  const { column, rules, default: otherwise } = layer.style;
  const width = (factor: number) => {
    const read = (paint: Paint) => (paint.width ?? 1) * factor;
    if (!column || rules.length === 0) return read(otherwise);
    return ["match", ["to-string", ["get", column]], ...distinct(rules).flatMap((rule) => [String(rule.value), read(rule)]), read(otherwise)];
  };
  return ["interpolate", ["linear"], ["zoom"], 8, width(0.35), 14, width(0.7), 17, width(1.2), 20, width(2)] as unknown as ExpressionSpecification;
}

const SOLID = [1, 0];

function dashes(layer: MapLayer): ExpressionSpecification | number[] {
  const { column, rules, default: otherwise } = layer.style;
  const read = (paint: Paint) => (paint.dash && paint.dash.length > 1 ? paint.dash : SOLID);
  if (!column || rules.every((rule) => !rule.dash?.length)) return read(otherwise);
  const branches = distinct(rules).flatMap((rule) => [String(rule.value), ["literal", read(rule)]]);
  return ["match", ["to-string", ["get", column]], ...branches, ["literal", read(otherwise)]] as unknown as ExpressionSpecification;
}

/** A match expression refuses repeated values; the first rule wins, as in the server's style. */
function distinct<T extends { value: unknown }>(rules: T[]): T[] {
  const seen = new Set<string>();
  return rules.filter((rule) => !seen.has(String(rule.value)) && seen.add(String(rule.value)));
}
