/** Numbers, areas, shares and dates as people of each language write them. */

import type { Lang } from "./shapes";

const LOCALE: Record<Lang, string> = { vi: "vi-VN", en: "en-GB" };

/** A number with few decimals, a small one with two significant digits: what is not 0 never reads as 0. */
export function formatNumber(lang: Lang, value: number, digits?: number): string {
  const size = Math.abs(value);
  const maximumFractionDigits = digits ?? (size >= 1000 ? 0 : size >= 10 ? 1 : 2);
  const isSmall = size > 0 && size < (digits === undefined ? 0.1 : 0.5 * 10 ** -digits);
  const precision = isSmall ? { maximumSignificantDigits: 2 } : { maximumFractionDigits };
  return new Intl.NumberFormat(LOCALE[lang], precision).format(value);
}

export interface Scale {
  unit: string;
  factor: number;
}

/** The unit to write figures in, so that the largest of them stays readable: m² become ha or km². */
export function scaleFor(unit: string, largest: number): Scale {
  if (unit !== "m2" && unit !== "m²") return { unit, factor: 1 };
  if (largest >= 10_000_000) return { unit: "km²", factor: 1e-6 };
  if (largest >= 100_000) return { unit: "ha", factor: 1e-4 };
  return { unit: "m²", factor: 1 };
}

const LARGE: readonly (readonly [from: number, word: Record<Lang, string>])[] = [
  [1e9, { vi: "tỷ", en: "billion" }],
  [1e6, { vi: "triệu", en: "million" }],
  [1e4, { vi: "nghìn", en: "thousand" }],
];

/** The unit for a row of large numbers, with the word for it said once: triệu người. */
export function largeScale(lang: Lang, unit: string, largest: number): Scale {
  const scale = scaleFor(unit, largest);
  const found = scale.factor === 1 ? LARGE.find(([from]) => largest >= from) : undefined;
  if (!found) return scale;
  const [from, word] = found;
  const factor = from === 1e4 ? 1e-3 : 1 / from;
  return { unit: `${word[lang]} ${unit}`.trim(), factor };
}

/** An area in m², from 10 ha on in ha, from 10 km² on in km². */
export function formatArea(lang: Lang, m2: number): string {
  if (m2 >= 10_000_000) return `${formatNumber(lang, m2 / 1_000_000, 1)}\u00a0km²`;
  if (m2 >= 100_000) return `${formatNumber(lang, m2 / 10_000, 1)}\u00a0ha`;
  return `${formatNumber(lang, m2, 1)}\u00a0m²`;
}

/** A share of 0 to 1 in percent; what is not quite all or nothing never reads as 100 % or 0 %. */
export function formatShare(lang: Lang, share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return `< ${formatNumber(lang, 0.1, 1)}\u00a0%`;
  if (percent < 100 && percent > 99.9) return `> ${formatNumber(lang, 99.9, 1)}\u00a0%`;
  return `${formatNumber(lang, percent, 1)}\u00a0%`;
}

/** A date (`2026-11-21`) without time zone shifts; anything that is no date is shown as it came. */
export function formatDate(lang: Lang, iso: string): string {
  const [year, month, day] = iso.slice(0, 10).split("-");
  if (!year || !month || !day) return iso;
  return lang === "vi" ? `${day}/${month}/${year}` : `${Number(day)} ${MONTHS[Number(month) - 1] ?? month} ${year}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A moment in Vietnam's time. */
export function formatMoment(lang: Lang, iso: string): string {
  const moment = new Date(iso);
  if (Number.isNaN(moment.getTime())) return iso;
  return new Intl.DateTimeFormat(LOCALE[lang], {
    dateStyle: "short",
    timeStyle: "short",
    timeZone: "Asia/Ho_Chi_Minh",
  }).format(moment);
}

export function formatPoint(lang: Lang, lon: number, lat: number): string {
  return `${formatNumber(lang, lat, 5)}° ${lang === "vi" ? "B" : "N"}, ${formatNumber(lang, lon, 5)}° ${lang === "vi" ? "Đ" : "E"}`;
}
