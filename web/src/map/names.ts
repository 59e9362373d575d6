/** Names of administrative units: one per unit and tier, at the largest part of it that the loaded tiles hold. */

import type { GeoJSONSource, LayerSpecification, Map as MapLibre } from "maplibre-gl";
import type { MapLayer } from "../shapes";
import { LABEL_FONT } from "./fonts";
import { labelPlace } from "./geometry";

export const UNITS = "admin_units";
const SOURCE = "unit_names";
const NEAREST = 16.5;

export const unitNames: LayerSpecification = {
  id: "unit_names",
  type: "symbol",
  source: SOURCE,
  maxzoom: NEAREST,
  layout: {
    "text-field": ["get", "name"],
    "text-font": [LABEL_FONT],
    "text-size": ["interpolate", ["linear"], ["zoom"], 4, 10.5, 9, 13, 14, 14],
    "text-max-width": 8,
    "text-padding": 4,
  },
  paint: { "text-color": "#3b3357", "text-halo-color": "rgba(255,255,255,0.9)", "text-halo-width": 1.5 },
};

const shown = new WeakMap<MapLibre, string>();

const tierAt = (zoom: number): string => (zoom < 9.5 ? "province" : "commune");

/** Tiles cut units to pieces, and each piece would carry the name; so the names are placed here, after each move. */
export function nameUnits(map: MapLibre, layer: MapLayer): void {
  const { column, label_column: name } = layer.style;
  if (!column || !name || map.getZoom() >= NEAREST) return;
  const pieces = map.querySourceFeatures(layer.name, {
    sourceLayer: layer.source_layer,
    filter: ["==", ["get", column], tierAt(map.getZoom())],
  });
  const largest = new Map<string, { size: number; feature: GeoJSON.Feature }>();
  for (const piece of pieces) {
    const place = labelPlace(piece.geometry);
    const code = String(piece.properties["code"] ?? piece.id);
    if (!place || place.size <= (largest.get(code)?.size ?? 0)) continue;
    const geometry: GeoJSON.Point = { type: "Point", coordinates: place.position };
    largest.set(code, {
      size: place.size,
      feature: { type: "Feature", properties: { name: piece.properties[name] as string }, geometry },
    });
  }
  const names: GeoJSON.FeatureCollection = {
    type: "FeatureCollection",
    features: [...largest.values()].map(({ feature }) => feature),
  };
  // New data make the map draw, and a drawn map names its units again: only a change may go in.
  const written = JSON.stringify(names);
  if (written === shown.get(map)) return;
  shown.set(map, written);
  (map.getSource(SOURCE) as GeoJSONSource).setData(names);
}
