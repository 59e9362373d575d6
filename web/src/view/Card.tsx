/** The answer to "what is planned here?": one state per theme, in words a citizen knows, and where they come from. */

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Candidate, LookupAnswer, ParcelAnswer, Problem } from "../shapes";
import { area, date, lookup, lookupUrl, moment, otherDay, point, searchHint, select, selection, t } from "../state";
import { Fact } from "./Fact";
import { CloseIcon, FileIcon, LinkIcon, UnknownIcon } from "./icons";
import { LegalDayField } from "./LegalDay";
import { Failure, Nothing, Waiting } from "./messages";
import { Panel } from "./Panel";
import type { Selection } from "../view";
import { stateOf } from "./StateMark";
import { Theme, Verdicts } from "./Theme";

const TITLE_ID = "card-title";

function close(): void {
  select(null);
  document.querySelector<HTMLElement>(".maplibregl-canvas")?.focus({ preventScroll: true });
}

export function Card() {
  const answer = lookup.answer.value;
  return (
    <Panel name="card" titleId={TITLE_ID} onEscape={close}>
      <header class="panel-head">
        <Title answer={answer.state === "ready" ? answer.value : null} />
        <button type="button" class="plain" aria-label={t("close")} onClick={close}>
          <CloseIcon />
        </button>
      </header>
      <div class="panel-body" aria-busy={answer.state === "loading"}>
        {answer.state === "loading" && <Waiting label={t("card_loading")} lines={7} />}
        {answer.state === "failed" && <Refusal problem={answer.problem} />}
        {answer.state === "ready" && <Answer answer={answer.value} />}
        {answer.state !== "ready" && <LegalDayField />}
      </div>
    </Panel>
  );
}

/** No answer, and what can be done: choose what was meant, ask otherwise, or try again. */
function Refusal({ problem }: { problem: Problem }) {
  if (problem.candidates?.length) return <Candidates candidates={problem.candidates} />;
  if (problem.status === 404) return <Nothing title={t("card_not_found")}>{problem.detail ?? searchHint()}</Nothing>;
  return <Failure title={t("card_failed")} problem={problem} onRetry={lookup.retry} />;
}

function Candidates({ candidates }: { candidates: Candidate[] }) {
  const choose = ({ parcel, lon, lat }: Candidate) => {
    if (parcel) select({ kind: "parcel", code: parcel });
    else if (lon !== undefined && lat !== undefined) select({ kind: "point", lon, lat });
  };
  return (
    <div class="nothing" role="status">
      <p class="nothing-title">{t("card_several")}</p>
      <ul class="candidates">
        {candidates.map((candidate) => (
          <li key={candidate.parcel ?? candidate.label}>
            <button type="button" class="link" onClick={() => choose(candidate)}>
              {candidate.label}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Takes the focus when a new answer arrives by keyboard, so that readers hear what was found. */
function Title({ answer }: { answer: LookupAnswer | null }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (answer && document.activeElement?.id === "search") heading.current?.focus({ preventScroll: true });
  }, [answer]);
  const chosen = selection.value;
  const parcel = answer?.parcel;
  const place = chosen?.kind === "point" ? point(chosen.lon, chosen.lat) : null;
  const day = otherDay();
  return (
    <div class="title">
      <h2 id={TITLE_ID} ref={heading} tabIndex={-1}>
        {parcel ? t("card_parcel", { no: parcel.parcel_no ?? parcel.code }) : (answer?.place.address ?? askedFor(chosen))}
      </h2>
      <p class="subtitle">{parcel ? placeOf(parcel) : [answer?.place.commune?.name, place].filter(Boolean).join(" · ")}</p>
      {parcel && answer?.place.address && <p class="subtitle">{answer.place.address}</p>}
      {day && <p class="subtitle">{t("as_of_day", { date: date(day) })}</p>}
    </div>
  );
}

/** What was asked about, in its own words: the title while there is no answer, or none that names the place. */
function askedFor(chosen: Selection | null): string {
  if (chosen?.kind === "address") return chosen.text;
  return chosen?.kind === "parcel" ? t("card_parcel_code", { code: chosen.code }) : t("card_point");
}

function placeOf(parcel: ParcelAnswer): string {
  const commune = typeof parcel.commune === "string" ? parcel.commune : (parcel.commune?.name ?? parcel.commune?.code);
  return [parcel.map_sheet && t("card_sheet", { sheet: parcel.map_sheet }), commune].filter(Boolean).join(", ");
}

function Answer({ answer }: { answer: LookupAnswer }) {
  return (
    <>
      {answer.parcel ? <Parcel parcel={answer.parcel} /> : <p class="hint">{t("card_no_parcel")}</p>}
      <p class="unseen" role="status">
        {answer.themes.map((theme) => `${theme.title}: ${t(stateOf(theme.state).word)}`).join("; ")}
      </p>
      {answer.notices?.map((notice) => (
        <p key={notice} class="card-notice">
          {notice}
        </p>
      ))}
      <h3 class="themes-title">{t(answer.parcel ? "answer_for" : "answer_for_point")}</h3>
      <Verdicts themes={answer.themes} />
      {answer.themes.some((theme) => theme.state === "unknown") && (
        <p class="unknown-note">
          <UnknownIcon />
          {t("unknown_means")}
        </p>
      )}
      <ul class="themes">
        {answer.themes.map((theme) => (
          <Theme key={theme.theme} theme={theme} />
        ))}
      </ul>
      <Footing answer={answer} />
    </>
  );
}

function Parcel({ parcel }: { parcel: ParcelAnswer }) {
  return (
    <dl class="facts">
      {typeof parcel.area_m2 === "number" && <Fact term={t("area_measured")} value={area(parcel.area_m2)} />}
      {typeof parcel.area_official_m2 === "number" && <Fact term={t("area_official")} value={area(parcel.area_official_m2)} />}
      {parcel.land_use.length > 0 && (
        <div class="fact">
          <dt>{t("land_use")}</dt>
          <dd>
            {parcel.land_use.map((use, i) => (
              <span key={i} class="land-use">
                {use.code && <b>{use.code}</b>} {use.name ?? use.text}
                {typeof use.area_m2 === "number" && parcel.land_use.length > 1 && ` · ${area(use.area_m2)}`}
              </span>
            ))}
          </dd>
        </div>
      )}
      <Fact term={t("card_code")} value={parcel.code} />
    </dl>
  );
}

const copied = signal(false);

async function copyLink(): Promise<void> {
  await navigator.clipboard.writeText(location.href);
  copied.value = true;
  setTimeout(() => (copied.value = false), 2500);
}

function Footing({ answer }: { answer: LookupAnswer }) {
  return (
    <footer class="footing">
      <p class="actions">
        <a class="button" href={lookupUrl("/lookup/extract.pdf") ?? ""} target="_blank" rel="noopener">
          <FileIcon />
          {t("as_pdf")}
        </a>
        <button type="button" class="button" onClick={() => void copyLink()}>
          <LinkIcon />
          <span aria-live="polite">{t(copied.value ? "link_copied" : "copy_link")}</span>
        </button>
        <a class="button" href={lookupUrl("/lookup") ?? ""} target="_blank" rel="noopener">
          {t("as_json")}
        </a>
      </p>
      <LegalDayField answered={answer.as_of.slice(0, 10)} />
      <p class="disclaimer">{answer.disclaimer}</p>
      {answer.data_version !== null && (
        <p class="version">
          {t("data_version", { n: answer.data_version })}
          {answer.known_at && ` · ${moment(answer.known_at)}`}
        </p>
      )}
    </footer>
  );
}
