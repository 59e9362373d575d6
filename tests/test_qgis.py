"""QGIS itself opens every layer from the database, draws it by the official colours, and edits within the territory."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from spatial.database import open_engine
from spatial.layers import LAYERS, Access, GeometryKind, Layer, find_layer
from spatial.publish import publish_layers
from spatial.qgis_styles import NOT_IN_FORCE
from spatial.users import Role
from tests.browser.conftest import dothi_serving
from tests.conftest import Database, cloned
from tests.spatial.every_layer import fill_every_layer, style_rules
from tests.spatial.people import HOME, make_user, owner, session, settle

SCRIPT = Path(__file__).parent / "qgis" / "check_layers.py"
PYTHON = "/usr/bin/python3"  # the distribution's: QGIS's modules are not on PyPI
GREEN = find_layer("green_areas")
NEAR, FAR = 1_500, 50_000
"""Scales at which labels must be on the map, and must not."""
QGIS_TYPES = {"POINT": 1, "MULTILINESTRING": 5, "MULTIPOLYGON": 6}


def _has_qgis() -> bool:
    if not Path(PYTHON).exists():
        return False
    return subprocess.run([PYTHON, "-c", "import qgis.core"], capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.skipif(not _has_qgis(), reason="QGIS is not installed here (apt-get install python3-qgis)"),
    pytest.mark.slow,
]


def ask_qgis(folder: Path, task: dict[str, Any]) -> dict[str, Any]:
    """Let QGIS do a task and give its answer."""
    (folder / "task.json").write_text(json.dumps(task), "utf-8")
    surroundings = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    done = subprocess.run(
        [PYTHON, str(SCRIPT), str(folder / "task.json")],
        capture_output=True, text=True, timeout=240, check=False,
        env=surroundings | {"QT_QPA_PLATFORM": "offscreen", "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    answer = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(answer, dict)
    return answer


def uri_of(url: str) -> str:
    parts = urlsplit(url)
    return (
        f"dbname='{parts.path[1:]}' host={parts.hostname} port={parts.port} user='{parts.username}' password='{parts.password}'"
    )


def as_task(layer: Layer) -> dict[str, str]:
    kind = {"POINT": "Point", "MULTILINESTRING": "MultiLineString", "MULTIPOLYGON": "MultiPolygon"}[layer.geometry_type]
    return {"name": layer.name, "schema": str(layer.table.schema), "table": layer.table.name, "geometry_type": kind}


@pytest.fixture(scope="module")
def filled(cluster: Any, template: str) -> Iterator[Database]:
    """A database with rows of every layer and an editor and a reader of the commune."""
    with cloned(cluster, template) as database:
        settle(database)
        with owner(database) as connection:
            connection.execute(text("SET LOCAL ROLE dothi_owner"))
            publish_layers(connection, LAYERS)  # a clone has another name, and QGIS looks styles up by it
            fill_every_layer(connection)
        make_user(database, "lan", Role.EDITOR, HOME)
        make_user(database, "doc", Role.READER)
        yield database


@pytest.fixture(scope="module")
def seen(filled: Database, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What QGIS says of every layer, as a reader."""
    folder = tmp_path_factory.mktemp("qgis")
    task = {
        "uri": uri_of(person(filled, "doc")), "layers": [as_task(layer) for layer in LAYERS], "pictures": str(folder),
        "scales": [NEAR, FAR],
    }  # fmt: skip
    return ask_qgis(folder, task) | {"folder": folder}


