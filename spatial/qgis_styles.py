"""QGIS's default style of each layer, written as QML into `public.layer_styles`: official colours, aliases, lists of codes.

One look-up per feature decides its drawing (a categorized renderer over an expression), and what is not in force is grey.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree as ET

from sqlalchemy import CheckConstraint, Column, Connection, text

from spatial.layers import GEOMETRY_COLUMN, HIDDEN_COLUMNS, KEY_COLUMN, GeometryKind, Layer, Rule, Text
from spatial.legend import coloured_codes, rules_of

STYLE_NAME = "dothi"
NOT_IN_FORCE = "__not_in_force"
"""The category of rows whose legal period does not hold today; no code looks like it."""
_GREY = Rule(
    NOT_IN_FORCE,
    Text("Không còn hoặc chưa có hiệu lực", "No longer or not yet in force"),
    fill="#D5D5D5",
    stroke="#9A9A9A",
    width=1.0,
    dash=(2, 2),
)
_MM_PER_PIXEL = 25.4 / 96
_LABEL_SCALE = 5_000
"""Labels are written at this scale (1:5 000) and larger."""
_NOT_NOW = '"valid_from" > to_date(now()) OR ("valid_to" IS NOT NULL AND "valid_to" <= to_date(now()))'


def write_styles(connection: Connection, layers: Iterable[Layer]) -> None:
    """Write each layer's default style where it differs from the one that is there.

    Args:
        connection: acts as dothi_owner.
        layers: all published layers.
    """
    for layer in layers:
        _write_style(connection, layer, build_qml(layer, _rules(connection, layer)))


def _rules(connection: Connection, layer: Layer) -> tuple[Rule, ...]:
    codes = coloured_codes(layer)
    return layer.style.rules if codes is None else rules_of(layer, [dict(row) for row in connection.execute(codes).mappings()])


def _write_style(connection: Connection, layer: Layer, qml: str) -> None:
    key = {"schema": layer.table.schema, "name": layer.table.name, "style": STYLE_NAME}
    place = "f_table_schema = :schema AND f_table_name = :name AND stylename = :style"
    same = text(
        "SELECT count(*) FROM public.layer_styles WHERE f_table_catalog = current_database() AND "  # noqa: S608
        f"{place} AND type IS NULL AND styleqml::text = CAST(CAST(:qml AS xml) AS text)"
    )
    if connection.execute(same, {**key, "qml": qml}).scalar_one():
        return
    connection.execute(text(f"DELETE FROM public.layer_styles WHERE {place}"), key)  # noqa: S608
    # without a type: QGIS looks for the type of the layer's address, which a plain one does not name, or for none
    connection.execute(
        text(
            "INSERT INTO public.layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, stylename,"
            " styleqml, useasdefault, description, owner)"
            " VALUES (current_database(), :schema, :name, :geometry, :style, CAST(:qml AS xml), true, :description,"
            " 'dothi_owner')"
        ),
        {**key, "qml": qml, "geometry": GEOMETRY_COLUMN, "description": layer.title.vi},
    )


def build_qml(layer: Layer, rules: Sequence[Rule]) -> str:
    """Give the QML of a layer.

    Args:
        layer: the declaration.
        rules: its style's rules, official colours included.
    """
    root = ET.Element("qgis", version="3.22.0", styleCategories="Symbology|Labeling|Fields|Forms")
    _add_renderer(root, layer, rules)
    if layer.style.label_column:
        _add_labels(root, layer.style.label_column)
    _add_fields(root, layer, rules)
    return ET.tostring(root, encoding="unicode")


def _add_renderer(root: ET.Element, layer: Layer, rules: Sequence[Rule]) -> None:
    style = layer.style
    expression = f"coalesce(\"{style.column}\", '')" if style.column else "''"
    renderer = ET.SubElement(
        root,
        "renderer-v2",
        type="categorizedSymbol",
        attr=f"CASE WHEN {_NOT_NOW} THEN '{NOT_IN_FORCE}' ELSE {expression} END",
        symbollevels="1",
        enableorderby="0",
        forceraster="0",
    )
    categories = ET.SubElement(renderer, "categories")
    symbols = ET.SubElement(renderer, "symbols")
    entries = [(rule.value, f"{_code(layer, rule)}{rule.label.vi}", rule) for rule in rules]
    is_filled = style.fill is not None or any(rule.fill for rule in rules)
    entries.append((NOT_IN_FORCE, _GREY.label.vi, _GREY if is_filled else replace(_GREY, fill=None)))
    entries.append(("", layer.title.vi if not rules else "Khác, chưa rõ", Rule("", layer.title)))
    for number, (value, label, rule) in enumerate(entries):
        ET.SubElement(categories, "category", render="true", symbol=str(number), value=value, label=label, type="string")
        _add_symbol(symbols, str(number), layer, rule)


def _code(layer: Layer, rule: Rule) -> str:
    return f"{rule.value} - " if layer.colour_codes is not None else ""


def _add_symbol(symbols: ET.Element, name: str, layer: Layer, rule: Rule) -> None:
    kind = layer.geometry_kind
    below = rule.value == NOT_IN_FORCE
    opacity = 1.0 if kind is GeometryKind.LINE else layer.style.opacity
    symbol = ET.SubElement(
        symbols,
        "symbol",
        name=name,
        type={GeometryKind.POLYGON: "fill", GeometryKind.LINE: "line", GeometryKind.POINT: "marker"}[kind],
        alpha=f"{opacity:g}",
        clip_to_extent="1",
        force_rhr="0",
    )
    fill, stroke = rule.fill or layer.style.fill, rule.stroke or layer.style.stroke
    width = (rule.width if rule.width is not None else layer.style.width) * _MM_PER_PIXEL
    if kind is GeometryKind.POLYGON:
        _add_symbol_layer(symbol, "SimpleFill", _fill_options(fill, stroke, width, rule.dash), below)
    elif kind is GeometryKind.LINE:
        _add_symbol_layer(symbol, "SimpleLine", _line_options(stroke, width, rule.dash), below)
    else:
        _add_symbol_layer(symbol, "SimpleMarker", _marker_options(fill or stroke, stroke, width), below)


def _fill_options(fill: str | None, stroke: str, width: float, dash: tuple[float, ...] | None) -> dict[str, str]:
    return {
        "color": _rgba(fill or "#FFFFFF"),
        "style": "solid" if fill else "no",
        "outline_color": _rgba(stroke),
        "outline_style": "dash" if dash else "solid",
        "outline_width": f"{width:.3f}",
        "outline_width_unit": "MM",
        "joinstyle": "bevel",
    }


def _line_options(stroke: str, width: float, dash: tuple[float, ...] | None) -> dict[str, str]:
    pattern = dash if dash and len(dash) % 2 == 0 else (4.0, 2.0)
    return {
        "line_color": _rgba(stroke),
        "line_style": "solid",
        "line_width": f"{width:.3f}",
        "line_width_unit": "MM",
        "use_custom_dash": "1" if dash else "0",
        "customdash": ";".join(f"{length * _MM_PER_PIXEL * 2:.2f}" for length in pattern),
        "customdash_unit": "MM",
        "capstyle": "flat",
        "joinstyle": "round",
    }


def _marker_options(fill: str, stroke: str, width: float) -> dict[str, str]:
    return {
        "name": "circle",
        "color": _rgba(fill),
        "outline_color": _rgba(stroke),
        "outline_style": "solid",
        "outline_width": f"{width:.3f}",
        "outline_width_unit": "MM",
        "size": "2.2",
        "size_unit": "MM",
    }


def _add_symbol_layer(symbol: ET.Element, kind: str, options: dict[str, str], below: bool) -> None:
    """Add the drawing of a symbol; what lies below is drawn first, so that what ended never covers what is in force."""
    layer = ET.SubElement(symbol, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0" if below else "1"})
    _add_map(layer, options)


def _rgba(color: str) -> str:
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return f"{red},{green},{blue},255"


def _add_map(parent: ET.Element, options: dict[str, str]) -> ET.Element:
    mapping = ET.SubElement(parent, "Option", type="Map")
    for name, value in options.items():
        ET.SubElement(mapping, "Option", name=name, value=value, type="QString")
    return mapping


def _add_labels(root: ET.Element, column: str) -> None:
    labeling = ET.SubElement(root, "labeling", type="simple")
    settings = ET.SubElement(labeling, "settings", calloutType="simple")
    style = ET.SubElement(
        settings,
        "text-style",
        fieldName=column,
        fontSize="8",
        fontSizeUnit="Point",
        textColor="40,40,40,255",
        namedStyle="Regular",
    )
    ET.SubElement(style, "text-buffer", bufferDraw="1", bufferSize="0.7", bufferSizeUnits="MM", bufferColor="255,255,255,255")
    # scaleMin and scaleMax are denominators: from 1:1 down to the smallest scale at which labels are shown
    ET.SubElement(settings, "rendering", scaleVisibility="1", scaleMin="1", scaleMax=str(_LABEL_SCALE), obstacle="1")


def _add_fields(root: ET.Element, layer: Layer, rules: Sequence[Rule]) -> None:
    columns = [column for column in layer.table.columns if column.name != GEOMETRY_COLUMN]
    fields = ET.SubElement(root, "fieldConfiguration")
    aliases = ET.SubElement(root, "aliases")
    editable = ET.SubElement(root, "editable")
    constraints = ET.SubElement(root, "constraints")
    # with each change QGIS says which write it saw; the database refuses to overwrite a later one (ingest.stamp_row)
    seen = {"field": "batch_id", "expression": '-abs("batch_id")', "applyOnUpdate": "1"}
    ET.SubElement(ET.SubElement(root, "defaults"), "default", seen)
    for number, column in enumerate(columns):
        field = ET.SubElement(fields, "field", name=column.name)
        _add_widget(field, column, layer, rules)
        ET.SubElement(aliases, "alias", field=column.name, index=str(number), name=_alias(column))
        ET.SubElement(editable, "field", name=column.name, editable="1" if layer.editable and not _is_computed(column) else "0")
        if "filled" in column.info and not column.nullable:
            ET.SubElement(constraints, "constraint", _MAY_WAIT, field=column.name)


def _alias(column: Column[object]) -> str:
    """Shorten the column's comment to what fits a form: all before the first explanation."""
    comment = column.comment or column.name
    return comment.split(":")[0].split(" (trống")[0].strip()


