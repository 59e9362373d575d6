/** The page's own font for the map's labels: files, and the characters that each of them holds. */

import latin from "@fontsource/be-vietnam-pro/files/be-vietnam-pro-latin-500-normal.woff2?url";
import latinExt from "@fontsource/be-vietnam-pro/files/be-vietnam-pro-latin-ext-500-normal.woff2?url";
import vietnamese from "@fontsource/be-vietnam-pro/files/be-vietnam-pro-vietnamese-500-normal.woff2?url";
import type { FontFacesSpecification } from "maplibre-gl";

export const LABEL_FONT = "Be Vietnam Pro";

const absolute = (url: string) => new URL(url, location.href).href;

/** The first file that covers a character draws it, so the Vietnamese letters stand first. */
export const fontFaces = (): FontFacesSpecification => ({
  [LABEL_FONT]: [
    {
      url: absolute(vietnamese),
      "unicode-range": ["U+0102-0103", "U+0110-0111", "U+0128-0129", "U+0168-0169", "U+01A0-01A1", "U+01AF-01B0", "U+1EA0-1EF9"],
    },
    { url: absolute(latin), "unicode-range": ["U+0000-00FF", "U+2000-206F", "U+2212"] },
    { url: absolute(latinExt), "unicode-range": ["U+0100-02FF", "U+1E00-1E9F"] },
  ],
});
