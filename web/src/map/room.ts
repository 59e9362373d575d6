/** How much of the map the open panel covers, so that what matters is moved into the part that is free. */

import type { PaddingOptions } from "maplibre-gl";

const PHONE = matchMedia("(max-width: 720px)");

/** On a phone search and switches lie above the free part, the notices just above the sheet. */
const HEAD_PX = 108;
const NOTICES_PX = 40;
/** What is left for the map where a phone has no room for the margins, too. */
const LEAST_PX = 40;

export function freePadding(margin = 24): Required<PaddingOptions> {
  const panel = document.querySelector<HTMLElement>("[data-panel]");
  const free = { left: margin, right: margin, top: margin, bottom: margin };
  if (!panel) return free;
  const { left, top } = restingPlace(panel);
  if (PHONE.matches) {
    const above = HEAD_PX + margin;
    const below = Math.min(innerHeight - top, innerHeight * 0.7) + NOTICES_PX + margin;
    return { ...free, top: above, bottom: Math.max(0, Math.min(below, innerHeight - above - LEAST_PX)) };
  }
  return { ...free, left: left + panel.offsetWidth + margin };
}

/** Where a panel lies once it has slid in: its box of the moment moves with the slide. */
function restingPlace(panel: HTMLElement): { left: number; top: number } {
  const frame = panel.offsetParent?.getBoundingClientRect();
  return { left: (frame?.left ?? 0) + panel.offsetLeft, top: (frame?.top ?? 0) + panel.offsetTop };
}
