/** How the chosen unit's figure developed: one column per period; pressing one chooses it. */

import { scaleFor } from "../format";
import { period } from "../figures";
import { changeView, number, t } from "../state";

const HEIGHT = 72;

export function PeriodChart({ points, unit }: { points: { period: string; value: number }[]; unit: string }) {
  if (points.length < 2) return null;
  const largest = Math.max(...points.map((one) => Math.abs(one.value))) || 1;
  const scale = scaleFor(unit, largest);
  const told = (one: { period: string; value: number }) => `${one.period}: ${number(one.value * scale.factor)} ${scale.unit}`;
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
              <span class="column" style={{ height: `${Math.max(2, (Math.abs(one.value) / largest) * HEIGHT)}px` }} />
              <span class="column-name">{one.period}</span>
            </button>
          </li>
        ))}
      </ol>
    </figure>
  );
}
