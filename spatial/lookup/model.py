"""What is asked of the lookup and what it answers, as values in both languages. No SQL, no HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from spatial.layers import Text


class State(StrEnum):
    """What a theme says about a place."""

    AFFECTED = "affected"
    TOUCHED = "touched"
    NOT_AFFECTED = "not_affected"
    UNKNOWN = "unknown"


class Theme(StrEnum):
    """The themes, in the order of the answer."""

    ZONING = "zoning"
    PLANS = "plans"
    RED_LINE = "red_line"
    BUILDING_LINE = "building_line"
    CORRIDOR = "corridor"


@dataclass(frozen=True)
class Question:
    """What is asked: one of a point, a parcel code or a text; for a legal date; from what is known now or was known then.

    Attributes:
        lon, lat: degrees, EPSG:4326.
        parcel: code of a parcel, as typed.
        text: an address, as typed; a parcel code is understood as well.
        as_of: legal date: what is in force on it.
        known_at: moment whose knowledge to answer from; None: what is known now.
        with_shapes: whether parts carry their geometry (in the plane they were measured in), for drawing.
        horizon: last legal date of which anything is proven: what comes later may still be decided; None: no bound.
    """

    as_of: date
    horizon: date | None = None
    lon: float | None = None
    lat: float | None = None
    parcel: str | None = None
    text: str | None = None
    known_at: datetime | None = None
    with_shapes: bool = False


@dataclass(frozen=True)
class Unit:
    """A commune by name, as far as its boundary or the parcel's code tells it."""

    code: str
    name: Text | None
    boundary_quality: str | None = None


@dataclass(frozen=True)
class LandUse:
    """A use of a parcel: normalised code with its name, or the text of the source where no code fits."""

    code: str | None
    name: Text | None
    text: str | None
    area_m2: float | None


@dataclass(frozen=True)
class Parcel:
    """The parcel asked about.

    Attributes:
        area_m2: computed in `area_srid` when it was loaded; None where what is stored is no number.
        area_official_m2: legal area, None where the source has none.
        geometry: GeoJSON in EPSG:4326, as text: shapes of many corners are handed on and not read.
        shape: EWKB in EPSG:4326.
        is_sample: whether its source is sample data.
    """

    code: str
    national_id: str | None
    commune: Unit
    former_commune_code: str
    map_sheet: str
    parcel_no: str
    area_m2: float | None
    area_srid: int
    area_official_m2: float | None
    land_use: tuple[LandUse, ...]
    valid_from: str
    valid_to: str | None
    geometry: str
    shape: bytes
    is_sample: bool


@dataclass(frozen=True)
class Subject:
    """The place that the answer is about: a parcel, or a point where no parcel is known.

    Attributes:
        lon, lat: the point asked for, or the address found; None for a parcel asked for by code.
        address: the address found, where a text was asked for.
        other_parcels: codes of further parcels at the point, where the cadastre overlaps.
    """

    parcel: Parcel | None
    lon: float | None = None
    lat: float | None = None
    commune: Unit | None = None
    address: str | None = None
    other_parcels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Document:
    """A document of a plan."""

    title: str
    kind: str
    number: str | None
    date: str | None
    url: str | None


class Doubt(StrEnum):
    """Why it cannot be said whether what a plan says holds at the place."""

    STATUS_UNKNOWN = "status_unknown"
    PART_WITHOUT_DRAWING = "part_without_drawing"


class Relation(StrEnum):
    """How the place lies to the part of a plan that an event took away."""

    INSIDE = "inside"
    ACROSS = "across"
    OUTSIDE = "outside"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Change:
    """What an event took away of a plan, amended or annulled, as far as it concerns the place.

    Attributes:
        kind: amended, partly_annulled, annulled, replaced or expired.
        effective_on: ISO date.
        relation: unknown where nobody drew the part.
        area_m2, share: of the parcel inside that part; None for a point and where it is unknown.
    """

    plan_code: str
    kind: str
    effective_on: str
    decision_no: str | None
    other_plan_code: str | None
    relation: Relation
    area_m2: float | None
    share: float | None


