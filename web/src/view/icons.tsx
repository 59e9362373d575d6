/** Small line icons of our own; decoration only, so hidden from readers. */

import type { ComponentChildren } from "preact";

const icon = (drawing: ComponentChildren) => () => (
  <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
    {drawing}
  </svg>
);

export const SearchIcon = icon(<path d="M8.5 3.5a5 5 0 1 1 0 10 5 5 0 0 1 0-10Zm3.6 8.6 4.4 4.4" />);
export const CloseIcon = icon(<path d="m5 5 10 10M15 5 5 15" />);
export const LayersIcon = icon(<path d="m10 3 7.5 4L10 11 2.5 7 10 3Zm-7 7.5 7 3.7 7-3.7M3 14l7 3.7 7-3.7" />);
export const PlusIcon = icon(<path d="M10 4v12M4 10h12" />);
export const MinusIcon = icon(<path d="M4 10h12" />);
export const HomeIcon = icon(<path d="M3.5 9.5 10 4l6.5 5.5M5.5 8.5V16h9V8.5" />);
export const ChevronIcon = icon(<path d="m7 4 6 6-6 6" />);
export const LinkIcon = icon(
  <path d="M8 12 12 8M9 5.5l1.6-1.6a3.4 3.4 0 0 1 4.9 4.8l-1.7 1.7M11 14.5l-1.6 1.6a3.4 3.4 0 0 1-4.9-4.8l1.7-1.7" />,
);
export const FileIcon = icon(<path d="M5.5 2.5h6l3 3v12h-9v-15Zm6 0v3h3M8 10h4M8 13h4" />);
export const ParcelIcon = icon(<path d="M3 6.5 8 4l4.5 2L17 4.5v9L12 16l-4.5-2L3 15.5v-9ZM8 4l-.5 10M12.5 6 12 16" />);
export const PlaceIcon = icon(
  <path d="M10 17s5-4.7 5-8.7a5 5 0 0 0-10 0C5 12.3 10 17 10 17Zm0-10.5a2 2 0 1 1 0 4 2 2 0 0 1 0-4Z" />,
);
export const UnitIcon = icon(<path d="M4 16.5v-8l6-4 6 4v8H4Zm4.5 0v-4h3v4" />);
export const ChartIcon = icon(<path d="M3.5 16.5h13M5.5 14V9M10 14V4.5M14.5 14V7" />);
export const MapIcon = icon(<path d="m3 5.5 4.7-2 4.6 2 4.7-2v11l-4.7 2-4.6-2-4.7 2v-11Zm4.7-2v11m4.6-9v11" />);

// The four states differ in shape as well as in colour.
export const AffectedIcon = icon(
  <>
    <circle cx="10" cy="10" r="7.5" fill="currentColor" stroke="none" />
    <path d="M10 5.8v5" stroke="#fff" />
    <circle cx="10" cy="13.8" r="1.1" fill="#fff" stroke="none" />
  </>,
);
export const TouchedIcon = icon(
  <>
    <circle cx="10" cy="10" r="6.8" />
    <path d="M10 3.2a6.8 6.8 0 0 1 0 13.6Z" fill="currentColor" stroke="none" />
  </>,
);
export const NotAffectedIcon = icon(
  <>
    <circle cx="10" cy="10" r="6.8" />
    <path d="m6.8 10.2 2.3 2.3 4.2-4.7" />
  </>,
);
export const UnknownIcon = icon(
  <>
    <circle cx="10" cy="10" r="6.8" stroke-dasharray="2.6 2.1" />
    <path d="M8.1 8.1a2 2 0 1 1 2.9 1.8c-.7.4-1 .7-1 1.5" />
    <circle cx="10" cy="13.4" r=".9" fill="currentColor" stroke="none" />
  </>,
);
