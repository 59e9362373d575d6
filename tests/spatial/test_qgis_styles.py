"""Default styles as they stand in the database: one for each layer, official colours, written again only where they differ."""

from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import Connection, text

from spatial.layers import LAYERS, GeometryKind, Layer, find_layer
from spatial.publish import publish_layers
from spatial.qgis_styles import NOT_IN_FORCE, STYLE_NAME, build_qml, write_styles
from tests.conftest import Database
from tests.spatial.every_layer import style_rules
from tests.spatial.people import attempt, owner, session


@pytest.fixture
def styled(connection: Connection) -> Connection:
    """A database whose styles bear its own name, as after `dothi db migrate`."""
    write_styles(connection, LAYERS)
    return connection


def qml_of(connection: Connection, layer: Layer) -> ET.Element:
    query = text(
        "SELECT CAST(styleqml AS text) FROM public.layer_styles WHERE f_table_schema = :schema AND f_table_name = :name"
        " AND f_table_catalog = current_database() AND f_geometry_column = 'geom' AND useasdefault"
    )
    (qml,) = connection.execute(query, {"schema": layer.table.schema, "name": layer.table.name}).scalars()
    return ET.fromstring(qml)  # noqa: S314 - our own


def renderer_of(root: ET.Element) -> ET.Element:
    renderer = root.find("renderer-v2")
    assert renderer is not None
    return renderer


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_each_layer_has_one_default_style(styled: Connection, layer: Layer) -> None:
    renderer = renderer_of(qml_of(styled, layer))
    values = [category.get("value") for category in renderer.iter("category")]
    assert values == [*(rule.value for rule in style_rules(styled, layer)), NOT_IN_FORCE, ""]
    symbols = renderer.find("symbols")
    assert symbols is not None
    kinds = {GeometryKind.POLYGON: "fill", GeometryKind.LINE: "line", GeometryKind.POINT: "marker"}
    assert {symbol.get("type") for symbol in symbols} == {kinds[layer.geometry_kind]}
    passes = {
        category.get("value"): symbols[int(category.get("symbol") or "")][0].get("pass") for category in renderer.iter("category")
    }
    assert {value for value, drawn in passes.items() if drawn == "0"} == {NOT_IN_FORCE}
    assert renderer.get("symbollevels") == "1"
    assert [symbol.get("name") for symbol in symbols] == [str(number) for number in range(len(values))]


def test_the_colours_are_those_of_the_code_table(styled: Connection) -> None:
    renderer = renderer_of(qml_of(styled, find_layer("parcels")))
    drawn = {}
    for category in renderer.iter("category"):
        option = renderer.find(f"symbols/symbol[@name='{category.get('symbol')}']/layer/Option/Option[@name='color']")
        assert option is not None
        red, green, blue, _ = map(int, (option.get("value") or "").split(","))
        drawn[category.get("value")] = f"#{red:02X}{green:02X}{blue:02X}"
    colours = styled.execute(text("SELECT code, upper(map_color) FROM land.land_use WHERE map_color IS NOT NULL"))
    official = {code: colour for code, colour in colours}
    assert len(official) > 60
    assert official.items() <= drawn.items()


def test_writing_again_changes_nothing(styled: Connection) -> None:
    rows = text("SELECT id, update_time, xmin::text FROM public.layer_styles ORDER BY id")
    before = styled.execute(rows).all()
    write_styles(styled, LAYERS)
    assert styled.execute(rows).all() == before


def test_a_changed_style_replaces_the_old_one(styled: Connection) -> None:
    styled.execute(text("UPDATE public.layer_styles SET styleqml = '<qgis/>' WHERE f_table_name = 'parcel'"))
    write_styles(styled, LAYERS)
    assert len(renderer_of(qml_of(styled, find_layer("parcels")))) > 0
    count = text("SELECT count(*) FROM public.layer_styles WHERE f_table_name = 'parcel' AND stylename = :name")
    assert styled.execute(count, {"name": STYLE_NAME}).scalar() == 1


