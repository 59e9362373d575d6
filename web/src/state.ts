/** What the page shows now: the view (kept in the URL), the server's configuration and the answers that belong to the view. */

import { computed, effect, signal } from "@preact/signals";
import * as format from "./format";
import { resource, resourceUrl } from "./server";
import type { Lang, LookupAnswer, MapLayer, PageConfig, Text } from "./shapes";
import { readView, writeView, type Selection, type View } from "./view";
import { pick as pickText, say, type Word } from "./words";

/** Vietnamese unless the address says otherwise: the first language does not depend on the browser's. */
const FIRST_LANG: Lang = "vi";

export const view = signal<View>(readView(location.search, FIRST_LANG));
export const lang = computed(() => view.value.lang);
export const mode = computed(() => view.value.mode);
export const selection = computed(() => view.value.selection);

/** Change the view. `push` makes it a step that the browser's back button returns from. */
export function changeView(change: Partial<View>, { push = false } = {}): void {
  view.value = { ...view.peek(), ...change };
  const url = writeView(view.peek());
  if (url === location.search) return;
  if (push) history.pushState(null, "", url);
  else history.replaceState(null, "", url);
}

export function select(next: Selection | null): void {
  changeView(next ? { selection: next, mode: "map" } : { selection: next }, { push: true });
}

/** Today in Vietnam, as dates are written in addresses: `2026-11-21`. */
export const today = (): string => new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Ho_Chi_Minh" }).format();

/** The day whose law is shown, where it is not today's. */
export function otherDay(): string | null {
  const day = view.value.asOf;
  return day === today() ? null : day;
}

/** Show the law of a day; today's is asked for without a date, so that the link stays on today. */
export function showDay(day: string | null): void {
  changeView({ asOf: day && day !== today() ? day : null }, { push: true });
}

/** Follow the browser's back and forward buttons, and tell it the language and title. */
export function followBrowser(): void {
  addEventListener("popstate", () => (view.value = readView(location.search, FIRST_LANG)));
  effect(() => {
    document.documentElement.lang = lang.value;
    const answer = lookup.answer.value;
    const parcel = answer.state === "ready" ? answer.value.parcel : null;
    const name = parcel
      ? t("card_parcel", { no: parcel.parcel_no ?? parcel.code })
      : mode.value === "figures"
        ? t("figures_title")
        : null;
    document.title = [name, t("page_title")].filter(Boolean).join(" · ");
  });
}

// Words and numbers in the language of the moment; a component that calls these is drawn again when it changes.

export const t = (key: Word, values?: Record<string, string | number>): string => say(lang.value, key, values);
export const pick = (text: Text | string | null | undefined): string => pickText(lang.value, text);
export const number = (value: number, digits?: number): string => format.formatNumber(lang.value, value, digits);
export const largeScale = (unit: string, largest: number): format.Scale => format.largeScale(lang.value, unit, largest);
export const area = (m2: number): string => format.formatArea(lang.value, m2);
export const share = (value: number): string => format.formatShare(lang.value, value);
export const date = (iso: string): string => format.formatDate(lang.value, iso);
export const moment = (iso: string): string => format.formatMoment(lang.value, iso);
export const point = (lon: number, lat: number): string => format.formatPoint(lang.value, lon, lat);

// The server's answers.

export const config = resource<PageConfig>(signal("/page/config"));
export const layers = computed<MapLayer[]>(() => (config.answer.value.state === "ready" ? config.answer.value.value.layers : []));

/** What can be typed into the search, with examples from the data at hand. */
export function searchHint(): string {
  const answer = config.answer.value;
  const examples = answer.state === "ready" ? answer.value.examples : null;
  const quoted = (text: string | null | undefined) => (text ? ` (“${text}”)` : "");
  return t("search_hint", { parcel: quoted(examples?.parcel), address: quoted(examples?.address) });
}

/** The map's zoom: the view's own, or the one the server starts it with. */
export const zoom = computed(() => {
  const answer = config.answer.value;
  return view.value.camera?.zoom ?? (answer.state === "ready" ? answer.value.default_view.zoom : 0);
});

export function isShown(layer: MapLayer): boolean {
  return view.value.layers.get(layer.name) ?? layer.visible;
}

/** Only one layer colours the ground: where zones do, parcels are drawn as outlines, and ground without a known plan is hatched. */
export const zonesAreShown = computed(() => layers.value.some((layer) => layer.name === "zones" && isShown(layer)));

export function showLayer(layer: MapLayer, shown: boolean): void {
  const chosen = new Map(view.peek().layers);
  if (shown === layer.visible) chosen.delete(layer.name);
  else chosen.set(layer.name, shown);
  changeView({ layers: chosen });
}

export const lookup = resource<LookupAnswer>(computed(() => lookupUrl("/lookup")));

/** The lookup of the current selection, in one of its forms. */
export function lookupUrl(path: string): string | null {
  const chosen = view.value.selection;
  if (!chosen) return null;
  const question =
    chosen.kind === "point"
      ? { lon: chosen.lon.toFixed(7), lat: chosen.lat.toFixed(7) }
      : chosen.kind === "parcel"
        ? { parcel: chosen.code }
        : { q: chosen.text };
  return resourceUrl(path, { ...question, as_of: view.value.asOf, lang: view.value.lang });
}
