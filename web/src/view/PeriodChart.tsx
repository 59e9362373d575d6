/** How the chosen unit's figure developed: one column per period; pressing one chooses it. */

import { period, seriesParts, type PeriodValue } from "../figures";
import { scaleFor } from "../format";
import { isPartial } from "../map/choropleth";
import { changeView, number, share, t } from "../state";

const HEIGHT = 72;

/** Periods that do not compare, since more or less of the unit is known in them, stand apart, each part on its own scale. */
export function PeriodChart({ unit }: { unit: string }) {
  const parts = seriesParts.value;
  const points = parts.flat();
  if (points.length < 2) return null;
  return (
    <figure class="chart">
      <figcaption>{t("over_time")}</figcaption>
      <div class="chart-parts">
        {parts.map((part) => (
          <Part key={part[0]?.period} points={part} unit={unit} apart={parts.length > 1} />
        ))}
      </div>
      {parts.length > 1 && <p class="chart-note">{t("chart_apart")}</p>}
      {points.some(isPartial) && <p class="chart-note">{t("chart_partial")}</p>}
    </figure>
  );
}

function Part({ points, unit, apart }: { points: PeriodValue[]; unit: string; apart: boolean }) {
  const largest = Math.max(...points.map((one) => Math.abs(one.value)));
  const scale = scaleFor(unit, largest);
  const known = Math.max(...points.map((one) => one.coverage ?? 0));
  const told = (one: PeriodValue) => {
    const rest = isPartial(one) ? `, ${t("coverage").toLowerCase()} ${share(one.coverage ?? 0)}` : "";
    return `${one.period}: ${number(one.value * scale.factor)} ${scale.unit}${rest}`;
  };
  return (
    <div class="chart-part" style={{ flexGrow: points.length }}>
      <ol style={{ height: `${HEIGHT + 22}px` }}>
        {points.map((one) => (
          <li key={one.period}>
            <button
              type="button"
              aria-pressed={one.period === period.value}
              aria-label={told(one)}
              title={told(one)}
              onClick={() => changeView({ period: one.period }, { push: true })}
            >
              <span class={isPartial(one) ? "column-room column-room-partial" : "column-room"} style={{ height: `${HEIGHT}px` }}>
                <span class="column" style={{ height: `${columnHeight(one.value, largest)}px` }} />
              </span>
              <span class="column-name">{one.period}</span>
            </button>
          </li>
        ))}
      </ol>
      {apart && <p class="chart-coverage">{t("chart_coverage", { share: share(known) })}</p>}
    </div>
  );
}

/** What is not 0 has a column; 0 has none. */
function columnHeight(value: number, largest: number): number {
  return value === 0 ? 0 : Math.max(2, (Math.abs(value) / largest) * HEIGHT);
}
