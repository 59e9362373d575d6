/** The figures of the moment: indicator, tier, parent and period from the view, and the answers that belong to them. */

import { computed, signal, effect } from "@preact/signals";
import { getJson, resource, resourceUrl } from "./server";
import type { Figure, FigureAnswer, FigureUnit, Indicator, IndicatorList } from "./shapes";
import { changeView, lang, mode, view } from "./state";
import type { UnitStep } from "./view";

const BELOW: Record<string, readonly string[]> = {
  nation: ["region", "province", "city"],
  region: ["province", "city"],
  province: ["city", "commune"],
  city: ["commune"],
};

const NATION: UnitStep = { level: "nation", code: "VN" };

const FIRST_INDICATOR = "population";
const PERIODS_SHOWN = 12;

export const indicatorList = resource<IndicatorList>(
  computed(() => (mode.value === "figures" ? resourceUrl("/rollups", { lang: lang.value }) : null)),
);

export const indicators = computed<Indicator[]>(() => {
  const answer = indicatorList.answer.value;
  if (answer.state === "ready") return answer.value.indicators;
  return answer.state === "loading" ? (answer.previous?.indicators ?? []) : [];
});

export const indicator = computed<Indicator | null>(() => {
  const wanted = view.value.indicator;
  const named = (code: string | null) => indicators.value.find((one) => one.code === code);
  return named(wanted) ?? named(FIRST_INDICATOR) ?? indicators.value[0] ?? null;
});

/** A code in the address that the server does not know; another indicator is shown instead, and the page says so. */
export const unknownIndicator = computed<string | null>(() => {
  const wanted = view.value.indicator;
  return wanted && indicator.value && indicator.value.code !== wanted ? wanted : null;
});

/** The unit whose inside is shown; the nation where nothing is chosen. */
export const parent = computed<UnitStep>(() => view.value.path.at(-1) ?? NATION);

/** Tiers that the indicator has below a unit's level; communes, 3,321 of them, only within a province or city. */
export function tiersBelow(level: string): string[] {
  const below = BELOW[level] ?? [];
  return below.filter((tier) => indicator.value?.levels.includes(tier));
}

export const level = computed<string | null>(() => {
  const below = tiersBelow(parent.value.level);
  const wanted = view.value.level;
  return wanted && below.includes(wanted) ? wanted : (below[0] ?? null);
});

/** Periods that the tier shown has a figure for; the unit's own where there is no tier below it. */
export const periods = computed<string[]>(() => {
  const shown = level.value ?? parent.value.level;
  return indicator.value?.tiers.find((tier) => tier.level === shown)?.periods ?? indicator.value?.periods ?? [];
});

/** The period asked for, if the tier has it; else the server chooses the one that is known best there. */
const askedPeriod = computed<string | null>(() => {
  const wanted = view.value.period;
  return wanted && periods.value.includes(wanted) ? wanted : null;
});

function figuresUrl(levelAsked: string, within: string | null, f: string, of: string | null): string | null {
  if (!indicator.value) return null;
  const query = { level: levelAsked, parent: within, period: of, f, lang: lang.value };
  return resourceUrl(`/rollups/${encodeURIComponent(indicator.value.code)}`, query);
}

const withinParent = computed(() => (parent.value.level === "nation" ? null : parent.value.code));

/** The table's answer as a file, or null while nothing is chosen. */
export const childrenUrl = (f: string): string | null =>
  level.value ? figuresUrl(level.value, withinParent.value, f, askedPeriod.value) : null;

export const children = resource<FigureAnswer>(computed(() => childrenUrl("json")));
export const shapes = resource<GeoJSON.FeatureCollection>(computed(() => childrenUrl("geojson")));

const answered = computed<FigureAnswer | null>(() => {
  const answer = children.answer.value;
  if (answer.state === "ready") return answer.value;
  return answer.state === "loading" ? (answer.previous ?? null) : null;
});

export const values = computed<Figure[]>(() => answered.value?.values ?? []);

/** The period that the figures shown are of. */
export const period = computed<string | null>(
  () => askedPeriod.value ?? answered.value?.period ?? indicator.value?.default_period ?? periods.value.at(-1) ?? null,
);