def person(database: Database, name: str) -> str:
    return database.cluster.url(database.name, f"{database.name}_{name}", password=database.made_logins[name])


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_a_layer_opens_by_itself(filled: Database, seen: dict[str, Any], layer: Layer) -> None:
    found = seen["layers"][layer.name]
    with session(filled.url) as cursor:
        cursor.execute(f"SELECT count(*) FROM {layer.table_name}")
        (rows,) = cursor.fetchone() or (None,)
    assert (found["valid"], found["error"]) == (True, "")
    assert (found["features"], found["read"]) == (rows, rows)
    assert found["crs"] == "EPSG:4326"
    assert found["geometry_type"] == QGIS_TYPES[layer.geometry_type]
    assert found["key"] == ["id"]
    assert found["can_edit"] is False


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_its_style_form_and_labels_are_ours(filled: Database, seen: dict[str, Any], layer: Layer) -> None:
    found = seen["layers"][layer.name]
    assert found["style_loaded"] is True
    assert found["styles_found"] == dict.fromkeys(("type", "plain with srid", "plain"), True)
    assert found["renderer"] == "categorizedSymbol"
    assert found["label_field"] == layer.style.label_column
    assert found["labels"] is (layer.style.label_column is not None)
    assert found["aliases"]["code"] == "Mã công khai, ổn định"
    assert all(found["comments"].values())
    assert found["widgets"]["batch_id"] == "Hidden"
    derived = [column.name for column in layer.table.columns if "derived" in column.info or column.computed is not None]
    typed_by_nobody = {"id", "batch_id", *derived} if layer.editable else set(found["widgets"])
    assert found["read_only"] == [name for name in found["widgets"] if name in typed_by_nobody]
    assert found["widgets"]["valid_from"] == "DateTime"
    if layer.name == "plans":  # a closed list of words that no style shows
        assert found["widgets"]["plan_kind"] == "ValueMap"
    if layer.style.column:
        assert found["widgets"][layer.style.column] == "ValueMap"


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_labels_are_on_the_map_when_one_is_near_and_only_then(filled: Database, seen: dict[str, Any], layer: Layer) -> None:
    drawn = seen["layers"][layer.name]["labels_drawn"]
    assert drawn[str(FAR)] == []
    if layer.style.label_column is None:
        assert drawn[str(NEAR)] == []
        return
    with session(filled.url) as cursor:
        cursor.execute(f"SELECT DISTINCT {layer.style.label_column} FROM {layer.table_name}")
        values = {value for (value,) in cursor.fetchall()}
    assert drawn[str(NEAR)]
    assert set(drawn[str(NEAR)]) <= values


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_each_row_is_drawn_by_its_own_category_and_what_ended_is_grey(
    filled: Database, seen: dict[str, Any], layer: Layer
) -> None:
    found = seen["layers"][layer.name]
    with open_engine(filled.url).connect() as connection:
        rules = style_rules(connection, layer)
    assert found["drawn"][NOT_IN_FORCE] == 1
    assert found["categories"][NOT_IN_FORCE] in ("#d5d5d5", "#9a9a9a")
    for rule in rules:
        assert found["drawn"][rule.value] >= 1, rule.value
        if rule.fill and layer.geometry_kind is GeometryKind.POLYGON:
            assert found["categories"][rule.value] == rule.fill.lower()
    assert sum(found["drawn"].values()) == found["read"]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_a_picture_is_drawn(seen: dict[str, Any], layer: Layer) -> None:
    assert seen["layers"][layer.name]["colors_drawn"] >= 2


def test_qgis_logs_no_complaint(seen: dict[str, Any]) -> None:
    assert [message for message in seen["messages"] if "PostGIS" in message] == []


def test_estimated_metadata_do_no_harm(filled: Database, seen: dict[str, Any], tmp_path: Path) -> None:
    with session(filled.url) as cursor:
        cursor.execute("ANALYZE landscape.green_area")
    task = {"uri": uri_of(person(filled, "doc")), "layers": [as_task(GREEN)], "estimated": "true"}
    found = ask_qgis(tmp_path, task)["layers"]["green_areas"]
    assert found["valid"]
    assert found["extent"] == seen["layers"]["green_areas"]["extent"]


# -- editing ------------------------------------------------------------------------------------------------------------------

AWAY = "địa bàn"
PARCEL = f"{HOME}.{HOME}.7.12"


def steps() -> list[dict[str, Any]]:
    layer, parcels = as_task(GREEN), as_task(find_layer("parcels"))
    square = "MultiPolygon((({w} 20.08, {e} 20.08, {e} 20.081, {w} 20.081, {w} 20.08)))"
    bowtie = "MultiPolygon(((105.05 20.05, 105.06 20.06, 105.06 20.05, 105.05 20.06, 105.05 20.05)))"
    values = {"kind": "public", "commune_code": HOME}
    parcel = {"commune_code": HOME, "map_sheet": "07", "parcel_no": "12"}
    return [
        {"name": "draw a parcel", "kind": "draw", "wkt": square.format(w=105.06, e=105.061), "values": parcel, "layer": parcels},
        {"name": "wrong land use", "kind": "change", "code": PARCEL, "column": "land_use_code", "value": "XXX",
         "layer": parcels},
        {"name": "type an area", "kind": "change", "code": PARCEL, "column": "area_m2", "value": 1.0, "layer": parcels},
        {"name": "reshape the parcel", "kind": "move", "code": PARCEL, "east": 0.0001, "north": 0.0, "layer": parcels},
        {"name": "draw without a number", "kind": "draw", "wkt": square.format(w=105.07, e=105.071),
         "values": {"commune_code": HOME, "map_sheet": "7"}, "layer": parcels},
        {"name": "change", "kind": "change", "code": "home", "column": "name", "value": "Công viên"},
        {"name": "change away", "kind": "change", "code": "away", "column": "name", "value": "x"},
        {"name": "move away", "kind": "move", "code": "home", "east": 1.0, "north": 0.0},
        {"name": "delete away", "kind": "delete", "code": "away"},
        {"name": "draw", "kind": "draw", "wkt": square.format(w=105.05, e=105.051), "values": values | {"code": "drawn"}},
        {"name": "draw away", "kind": "draw", "wkt": square.format(w=106.05, e=106.051), "values": values | {"code": "far"}},
        {"name": "draw a bowtie", "kind": "draw", "wkt": bowtie, "values": values | {"code": "bowtie"}},
        {"name": "paste", "kind": "paste", "code": "home", "new_code": "pasted", "east": 0.01, "north": 0.0},
        {"name": "paste with its code", "kind": "paste", "code": "home", "new_code": "home", "east": 0.02, "north": 0.0},
        {"name": "delete", "kind": "delete", "code": "drawn"},
        {"name": "change twice", "kind": "change", "code": "home", "column": "name", "value": "x", "save_and_go_on": "Vườn"},
        {"name": "overwrite", "kind": "change", "code": "pasted", "column": "name", "value": "lan's",
         "meanwhile": {"kind": "change", "code": "pasted", "column": "area_stated_m2", "value": 5.0, "layer": layer}},
        {"name": "move what was moved", "kind": "move", "code": "pasted", "east": 0.001, "north": 0.0,
         "meanwhile": {"kind": "move", "code": "pasted", "east": 0.0, "north": 0.001, "layer": layer}},
    ]  # fmt: skip


