/** What one plan says about the place: how much of it, under which rules, and on what paper. */

import type { LineReference, PlanDocument, PlanReference, Remainder, ThemeAnswer, ThemeItem } from "../shapes";
import { area, date, lang, number, share, t } from "../state";
import { isWord } from "../words";
import { Fact } from "./Fact";
import { StateMark } from "./StateMark";

export function Item({ item, theme }: { item: ThemeItem; theme: ThemeAnswer }) {
  const { zone, plan } = item;
  const name = nameOf(item, theme.theme);
  return (
    <li class="item">
      <div class="item-head">
        {zone?.color && <span class="swatch" style={{ background: zone.color }} aria-hidden="true" />}
        <span class="item-name">{name}</span>
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
export function Rest({ remainder }: { remainder: Remainder }) {
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
        {typeof line?.width_m === "number" && <Fact term={widthOf(line)} value={withUnit("width_m", line.width_m)} />}
        {typeof line?.contact_m === "number" && line.contact_m > 0 && (
          <Fact term={t("contact_m")} value={withUnit("contact_m", line.contact_m)} />
        )}
        {item.zone?.function_code && <Fact term={t("function_code")} value={item.zone.function_code} />}
        {plan?.level && <Fact term={t("tier")} value={wordOr(`level_${plan.level}`, plan.level)} />}
        {plan?.decision_no && <Fact term={t("decision")} value={decisionOf(plan)} />}
        {plan?.authority && <Fact term={t("authority")} value={plan.authority} />}
        {status && <Fact term={t("status")} value={plan?.upcoming ? t("status_upcoming") : wordOr(`status_${status}`, status)} />}
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
        const name = [titleOf(document), document.number, document.date && date(document.date)].filter(Boolean).join(" · ");
        return (
          <li key={i}>
            {document.url ? (
              <a href={document.url} target="_blank" rel="noopener">
                {name}
              </a>
            ) : (
              name
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** What a width means depends on the line: a road's between its red lines, a setback, a corridor's. */
function widthOf({ kind }: LineReference): string {
  return wordOr(`width_${kind ?? ""}`, t("width"));
}

/** Documents have Vietnamese titles only: in another language their kind goes before. */
function titleOf({ title, kind }: PlanDocument): string {
  const named = kind ? wordOr(`document_${kind}`, kind) : null;
  if (!title) return named ?? "";
  return lang.value === "vi" || !named ? title : `${named}: ${title}`;
}

function decisionOf(plan: PlanReference): string {
  if (!plan.decision_date) return plan.decision_no ?? "";
  return t("decision_of", { no: plan.decision_no ?? "", date: date(plan.decision_date) });
}

function wordOr(key: string, otherwise: string): string {
  return isWord(key) ? t(key) : otherwise;
}
