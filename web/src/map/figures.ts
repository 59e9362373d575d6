/** The second view of the map: one tier's units coloured by their figures, to be opened by a click. */

import { computed, effect, signal } from "@preact/signals";
import type { GeoJSONSource, LayerSpecification, Map as MapLibre, SourceSpecification } from "maplibre-gl";
import { canOpen, openUnit, shapes, values } from "../figures";
import type { Figure } from "../shapes";
import { mode } from "../state";
import { classify, drawFigures } from "./choropleth";
import { LABEL_FONT } from "./fonts";
import { extentOf } from "./geometry";
import { freePadding } from "./room";

export const EMPTY: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

/** The unit under the pointer or the focused row: the map and the table show it together. */
export const pointed = signal<string | null>(null);
export const pointer = signal<{ x: number; y: number } | null>(null);

export const classes = computed(() => classify(values.value));

const KNOWN = ["!=", ["get", "color"], null] as ["!=", ...unknown[]];

export const figureParts: { sources: Record<string, SourceSpecification>; layers: LayerSpecification[] } = {
  sources: {
    figures: { type: "geojson", data: EMPTY, promoteId: "code" },
    figure_names: { type: "geojson", data: EMPTY },
  },
  layers: [
    {
      id: "figures:unknown",
      type: "fill",
      source: "figures",
      filter: ["==", ["get", "color"], null],
      paint: { "fill-pattern": "hatching" },
    },
    { id: "figures:fill", type: "fill", source: "figures", filter: KNOWN, paint: { "fill-color": ["get", "color"] } },
    {
      id: "figures:partial",
      type: "fill",
      source: "figures",
      filter: ["all", KNOWN, ["get", "partial"]],
      paint: { "fill-pattern": "hatching_partial" },
    },
    {
      id: "figures:line",
      type: "line",
      source: "figures",
      layout: { "line-join": "round" },
      paint: { "line-color": "#ffffff", "line-width": ["interpolate", ["linear"], ["zoom"], 4, 0.8, 10, 1.6] },
    },
    {
      id: "figures:pointed",
      type: "line",
      source: "figures",
      layout: { "line-join": "round" },
      paint: {
        "line-color": "#16181f",
        "line-width": ["case", ["boolean", ["feature-state", "pointed"], false], 2.5, 0],
      },
    },
    {
      id: "figures:name",
      type: "symbol",
      source: "figure_names",
      layout: {
        "text-field": ["get", "name"],
        "text-font": [LABEL_FONT],
        "text-size": ["interpolate", ["linear"], ["zoom"], 4, 10.5, 9, 13],
        "text-max-width": 7,
        "text-padding": 3,
      },
      paint: { "text-color": "#16181f", "text-halo-color": "rgba(255,255,255,0.85)", "text-halo-width": 1.3 },
    },
  ] as LayerSpecification[],
};

export const FIGURE_LAYERS = figureParts.layers.map((layer) => layer.id);
const AREAS = ["figures:fill", "figures:unknown"];

type Color = [red: number, green: number, blue: number, alpha: number];

/** Units without a figure are hatched, since unknown must not look like a low value; partial data are hatched lightly over their colour. */
export function addHatchings(map: MapLibre): void {
  map.addImage("hatching", hatching([150, 150, 158, 255], [243, 241, 234, 255]), { pixelRatio: 2 });
  map.addImage("hatching_partial", hatching([255, 255, 255, 150], [255, 255, 255, 0]), { pixelRatio: 2 });
}

function hatching(line: Color, ground: Color): ImageData {
  const size = 16;
  const image = new ImageData(size, size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) image.data.set((x + y) % size < 3 ? line : ground, (y * size + x) * 4);
  }
  return image;
}

/** Keep the choropleth in step with the figures, and let pointer and clicks work on it. */
export function followFigures(map: MapLibre): (() => void)[] {
  listen(map);
  let fitted: GeoJSON.FeatureCollection | null = null;
  return [
    effect(() => {
      const answer = shapes.answer.value;
      if (answer.state !== "ready" || values.value.length === 0) return;
      const drawn = drawFigures(answer.value, values.value, classes.value);
      (map.getSource("figures") as GeoJSONSource).setData(drawn.areas);
      (map.getSource("figure_names") as GeoJSONSource).setData(drawn.names);
      if (fitted === answer.value || drawn.areas.features.length === 0) return;
      fitted = answer.value;
      fit(map, drawn.areas);
    }),
    effect(() => {
      const code = pointed.value;
      map.removeFeatureState({ source: "figures" });
      if (code) map.setFeatureState({ source: "figures", id: code }, { pointed: true });
    }),
  ];
}

function fit(map: MapLibre, areas: GeoJSON.FeatureCollection): void {
  const extent = extentOf(areas.features.map((feature) => feature.geometry));
  if (extent) map.fitBounds(extent, { padding: freePadding(32), maxDuration: 1500 });
}

function listen(map: MapLibre): void {
  const codeAt = (point: { x: number; y: number }): string | null => {
    const hit = map.queryRenderedFeatures([point.x, point.y], { layers: AREAS })[0];
    return (hit?.properties["code"] as string | undefined) ?? null;
  };
  map.on("mousemove", (event) => {
    if (mode.peek() !== "figures") return;
    const code = codeAt(event.point);
    pointed.value = code;
    pointer.value = code ? { x: event.point.x, y: event.point.y } : null;
    map.getCanvas().style.cursor = code ? "pointer" : "";
  });
  map.on("mouseout", () => {
    pointed.value = null;
    pointer.value = null;
  });
  map.on("click", (event) => {
    if (mode.peek() !== "figures") return;
    const code = codeAt(event.point);
    const figure: Figure | undefined = values.peek().find((one) => one.unit.code === code);
    if (figure && canOpen(figure)) openUnit(figure.unit);
  });
}
