/** The archipelagos Hoàng Sa and Trường Sa and the East Sea: named in both views of the map, and never left out for want of room. */

import { effect } from "@preact/signals";
import type { GeoJSONSource, LayerSpecification, Map as MapLibre } from "maplibre-gl";
import type { PageConfig } from "../shapes";
import { pick } from "../state";
import { LABEL_FONT } from "./fonts";

export const SEAS = "seas";
const NEAREST = 9;

export const seaNames: LayerSpecification = {
  id: SEAS,
  type: "symbol",
  source: SEAS,
  maxzoom: NEAREST,
  layout: {
    "text-field": ["format", ["get", "name"], {}, ["get", "part_of"], { "font-scale": 0.8 }],
    "text-font": [LABEL_FONT],
    "text-size": ["interpolate", ["linear"], ["zoom"], 4, 11, 8, 15],
    "text-letter-spacing": ["match", ["get", "kind"], "sea", 0.2, 0],
    "text-max-width": 12,
    "text-allow-overlap": true,
  },
  paint: {
    "text-color": ["match", ["get", "kind"], "sea", "#3f6d88", "#3b3357"],
    "text-halo-color": "rgba(255,255,255,0.9)",
    "text-halo-width": 1.4,
  },
};

/** Write the names in the language of the moment. */
export function followSeas(map: MapLibre, { places }: PageConfig): () => void {
  return effect(() => {
    const features = places.map(({ kind, name, part_of, lon, lat }): GeoJSON.Feature => {
      const properties = { kind, name: pick(name), part_of: part_of ? `\n(${pick(part_of)})` : "" };
      return { type: "Feature", properties, geometry: { type: "Point", coordinates: [lon, lat] } };
    });
    (map.getSource(SEAS) as GeoJSONSource).setData({ type: "FeatureCollection", features });
  });
}
