"""Layers other than parcels: typed columns, the commune by place, a code that stays, and a few derived columns per layer."""

import hashlib
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from ingest.checks import check_country
from ingest.columns import fold_name
from ingest.issues import Issue, IssueCode
from ingest.parcels import commune_codes
from ingest.prepare import (
    Columns,
    LoadContext,
    Placed,
    PreparedRows,
    area_srids,
    geometry_text,
    kept_rows,
    objects,
    period_keys,
    personal_rows,
    place_geometries,
    strings,
)
from ingest.source import SourceBatch
from ingest.stage import AREA_SRID, ROW_NO
from ingest.values import convert_column, convert_constant
from spatial.errors import InvalidInput
from spatial.layers import GeometryKind

Rows = npt.NDArray[np.int64]
Staged = dict[str, pa.Array]

_SPANNING = frozenset(
    {"plans", "urban_areas", "theme_coverage", "natural_areas", "investment_projects", "networks", "water_bodies"}
)
"""Layers whose features may lie in several communes: they get one only if it holds them nearly whole."""
_NEARLY_WHOLE = 0.99
_CODE_DIGITS = 16
_UNIT_LEVELS = {2: "province", 3: "district", 5: "commune"}


def prepare_features(context: LoadContext, batch: SourceBatch, columns: Columns, found: list[Issue]) -> PreparedRows:
    """Turn a batch of any layer's file, decoded with `found` issues, into rows for staging."""
    rows = batch.rows
    placed = place_geometries(context, batch)
    issues = [*found, *placed.issues, *check_country(placed.wgs84, rows)]
    staged: Staged = {ROW_NO: pa.array(rows)}
    issues += _convert(context, columns, rows, staged)
    _state_constants(context, rows, staged)
    _DERIVE.get(context.layer.name, _nothing_more)(context, columns, staged, rows, issues)
    if context.layer.name != "admin_units":
        issues += _locate(context, placed, staged)
    if AREA_SRID in context.table_columns:
        staged[AREA_SRID] = pa.array(area_srids(context, placed, objects(staged["province_code"]), columns))
    issues += _give_codes(context, placed, staged, rows)
    staged["geom"] = geometry_text(placed.wgs84)
    kept = kept_rows(rows, issues)
    mask = pa.array(kept)
    return PreparedRows(
        public=pa.table(staged).filter(mask),
        personal=personal_rows(context.plan, columns, rows, kept),
        uses=None,
        rows=rows,
        keys=pc.if_else(mask, period_keys(context, staged), pa.scalar(None, pa.string())),
        spared=staged["code"].filter(pc.invert(mask)).drop_null().to_pylist(),
        issues=issues,
        repaired=placed.repaired,
    )


def _convert(context: LoadContext, columns: Columns, rows: Rows, staged: Staged) -> list[Issue]:
    issues: list[Issue] = []
    for target, name in context.plan.public.items():
        column = context.table_columns.get(target)
        if column is None or target == "geom" or "derived" in column.info:
            continue
        if target == "commune_code":
            staged[target] = strings(commune_codes(columns[name]))
            continue
        staged[target], unreadable = convert_column(columns[name], column, rows, name, verbatim=context.plan.is_own_export)
        issues += unreadable
    return issues


def _state_constants(context: LoadContext, rows: Rows, staged: Staged) -> None:
    """Fill what the person stated for the whole file: `--set`, `--commune`, `--valid-from`; the file's own values win."""
    constants = dict(context.options.values)
    if context.options.commune:
        constants.setdefault("commune_code", context.options.commune)
    if context.options.valid_from:
        constants.setdefault("valid_from", context.options.valid_from.isoformat())
    for target, text in constants.items():
        column = context.table_columns.get(target)
        if column is None or target in ("id", "batch_id", "geom") or column.computed is not None or "derived" in column.info:
            raise InvalidInput(
                f"{context.layer.name} has no column '{target}' to set. Columns: {', '.join(context.table_columns)}."
            )
        try:
            value = convert_constant(text, column, len(rows))
        except ValueError:
            raise InvalidInput(f"'{text}' does not fit the column '{target}' ({column.type}).") from None
        staged[target] = pc.coalesce(staged[target], value) if target in staged else value


def _locate(context: LoadContext, placed: Placed, staged: Staged) -> list[Issue]:
    """Fill commune and province where the file does not name them, by a point on the feature."""
    stated = objects(staged["commune_code"]) if "commune_code" in staged else np.full(len(placed.wgs84), None, dtype=object)
    missing = np.array([code is None for code in stated], dtype=bool)
    issues: list[Issue] = []
    if missing.any() and context.places.current:
        homeless = placed.wgs84.copy()
        homeless[~missing] = None
        found = context.places.locate(homeless)
        if context.layer.name in _SPANNING:
            found = _nearly_whole(context, placed, found)
        stated = np.where(missing, found, stated)
        count = int(sum(code is not None for code in found[missing]))
        if count:
            issues.append(Issue(IssueCode.COMMUNE_BY_PLACE, detail=str(count)))
    today = context.places.resolve(stated, placed.wgs84)
    staged["commune_code"] = strings(today)
    provinces = strings(np.array([context.places.province_of.get(code) for code in today], dtype=object))
    staged["province_code"] = pc.coalesce(staged["province_code"], provinces) if "province_code" in staged else provinces
    return issues


