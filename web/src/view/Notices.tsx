/** What must be said on the map itself: that data is a sample or schematic, and that a part failed to load. */

import { mapFailed, reloadTiles } from "../map/map";
import type { Notice } from "../shapes";
import { pick, t } from "../state";

export function Notices({ notices }: { notices: Notice[] }) {
  const failed = mapFailed.value;
  return (
    <div class="notices">
      {failed === "tiles" && (
        <p class="notice notice-failed" role="alert">
          {t("map_failed")}{" "}
          <button type="button" class="link" onClick={reloadTiles}>
            {t("retry")}
          </button>
        </p>
      )}
      {notices.length > 0 && (
        <p class="notice" role="note" tabIndex={0}>
          {notices.map((notice) => pick(notice.text)).join(" ")}
        </p>
      )}
    </div>
  );
}