/** What the server notes about the figures shown. */
export const notes = computed<string[]>(() => answered.value?.notes ?? []);

/** Names and figures of the units on the path and of their periods: asked once per URL. */
const known = signal<ReadonlyMap<string, FigureAnswer>>(new Map());

function stepUrl(depth: number, of = period.value): string | null {
  const step = view.value.path[depth] ?? NATION;
  const outer = view.value.path[depth - 1];
  return figuresUrl(step.level, outer?.code ?? null, "json", of);
}

const neededUrls = computed<string[]>(() => {
  if (mode.value !== "figures" || !indicator.value) return [];
  const depths = view.value.path.map((_, depth) => depth);
  const own = depths.length - 1;
  const shown = indicator.value.periods.slice(-PERIODS_SHOWN);
  return [...depths.map((depth) => stepUrl(depth)), ...shown.map((one) => stepUrl(own, one)), stepUrl(own)].flatMap(
    (url) => url ?? [],
  );
});

/** Load what the path and the chart over time need; what fails is left out and asked again with the next change. */
export function followPath(): void {
  effect(() => {
    const missing = [...new Set(neededUrls.value)].filter((url) => !known.peek().has(url));
    const requests = new AbortController();
    for (const url of missing) {
      getJson<FigureAnswer>(url, requests.signal).then(
        (answer) => (known.value = new Map([...known.peek(), [url, answer]])),
        () => undefined,
      );
    }
    return () => requests.abort();
  });
}

function figureOf(step: UnitStep, url: string | null): Figure | null {
  const answer = url ? known.value.get(url) : undefined;
  return answer?.values.find((figure) => figure.unit.code === step.code || step.level === "nation") ?? null;
}

/** The chosen unit's own figure. */
export const ownFigure = computed<Figure | null>(() => figureOf(parent.value, stepUrl(view.value.path.length - 1)));

export interface PeriodValue {
  period: string;
  value: number;
  coverage: number | null;
}

/** The chosen unit's figure in each period that has one, with how much of the unit it rests on. */
export const series = computed<PeriodValue[]>(() =>
  (indicator.value?.periods ?? []).slice(-PERIODS_SHOWN).flatMap((one) => {
    const figure = figureOf(parent.value, stepUrl(view.value.path.length - 1, one));
    return figure && figure.value !== null ? [{ period: one, value: figure.value, coverage: figure.coverage }] : [];
  }),
);

/** Neighbours in time of which the less known has less than this of the other's coverage do not compare. */
const COMPARABLE = 0.9;

/** The series cut where it jumps because more or less of the unit is known, not because the figure changed. */
export const seriesParts = computed<PeriodValue[][]>(() => {
  const parts: PeriodValue[][] = [];
  for (const one of series.value) {
    const before = parts.at(-1)?.at(-1);
    if (before && compares(before.coverage ?? 0, one.coverage ?? 0)) parts.at(-1)?.push(one);
    else parts.push([one]);
  }
  return parts;
});

function compares(a: number, b: number): boolean {
  return Math.min(a, b) >= COMPARABLE * Math.max(a, b);
}

/** The units of the path with their names, as far as they are known. */
export const trail = computed<FigureUnit[]>(() =>
  view.value.path.map((step, depth) => ({ ...step, name: figureOf(step, stepUrl(depth))?.unit.name ?? step.code })),
);

/** A row that carries a part of a total which no unit of the tier has; it cannot be opened. */
export function isRemainder(figure: Figure): boolean {
  return Boolean(figure.unit.remainder);
}

export function canOpen(figure: Figure): boolean {
  return !isRemainder(figure) && tiersBelow(figure.unit.level).length > 0;
}

export function openUnit(unit: FigureUnit): void {
  changeView({ path: [...view.peek().path, { level: unit.level, code: unit.code }], level: null }, { push: true });
}

/** Go back up so that `depth` units of the path remain. */
export function climbTo(depth: number): void {
  changeView({ path: view.peek().path.slice(0, depth), level: null }, { push: true });
}
