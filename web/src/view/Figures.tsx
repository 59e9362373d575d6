/** Figures by tier: which unit, which indicator, how it developed, and its parts in a table that leads down. */

import {
  childrenUrl,
  children,
  climbTo,
  indicator,
  indicatorList,
  indicators,
  level,
  ownFigure,
  parent,
  notes,
  period,
  periods,
  tiersBelow,
  trail,
  unknownIndicator,
} from "../figures";
import { isPartial } from "../map/choropleth";
import type { Indicator } from "../shapes";
import { changeView, moment, t } from "../state";
import { isWord } from "../words";
import { FigureTable } from "./FigureTable";
import { Coverage, FigureValue } from "./FigureValue";
import { ChevronIcon } from "./icons";
import { FigureLegend } from "./FigureLegend";
import { Failure, Nothing, Waiting } from "./messages";
import { Panel } from "./Panel";
import { PeriodChart } from "./PeriodChart";

const TITLE_ID = "figures-title";

export const tierName = (tier: string): string => (isWord(`level_${tier}`) ? t(`level_${tier}` as "level_city") : tier);

export function Figures() {
  const list = indicatorList.answer.value;
  return (
    <Panel name="figures" titleId={TITLE_ID}>
      <header class="panel-head">
        <div class="title">
          <h2 id={TITLE_ID}>{t("figures_title")}</h2>
          <Path />
        </div>
      </header>
      <div class="panel-body">
        {list.state === "failed" && <Failure title={t("figures_failed")} problem={list.problem} onRetry={indicatorList.retry} />}
        {list.state === "loading" && indicators.value.length === 0 && <Waiting label={t("loading")} lines={8} />}
        {list.state === "ready" && indicators.value.length === 0 && <Nothing title={t("figures_no_indicators")} />}
        {indicator.value && <Chosen indicator={indicator.value} />}
      </div>
    </Panel>
  );
}

/** From the nation down to the unit shown; each step leads back up. */
function Path() {
  const steps = trail.value;
  return (
    <nav aria-label={t("path")}>
      <ol class="path">
        <li>{steps.length === 0 ? <span aria-current="page">{t("nation")}</span> : <Step depth={0} name={t("nation")} />}</li>
        {steps.map((unit, i) => (
          <li key={unit.code}>
            <ChevronIcon />
            {i === steps.length - 1 ? <span aria-current="page">{unit.name}</span> : <Step depth={i + 1} name={unit.name} />}
          </li>
        ))}
      </ol>
    </nav>
  );
}

function Step({ depth, name }: { depth: number; name: string }) {
  return (
    <button type="button" class="link" aria-label={t("up_to", { name })} onClick={() => climbTo(depth)}>
      {name}
    </button>
  );
}

function Chosen({ indicator: chosen }: { indicator: Indicator }) {
  return (
    <>
      {unknownIndicator.value && (
        <p class="figures-warning" role="status">
          {t("unknown_indicator", { code: unknownIndicator.value, shown: chosen.title })}
        </p>
      )}
      <Choices chosen={chosen} />
      <Headline chosen={chosen} />
      <PeriodChart unit={chosen.unit} />
      <Tiers />
      <Parts chosen={chosen} />
      <About chosen={chosen} />
    </>
  );
}

function Choices({ chosen }: { chosen: Indicator }) {
  return (
    <div class="choices">
      <label class="choice choice-wide">
        <span>{t("indicator")}</span>
        <select
          value={chosen.code}
          onChange={(event) => changeView({ indicator: event.currentTarget.value, period: null, level: null }, { push: true })}
        >
          {indicators.value.map((one) => (
            <option key={one.code} value={one.code}>
              {one.title}
            </option>
          ))}
        </select>
      </label>
      <label class="choice">
        <span>{t("period")}</span>
        <select
          value={period.value ?? ""}
          onChange={(event) => changeView({ period: event.currentTarget.value }, { push: true })}
        >
          {[...periods.value].reverse().map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Headline({ chosen }: { chosen: Indicator }) {
  const own = ownFigure.value;
  const answer = children.answer.value;
  const computedAt = answer.state === "ready" ? answer.value.computed_at : null;
  const name = trail.value.at(-1)?.name ?? t("nation");
  return (
    <div class="headline">
      <p class="headline-name">
        {name}
        {period.value && `, ${period.value}`}
      </p>
      <p class="headline-value">
        {own && chosen.kind === "additive" && isPartial(own) && <span class="figure-unit">{t("at_least")} </span>}
        {own ? <FigureValue figure={own} unit={chosen.unit} /> : <span class="figure-none">…</span>}
      </p>
      <p class="headline-notes">
        {own && (
          <span>
            {t("coverage_short")} <Coverage value={own.coverage} isStated={own.value === null} />
          </span>
        )}
        {computedAt && <span>{t("computed_at", { at: moment(computedAt) })}</span>}
        {chosen.stale && <span class="stale">{t("stale")}</span>}
      </p>
    </div>
  );
}

function Tiers() {
  const tiers = tiersBelow(parent.value.level);
  if (tiers.length < 2) return null;
  return (
    <div class="segments tiers" role="group" aria-label={t("tier")}>
      {tiers.map((tier) => (
        <button
          key={tier}
          type="button"
          class="segment"
          aria-pressed={tier === level.value}
          onClick={() => changeView({ level: tier }, { push: true })}
        >
          {tierName(tier)}
        </button>
      ))}
    </div>
  );
}

function Parts({ chosen }: { chosen: Indicator }) {
  const answer = children.answer.value;
  if (level.value === null) return null;
  if (answer.state === "failed") return <Failure title={t("figures_failed")} problem={answer.problem} onRetry={children.retry} />;
  const shown = answer.state === "ready" ? answer.value : answer.state === "loading" ? answer.previous : null;
  if (!shown) return <Waiting label={t("loading")} lines={8} />;
  if (shown.values.length === 0) return <Nothing title={t("figures_nothing")}>{t("figures_nothing_hint")}</Nothing>;
  return (
    <div aria-busy={answer.state === "loading"}>
      <FigureLegend unit={chosen.unit} />
      <FigureTable figures={shown.values} indicator={chosen} />
    </div>
  );
}

function About({ chosen }: { chosen: Indicator }) {
  const [csv, xlsx, json] = ["csv", "xlsx", "json"].map(childrenUrl);
  return (
    <footer class="footing">
      {csv && (
        <p class="actions">
          <a class="button" href={csv} download>
            {t("as_csv")}
          </a>
          <a class="button" href={xlsx ?? ""} download>
            {t("as_xlsx")}
          </a>
          <a class="button" href={json ?? ""} target="_blank" rel="noopener">
            {t("as_json")}
          </a>
        </p>
      )}
      {chosen.formula && (
        <p>
          <b>{t("formula")}:</b> {chosen.formula}
          {chosen.expression && (
            <>
              {" "}
              (<code>{chosen.expression}</code>)
            </>
          )}
        </p>
      )}
      {notes.value.length > 0 && (
        <details class="figures-notes">
          <summary>{t("figures_notes", { n: notes.value.length })}</summary>
          <ul>
            {notes.value.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </details>
      )}
    </footer>
  );
}
