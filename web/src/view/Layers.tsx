/** Layers and legend, folded away until asked for: what is drawn, in which official colour. */

import { signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { valuesInView } from "../map/legend";
import { fillOpacity, known } from "../map/paint";
import type { MapLayer, Paint } from "../shapes";
import { isShown, layers, zonesAreShown, pick, showLayer, t, zoom } from "../state";
import { CloseIcon, LayersIcon } from "./icons";

const open = signal(false);
const SHORT_LEGEND = 8;
const ZONES = "zones";
const LINES = "planning_lines";

export function Layers() {
  const opener = useRef<HTMLButtonElement>(null);
  const closer = useRef<HTMLButtonElement>(null);
  const was = useRef(open.peek());
  // The focus goes along: into the panel when it opens, back to its button when it closes.
  useEffect(() => {
    if (was.current !== open.value) (open.value ? closer : opener).current?.focus();
    was.current = open.value;
  }, [open.value]);
  if (!open.value) {
    return (
      <>
        <button
          ref={opener}
          type="button"
          class="layers-button"
          aria-expanded="false"
          aria-label={t("layers_open")}
          title={t("layers_open")}
          onClick={() => (open.value = true)}
        >
          <LayersIcon />
          <span>{t("layers")}</span>
        </button>
        {groundIsHatched() && (
          <p class="unknown-key">
            <UnknownGround />
          </p>
        )}
      </>
    );
  }
  return (
    <section class="layers" aria-label={t("layers")} onKeyDown={(event) => event.key === "Escape" && (open.value = false)}>
      <header class="layers-head">
        <h2>{t("layers")}</h2>
        <button
          ref={closer}
          type="button"
          class="plain"
          aria-label={t("close")}
          aria-expanded="true"
          onClick={() => (open.value = false)}
        >
          <CloseIcon />
        </button>
      </header>
      <div class="layers-body">
        {layers.value.length === 0 && <p class="hint">{t("layers_none")}</p>}
        {groups().map(([group, members]) => (
          <fieldset key={group} class="layer-group">
            <legend>{group}</legend>
            {members.map((layer) => (
              <Layer key={layer.name} layer={layer} />
            ))}
          </fieldset>
        ))}
        <p class="layer-far licences">
          <a href="/licenses.txt" target="_blank" rel="noopener">
            {t("licences")}
          </a>
        </p>
      </div>
    </section>
  );
}

/** From the zoom on where zones are drawn, ground whose planning is not known is hatched. */
function groundIsHatched(): boolean {
  return zonesAreShown.value && zoom.value >= (layers.value.find(({ name }) => name === ZONES)?.minzoom ?? Infinity);
}

function UnknownGround() {
  return (
    <>
      <span class="legend-swatch legend-unknown" aria-hidden="true" /> {t("unknown_ground")}
    </>
  );
}

function groups(): [string, MapLayer[]][] {
  const byGroup = new Map<string, MapLayer[]>();
  for (const layer of layers.value) {
    const group = pick(layer.group);
    byGroup.set(group, [...(byGroup.get(group) ?? []), layer]);
  }
  return [...byGroup];
}

function Layer({ layer }: { layer: MapLayer }) {
  const shown = isShown(layer);
  const outlined = layer.name === "parcels" && zonesAreShown.value;
  const tooFar = zoom.value < layer.minzoom;
  const { rules, default: otherwise } = layer.style;
  return (
    <div class="layer">
      <label class="layer-name">
        <input type="checkbox" checked={shown} onChange={(event) => showLayer(layer, event.currentTarget.checked)} />
        <span>{pick(layer.title)}</span>
        {rules.length === 0 && <Swatch layer={layer} paint={otherwise} />}
      </label>
      {shown && tooFar && <p class="layer-far">{t("layer_zoom_in")}</p>}
      {shown &&
        !tooFar &&
        rules.length > 0 &&
        (outlined ? <p class="layer-far">{t("parcels_outlined")}</p> : <Legend layer={layer} />)}
      {shown && !tooFar && layer.name === ZONES && <p class="layer-far">{t("unknown_ground_means")}</p>}
      {shown && !tooFar && layer.name === LINES && <p class="layer-far">{t("lines_where_known")}</p>}
    </div>
  );
}

/** A long code list shows what is in view; the rest waits behind a button. */
function Legend({ layer }: { layer: MapLayer }) {
  const whole = useSignal(false);
  const { rules, default: otherwise } = layer.style;
  const seen = valuesInView.value.get(layer.name);
  const long = rules.length > SHORT_LEGEND;
  const listed = long && !whole.value ? rules.filter((rule) => seen?.has(String(rule.value))) : rules;
  const others = !long || whole.value || [...(seen ?? [])].some((value) => rules.every((rule) => String(rule.value) !== value));
  return (
    <ul class="legend">
      {layer.name === ZONES && (
        <li class="legend-ground">
          <UnknownGround />
        </li>
      )}
      {listed.map((rule) => (
        <li key={String(rule.value)}>
          <Swatch layer={layer} paint={{ ...otherwise, ...known(rule) }} /> {pick(rule.label)}
        </li>
      ))}
      {others && (
        <li>
          <Swatch layer={layer} paint={otherwise} /> {pick(otherwise.label) || t("legend_other")}
        </li>
      )}
      {long && (
        <li>
          <button type="button" class="link" onClick={() => (whole.value = !whole.value)}>
            {whole.value ? t("legend_in_view") : t("legend_all", { n: rules.length })}
          </button>
        </li>
      )}
    </ul>
  );
}

function Swatch({ layer, paint }: { layer: MapLayer; paint: Paint }) {
  const stroke = paint.stroke ?? paint.fill ?? "#8a8a94";
  return (
    <svg class="legend-swatch" viewBox="0 0 24 16" aria-hidden="true">
      {layer.geometry === "polygon" && (
        <rect
          x="1"
          y="1"
          width="22"
          height="14"
          rx="2"
          fill={paint.fill ?? "none"}
          fill-opacity={fillOpacity(layer)}
          stroke={stroke}
          stroke-dasharray={paint.dash?.join(" ")}
        />
      )}
      {layer.geometry === "line" && (
        <path
          d="M1 12 9 5l6 5 8-6"
          fill="none"
          stroke={stroke}
          stroke-width={Math.min(4, Math.max(1.5, paint.width ?? 2))}
          stroke-dasharray={paint.dash?.map((step) => step * 2).join(" ")}
        />
      )}
      {layer.geometry === "point" && <circle cx="12" cy="8" r="5" fill={paint.fill ?? stroke} stroke={paint.stroke ?? "#fff"} />}
    </svg>
  );
}
