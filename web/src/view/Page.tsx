/** The frame: the map fills the window, everything else lies on it. */

import { config, mode, selection, t } from "../state";
import { Card } from "./Card";
import { Figures } from "./Figures";
import { Layers } from "./Layers";
import { LegalDay } from "./LegalDay";
import { FigureTip, MapCanvas, MapTools } from "./MapCanvas";
import { Failure } from "./messages";
import { Notices } from "./Notices";
import { Search } from "./Search";
import { Switches } from "./Switches";

/** The map's canvas takes the keyboard; the page's address holds the view and has no fragment. */
function skipToMap(event: MouseEvent): void {
  event.preventDefault();
  document.querySelector<HTMLElement>(".maplibregl-canvas")?.focus();
}

export function Page() {
  const answer = config.answer.value;
  if (answer.state === "failed") {
    return (
      <main class="page-failed">
        <Failure title={t("page_failed")} problem={answer.problem} hint={t("page_failed_hint")} onRetry={config.retry} />
      </main>
    );
  }
  const ready = answer.state === "ready" ? answer.value : null;
  return (
    <>
      <a class="skip" href="#map" onClick={skipToMap}>
        {t("skip_to_map")}
      </a>
      <main>
        <div class="side">
          <Search />
          {mode.value === "figures" ? <Figures /> : selection.value ? <Card /> : <p class="click-hint">{t("click_hint")}</p>}
          {ready && <Notices notices={ready.notices} />}
        </div>
        <div class="map-room">
          {ready ? <MapCanvas config={ready} /> : <div class="map-waiting" role="status" aria-label={t("loading")} />}
        </div>
        <LegalDay />
        {ready && mode.value === "map" && <Layers />}
        {ready && <MapTools config={ready} />}
      </main>
      <Switches />
      <FigureTip />
    </>
  );
}