def _nearly_whole(context: LoadContext, placed: Placed, found: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    measure = shapely.area if context.layer.geometry_kind is GeometryKind.POLYGON else shapely.length
    kept = found.copy()
    for index in np.flatnonzero(found != None):  # noqa: E711 - elementwise
        shape = placed.wgs84[index]
        inside = measure(shapely.intersection(shape, context.places.current[found[index]]))
        if inside < _NEARLY_WHOLE * measure(shape):
            kept[index] = None
    return kept


def _give_codes(context: LoadContext, placed: Placed, staged: Staged, rows: Rows) -> list[Issue]:
    """Use the file's codes; a file without any gets codes from its shapes, so that loading it again finds the same rows."""
    if "code" in staged:
        missing = staged["code"].is_null().to_numpy(zero_copy_only=False)
        return [Issue(IssueCode.CODE_MISSING, int(row)) for row in rows[missing]]
    shapes = shapely.to_wkb(shapely.normalize(shapely.set_precision(placed.wgs84, 0)), byte_order=1)
    staged["code"] = pa.array([_digest(shape) for shape in shapes], pa.string())
    return [Issue(IssueCode.CODE_FROM_GEOMETRY)]


def _digest(shape: bytes | None) -> str | None:
    return hashlib.sha256(shape).hexdigest()[:_CODE_DIGITS] if shape is not None else None


# -- what single layers add -------------------------------------------------------------------------------------------------


def _nothing_more(_context: LoadContext, _columns: Columns, _staged: Staged, _rows: Rows, _issues: list[Issue]) -> None:
    """Most layers need no more."""


def _derive_units(context: LoadContext, columns: Columns, staged: Staged, rows: Rows, _issues: list[Issue]) -> None:
    """Complete units: level by the length of the code, kind by the full name, the unit above, quality of the boundary."""
    codes = objects(staged["code"])
    province = objects(staged["province_code"]) if "province_code" in staged else np.full(len(rows), None, dtype=object)
    level = _or_else(staged, "level", [_UNIT_LEVELS.get(len(code or ""), "region") for code in codes])
    above = context.lists.unit_parents
    parents = {"commune": list(province), "province": [above.get(str(code)) for code in codes], "region": ["VN"] * len(rows)}
    _or_else(staged, "parent_code", [parents[level[i]][i] if level[i] in parents else None for i in range(len(rows))])
    own = [codes[i] if level[i] == "province" else None for i in range(len(rows))]
    _or_else(staged, "province_code", own)
    if "valid_to" not in staged:
        _or_else(staged, "commune_code", [codes[i] if level[i] == "commune" else None for i in range(len(rows))])
    names, full = objects(staged["name"]), _full_names(columns)
    if full is not None:
        kinds = [_kind_of(whole, name) for whole, name in zip(full, names, strict=True)]
        _or_else(staged, "kind", kinds)
    _or_else(staged, "boundary_quality", ["generalised"] * len(rows))


def _full_names(columns: Columns) -> npt.NDArray[np.object_] | None:
    named = next((name for name in columns if fold_name(name) in ("FULLNAME", "TENDAYDU")), None)
    return objects(columns[named].cast(pa.string())) if named else None


def _kind_of(full: str | None, name: str | None) -> str | None:
    """Take the kind off a full name: "Phường Ba Đình" without "Ba Đình" is "phường"."""
    if not full or not name or not full.endswith(name):
        return None
    return full.removesuffix(name).strip().lower() or None


def _or_else(staged: Staged, target: str, values: list[str | None]) -> npt.NDArray[np.object_]:
    derived = pa.array(values, pa.string())
    staged[target] = pc.coalesce(staged[target], derived) if target in staged else derived
    return objects(staged[target])


def _derive_zones(context: LoadContext, _columns: Columns, staged: Staged, rows: Rows, issues: list[Issue]) -> None:
    """Find the function code of what the dossier writes; the text is kept."""
    written = staged.get("function_raw", staged.get("function_code"))
    if written is None:
        return
    texts = objects(written)
    codes = [context.lists.zone_functions.get(fold_name(text)) if text else None for text in texts]
    column = context.plan.public.get("function_raw") or context.plan.public.get("function_code")
    issues += [
        Issue(IssueCode.FUNCTION_UNKNOWN, int(rows[i]), column, texts[i])
        for i, code in enumerate(codes)
        if code is None and texts[i]
    ]
    staged["function_raw"] = written
    staged["function_code"] = pa.array(codes, pa.string())


def _derive_addresses(_context: LoadContext, _columns: Columns, staged: Staged, rows: Rows, _issues: list[Issue]) -> None:
    """Write the address out of number and street where the file does not."""
    number, street = (
        objects(staged[name]) if name in staged else np.full(len(rows), None, dtype=object) for name in ("house_number", "street")
    )
    written = [" ".join(filter(None, pair)) or None for pair in zip(number, street, strict=True)]
    _or_else(staged, "address", written)


_SIDES = {
    "trai": "left", "left": "left", "phai": "right", "right": "right", "hai ben": "both", "ca hai": "both", "both": "both",
}  # fmt: skip


def _derive_lines(context: LoadContext, _columns: Columns, staged: Staged, rows: Rows, issues: list[Issue]) -> None:
    """Read the restricted side; where the file does not say, both sides are taken and told."""
    written = objects(staged["side"]) if "side" in staged else np.full(len(rows), None, dtype=object)
    sides = [_SIDES.get(" ".join(fold_words(str(text)))) if text else None for text in written]
    column = context.plan.public.get("side")
    issues += [Issue(IssueCode.SIDE_UNKNOWN, int(rows[i]), column, written[i]) for i, side in enumerate(sides) if side is None]
    staged["side"] = pa.array([side or "both" for side in sides], pa.string())


def fold_words(text: str) -> list[str]:
    """Give the words of a text in capitals-free ASCII."""
    return [fold_name(word).lower() for word in text.split()]


_DERIVE: Mapping[str, Callable[[LoadContext, Columns, Staged, Rows, list[Issue]], None]] = {
    "admin_units": _derive_units,
    "zones": _derive_zones,
    "planning_lines": _derive_lines,
    "addresses": _derive_addresses,
}
