/** The map's place in the page, its buttons, and the small label that follows the pointer over figures. */

import { useEffect, useRef } from "preact/hooks";
import { indicator, values } from "../figures";
import { pointed, pointer } from "../map/figures";
import { goHome, mapBusy, mapFailed, startMap, zoomBy } from "../map/map";
import type { PageConfig } from "../shapes";
import { lang, mode, t } from "../state";
import { FigureValue } from "./FigureValue";
import { HomeIcon, MinusIcon, PlusIcon } from "./icons";

export function MapCanvas({ config }: { config: PageConfig }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => (place.current ? startMap(place.current, config) : undefined), [config]);
  useEffect(() => place.current?.querySelector("canvas")?.setAttribute("aria-label", t("map_label")), [config, lang.value]);
  return (
    <>
      <div id="map" class="map" ref={place} />
      {mapBusy.value && <div class="map-busy" role="progressbar" aria-label={t("loading")} />}
      <div class="crosshair" aria-hidden="true" />
      {mapFailed.value === "webgl" && (
        <p class="map-impossible" role="alert">
          {t("webgl_failed")}
        </p>
      )}
    </>
  );
}

export function MapTools({ config }: { config: PageConfig }) {
  return (
    <div class="tools" role="group" aria-label={t("map_view")}>
      <button type="button" class="tool" aria-label={t("zoom_in")} title={t("zoom_in")} onClick={() => zoomBy(1)}>
        <PlusIcon />
      </button>
      <button type="button" class="tool" aria-label={t("zoom_out")} title={t("zoom_out")} onClick={() => zoomBy(-1)}>
        <MinusIcon />
      </button>
      <button
        type="button"
        class="tool"
        aria-label={t("whole_area")}
        title={t("whole_area")}
        onClick={() => goHome(config.default_view)}
      >
        <HomeIcon />
      </button>
    </div>
  );
}

export function FigureTip() {
  const at = pointer.value;
  const figure = values.value.find((one) => one.unit.code === pointed.value);
  if (mode.value !== "figures" || !at || !figure || !indicator.value) return null;
  return (
    <div class="tip" style={{ transform: `translate(${at.x + 14}px, ${at.y + 14}px)` }} aria-hidden="true">
      <strong>{figure.unit.name}</strong>
      <FigureValue figure={figure} unit={indicator.value.unit} />
    </div>
  );
}
