/** The search box: parcels, addresses, units and typed coordinates, by mouse or keyboard (ARIA combobox with a list). */

import { computed, signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { goToExtent } from "../map/map";
import { resource, resourceUrl } from "../server";
import type { SearchAnswer, SearchResult } from "../shapes";
import { lang, point, searchHint, select, t } from "../state";
import { readCoordinates } from "../view";
import { CloseIcon, ParcelIcon, PlaceIcon, SearchIcon, UnitIcon } from "./icons";

const PAUSE_MS = 180;
const LIMIT = 8;

const typed = signal("");
/** The text asked about: `typed`, once the fingers rest. */
const asked = signal("");
const open = signal(false);
const active = signal(-1);

type Suggestion = Omit<SearchResult, "kind"> & { kind: SearchResult["kind"] | "point" };

const found = resource<SearchAnswer>(
  computed(() => {
    const text = asked.value.trim();
    return text.length < 2 || readCoordinates(text) ? null : resourceUrl("/search", { q: text, limit: LIMIT, lang: lang.value });
  }),
);

const suggestions = computed<Suggestion[]>(() => {
  const place = readCoordinates(asked.value);
  if (place) return [{ kind: "point", label: point(place.lon, place.lat), code: null, ...place }];
  const answer = found.answer.value;
  if (answer.state === "ready") return answer.value.results;
  return answer.state === "loading" ? (answer.previous?.results ?? []) : [];
});

const ICONS: Record<Suggestion["kind"], ComponentType> = {
  parcel: ParcelIcon,
  street: PlaceIcon,
  address: PlaceIcon,
  unit: UnitIcon,
  place: UnitIcon,
  point: PlaceIcon,
};

/** A parcel, an address or a point is looked up; the others are shown. */
const LOOKED_UP: Suggestion["kind"][] = ["parcel", "address", "point"];

function choose(suggestion: Suggestion): void {
  open.value = false;
  typed.value = suggestion.label;
  const { lon, lat, code, kind, bbox } = suggestion;
  if (LOOKED_UP.includes(kind)) select(code ? { kind: "parcel", code } : { kind: "point", lon, lat });
  goToExtent(bbox ?? [lon, lat, lon, lat]);
}

/** Enter without a chosen suggestion: the first one, or the text itself as an address. */
function submit(): void {
  const chosen = suggestions.peek()[Math.max(active.peek(), 0)];
  const text = typed.peek().trim();
  if (chosen && asked.peek() === typed.peek()) choose(chosen);
  else if (text) {
    open.value = false;
    select({ kind: "address", text });
  }
}

function onKeyDown(event: KeyboardEvent): void {
  const count = suggestions.peek().length;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    open.value = true;
    if (count > 0)
      active.value =
        (active.peek() + (event.key === "ArrowDown" ? 1 : -1) + (active.peek() < 0 && event.key === "ArrowUp" ? 1 : 0) + count) %
        count;
  } else if (event.key === "Enter") {
    event.preventDefault();
    submit();
  } else if (event.key === "Escape") {
    if (open.peek()) open.value = false;
    else typed.value = asked.value = "";
  }
}

function onInput(event: Event): void {
  typed.value = (event.target as HTMLInputElement).value.normalize("NFC");
  open.value = true;
  active.value = -1;
}

export function Search() {
  const input = useRef<HTMLInputElement>(null);
  const text = typed.value;
  useEffect(() => {
    const rest = setTimeout(() => (asked.value = text), PAUSE_MS);
    return () => clearTimeout(rest);
  }, [text]);
  const shown = open.value && asked.value.trim().length >= 2;
  return (
    <search class="search">
      <div class="search-box">
        <SearchIcon />
        <input
          ref={input}
          id="search"
          type="text"
          role="combobox"
          autocomplete="off"
          spellcheck={false}
          enterkeyhint="search"
          aria-label={t("search_label")}
          aria-expanded={shown && suggestions.value.length > 0}
          aria-controls="search-list"
          aria-autocomplete="list"
          aria-activedescendant={shown && active.value >= 0 ? `search-${active.value}` : undefined}
          placeholder={t("search_placeholder")}
          value={text}
          onInput={onInput}
          onKeyDown={onKeyDown}
          onFocus={() => (open.value = true)}
          onBlur={() => (open.value = false)}
        />
        {text && (
          <button
            type="button"
            class="plain"
            aria-label={t("search_clear")}
            onClick={() => {
              typed.value = asked.value = "";
              input.current?.focus();
            }}
          >
            <CloseIcon />
          </button>
        )}
      </div>
      <Suggestions shown={shown} />
    </search>
  );
}

function Suggestions({ shown }: { shown: boolean }) {
  const list = suggestions.value;
  const answer = found.answer.value;
  return (
    <>
      <ul
        id="search-list"
        class="suggestions"
        role="listbox"
        aria-label={t("search_results")}
        hidden={!shown || list.length === 0}
      >
        {list.map((suggestion, i) => (
          <Option key={`${suggestion.kind}${suggestion.code ?? suggestion.label}`} suggestion={suggestion} place={i} />
        ))}
      </ul>
      {shown && list.length === 0 && <Message answer={answer} />}
      <span class="unseen" role="status">
        {shown && list.length > 0 ? t("search_count", { n: list.length }) : ""}
      </span>
    </>
  );
}

function Option({ suggestion, place }: { suggestion: Suggestion; place: number }) {
  const Icon = ICONS[suggestion.kind];
  return (
    <li
      id={`search-${place}`}
      class="suggestion"
      role="option"
      aria-selected={active.value === place}
      // Before the box loses focus and closes the list.
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => choose(suggestion)}
    >
      <Icon />
      <span>
        <span class="suggestion-label">{suggestion.label}</span>
        <span class="suggestion-kind">{[t(`kind_${suggestion.kind}`), suggestion.detail].filter(Boolean).join(" · ")}</span>
      </span>
    </li>
  );
}

function Message({ answer }: { answer: typeof found.answer.value }) {
  if (answer.state === "loading") return <p class="search-message">{t("loading")}</p>;
  if (answer.state === "failed") {
    return (
      <p class="search-message" role="alert">
        {answer.problem.detail || t("page_failed")}{" "}
        <button type="button" class="link" onMouseDown={(event) => event.preventDefault()} onClick={found.retry}>
          {t("retry")}
        </button>
      </p>
    );
  }
  return (
    <p class="search-message" role="status">
      <strong>{t("search_nothing", { q: asked.value.trim() })}</strong> {searchHint()}
    </p>
  );
}
