/** The parcel under the pointer is outlined: what a click would ask about. */

import type { LayerSpecification, Map as MapLibre } from "maplibre-gl";
import type { PageConfig } from "../shapes";
import { mode } from "../state";

const PARCELS = "parcels";
const ID = "parcels:hovered";

export function hoveredParcel(config: PageConfig): LayerSpecification[] {
  const parcels = config.layers.find((layer) => layer.name === PARCELS);
  if (!parcels) return [];
  return [
    {
      id: ID,
      type: "line",
      source: PARCELS,
      "source-layer": parcels.source_layer,
      minzoom: 16,
      layout: { "line-join": "round" },
      paint: { "line-color": "#2b3a8f", "line-width": ["case", ["boolean", ["feature-state", "hovered"], false], 1.8, 0] },
    },
  ];
}

export function followParcels(map: MapLibre): void {
  let hovered: { source: string; sourceLayer: string; id: string | number } | null = null;
  const turn = (on: boolean) => hovered && map.setFeatureState(hovered, { hovered: on });
  map.on("mousemove", (event) => {
    if (!map.getLayer(ID) || mode.peek() !== "map" || map.getZoom() < 16) return;
    const hit = map.queryRenderedFeatures(event.point, { layers: [`${PARCELS}:fill`] })[0];
    if (hit?.id === hovered?.id) return;
    turn(false);
    hovered = hit?.id === undefined ? null : { source: PARCELS, sourceLayer: hit.sourceLayer ?? PARCELS, id: hit.id };
    turn(true);
  });
  map.on("mouseout", () => {
    turn(false);
    hovered = null;
  });
}
