/** How the chosen unit's figure developed: one column per period; pressing one chooses it. */

import { period, type PeriodValue } from "../figures";
import { scaleFor } from "../format";
import { isPartial } from "../map/choropleth";
import { changeView, number, share, t } from "../state";

const HEIGHT = 72;

export function PeriodChart({ points, unit }: { points: PeriodValue[]; unit: string }) {
  if (points.length < 2) return null;
  const largest = Math.max(...points.map((one) => Math.abs(one.value))) || 1;
  const scale = scaleFor(unit, largest);
  const told = (one: PeriodValue) => {
    const rest = isPartial(one) ? `, ${t("coverage").toLowerCase()} ${share(one.coverage ?? 0)}` : "";
    return `${one.period}: ${number(one.value * scale.factor)} ${scale.unit}${rest}`;
  };
  return (
    <figure class="chart">
      <figcaption>{t("over_time")}</figcaption>
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
                <span class="column" style={{ height: `${Math.max(2, (Math.abs(one.value) / largest) * HEIGHT)}px` }} />
              </span>
              <span class="column-name">{one.period}</span>
            </button>
          </li>
        ))}
      </ol>
      {points.some(isPartial) && <p class="chart-note">{t("chart_partial")}</p>}
    </figure>
  );
}
