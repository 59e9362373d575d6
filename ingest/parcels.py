"""Parcels: numbers, communes of today and of before, land uses, areas, and the key that a parcel keeps over loads."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingest.areas import check_areas, read_areas
from ingest.checks import (
    check_communes,
    check_country,
    check_parcel_numbers,
    check_sheet_numbers,
    normalize_numbers,
)
from ingest.issues import Issue, IssueCode
from ingest.land_use_text import LandUse, LandUseColumn, check_use_areas, read_land_uses
from ingest.prepare import (
    Columns,
    LoadContext,
    Placed,
    PreparedRows,
    area_srids,
    drawn_areas,
    geometry_text,
    kept_rows,
    objects,
    period_keys,
    personal_rows,
    place_geometries,
    strings,
)
from ingest.restricted import IS_RESTRICTED
from ingest.source import SourceBatch
from ingest.stage import ROW_NO, USE_STAGE
from ingest.values import convert_column
from spatial.tables.bands import PARCEL_M2

_SCHEMES = {True: "2007-2024", False: "2024"}
"""Whether a code is of an older list -> the scheme that `parcel_use` names."""
_TEXT_COLUMNS = ("national_id", "address")
_CODE_PARTS = ("commune_code", "former_commune_code", "map_sheet", "parcel_no")
_NATIONAL_ID = r"^[0-9]{12}$"

Codes = npt.NDArray[np.object_]


def prepare_parcels(context: LoadContext, batch: SourceBatch, columns: Columns, found: list[Issue]) -> PreparedRows:
    """Turn a batch of a parcel file, decoded with `found` issues, into rows for staging."""
    plan, rows = context.plan.public, batch.rows
    placed = place_geometries(context, batch)
    issues = [*found, *placed.issues, *check_country(placed.wgs84, rows)]

    sheet = normalize_numbers(columns[plan["map_sheet"]])
    number = normalize_numbers(columns[plan["parcel_no"]])
    issues += check_sheet_numbers(sheet, rows, plan["map_sheet"])
    issues += check_parcel_numbers(number, rows, plan["parcel_no"])

    today, former, told = _units(context, columns, placed, rows)
    issues += told
    provinces = np.array([context.places.province_of.get(code) for code in today], dtype=object)

    srids = area_srids(context, placed, provinces, columns)
    drawn = drawn_areas(context, placed, srids)
    staged: dict[str, pa.Array] = {
        ROW_NO: pa.array(rows),
        "map_sheet": sheet,
        "parcel_no": number,
        "commune_code": strings(today),
        "former_commune_code": strings(former),
        "province_code": strings(provinces),
        "area_srid": pa.array(srids),
    }
    issues += _stated_areas(context, columns, drawn, rows, staged)
    uses, told = _land_uses(context, columns, drawn, rows, staged)
    issues += told
    issues += _texts(context, columns, rows, staged)
    issues += _periods(context, columns, rows, staged)

    staged["code"] = pc.binary_join_element_wise(*(staged[name] for name in _CODE_PARTS), ".", null_handling="emit_null")
    issues += _check_codes(context, columns, staged, rows)
    staged["geom"] = geometry_text(placed.wgs84)
    kept = kept_rows(rows, issues)
    mask = pa.array(kept)
    return PreparedRows(
        public=pa.table(staged).filter(mask),
        personal=personal_rows(context.plan, columns, rows, kept),
        uses=_use_rows(uses, rows, kept) if uses else None,
        rows=rows,
        keys=pc.if_else(mask, period_keys(context, staged), pa.scalar(None, pa.string())),
        spared=staged["code"].filter(pc.invert(mask)).drop_null().to_pylist(),
        issues=issues,
        repaired=placed.repaired,
        drawn=placed.drawn[kept],
    )


def _units(
    context: LoadContext, columns: Columns, placed: Placed, rows: npt.NDArray[np.int64]
) -> tuple[Codes, Codes, list[Issue]]:
    """Find the commune of today and the one that numbered the sheets, and hold the parcels against the former."""
    plan, places = context.plan.public, context.places
    issues: list[Issue] = []
    if "commune_code" in plan:
        stated = commune_codes(columns[plan["commune_code"]])
        if context.options.commune:
            stated[stated == None] = context.options.commune  # noqa: E711 - elementwise
    elif context.options.commune:
        stated = np.full(len(rows), context.options.commune, dtype=object)
    else:
        stated = places.locate(placed.wgs84)
        issues.append(Issue(IssueCode.COMMUNE_BY_PLACE, detail=f"{int((stated != None).sum())}"))  # noqa: E711
    today = places.resolve(stated, placed.wgs84)
    former = places.former_of(stated, today, placed.wgs84)
    if "former_commune_code" in plan:
        written = commune_codes(columns[plan["former_commune_code"]])
        former = np.where(written != None, written, former)  # noqa: E711
    issues += _check_places(context, today, placed, rows)
    merged = {(old, new) for old, new in zip(stated, today, strict=True) if old != new}
    issues += [Issue(IssueCode.COMMUNE_MERGED, value=old, detail=f"→ {new}") for old, new in sorted(merged)]
    return today, former, issues


def _check_places(context: LoadContext, today: Codes, placed: Placed, rows: npt.NDArray[np.int64]) -> list[Issue]:
    unverified = set(context.places.province_of) - set(context.places.current)
    unproved = np.array([code in unverified for code in today], dtype=bool)
    issues = check_communes(placed.wgs84[~unproved], today[~unproved], context.places.current, rows[~unproved])
    return issues + [Issue(IssueCode.COMMUNE_UNVERIFIED, value=code) for code in sorted(set(today[unproved]))]


def commune_codes(values: pa.Array) -> Codes:
    """Read commune codes: five digits, with the leading zeros that a numeric column has lost; blank as None."""
    text = values if pa.types.is_string(values.type) else values.cast(pa.float64()).cast(pa.int64()).cast(pa.string())
    text = pc.utf8_trim_whitespace(text)
    short = pc.fill_null(pc.match_substring_regex(text, "^[0-9]{1,4}$"), False)
    text = pc.if_else(short, pc.utf8_lpad(text, 5, "0"), text)
    return objects(pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text))


def _check_codes(
    context: LoadContext, columns: Columns, staged: Mapping[str, pa.Array], rows: npt.NDArray[np.int64]
) -> list[Issue]:
    """Set aside rows whose code, as dothi's own exports state it, is not that of their parts, unless communes merged."""
    name = context.plan.public.get("code")
    if name is None:
        return []
    stated = columns[name].cast(pa.string())
    same_commune = pc.equal(strings(commune_codes(columns[context.plan.public["commune_code"]])), staged["commune_code"])
    disagrees = pc.fill_null(pc.and_(same_commune, pc.not_equal(stated, staged["code"])), False)
    wrong = np.flatnonzero(disagrees.to_numpy(zero_copy_only=False))
    return [
        Issue(IssueCode.PARCEL_CODE_DISAGREES, int(rows[i]), name, stated[int(i)].as_py(), staged["code"][int(i)].as_py())
        for i in wrong
    ]


