/** The four states of a theme: each has its own shape, colour and words, so that none can be taken for another. */

import type { ComponentType } from "preact";
import type { ThemeState } from "../shapes";
import { t } from "../state";
import type { Word } from "../words";
import { AffectedIcon, NotAffectedIcon, TouchedIcon, UnknownIcon } from "./icons";

const STATES: Record<ThemeState, { word: Word; explanation: Word; Icon: ComponentType }> = {
  affected: { word: "state_affected", explanation: "explain_affected", Icon: AffectedIcon },
  touched: { word: "state_touched", explanation: "explain_touched", Icon: TouchedIcon },
  not_affected: { word: "state_not_affected", explanation: "explain_not_affected", Icon: NotAffectedIcon },
  unknown: { word: "state_unknown", explanation: "explain_unknown", Icon: UnknownIcon },
};

/** A state that this page does not know is nothing that it may call "not affected". */
export const stateOf = (state: ThemeState) => STATES[state] ?? STATES.unknown;

export function StateMark({ state }: { state: ThemeState }) {
  const { word, Icon } = stateOf(state);
  return (
    <span class={`state state-${state}`}>
      <Icon />
      {t(word)}
    </span>
  );
}
