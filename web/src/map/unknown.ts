/** Ground whose planning is not known: hatched unless zones are switched off, so that it never looks like ground without a plan. */

import type { FilterSpecification, LayerSpecification, Map as MapLibre } from "maplibre-gl";
import type { MapLayer, PageConfig } from "../shapes";
import { UNITS } from "./names";
import { LAND } from "./paint";

const ZONES = "zones";
const COVERAGE = "theme_coverage";
const PATTERN = "unknown_ground";

export const UNKNOWN_LAYERS = ["unknown:ground", "unknown:known", "unknown:none"];

/**
 * From below: all land hatched; what a dossier declares as known in full cleared; what is declared as not known hatched again.
 * The zones come above. A base map that lies over it is translucent, so that the hatching shows through; hence its darker lines.
 */
export function unknownGround({ layers, basemap }: PageConfig): LayerSpecification[] {
  const [zones, units, coverage] = [ZONES, UNITS, COVERAGE].map((name) => layers.find((layer) => layer.name === name));
  if (!zones || !units) return [];
  const hatched = { "fill-pattern": basemap ? `${PATTERN}_below` : PATTERN };
  const cleared = { "fill-color": LAND, "fill-antialias": false };
  const parts: LayerSpecification[] = [fill("unknown:ground", units, zones.minzoom, hatched)];
  if (coverage) {
    parts.push(
      { ...fill("unknown:known", coverage, zones.minzoom, cleared), filter: declared("full") },
      { ...fill("unknown:none", coverage, zones.minzoom, hatched), filter: declared("none") },
    );
  }
  return parts;
}

type Fill = Extract<LayerSpecification, { type: "fill" }>;

function fill(id: string, { name, source_layer }: MapLayer, minzoom: number, paint: NonNullable<Fill["paint"]>): Fill {
  return { id, type: "fill", source: name, "source-layer": source_layer, minzoom, paint };
}

const declared = (extent: string): FilterSpecification => [
  "all",
  ["==", ["get", "theme"], "zoning"],
  ["==", ["get", "extent"], extent],
];

/** Give the map the patterns, before its tiles ask for them. */
export function addUnknownPatterns(map: MapLibre): void {
  map.addImage(PATTERN, hatching([204, 200, 188]), { pixelRatio: 2 });
  map.addImage(`${PATTERN}_below`, hatching([60, 60, 66]), { pixelRatio: 2 });
}

/** Lines on the colour of the land: opaque, so that units of several tiers drawn over each other look like one. */
function hatching(line: [number, number, number]): ImageData {
  const size = 20;
  const ground = [1, 3, 5].map((at) => Number.parseInt(LAND.slice(at, at + 2), 16));
  const image = new ImageData(size, size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) image.data.set([...((x + y) % size < 3 ? line : ground), 255], (y * size + x) * 4);
  }
  return image;
}
