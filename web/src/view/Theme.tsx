/** One theme of the answer: its state in shape, colour and words, and below it what exactly the plans say. */

import type { ComponentType } from "preact";
import type { PlanDocument, PlanReference, Remainder, ThemeAnswer, ThemeItem, ThemeState } from "../shapes";
import { area, date, number, share, t } from "../state";
import { isWord, type Word } from "../words";
import { Fact } from "./Fact";
import { AffectedIcon, NotAffectedIcon, TouchedIcon, UnknownIcon } from "./icons";

const STATES: Record<ThemeState, { word: Word; explanation: Word; Icon: ComponentType }> = {
  affected: { word: "state_affected", explanation: "explain_affected", Icon: AffectedIcon },
  touched: { word: "state_touched", explanation: "explain_touched", Icon: TouchedIcon },
  not_affected: { word: "state_not_affected", explanation: "explain_not_affected", Icon: NotAffectedIcon },
  unknown: { word: "state_unknown", explanation: "explain_unknown", Icon: UnknownIcon },
};

/** A state that this page does not know is nothing that it may call "not affected". */
const stateOf = (state: ThemeState) => STATES[state] ?? STATES.unknown;

export const stateWord = (state: ThemeState): Word => stateOf(state).word;

/** All themes at a glance; each line leads to what the plans say exactly. */
export function Verdicts({ themes }: { themes: ThemeAnswer[] }) {
  return (
    <ul class="verdicts">
      {themes.map((theme) => (
        <li key={theme.theme}>
          <a class="verdict" href={`#theme-${theme.theme}`} onClick={goToTheme}>
            <span class="verdict-title">{theme.title}</span>
            <StateMark state={theme.state} />
          </a>
        </li>
      ))}
    </ul>
  );
}

/** Scroll within the card: the page's address holds the view and has no fragment. */
function goToTheme(event: MouseEvent): void {
  event.preventDefault();
  const heading = document.querySelector<HTMLElement>(`${(event.currentTarget as HTMLAnchorElement).hash} h4`);
  heading?.scrollIntoView({ block: "start" });
  heading?.focus({ preventScroll: true });
}

export function StateMark({ state }: { state: ThemeState }) {
  const { word, Icon } = stateOf(state);
  return (
    <span class={`state state-${state}`}>
      <Icon />
      {t(word)}
    </span>
  );
}

export function Theme({ theme }: { theme: ThemeAnswer }) {
  const partly = typeof theme.share === "number" && theme.share < 0.9995 && typeof theme.area_m2 === "number";
  return (
    <li class="theme" id={`theme-${theme.theme}`} data-theme={theme.theme} data-state={theme.state}>
      <div class="theme-head">
        <h4 tabIndex={-1}>{theme.title}</h4>
        <StateMark state={theme.state} />
      </div>
      {partly && (
        <p class="theme-extent">
          {t("extent", { area: area(theme.area_m2 ?? 0), share: share(theme.share ?? 0) })}
        </p>
      )}
      <Explanation theme={theme} />
      {theme.items.length > 0 && (
        <ul class="items">
          {theme.items.map((item, i) => (
            <Item key={i} item={item} theme={theme} />
          ))}
          {theme.remainders?.map((remainder, i) => remainder.uncovered_m2 > 0 && <Rest key={i} remainder={remainder} />)}
        </ul>
      )}
    </li>
  );
}

/** Why it is so: the server's own reason, else what the state means. */
function Explanation({ theme }: { theme: ThemeAnswer }) {
  const { explanation } = stateOf(theme.state);
  const partly = typeof theme.known_share === "number" && theme.known_share < 0.9995;
  const said = theme.reason || (theme.items.length === 0 ? t(explanation) : null);
  return (
    <>
      {said && <p class="theme-note">{said}</p>}
      {!theme.reason && partly && theme.state !== "unknown" && (
        <p class="theme-note known-share">
          <UnknownIcon /> {t("known_share", { share: share(theme.known_share ?? 0) })}
        </p>
      )}
    </>
  );
}

function Item({ item, theme }: { item: ThemeItem; theme: ThemeAnswer }) {
  const { zone, plan } = item;
  const name = nameOf(item, theme.theme);
  return (
    <li class="item">
      <div class="item-head">
        {zone?.color && <span class="swatch" style={{ background: zone.color }} aria-hidden="true" />}
        <span class="item-name">
          {name}
        </span>
        <Measure item={item} />
      </div>
      {typeof item.share === "number" && (
        <div class="share" aria-hidden="true">
          <span style={{ width: `${Math.min(100, item.share * 100)}%`, background: zone?.color ?? undefined }} />
        </div>
      )}
      {item.state && item.state !== theme.state && <StateMark state={item.state} />}
      {item.note && <p class="theme-note">{item.note}</p>}
      <Parameters parameters={item.parameters ?? {}} />
      <Source item={item} plan={plan ?? null} named={name} />
    </li>
  );
}

