/** The one map: made once, then kept in step with the view by effects. What it draws is decided in its neighbours. */

import { computed, effect, signal } from "@preact/signals";
import {
  AttributionControl,
  Map as MapLibre,
  ScaleControl,
  setWorkerUrl,
  type GeoJSONSource,
  type MapMouseEvent,
  type VectorTileSource,
} from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import type { PageConfig } from "../shapes";
import { changeView, isShown, layers, lookup, mode, zonesAreShown, select, selection, view } from "../state";
import type { Selection } from "../view";
import { addHatchings, FIGURE_LAYERS, followFigures } from "./figures";
import { extentOf, type Extent } from "./geometry";
import { followParcels } from "./hover";
import { partIds } from "./paint";
import { lookAtLegend } from "./legend";
import { nameUnits, unitNames, UNITS } from "./names";
import { freePadding } from "./room";
import { followSeas } from "./seas";
import { styleOf, tilesAt } from "./style";
import { addUnknownPatterns, UNKNOWN_LAYERS } from "./unknown";

setWorkerUrl(workerUrl);

const CLOSE_ENOUGH_ZOOM = 15;

export const mapFailed = signal<"tiles" | "webgl" | null>(null);
export const mapBusy = signal(true);

let map: MapLibre | null = null;
/** What was brought into view last: from then on the map is the reader's to move. */
let inView: Selection | null = null;

export function zoomBy(steps: number): void {
  map?.easeTo({ zoom: map.getZoom() + steps });
}

/** The place that the server begins with, as large as the window allows. */
export function goHome({ bbox }: PageConfig["default_view"]): void {
  map?.fitBounds(bbox, { padding: freePadding(), maxDuration: 1800 });
}

/** Show an extent in the part of the map that stays free; what was chosen just now opens its panel first. */
export function goToExtent(extent: Extent): void {
  requestAnimationFrame(() => map?.fitBounds(extent, { padding: freePadding(32), maxZoom: 18, maxDuration: 1800 }));
}

/** Load again what failed: every vector source asks for its tiles anew. */
export function reloadTiles(): void {
  mapFailed.value = null;
  for (const layer of layers.peek()) {
    (map?.getSource(layer.name) as VectorTileSource | undefined)?.setTiles([tilesAt(layer, view.peek().asOf)]);
  }
}

/** Make the map in its container; the returned function ends it. */
export function startMap(container: HTMLElement, config: PageConfig): () => void {
  const camera = view.peek().camera;
  try {
    map = new MapLibre({
      container,
      style: styleOf(config),
      ...(camera
        ? { center: [camera.lon, camera.lat], zoom: camera.zoom }
        : { bounds: config.default_view.bbox, fitBoundsOptions: { padding: 40 } }),
      maxZoom: 21,
      minZoom: 3,
      pitchWithRotate: false,
      dragRotate: false,
      touchPitch: false,
      attributionControl: false,
      fadeDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200,
      locale: {},
    });
  } catch {
    mapFailed.value = "webgl";
    mapBusy.value = false;
    return () => undefined;
  }
  const made = map;
  inView = null;
  made.touchZoomRotate.disableRotation();
  made.addControl(new ScaleControl({ maxWidth: 110 }), "bottom-right");
  if (config.basemap?.attribution) {
    made.addControl(new AttributionControl({ compact: true, customAttribution: config.basemap.attribution }), "bottom-right");
  }
  listen(made);
  followParcels(made);
  const units = config.layers.find((layer) => layer.name === UNITS);
  made.on("idle", () => {
    if (units && mode.peek() === "map") nameUnits(made, units);
    lookAtLegend(made);
  });
  let stop: (() => void)[] = [];
  made.once("style.load", () => {
    addHatchings(made);
    addUnknownPatterns(made);
    stop = [...followView(made), ...followFigures(made), followSeas(made, config)];
  });
  exposeForTests(made);
  return () => {
    for (const end of stop) end();
    made.remove();
    map = null;
  };
}

function listen(made: MapLibre): void {
  made.on("moveend", () => {
    const { lng, lat } = made.getCenter();
    changeView({ camera: { lon: lng, lat, zoom: made.getZoom() } });
  });
  made.on("click", (event: MapMouseEvent) => {
    if (mode.peek() === "map") select({ kind: "point", lon: event.lngLat.lng, lat: event.lngLat.lat });
  });
  made.getCanvas().addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || mode.peek() !== "map") return;
    const { lng, lat } = made.getCenter();
    select({ kind: "point", lon: lng, lat });
  });
  made.on("dataloading", () => (mapBusy.value = true));
  made.on("idle", () => (mapBusy.value = false));
  made.on("error", (event) => {
    const { name, status } = event.error as { name?: string; status?: number };
    // A request given up while moving on is no failure.
    if (name !== "AbortError" && status !== 204) mapFailed.value = "tiles";
  });
}