@pytest.fixture(scope="module")
def edited(filled: Database, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What became of each edit, made through QGIS as the commune's editor."""
    edits = [{"layer": as_task(GREEN)} | step for step in steps()]
    answer = ask_qgis(tmp_path_factory.mktemp("edits"), {"uri": uri_of(person(filled, "lan")), "edits": edits})
    return {step["name"]: result for step, result in zip(steps(), answer["edits"], strict=True)}


@pytest.mark.parametrize("name", ["change", "draw", "paste", "delete", "change twice", "draw a parcel", "reshape the parcel"])
def test_an_edit_at_home_is_saved(edited: dict[str, dict[str, Any]], name: str) -> None:
    assert edited[name]["saved"], edited[name]["errors"]
    assert edited[name]["blocked"] == []  # nor would the form itself refuse


def test_the_form_asks_for_what_only_a_person_knows(edited: dict[str, dict[str, Any]]) -> None:
    assert edited["draw without a number"]["blocked"] == ["parcel_no"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("change away", AWAY),
        ("move away", AWAY),
        ("delete away", AWAY),
        ("draw away", AWAY),
        ("draw a bowtie", "Hình học không hợp lệ"),
        ("paste with its code", "Mã home đã có"),
        ("overwrite", "đã được người khác sửa"),
        ("move what was moved", "đã được người khác sửa"),
        ("wrong land use", "không có mã XXX"),
        ("type an area", "do hệ thống tính"),
        ("draw without a number", "Chưa nhập «Số thứ tự thửa»"),
    ],
)
def test_what_is_refused_reaches_qgis_as_a_sentence(edited: dict[str, dict[str, Any]], name: str, words: str) -> None:
    assert not edited[name]["saved"]
    assert words in "\n".join(edited[name]["errors"])


def test_what_qgis_saved_is_in_the_table_and_in_the_audit(filled: Database, edited: dict[str, dict[str, Any]]) -> None:
    with session(filled.url) as cursor:
        cursor.execute("SELECT code, name, id FROM landscape.green_area WHERE code = ANY ('{home,pasted,drawn,far,bowtie}')")
        rows = {code: (name, number) for code, name, number in cursor.fetchall()}
        cursor.execute(
            "SELECT operation, coalesce(after, before)->>'code' FROM audit.change WHERE login LIKE '%_lan' ORDER BY id"
        )
        audit = cursor.fetchall()
        cursor.execute("SELECT DISTINCT door FROM audit.change WHERE login LIKE '%_lan'")
        ((door,),) = cursor.fetchall()
    assert rows.keys() == {"home", "pasted"}
    assert (rows["home"][0], rows["pasted"][0]) == ("Vườn", "Công viên")
    assert rows["home"][1] != rows["pasted"][1]
    assert audit == [
        ("INSERT", PARCEL), ("UPDATE", PARCEL),
        ("UPDATE", "home"), ("INSERT", "drawn"), ("INSERT", "pasted"), ("DELETE", "drawn"),
        ("UPDATE", "home"), ("UPDATE", "home"), ("UPDATE", "pasted"), ("UPDATE", "pasted"),
    ]  # fmt: skip
    assert "QGIS" in door


# -- over OGC API ---------------------------------------------------------------------------------------------------------------

PUBLIC = [layer for layer in LAYERS if layer.access is Access.PUBLIC]


@pytest.fixture(scope="module")
def collections(filled: Database, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What QGIS's OAPIF provider says of each collection."""
    with dothi_serving("serve", filled) as (url, _):
        task = {"oapif": f"{url}/ogc/", "collections": [layer.name for layer in PUBLIC]}
        answer = ask_qgis(tmp_path_factory.mktemp("oapif"), task)
    found = answer["oapif"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("layer", PUBLIC, ids=lambda layer: layer.name)
def test_a_collection_opens_and_gives_what_is_in_force(
    filled: Database, collections: dict[str, dict[str, Any]], layer: Layer
) -> None:
    found = collections[layer.name]
    with session(filled.url) as cursor:
        cursor.execute(
            f"SELECT count(*) FROM {layer.table_name}"
            " WHERE valid_from <= admin.today_vn() AND (valid_to IS NULL OR valid_to > admin.today_vn())"
        )
        (rows,) = cursor.fetchone() or (None,)
    assert (found["valid"], found["error"]) == (True, "")
    assert found["read"] == rows
    assert found["crs"] in ("EPSG:4326", "OGC:CRS84")
    assert "code" in found["fields"]
