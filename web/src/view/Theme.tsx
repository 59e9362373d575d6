/** The themes of the answer: each state in shape, colour and words, and why it is so. */

import type { ThemeAnswer } from "../shapes";
import { area, number, share, t } from "../state";
import { UnknownIcon } from "./icons";
import { StateMark, stateOf } from "./StateMark";
import { Item, Rest } from "./ThemeItem";

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

export function Theme({ theme }: { theme: ThemeAnswer }) {
  const partly = typeof theme.share === "number" && theme.share < 0.9995 && typeof theme.area_m2 === "number";
  const omitted = theme.items_omitted ?? 0;
  return (
    <li class="theme" id={`theme-${theme.theme}`} data-theme={theme.theme} data-state={theme.state}>
      <div class="theme-head">
        <h4 tabIndex={-1}>{theme.title}</h4>
        <StateMark state={theme.state} />
      </div>
      {partly && <p class="theme-extent">{t("extent", { area: area(theme.area_m2 ?? 0), share: share(theme.share ?? 0) })}</p>}
      <Explanation theme={theme} />
      {theme.items.length > 0 && (
        <ul class="items">
          {theme.items.map((item, i) => (
            <Item key={i} item={item} theme={theme} />
          ))}
          {theme.remainders?.map((remainder, i) => remainder.uncovered_m2 > 0 && <Rest key={i} remainder={remainder} />)}
          {omitted > 0 && <li class="item item-rest">{t("items_omitted", { n: number(omitted) })}</li>}
        </ul>
      )}
      {theme.changes?.map((change, i) => (
        <p key={i} class="theme-note plan-change">
          {change.note}
        </p>
      ))}
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