def _is_computed(column: Column[object]) -> bool:
    return column.name in {KEY_COLUMN, *HIDDEN_COLUMNS} or column.computed is not None or "derived" in column.info


def _add_widget(field: ET.Element, column: Column[object], layer: Layer, rules: Sequence[Rule]) -> None:
    options: dict[str, str] = {}
    if column.name in HIDDEN_COLUMNS:
        kind = "Hidden"
    elif entries := _entries(column, layer, rules):
        kind = "ValueMap"
    elif column.type.python_type is date:
        kind, options = "DateTime", _DATE_OPTIONS
    else:
        kind = "TextEdit"
    widget = ET.SubElement(field, "editWidget", type=kind)
    config = _add_map(ET.SubElement(widget, "config"), options)
    if kind == "ValueMap":
        listing = ET.SubElement(config, "Option", name="map", type="List")
        for value, label in entries:
            ET.SubElement(ET.SubElement(listing, "Option", type="Map"), "Option", name=label, value=value, type="QString")


_MAY_WAIT = {"constraints": "1", "notnull_strength": "2", "unique_strength": "0", "exp_strength": "0"}
"""Not null, softly: the form lets the row go to the database, which fills the column."""
_DATE_OPTIONS = {"display_format": "dd/MM/yyyy", "field_format": "yyyy-MM-dd", "calendar_popup": "1", "allow_null": "1"}
_CLOSED_LIST = re.compile(r"(\w+) IN \((.+)\)")


def _entries(column: Column[object], layer: Layer, rules: Sequence[Rule]) -> list[tuple[str, str]]:
    """Give the values that a form offers for a column, with their labels: the style's rules, else the closed list of words."""
    found = [(rule.value, f"{_code(layer, rule)}{rule.label.vi}") for rule in rules]
    if column.name != layer.style.column:
        found = [(word, word) for word in _closed_list(column, layer)]
    return [*found, (_NULL, "-")] if found and column.nullable else found


def _closed_list(column: Column[object], layer: Layer) -> list[str]:
    """Give the words that a CHECK allows for a column; none where it is free."""
    for constraint in layer.table.constraints:
        listed = _CLOSED_LIST.fullmatch(str(constraint.sqltext)) if isinstance(constraint, CheckConstraint) else None
        if listed and listed[1] == column.name:
            return re.findall(r"'([^']*)'", listed[2])
    return []


_NULL = "{2839923C-8B7D-419E-B84B-CA2FE9B80EC7}"
"""How a value map of QGIS writes NULL."""
