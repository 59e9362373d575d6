/** Figures as colours: classes of equal count, and the features that the map draws. Knows no map. */

import { isRemainder } from "../figures";
import type { Figure } from "../shapes";
import { labelPlace } from "./geometry";

/** One hue from light to dark; unknown is no step of it but a hatching of its own. */
export const RAMP = ["#e3e7f6", "#b7c0e8", "#8895d6", "#5967bb", "#2b3a8f"] as const;

export interface Class {
  from: number;
  to: number;
  color: string;
}

/** At most five classes that hold about the same number of units each; fewer where values repeat. */
export function classify(figures: Figure[]): Class[] {
  const sorted = figures
    .flatMap((figure) => (figure.value === null || isRemainder(figure) ? [] : figure.value))
    .sort((a, b) => a - b);
  const [low, high] = [sorted[0], sorted.at(-1)];
  if (low === undefined || high === undefined) return [];
  const quantiles = RAMP.slice(1).map((_, i) => sorted[Math.floor(((i + 1) * sorted.length) / RAMP.length)] ?? high);
  const starts = [...new Set([low, ...quantiles])];
  return starts.map((from, i) => ({
    from,
    to: starts[i + 1] ?? high,
    color: RAMP[starts.length === 1 ? 2 : Math.round((i * (RAMP.length - 1)) / (starts.length - 1))] ?? RAMP[2],
  }));
}

/** Whether a figure rests on less than the whole of its unit. */
export const isPartial = (figure: Pick<Figure, "value" | "coverage">): boolean =>
  figure.value !== null && figure.coverage !== null && figure.coverage < 0.995;

function colorOf(value: number, classes: Class[]): string | null {
  return classes.findLast((one) => value >= one.from)?.color ?? null;
}

export interface Drawn {
  areas: GeoJSON.FeatureCollection;
  names: GeoJSON.FeatureCollection;
}

/** Join the tier's shapes with its figures; a unit without a figure has colour null. */
export function drawFigures(shapes: GeoJSON.FeatureCollection, figures: Figure[], classes: Class[]): Drawn {
  const byCode = new Map(figures.map((figure) => [figure.unit.code, figure]));
  const areas: GeoJSON.Feature[] = [];
  const names: GeoJSON.Feature[] = [];
  for (const feature of shapes.features) {
    const code = codeOf(feature);
    const figure = code === null ? undefined : byCode.get(code);
    if (!feature.geometry || !figure || isRemainder(figure)) continue;
    const properties = {
      code,
      name: figure.unit.name,
      color: figure.value === null ? null : colorOf(figure.value, classes),
      partial: isPartial(figure),
    };
    areas.push({ type: "Feature", properties, geometry: feature.geometry });
    const place = labelPlace(feature.geometry);
    if (place) names.push({ type: "Feature", properties, geometry: { type: "Point", coordinates: place.position } });
  }
  return { areas: { type: "FeatureCollection", features: areas }, names: { type: "FeatureCollection", features: names } };
}

function codeOf(feature: GeoJSON.Feature): string | null {
  const properties = feature.properties ?? {};
  const code: unknown =
    properties["code"] ?? properties["unit_code"] ?? (properties["unit"] as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : null;
}
