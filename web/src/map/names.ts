/** Names of administrative units: one per unit and tier, at the largest part of it that the loaded tiles hold. */

import type {
  GeoJSONSource,
  LayerSpecification,
  Map as MapLibre,
  VariableAnchorOffsetCollectionSpecification,
} from "maplibre-gl";
import type { MapLayer } from "../shapes";
import { LABEL_FONT } from "./fonts";
import { labelPlace } from "./geometry";

export const UNITS = "admin_units";
const SOURCE = "unit_names";
const NEAREST = 16.5;

/** Places to try for a name, in ems from the middle of its unit: the nearest first, so that it stays on its own ground. */
function aroundTheMiddle(): VariableAnchorOffsetCollectionSpecification {
  const across = [0, 1, -1, 1.8, -1.8, 2.6, -2.6];
  const down = [0, 0.5, -0.5, 1, -1, 1.5, -1.5];
  const places = across.flatMap((x) => down.map((y): [number, number] => [x, y]));
  places.sort(([ax, ay], [bx, by]) => Math.hypot(ax, 1.4 * ay) - Math.hypot(bx, 1.4 * by));
  return places.flatMap((place) => ["center", place] as const) as unknown as VariableAnchorOffsetCollectionSpecification;
}

export const unitNames: LayerSpecification = {
  id: "unit_names",
  type: "symbol",
  source: SOURCE,
  maxzoom: NEAREST,
  layout: {
    "text-field": ["get", "name"],
    "text-font": [LABEL_FONT],
    "text-size": ["interpolate", ["linear"], ["zoom"], 4, 9, 5, 10, 6, 11.5, 9, 13, 14, 14],
    "text-max-width": 8,
    "text-padding": ["interpolate", ["linear"], ["zoom"], 5, 0.5, 7, 4],
    "symbol-sort-key": ["get", "rank"],
    "text-variable-anchor-offset": aroundTheMiddle(),
  },
  paint: { "text-color": "#3b3357", "text-halo-color": "rgba(255,255,255,0.9)", "text-halo-width": 1.5 },
};

/** Where there is no room for all: Hà Nội, Hồ Chí Minh City and Hải Phòng first, then the other cities, then the provinces. */
const CITIES = ["01", "79", "31", "48", "92", "46", "75"];
const rankOf = (code: string, size: number): number => (CITIES.includes(code) ? CITIES.indexOf(code) : CITIES.length + size);

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
      feature: {
        type: "Feature",
        properties: { name: piece.properties[name] as string, rank: rankOf(code, place.size) },
        geometry,
      },
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
