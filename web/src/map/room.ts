/** How much of the map the open panel covers, so that what matters is moved into the part that is free. */

import type { PaddingOptions } from "maplibre-gl";

const PHONE = matchMedia("(max-width: 720px)");

/** On a phone the notices lie just above the sheet. */
const NOTICES_PX = 40;

export function freePadding(margin = 24): Required<PaddingOptions> {
  const panel = document.querySelector("[data-panel]")?.getBoundingClientRect();
  const free = { left: margin, right: margin, top: margin, bottom: margin };
  if (!panel) return free;
  if (PHONE.matches)
    return { ...free, top: 72 + margin, bottom: Math.min(innerHeight - panel.top, innerHeight * 0.7) + NOTICES_PX + margin };
  return { ...free, left: panel.right + margin };
}
