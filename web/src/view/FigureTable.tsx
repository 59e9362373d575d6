/** The units of a tier with their figures: sortable, each row leads down, remainders stand last and apart. */

import { signal } from "@preact/signals";
import { canOpen, isRemainder, openUnit } from "../figures";
import { scaleFor, type Scale } from "../format";
import { pointed } from "../map/figures";
import type { Figure, Indicator } from "../shapes";
import { lang, t } from "../state";
import type { Word } from "../words";
import { Coverage, FigureValue } from "./FigureValue";
import { ChevronIcon } from "./icons";

type Column = "unit" | "value" | "coverage";

const sorting = signal<{ column: Column; up: boolean }>({ column: "value", up: false });

function sortBy(column: Column): void {
  const { column: before, up } = sorting.peek();
  sorting.value = { column, up: before === column ? !up : column === "unit" };
}

/** Unknown figures come after all known ones, in either direction. */
function compare(a: Figure, b: Figure): number {
  const { column, up } = sorting.value;
  const turn = up ? 1 : -1;
  if (column === "unit") return turn * a.unit.name.localeCompare(b.unit.name, lang.value);
  const [x, y] = [a[column], b[column]];
  if (x === null || y === null) return Number(x === null) - Number(y === null);
  return turn * (x - y);
}

export function FigureTable({ figures, indicator }: { figures: Figure[]; indicator: Indicator }) {
  const units = figures.filter((figure) => !isRemainder(figure)).sort(compare);
  const largest = Math.max(0, ...units.map((figure) => Math.abs(figure.value ?? 0)));
  const scale = scaleFor(indicator.unit, largest);
  return (
    <table class="figures" aria-label={indicator.title}>
      <thead>
        <tr>
          <Heading column="unit" word="unit" />
          <Heading column="value" word="value" note={scale.unit} />
          <Heading column="coverage" word="coverage_short" />
        </tr>
      </thead>
      <tbody>
        {units.map((figure) => (
          <Row key={figure.unit.code} figure={figure} largest={largest} scale={scale} />
        ))}
        {figures.filter(isRemainder).map((figure) => (
          <Row key={`${figure.unit.level}${figure.unit.code}`} figure={figure} largest={largest} scale={scale} />
        ))}
      </tbody>
    </table>
  );
}

function Heading({ column, word, note }: { column: Column; word: Word; note?: string }) {
  const { column: sorted, up } = sorting.value;
  return (
    <th scope="col" class={`column-${column}`} aria-sort={sorted === column ? (up ? "ascending" : "descending") : "none"}>
      <button type="button" title={t("sort_by", { column: t(word) })} onClick={() => sortBy(column)}>
        {t(word)}
        {note && <span class="figure-unit"> ({note})</span>}
        <span class="sort" aria-hidden="true">
          {sorted === column ? (up ? "↑" : "↓") : ""}
        </span>
      </button>
    </th>
  );
}

function Row({ figure, largest, scale }: { figure: Figure; largest: number; scale: Scale }) {
  const { unit, value } = figure;
  const remainder = isRemainder(figure);
  return (
    <tr
      class={remainder ? "remainder" : ""}
      data-code={unit.code}
      data-pointed={!remainder && pointed.value === unit.code}
      onMouseEnter={() => (pointed.value = remainder ? null : unit.code)}
      onMouseLeave={() => (pointed.value = null)}
    >
      <th scope="row">
        {canOpen(figure) ? (
          <button type="button" class="link" aria-label={t("open_unit", { name: unit.name })} onClick={() => openUnit(unit)}>
            {unit.name}
            <ChevronIcon />
          </button>
        ) : (
          unit.name || t("remainder")
        )}
      </th>
      <td class="column-value">
        <FigureValue figure={figure} scale={scale} />
        {!remainder && value !== null && largest > 0 && (
          <span class="bar" aria-hidden="true">
            <span style={{ width: `${Math.max(1, (Math.abs(value) / largest) * 100)}%` }} />
          </span>
        )}
      </td>
      <td class="column-coverage">
        <Coverage value={figure.coverage} isStated={value === null} />
      </td>
    </tr>
  );
}