function followView(made: MapLibre): (() => void)[] {
  return [
    effect(() => {
      const shownHere = mode.value === "map";
      for (const layer of layers.value) {
        const visibility = shownHere && isShown(layer) ? "visible" : "none";
        for (const id of partIds(layer)) if (made.getLayer(id)) made.setLayoutProperty(id, "visibility", visibility);
      }
      if (made.getLayer("parcels:fill")) made.setPaintProperty("parcels:fill", "fill-opacity", zonesAreShown.value ? 0 : 1);
      const units = layers.value.find((layer) => layer.name === UNITS);
      made.setLayoutProperty(unitNames.id, "visibility", shownHere && units && isShown(units) ? "visible" : "none");
      const hatched = shownHere && zonesAreShown.value ? "visible" : "none";
      for (const id of UNKNOWN_LAYERS) if (made.getLayer(id)) made.setLayoutProperty(id, "visibility", hatched);
      for (const id of FIGURE_LAYERS) made.setLayoutProperty(id, "visibility", shownHere ? "none" : "visible");
      made.getCanvas().style.cursor = shownHere ? "crosshair" : "";
    }),
    effect(() => {
      const camera = view.value.camera;
      if (!camera || isAt(made, camera)) return;
      made.jumpTo({ center: [camera.lon, camera.lat], zoom: camera.zoom });
    }),
    followLegalDate(),
    effect(() => showSelection(made)),
  ];
}

/** Another legal date shows other parcels and plans: the tiles are asked for anew. */
function followLegalDate(): () => void {
  const asOf = computed(() => view.value.asOf);
  let before = asOf.peek();
  return effect(() => {
    if (asOf.value === before) return;
    before = asOf.value;
    reloadTiles();
  });
}

function isAt(made: MapLibre, camera: { lon: number; lat: number; zoom: number }): boolean {
  const { lng, lat } = made.getCenter();
  const pixel = 360 / (512 * 2 ** made.getZoom());
  return (
    made.isMoving() ||
    (Math.abs(lng - camera.lon) < pixel + 1e-5 &&
      Math.abs(lat - camera.lat) < pixel + 1e-5 &&
      Math.abs(made.getZoom() - camera.zoom) < 0.02)
  );
}

/** Draw what was asked about: the parcel of the answer, else the point; and bring it into view once, not after each move. */
function showSelection(made: MapLibre): void {
  const chosen = mode.value === "map" ? selection.value : null;
  const answer = lookup.answer.value;
  const parcel = answer.state === "ready" ? (answer.value.parcel?.geometry ?? null) : null;
  const features: GeoJSON.Feature[] = [];
  if (chosen && parcel) features.push({ type: "Feature", properties: {}, geometry: parcel });
  if (chosen?.kind === "point" && !parcel) {
    features.push({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: [chosen.lon, chosen.lat] } });
  }
  (made.getSource("selection") as GeoJSONSource).setData({ type: "FeatureCollection", features });
  const extent = extentOf(features.map((feature) => feature.geometry));
  if (!extent || answer.state !== "ready" || chosen === inView) return;
  inView = chosen;
  bringIntoView(made, extent);
}

/** Move where the free part of the map does not show the place; a map on its way is judged by where it comes to rest. */
function bringIntoView(made: MapLibre, extent: Extent): void {
  const chosen = inView;
  if (made.isMoving()) made.once("moveend", () => chosen === inView && bringIntoView(made, extent));
  else if (!isInFreeView(made, extent)) {
    made.fitBounds(extent, { padding: freePadding(60), maxZoom: Math.max(18, made.getZoom()), maxDuration: 1500 });
  }
}

function isInFreeView(made: MapLibre, [west, south, east, north]: Extent): boolean {
  if (made.getZoom() < CLOSE_ENOUGH_ZOOM) return false;
  const { left = 0, right = 0, top = 0, bottom = 0 } = freePadding();
  const { clientWidth, clientHeight } = made.getContainer();
  return [made.project([west, south]), made.project([east, north])].every(
    ({ x, y }) => x >= left && x <= clientWidth - right && y >= top && y <= clientHeight - bottom,
  );
}

/** The browser tests ask the map what it has drawn. */
function exposeForTests(made: MapLibre): void {
  Object.defineProperty(window, "dothiMap", { value: made, configurable: true });
}
