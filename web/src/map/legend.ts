/** Which values of each styled layer are in view: what a long legend lists first. */

import { signal } from "@preact/signals";
import type { Map as MapLibre } from "maplibre-gl";
import { isShown, layers } from "../state";
import { partIds } from "./paint";

export const valuesInView = signal<ReadonlyMap<string, ReadonlySet<string>>>(new Map());

/** Look at what the map shows now. */
export function lookAtLegend(map: MapLibre): void {
  const seen = new Map<string, Set<string>>();
  for (const layer of layers.peek()) {
    const { column, rules } = layer.style;
    if (!column || rules.length === 0 || !isShown(layer)) continue;
    const parts = partIds(layer).filter((id) => map.getLayer(id));
    const values = map.queryRenderedFeatures({ layers: parts }).map((feature) => String(feature.properties[column] ?? ""));
    seen.set(layer.name, new Set(values));
  }
  valuesInView.value = seen;
}
