/** The panel beside the map; on a phone a sheet from below that is pulled up or pushed down while the map stays usable. */

import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../state";

const grown = signal(false);
const PULL_PX = 30;

interface PanelProps {
  name: "card" | "figures";
  titleId: string;
  onEscape?: () => void;
  children: ComponentChildren;
}

export function Panel({ name, titleId, onEscape, children }: PanelProps) {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    grown.value = false;
  }, [name]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && onEscape) onEscape();
  };
  return (
    <section
      ref={panel}
      class={`panel panel-${name}`}
      data-panel={name}
      data-grown={grown.value}
      role="dialog"
      aria-modal="false"
      aria-labelledby={titleId}
      onKeyDown={onKeyDown}
    >
      <Handle />
      {children}
    </section>
  );
}

/** Pulled or pressed, it changes the sheet's height; shown on phones only. */
function Handle() {
  const start = useRef<number | null>(null);
  const pulled = useRef(false);
  const onMove = (event: PointerEvent) => {
    if (start.current === null || Math.abs(event.clientY - start.current) < PULL_PX) return;
    grown.value = event.clientY < start.current;
    pulled.current = true;
    start.current = event.clientY;
  };
  return (
    <button
      type="button"
      class="handle"
      aria-expanded={grown.value}
      aria-label={t(grown.value ? "sheet_shrink" : "sheet_grow")}
      onPointerDown={(event) => {
        start.current = event.clientY;
        pulled.current = false;
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={onMove}
      onPointerUp={() => (start.current = null)}
      onClick={() => {
        if (!pulled.current) grown.value = !grown.value;
      }}
    >
      <span />
    </button>
  );
}