def test_styles_of_others_stay(styled: Connection) -> None:
    styled.execute(
        text(
            "INSERT INTO public.layer_styles (f_table_schema, f_table_name, stylename, useasdefault)"
            " VALUES ('land', 'parcel', 'của tôi', false)"
        )
    )
    write_styles(styled, LAYERS)
    assert styled.execute(text("SELECT count(*) FROM public.layer_styles WHERE stylename = 'của tôi'")).scalar() == 1


def test_forms_speak_vietnamese_and_know_what_may_be_written(styled: Connection) -> None:
    layer = find_layer("green_areas")
    root = qml_of(styled, layer)
    aliases = {item.get("field"): item.get("name") for item in root.iter("alias")}
    assert aliases["valid_to"] == "Hết hiệu lực từ ngày"
    editable = {item.get("name"): item.get("editable") for item in root.findall("editable/field")}
    assert {name for name, word in editable.items() if word == "0"} == {"id", "batch_id", "area_m2", "area_srid"}
    widgets = {field.get("name"): field[0].get("type") for field in root.iter("field") if len(field)}
    assert (widgets["kind"], widgets["valid_from"], widgets["batch_id"]) == ("ValueMap", "DateTime", "Hidden")
    offered = root.findall("fieldConfiguration/field[@name='kind']//Option[@type='QString']")
    assert [option.get("value") for option in offered] == ["public", "limited", "specialised"]


def test_a_computed_column_is_read_only(styled: Connection) -> None:
    editable = {
        item.get("name"): item.get("editable") for item in qml_of(styled, find_layer("addresses")).findall("editable/field")
    }
    assert (editable["folded"], editable["address"]) == ("0", "1")


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_every_column_has_an_alias_and_no_name_breaks_the_xml(connection: Connection, layer: Layer) -> None:
    root = ET.fromstring(build_qml(layer, style_rules(connection, layer)))  # noqa: S314 - our own
    named = [item.get("field") for item in root.iter("alias")]
    assert named == [column.name for column in layer.table.columns if column.name != "geom"]
    assert all(item.get("name") for item in root.iter("alias"))


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_labels_are_shown_from_near_down_to_a_scale(styled: Connection, layer: Layer) -> None:
    rendering = qml_of(styled, layer).find("labeling/settings/rendering")
    assert (rendering is None) == (layer.style.label_column is None)
    if rendering is not None:  # denominators, as QGIS reads them: nearest first
        assert 0 < float(rendering.get("scaleMin") or 0) < 1_000 < float(rendering.get("scaleMax") or 0)


def test_a_style_names_no_type_and_one_of_before_is_replaced(styled: Connection) -> None:
    """QGIS asks for the style of the layer's type or of none; a plain address has no type."""
    typed = text("SELECT count(*) FROM public.layer_styles WHERE type IS NOT NULL")
    assert styled.execute(typed).scalar() == 0
    styled.execute(text("UPDATE public.layer_styles SET type = 'Polygon' WHERE f_table_name = 'parcel'"))
    write_styles(styled, LAYERS)
    assert styled.execute(typed).scalar() == 0


def test_the_form_waits_for_what_the_database_fills(styled: Connection) -> None:
    root = qml_of(styled, find_layer("parcels"))
    soft = {item.get("field"): item.get("notnull_strength") for item in root.findall("constraints/constraint")}
    assert soft == dict.fromkeys(("code", "former_commune_code", "area_m2", "area_srid"), "2")


def test_everybody_reads_styles_and_nobody_writes_them(database: Database) -> None:
    with owner(database) as connection:
        connection.execute(text("SET LOCAL ROLE dothi_owner"))
        publish_layers(connection, LAYERS)
    with session(database.login("dothi_editor")) as cursor:
        cursor.execute("SELECT count(*) FROM public.layer_styles WHERE f_table_catalog = current_database()")
        assert cursor.fetchone() == (len(LAYERS),)
        assert attempt(cursor, "DELETE FROM public.layer_styles") is not None
        assert attempt(cursor, "INSERT INTO public.layer_styles (stylename) VALUES ('x')") is not None
