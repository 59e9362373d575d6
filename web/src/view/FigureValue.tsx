/** A figure as people read it, with how sure it is; what is not known is said in words, never as 0. */

import type { Figure } from "../shapes";
import { number, share, t } from "../state";

export function FigureValue({ figure, unit }: { figure: Figure; unit?: string }) {
  if (figure.value === null) return <span class="figure-none">{t("no_figure")}</span>;
  return (
    <span class="figure-value">
      {number(figure.value)}
      {unit && <span class="figure-unit"> {unit}</span>}
    </span>
  );
}

export function Coverage({ value }: { value: number | null }) {
  if (value === null) return <span class="figure-none">{t("no_figure")}</span>;
  return (
    <span class="coverage" title={`${t("coverage")}: ${share(value)}`}>
      <span class="coverage-bar" aria-hidden="true">
        <span style={{ width: `${Math.round(value * 100)}%` }} />
      </span>
      {share(value)}
    </span>
  );
}