def _stated_areas(
    context: LoadContext, columns: Columns, computed: Any, rows: npt.NDArray[np.int64], staged: dict[str, pa.Array]
) -> list[Issue]:
    issues: list[Issue] = []
    for target in ("area_stated_m2", "area_official_m2"):
        name = context.plan.public.get(target)
        if name is None:
            continue
        stated = read_areas(columns[name], computed, rows, name)
        issues += stated.issues
        if target == "area_stated_m2":  # the legal area may rightly differ
            issues += check_areas(stated.area_m2, computed, rows, name)
        exact = pa.array(stated.area_m2, pa.float64(), from_pandas=True)
        staged[target] = exact if context.plan.is_own_export else _rounded(stated.area_m2)
    return issues


def _rounded(areas: Any) -> pa.Array:
    """Keep areas to 0.01 m2: cadastral areas are stated to 0.1, and noise beyond would make equal rows differ."""
    return pa.array(np.round(areas, 2), pa.float64(), from_pandas=True)


def _land_uses(
    context: LoadContext, columns: Columns, computed: Any, rows: npt.NDArray[np.int64], staged: dict[str, pa.Array]
) -> tuple[LandUseColumn | None, list[Issue]]:
    """Read what the land is used for: the text, and the principal code where the file states it itself, as our exports do."""
    raw, code = _use_texts(context, columns, "land_use_raw"), _use_texts(context, columns, "land_use_code")
    text = raw if code is None else code if raw is None else pc.coalesce(raw, code)
    if text is None:
        staged[IS_RESTRICTED] = pa.nulls(len(rows), pa.bool_())
        return None, []
    uses = read_land_uses(text, context.lists.land_uses, rows, _use_column(context))
    principal, told = uses.principal, np.array([_is_restricted(context, parsed) for parsed in uses.parsed] + [None], dtype=object)
    restricted = told[uses.codes]
    if raw is not None:
        staged["land_use_raw"] = raw
    if code is not None:
        stated = read_land_uses(code, context.lists.land_uses, rows, _use_column(context)).principal
        principal = pc.coalesce(stated, principal)
        restricted[np.isin(objects(stated), list(context.lists.restricted_uses))] = True
    staged["land_use_code"] = principal
    staged[IS_RESTRICTED] = pa.array(restricted, pa.bool_())
    hidden = np.equal(restricted, True)
    issues = [*uses.issues, *check_use_areas(uses, computed, rows)]
    if hidden.any():
        issues.append(Issue(IssueCode.PARCEL_RESTRICTED, detail=str(int(hidden.sum()))))
        hidden_rows = set(rows[hidden].tolist())
        issues = [issue if issue.row not in hidden_rows else Issue(issue.code, issue.row, issue.column) for issue in issues]
    return uses, issues


