/** The map's style, made once from the server's configuration: land and sea, the published layers, figures, selection, names. */

import type { StyleSpecification } from "maplibre-gl";
import type { MapLayer, PageConfig } from "../shapes";
import { view } from "../state";
import { EMPTY, figureParts } from "./figures";
import { fontFaces } from "./fonts";
import { hoveredParcel } from "./hover";
import { unitNames, UNITS } from "./names";
import { LAND, paintLayers } from "./paint";
import { seaNames, SEAS } from "./seas";
import { unknownGround } from "./unknown";

const SEA = "#e3eaec";
const ACCENT = "#2b3a8f";
/** Tiles of this zoom resolve 15 cm; closer views draw them larger, and fewer tiles cut fewer parcels and their labels. */
const FINEST_TILES = 16;

/** The address of a layer's tiles as of a legal date; today's without one. */
export function tilesAt(layer: MapLayer, asOf: string | null): string {
  return absolute(asOf ? `${layer.tiles}&datetime=${asOf}` : layer.tiles);
}

const absolute = (path: string) => new URL(path, location.href).href.replaceAll("%7B", "{").replaceAll("%7D", "}");

export function styleOf(config: PageConfig): StyleSpecification {
  const style: StyleSpecification = {
    version: 8,
    "font-faces": fontFaces(),
    sources: {
      selection: { type: "geojson", data: EMPTY },
      unit_names: { type: "geojson", data: EMPTY },
      [SEAS]: { type: "geojson", data: EMPTY },
      ...figureParts.sources,
    },
    layers: [{ id: "sea", type: "background", paint: { "background-color": SEA } }],
  };
  const ground = config.layers.find((layer) => layer.name === UNITS);
  if (ground && !config.basemap) {
    const land = { source: UNITS, "source-layer": ground.source_layer };
    style.layers.push({ id: "land", type: "fill", ...land, paint: { "fill-color": LAND, "fill-antialias": false } });
  }
  style.layers.push(...unknownGround(config));
  if (config.basemap) {
    style.sources["basemap"] = { type: "raster", tiles: [absolute(config.basemap.url)], tileSize: 256 };
    style.layers.push({
      id: "basemap",
      type: "raster",
      source: "basemap",
      paint: { "raster-saturation": -0.4, "raster-opacity": 0.7 },
    });
  }
  for (const layer of config.layers) {
    const maxzoom = Math.min(layer.maxzoom, FINEST_TILES);
    const tiles = [tilesAt(layer, view.peek().asOf)];
    style.sources[layer.name] = { type: "vector", tiles, minzoom: Math.min(layer.minzoom, maxzoom), maxzoom };
  }
  const parts = paintLayers(config.layers, config.basemap !== null);
  const names = parts.findIndex((part) => part.type === "symbol");
  const below = names < 0 ? parts : parts.slice(0, names);
  const above = names < 0 ? [] : parts.slice(names);
  style.layers.push(
    ...below,
    ...hoveredParcel(config),
    ...figureParts.layers,
    ...selectionParts(),
    ...above,
    unitNames,
    seaNames,
  );
  return style;
}

function selectionParts(): StyleSpecification["layers"] {
  const parcel = { source: "selection", filter: ["==", ["geometry-type"], "Polygon"] as ["==", ...unknown[]] };
  return [
    { id: "selection:fill", type: "fill", ...parcel, paint: { "fill-color": ACCENT, "fill-opacity": 0.1 } },
    { id: "selection:casing", type: "line", ...parcel, paint: { "line-color": "#ffffff", "line-width": 7, "line-opacity": 0.9 } },
    { id: "selection:line", type: "line", ...parcel, paint: { "line-color": ACCENT, "line-width": 3 } },
    {
      id: "selection:point",
      type: "circle",
      source: "selection",
      filter: ["==", ["geometry-type"], "Point"],
      paint: { "circle-color": ACCENT, "circle-radius": 7, "circle-stroke-color": "#ffffff", "circle-stroke-width": 3 },
    },
  ] as StyleSpecification["layers"];
}
