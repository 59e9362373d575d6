/** Top right: the two views of the map, and the two languages. */

import type { ComponentType } from "preact";
import type { Lang } from "../shapes";
import { changeView, lang, mode, t } from "../state";
import type { Mode } from "../view";
import { ChartIcon, MapIcon } from "./icons";

export function Switches() {
  return (
    <nav class="switches">
      <div class="segments" role="group" aria-label={t("views")}>
        <ModeButton to="map" label={t("map_view")} Icon={MapIcon} />
        <ModeButton to="figures" label={t("figures_view")} Icon={ChartIcon} />
      </div>
      <div class="segments" role="group" aria-label={t("language")}>
        <LangButton to="vi" name="Tiếng Việt" />
        <LangButton to="en" name="English" />
      </div>
    </nav>
  );
}

function ModeButton({ to, label, Icon }: { to: Mode; label: string; Icon: ComponentType }) {
  return (
    <button
      type="button"
      class="segment"
      aria-pressed={mode.value === to}
      onClick={() => changeView({ mode: to }, { push: true })}
    >
      <Icon />
      {label}
    </button>
  );
}

function LangButton({ to, name }: { to: Lang; name: string }) {
  return (
    <button
      type="button"
      class="segment segment-lang"
      lang={to}
      aria-label={`${to.toUpperCase()} – ${name}`}
      aria-pressed={lang.value === to}
      onClick={() => changeView({ lang: to })}
    >
      {to.toUpperCase()}
    </button>
  );
}