/** What an item is called: the plan itself, the zone's function, or the line's road. */
function nameOf({ plan, zone, line }: ThemeItem, theme: string): string {
  const planName = plan?.name ?? plan?.code ?? "";
  if (theme === "plans") return planName;
  const zoneName = zone?.function_name ?? zone?.name ?? zone?.names?.join(", ") ?? zone?.code;
  return zoneName || line?.name || planName;
}

/** The part of the parcel that lies in no zone of a plan: neither affected by it nor free of it. */
function Rest({ remainder }: { remainder: Remainder }) {
  return (
    <li class="item item-rest">
      <div class="item-head">
        <span class="item-name">{t("zones_rest")}</span>
        <span class="measure">
          {area(remainder.uncovered_m2)} · {share(remainder.uncovered_share)}
        </span>
      </div>
    </li>
  );
}

function Measure({ item }: { item: ThemeItem }) {
  const parts = [
    typeof item.area_m2 === "number" ? area(item.area_m2) : null,
    typeof item.share === "number" ? share(item.share) : null,
  ].filter(Boolean);
  return parts.length > 0 ? <span class="measure">{parts.join(" · ")}</span> : null;
}

/** Each rule with its unit; one without a word of its own is shown by its name rather than left out. */
function Parameters({ parameters }: { parameters: Record<string, string | number | null> }) {
  const rules = joinRanges(parameters);
  if (rules.length === 0) return null;
  return (
    <dl class="rules">
      {rules.map(({ name, value }) => (
        <div key={name} class="rule">
          <dt>{isWord(name) ? t(name) : name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** `min_storeys` 2 and `max_storeys` 6 are one rule, `storeys` 2–6; a limit alone keeps its own name. */
function joinRanges(parameters: Record<string, string | number | null>): { name: string; value: string }[] {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== "");
  return given.flatMap(([name, value]) => {
    const most = parameters[name.replace(/^min_/, "max_")];
    const least = parameters[name.replace(/^max_/, "min_")];
    if (name.startsWith("min_") && most !== null && most !== undefined) return [];
    if (name.startsWith("max_") && typeof least === "number" && least !== value) {
      return [{ name: name.replace(/^max_/, ""), value: `${number(least)}–${withUnit(name, value)}` }];
    }
    return [{ name, value: withUnit(name, value) }];
  });
}

function withUnit(name: string, value: string | number | null): string {
  const size = typeof value === "number" ? value : Number(value);
  if (value === null || typeof value === "boolean" || !Number.isFinite(size)) return String(value);
  if (name.endsWith("_pct")) return `${number(size)}\u00a0%`;
  if (name.endsWith("_m2")) return area(size);
  if (name.endsWith("_m")) return `${number(size)}\u00a0m`;
  if (name.endsWith("storeys")) return t("storeys_unit", { n: number(size) });
  if (name === "population") return t("people_unit", { n: number(size) });
  return number(size);
}

function Source({ item, plan, named }: { item: ThemeItem; plan: PlanReference | null; named: string }) {
  const documents = item.documents ?? [];
  const status = item.status ?? plan?.status;
  const line = item.line;
  if (!plan && documents.length === 0 && !status) return null;
  return (
    <details class="source">
      <summary>{plan?.name && plan.name !== named ? plan.name : t("details")}</summary>
      <dl class="parameters">
        {typeof line?.width_m === "number" && <Fact term={t("width_m")} value={withUnit("width_m", line.width_m)} />}
        {typeof line?.contact_m === "number" && line.contact_m > 0 && <Fact term={t("contact_m")} value={withUnit("contact_m", line.contact_m)} />}
        {item.zone?.function_code && <Fact term={t("function_code")} value={item.zone.function_code} />}
        {plan?.level && <Fact term={t("tier")} value={wordOr(`level_${plan.level}`, plan.level)} />}
        {plan?.decision_no && <Fact term={t("decision")} value={decisionOf(plan)} />}
        {plan?.authority && <Fact term={t("authority")} value={plan.authority} />}
        {status && <Fact term={t("status")} value={plan?.upcoming ? t("status_upcoming") : wordOr(`status_${status}`, status)} />}
        {plan?.changed_in_part && <Fact term={t("changed")} value={t("changed_in_part")} />}
        {plan?.valid_from && <Fact term={t("valid_from")} value={date(plan.valid_from)} />}
      </dl>
      {documents.length > 0 && <Documents documents={documents} />}
    </details>
  );
}

function Documents({ documents }: { documents: PlanDocument[] }) {
  return (
    <ul class="documents" aria-label={t("documents")}>
      {documents.map((document, i) => {
        const name = [document.title ?? document.kind, document.number, document.date && date(document.date)].filter(Boolean).join(" · ");
        return <li key={i}>{document.url ? <a href={document.url} target="_blank" rel="noopener">{name}</a> : name}</li>;
      })}
    </ul>
  );
}

function decisionOf(plan: PlanReference): string {
  if (!plan.decision_date) return plan.decision_no ?? "";
  return t("decision_of", { no: plan.decision_no ?? "", date: date(plan.decision_date) });
}

function wordOr(key: string, otherwise: string): string {
  return isWord(key) ? t(key) : otherwise;
}
