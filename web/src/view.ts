/** The whole view as a value, and its one written form: the page's URL. Knows no map and no server. */

import type { Lang } from "./shapes";

export type Mode = "map" | "figures";

export interface Camera {
  lon: number;
  lat: number;
  zoom: number;
}

export type Selection =
  { kind: "point"; lon: number; lat: number } | { kind: "parcel"; code: string } | { kind: "address"; text: string };

/** A unit in the path of figures; its level belongs to it, since codes repeat over levels. */
export interface UnitStep {
  level: string;
  code: string;
}

export interface View {
  lang: Lang;
  mode: Mode;
  camera: Camera | null;
  selection: Selection | null;
  /** Legal date asked for; null is today. */
  asOf: string | null;
  /** Layers switched away from the server's own choice: name -> shown. */
  layers: ReadonlyMap<string, boolean>;
  indicator: string | null;
  period: string | null;
  /** Units drilled into, outermost first. */
  path: readonly UnitStep[];
  /** Tier shown below the last unit of the path; null is the natural next one. */
  level: string | null;
}

/** Whether a text is a day of the calendar, `2026-11-21`; JavaScript alone would read 31 February as 3 March. */
function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

/** Read a view from a query string; what is missing or makes no sense is left out, never an error. */
export function readView(query: string, fallback: Lang): View {
  const given = new URLSearchParams(query);
  const lang = given.get("lang");
  const asOf = given.get("as_of");
  return {
    lang: lang === "vi" || lang === "en" ? lang : fallback,
    mode: given.get("view") === "figures" ? "figures" : "map",
    camera: readCamera(given.get("map")),
    selection: readSelection(given),
    asOf: asOf && isDay(asOf) ? asOf : null,
    layers: readLayers(given.get("layers")),
    indicator: given.get("indicator"),
    period: given.get("period"),
    path: readPath(given.get("unit")),
    level: given.get("level"),
  };
}

/** Write a view as a query string; `readView` of it gives the same view. */
export function writeView(view: View): string {
  const written = new URLSearchParams();
  written.set("lang", view.lang);
  if (view.mode === "figures") written.set("view", view.mode);
  const selection = view.selection;
  if (selection?.kind === "point") written.set("at", `${selection.lat.toFixed(6)},${selection.lon.toFixed(6)}`);
  if (selection?.kind === "parcel") written.set("parcel", selection.code);
  if (selection?.kind === "address") written.set("q", selection.text);
  if (view.asOf) written.set("as_of", view.asOf);
  if (view.layers.size > 0) {
    written.set("layers", [...view.layers].map(([name, shown]) => (shown ? name : `-${name}`)).join(","));
  }
  if (view.indicator) written.set("indicator", view.indicator);
  if (view.period) written.set("period", view.period);
  if (view.path.length > 0) written.set("unit", view.path.map((step) => `${step.level}:${step.code}`).join("/"));
  if (view.level) written.set("level", view.level);
  const camera = view.camera;
  if (camera) written.set("map", `${camera.zoom.toFixed(2)}/${camera.lat.toFixed(5)}/${camera.lon.toFixed(5)}`);
  // These are harmless in a query, and the address stays readable.
  return `?${written.toString().replaceAll("%2F", "/").replaceAll("%2C", ",").replaceAll("%3A", ":")}`;
}

/** Coordinates as people type them: `20.25, 106.1`, `20,25 106,1`, in either order inside Vietnam's envelope. */
export function readCoordinates(text: string): { lon: number; lat: number } | null {
  const numbers = text.trim().match(/^(\d{1,3}(?:[.,]\d+)?)°?[\s,;]+(\d{1,3}(?:[.,]\d+)?)°?$/);
  if (!numbers) return null;
  const [first, second] = [numbers[1], numbers[2]].map((number) => Number(number?.replace(",", ".")));
  if (first === undefined || second === undefined) return null;
  const [lat, lon] = first > 90 ? [second, first] : [first, second];
  const inside = lat >= 5 && lat <= 25 && lon >= 100 && lon <= 120;
  return inside ? { lon, lat } : null;
}

function readCamera(text: string | null): Camera | null {
  const [zoom, lat, lon] = readNumbers(text, "/");
  if (zoom === undefined || lat === undefined || lon === undefined) return null;
  const fits = Math.abs(lat) <= 85 && Math.abs(lon) <= 180 && zoom >= 0 && zoom <= 24;
  return fits ? { lon, lat, zoom } : null;
}

function readSelection(given: URLSearchParams): Selection | null {
  const parcel = given.get("parcel");
  if (parcel) return { kind: "parcel", code: parcel };
  const [lat, lon] = readNumbers(given.get("at"), ",");
  if (lat !== undefined && lon !== undefined) return { kind: "point", lon, lat };
  const text = given.get("q");
  return text ? { kind: "address", text } : null;
}

/** The numbers of a list; none at all if one of them is no number (an empty text would read as 0). */
function readNumbers(text: string | null, separator: string): number[] {
  const parts = (text ?? "").split(separator);
  const numbers = parts.map((part) => (part.trim() ? Number(part) : Number.NaN));
  return numbers.every(Number.isFinite) ? numbers : [];
}

function readPath(text: string | null): UnitStep[] {
  const steps = (text ?? "").split("/").map((step) => step.split(":"));
  return steps.flatMap(([level, code]) => (level && code ? [{ level, code }] : []));
}

function readLayers(text: string | null): ReadonlyMap<string, boolean> {
  const names = (text ?? "").split(",").filter(Boolean);
  return new Map(names.map((name) => (name.startsWith("-") ? [name.slice(1), false] : [name, true])));
}