@dataclass(frozen=True)
class Plan:
    """A plan with its legal state on the day asked for.

    Attributes:
        rank: the most detailed plan has 0 and prevails.
        is_upcoming: approved by the day, in force only from `valid_from` on.
        is_missing: named by a zone or line, itself not loaded.
        doubt: why it is not certain that it holds here; None where it is.
        doubt_decision: number of the decision that the doubt comes from.
        is_changed: whether an event took a part of its territory away.
    """

    code: str
    name: Text
    level: str | None
    rank: int
    kind: str | None
    adjustment: str | None
    status: str | None
    decision_no: str | None
    decision_date: str | None
    authority: str | None
    valid_from: str | None
    valid_to: str | None
    is_upcoming: bool
    is_missing: bool
    is_sample: bool
    doubt: Doubt | None
    doubt_decision: str | None
    is_changed: bool
    documents: tuple[Document, ...]


@dataclass(frozen=True)
class Zone:
    """What is zoned: one rule, which may come from several zones of the plan."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    function_code: str | None
    function_name: Text | None
    color: str | None


@dataclass(frozen=True)
class Line:
    """A line with the side it restricts.

    Attributes:
        width_m: width of the restricted strip; None: not given.
        contact_m: length along which the line runs in or at the parcel.
        distance_m: distance from the parcel or point.
        shape: GeoJSON in the plane of measuring, where shapes were asked for.
    """

    kind: str
    name: str | None
    side: str
    width_m: float | None
    contact_m: float
    distance_m: float
    shape: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Item:
    """One part of the answer of a theme.

    Attributes:
        state: affected, touched (within the inaccuracy of the maps), or unknown where it cannot be told how far a line
            reaches or whether the plan holds here.
        area_m2, share: of the parcel; None for a point and where the extent cannot be told (`note` says why).
        parameters: limits that hold there, by column name with its unit; those not set are left out.
        shape: GeoJSON of the part in the plane of measuring, where shapes were asked for.
    """

    plan: Plan
    state: State
    area_m2: float | None
    share: float | None
    zone: Zone | None = None
    line: Line | None = None
    parameters: Mapping[str, float | int] = field(default_factory=dict)
    note: Text | None = None
    shape: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Remainder:
    """What is left of the parcel beside the zones of one plan: parts + uncovered - overlap = the parcel, exactly.

    Attributes:
        overlap_m2: ground on which zones of this plan lie over each other; 0 in a sound plan.
    """

    plan_code: str
    uncovered_m2: float
    uncovered_share: float
    overlap_m2: float
    overlap_share: float


@dataclass(frozen=True)
class ThemeAnswer:
    """What one theme says.

    Attributes:
        reason: why it is unknown or only touched, or what else is to be known; None where the state says all.
        known_share: share (0 to 1) of the parcel where the theme is known completely; for a point 0 or 1.
        area_m2, share: of the parcel, all items together, each ground counted once; None where it cannot be told.
        remainders: of zoning, plan by plan.
        changes: of the theme `plans`, what events took away of each plan here.
    """

    theme: Theme
    state: State
    reason: Text | None
    known_share: float
    items: tuple[Item, ...] = ()
    area_m2: float | None = None
    share: float | None = None
    remainders: tuple[Remainder, ...] = ()
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Answer:
    """The whole answer.

    Attributes:
        data_version: version of the data that the answer was read from.
        known_at: when that version was committed: asked for it again, the answer is the same; None where nothing was written.
        plane_srid: EPSG code of the VN-2000 zone in which everything was measured.
        shape: GeoJSON of the parcel in that plane, where shapes were asked for.
    """

    question: Question
    subject: Subject
    data_version: int
    known_at: datetime | None
    themes: tuple[ThemeAnswer, ...]
    plane_srid: int
    notices: tuple[Text, ...] = ()
    shape: Mapping[str, Any] | None = None
