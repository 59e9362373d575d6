/** Shapes of the server's answers, as the page reads them; it knows nothing of how they are made or shown. */

export type Lang = "vi" | "en";
export type Text = Record<Lang, string>;

export interface Paint {
  fill?: string | null;
  stroke?: string | null;
  width?: number | null;
  dash?: number[] | null;
}

export interface StyleRule extends Paint {
  value: string | number | boolean;
  label: Text;
}

export interface LayerStyle {
  column: string | null;
  /** Column whose text is written on the map. */
  label_column?: string | null;
  opacity?: number | null;
  rules: StyleRule[];
  default: Paint & { label?: Text };
}

export interface MapLayer {
  name: string;
  title: Text;
  geometry: "polygon" | "line" | "point";
  group: Text | string;
  minzoom: number;
  maxzoom: number;
  tiles: string;
  source_layer: string;
  style: LayerStyle;
  visible: boolean;
}

export interface Notice {
  level: "info" | "warning";
  text: Text;
}

export interface PageConfig {
  title: Text | string;
  version: string;
  basemap: { url: string; attribution: string | null } | null;
  default_view: { lon: number; lat: number; zoom: number; bbox: [number, number, number, number] };
  layers: MapLayer[];
  /** Names that the map carries whatever has been loaded. */
  places: NamedPlace[];
  /** What can be typed into the search, and is found. */
  examples: { parcel: string | null; address: string | null };
  notices: Notice[];
}

/** An archipelago or a sea: where its name is written, and what it is part of. */
export interface NamedPlace {
  code: string;
  kind: "archipelago" | "sea";
  name: Text;
  part_of: Text | null;
  lon: number;
  lat: number;
}

export interface SearchResult {
  kind: "parcel" | "street" | "address" | "unit" | "place";
  label: string;
  detail?: string | null;
  code: string | null;
  lon: number;
  lat: number;
  bbox?: [number, number, number, number] | null;
}

export interface SearchAnswer {
  results: SearchResult[];
}

export type ThemeState = "affected" | "touched" | "not_affected" | "unknown";

export interface PlanDocument {
  title?: string | null;
  kind?: string | null;
  number?: string | null;
  date?: string | null;
  url?: string | null;
}

export interface PlanReference {
  code?: string | null;
  name?: string | null;
  level?: string | null;
  status?: string | null;
  decision_no?: string | null;
  decision_date?: string | null;
  authority?: string | null;
  valid_from?: string | null;
  valid_to?: string | null;
  /** Approved, but in force only from a later day. */
  upcoming?: boolean;
}

export interface ZoneReference {
  code?: string | null;
  name?: string | null;
  codes?: string[] | null;
  names?: string[] | null;
  function_code?: string | null;
  function_name?: string | null;
  color?: string | null;
}

export interface LineReference {
  kind?: string | null;
  name?: string | null;
  width_m?: number | null;
  contact_m?: number | null;
  distance_m?: number | null;
}

export interface ThemeItem {
  state?: ThemeState;
  plan?: PlanReference | null;
  zone?: ZoneReference | null;
  line?: LineReference | null;
  status?: string | null;
  parameters?: Record<string, string | number | null> | null;
  area_m2?: number | null;
  share?: number | null;
  note?: string | null;
  documents?: PlanDocument[] | null;
}

/** What the zones of one plan leave of the parcel. */
export interface Remainder {
  plan_code?: string | null;
  uncovered_m2: number;
  uncovered_share: number;
}

/** What an event took away of a plan, and whether the place lies in that part: said in `note`. */
export interface PlanChange {
  plan_code: string;
  note: string;
}

export interface ThemeAnswer {
  theme: string;
  title: string;
  state: ThemeState;
  reason?: string | null;
  known_share?: number | null;
  /** All items together, each ground counted once. */
  area_m2?: number | null;
  share?: number | null;
  items: ThemeItem[];
  /** How many more items there are, smaller than those listed. */
  items_omitted?: number | null;
  remainders?: Remainder[] | null;
  /** Of the theme `plans` only. */
  changes?: PlanChange[] | null;
}

export interface LandUse {
  code?: string | null;
  name?: string | null;
  text?: string | null;
  area_m2?: number | null;
}

export interface ParcelAnswer {
  code: string;
  commune?: { code?: string; name?: string } | string | null;
  map_sheet?: string | null;
  parcel_no?: string | null;
  area_m2?: number | null;
  area_official_m2?: number | null;
  land_use: LandUse[];
  geometry: GeoJSON.Geometry | null;
}

export interface Link {
  rel?: string;
  href: string;
  type?: string;
  title?: string;
}

export interface LookupAnswer {
  query: { lon?: number | null; lat?: number | null; parcel?: string | null; q?: string | null };
  as_of: string;
  known_at: string | null;
  data_version: number | null;
  parcel: ParcelAnswer | null;
  place: {
    lon: number | null;
    lat: number | null;
    address: string | null;
    commune: { code: string; name: string | null } | null;
    other_parcels: string[];
  };
  notices?: string[] | null;
  themes: ThemeAnswer[];
  disclaimer: string;
  links: Link[];
}

export interface Indicator {
  code: string;
  title: string;
  unit: string;
  kind: "additive" | "ratio";
  levels: string[];
  periods: string[];
  /** The periods of each tier, and the one that is known best there. */
  tiers: { level: string; periods: string[]; default_period: string | null }[];
  /** The best covered period. */
  default_period?: string | null;
  /** Data have changed since the values were computed. */
  stale?: boolean;
  /** In words. */
  formula?: string | null;
  /** In codes, of a ratio. */
  expression?: string | null;
}

export interface IndicatorList {
  indicators: Indicator[];
}

export interface FigureUnit {
  code: string;
  name: string;
  level: string;
  /** Set for a row that carries a part of the total which no unit of the tier has. */
  remainder?: string | boolean | null;
}

export interface Figure {
  unit: FigureUnit;
  value: number | null;
  numerator?: number | null;
  denominator?: number | null;
  /** Share of the unit for which data are known to be complete; of a ratio, on which both its figures are known. */
  coverage: number | null;
  /** Why there is no value. */
  reason?: "unknown" | "too_little_known" | null;
}

export interface FigureAnswer {
  indicator: string | Indicator;
  level: string;
  period: string | null;
  computed_at: string | null;
  /** What is not counted as it stands, in words. */
  notes?: string[];
  values: Figure[];
}

/** RFC 9457: what the server says when it refuses. */
export interface Problem {
  type?: string;
  title: string;
  status: number;
  detail?: string;
  /** What may have been meant, where the question fits several. */
  candidates?: Candidate[];
}

export interface Candidate {
  label: string;
  parcel?: string;
  lon?: number;
  lat?: number;
}