def _use_texts(context: LoadContext, columns: Columns, target: str) -> pa.Array | None:
    """Give a column of land uses as trimmed text, null where blank; None where the file has none."""
    name = context.plan.public.get(target)
    if name is None:
        return None
    text = columns[name] if pa.types.is_string(columns[name].type) else columns[name].cast(pa.string())
    text = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _use_column(context: LoadContext) -> str:
    return context.plan.public.get("land_use_raw") or context.plan.public["land_use_code"]


def _is_restricted(context: LoadContext, uses: Sequence[LandUse]) -> bool | None:
    """Say whether land of these uses must not be shown; None where not all of them are understood, so that nobody knows."""
    if any({use.code, use.written} & context.lists.restricted_uses for use in uses):
        return True
    return False if uses and all(use.code for use in uses) else None


def _use_rows(uses: LandUseColumn, rows: npt.NDArray[np.int64], kept: npt.NDArray[np.bool_]) -> pa.Table | None:
    """Give one row per use of parcels that have several."""
    several = np.array([len(parsed) > 1 for parsed in uses.parsed] + [False])
    at = np.flatnonzero(several[uses.codes] & kept)
    if not at.size:
        return None
    listed = [(int(rows[i]), seq, use) for i in at for seq, use in enumerate(uses.uses_of(int(i)), start=1)]
    return pa.table(
        {
            ROW_NO: pa.array([row for row, _, _ in listed], pa.int64()),
            USE_STAGE.c.seq.name: pa.array([seq for _, seq, _ in listed], pa.int64()),
            USE_STAGE.c.scheme.name: pa.array([_SCHEMES[use.old] if use.written else None for _, _, use in listed], pa.string()),
            USE_STAGE.c.raw.name: pa.array([use.raw for _, _, use in listed], pa.string()),
            USE_STAGE.c.code.name: pa.array([use.code for _, _, use in listed], pa.string()),
            USE_STAGE.c.area_m2.name: pa.array([_plausible(use.area_m2) for _, _, use in listed], pa.float64()),
        }
    )


def _plausible(area_m2: float | None) -> float | None:
    """Give the area of a use, None where no parcel has one: the text remains beside it, and that areas do not add up is told."""
    return area_m2 if area_m2 is not None and area_m2 <= PARCEL_M2.largest else None


def _periods(context: LoadContext, columns: Columns, rows: npt.NDArray[np.int64], staged: dict[str, pa.Array]) -> list[Issue]:
    """Take the legal periods that the rows state; --valid-from is for rows that do not."""
    issues: list[Issue] = []
    for target in ("valid_from", "valid_to"):
        if name := context.plan.public.get(target):
            staged[target], unreadable = convert_column(columns[name], context.table_columns[target], rows, name)
            issues += unreadable
    if begins := context.options.valid_from:
        stated = staged.get("valid_from", pa.nulls(len(rows), pa.date32()))
        staged["valid_from"] = pc.coalesce(stated, pa.scalar(begins, pa.date32()))
    return issues


def _texts(context: LoadContext, columns: Columns, rows: npt.NDArray[np.int64], staged: dict[str, pa.Array]) -> list[Issue]:
    issues: list[Issue] = []
    for target in _TEXT_COLUMNS:
        name = context.plan.public.get(target)
        if name is None:
            continue
        column = context.table_columns[target]
        values, found = convert_column(columns[name], column, rows, name, verbatim=context.plan.is_own_export)
        issues += found
        if target == "national_id":
            wrong = ~pc.fill_null(pc.match_substring_regex(values, _NATIONAL_ID), True).to_numpy(zero_copy_only=False)
            issues += [
                Issue(IssueCode.VALUE_UNREADABLE, int(rows[i]), name, values[int(i)].as_py()) for i in np.flatnonzero(wrong)
            ]
            values = pc.if_else(pa.array(wrong), pa.scalar(None, pa.string()), values)
        staged[target] = values
    return issues
