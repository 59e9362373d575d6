/** A figure as people read it, with how sure it is; what is not known is said in words, never as 0. */

import { scaleFor, type Scale } from "../format";
import type { Figure } from "../shapes";
import { number, share, t } from "../state";

interface FigureValueProps {
  figure: Figure;
  /** The indicator's unit, written beside the value; or a table's common scale, named in its heading. */
  unit?: string;
  scale?: Scale;
}

export function FigureValue({ figure, unit, scale }: FigureValueProps) {
  if (figure.value === null) {
    return <span class="figure-none">{t(figure.reason === "too_little_known" ? "too_little_known" : "no_figure")}</span>;
  }
  const written = scale ?? scaleFor(unit ?? "", Math.abs(figure.value));
  return (
    <span class="figure-value">
      {number(figure.value * written.factor)}
      {unit && <span class="figure-unit"> {written.unit}</span>}
    </span>
  );
}

/** How much of the unit is known; a figure of which nobody said that it is complete says so. */
export function Coverage({ value, isStated = true }: { value: number | null; isStated?: boolean }) {
  if (value === null) return <span class="figure-none">–</span>;
  if (value === 0 && !isStated) return <span class="figure-none">{t("not_stated")}</span>;
  return (
    <span class="coverage" title={`${t("coverage")}: ${share(value)}`}>
      <span class="coverage-bar" aria-hidden="true">
        <span style={{ width: `${Math.round(value * 100)}%` }} />
      </span>
      {share(value)}
    </span>
  );
}
