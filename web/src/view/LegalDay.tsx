/** The day whose law is shown: said on the map whenever it is not today, and chosen in the card. */

import { date, mode, otherDay, showDay, t, today, view } from "../state";

/** On the map itself, with or without a card: an old plan must never be taken for the one in force. */
export function LegalDay() {
  const day = otherDay();
  if (!day || mode.value !== "map") return null;
  return (
    <p class="legal-day" role="status">
      <span>{t("map_of_day", { date: date(day) })}</span>
      <BackToToday />
    </p>
  );
}

/** The field of the card, there with and without an answer; `answered` is the day that an answer speaks of. */
export function LegalDayField({ answered = today() }: { answered?: string }) {
  const day = view.value.asOf ?? answered;
  return (
    <p class="as-of">
      <label>
        {t("as_of")}{" "}
        <input
          type="date"
          value={day}
          aria-label={t("as_of_day", { date: date(day) })}
          onChange={(event) => showDay(event.currentTarget.value)}
        />
      </label>
      {otherDay() && <BackToToday />}
    </p>
  );
}

function BackToToday() {
  return (
    <button type="button" class="link" onClick={() => showDay(null)}>
      {t("back_to_today")}
    </button>
  );
}
