"""What the server says of itself is so: features fit their schemas, conformance classes answer as their standard has it."""

import json
from typing import Any

import httpx
import jsonschema
import pytest

from api.ogc.landing import CONFORMS_TO
from spatial.layers import LAYERS, Access
from tests.api.ogc.conftest import PARCELS, read_pages

PUBLIC = [layer for layer in LAYERS if layer.access is Access.PUBLIC]
CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf/"


async def schema_of(client: httpx.AsyncClient, collection: str, kind: str) -> dict[str, Any]:
    schema: dict[str, Any] = (await client.get(f"/ogc/collections/{collection}/{kind}")).json()
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


@pytest.mark.parametrize("layer", PUBLIC, ids=lambda layer: layer.name)
async def test_every_feature_is_as_its_schema_describes_it(everything: httpx.AsyncClient, layer: Any) -> None:
    collection = (await everything.get(f"/ogc/collections/{layer.name}")).json()
    (described_by,) = (link["href"] for link in collection["links"] if link["rel"] == "describedBy")
    schema = (await everything.get(described_by)).json()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    items = f"/ogc/collections/{layer.name}/items"
    features = await read_pages(everything, items, datetime="../..", limit=1000)
    features.append((await everything.get(f"{items}/{features[0]['id']}")).json())
    features += await read_pages(everything, items, skipGeometry="true")
    features += await read_pages(everything, items, properties="code")
    assert any(value is None for feature in features for value in feature["properties"].values())
    for feature in features:
        validator.validate(feature)
    for name, wrong in (("no_such", 1), ("code", 5), ("valid_from", "soon")):
        with pytest.raises(jsonschema.ValidationError):
            validator.validate({**features[0], "properties": {**features[0]["properties"], name: wrong}})


@pytest.mark.parametrize("layer", PUBLIC, ids=lambda layer: layer.name)
async def test_every_column_has_one_type_for_gdal(everything: httpx.AsyncClient, layer: Any) -> None:
    """GDAL reads `type` where it is one word, and `#/...` from the beginning of the document, whatever `$id` stands between."""
    schema = await schema_of(everything, layer.name, "schema/feature")
    wanted = {int: ("integer", "number"), float: ("number",), bool: ("boolean",)}
    for column in layer.properties:
        found = schema["properties"]["properties"]["properties"][column.name]
        if "$ref" in found:
            found = schema["$defs"][found["$ref"].removeprefix("#/$defs/")]
        assert found["type"] in wanted.get(column.type.python_type, ("string",))
        assert (found.get("format") == "date") == (column.type.python_type.__name__ == "date")


@pytest.mark.parametrize("kind", ["queryables", "sortables", "schema"])
async def test_where_unknown_names_are_refused_the_schema_says_so(everything: httpx.AsyncClient, kind: str) -> None:
    for layer in PUBLIC:
        schema = await schema_of(everything, layer.name, kind)
        assert schema["additionalProperties"] is False
    unknown = {"queryables": {"filter": "no_such = 1"}, "sortables": {"sortby": "no_such"}, "schema": {"properties": "no_such"}}
    assert (await everything.get(PARCELS, params=unknown[kind])).status_code == 400


_WORLD = "POLYGON((-180 -90,180 -90,180 90,-180 90,-180 -90))"
_SPATIAL = "INTERSECTS DISJOINT EQUALS TOUCHES CROSSES WITHIN CONTAINS OVERLAPS"
_TEMPORAL = """
    AFTER BEFORE CONTAINS DISJOINT DURING EQUALS FINISHEDBY FINISHES INTERSECTS MEETS METBY OVERLAPPEDBY OVERLAPS STARTEDBY STARTS
"""
MET: dict[str, tuple[str, ...]] = {
    "cql2-text": (r"address = 'O\'Đ' OR address = 'O''Đ' OR address LIKE '\a\b\t\n\v\f\r%'",),
    "cql2-json": (),
    "basic-cql2": ("address = 'x' AND (area_m2 > 1 OR NOT area_m2 <= 2)", "valid_from >= DATE('2020-01-01')", "TRUE", "false",
                   "valid_from < TIMESTAMP('2022-04-14T14:48:46Z')", "area_m2 <> 5", "address IS NOT NULL"),
    "advanced-comparison-operators": ("address LIKE 'B_r%'", "area_m2 NOT BETWEEN 0 AND 1", "address NOT IN ('a', 'b')"),
    "case-insensitive-comparison": ("CASEI(address) IN (CASEI('KIEV'), casei('kyiv'))", "CASEI(address) LIKE casei('hÀ %')"),
    "accent-insensitive-comparison": ("ACCENTI(address) = accenti('Chișinău')", "ACCENTI(CASEI(address)) = accenti(casei('HÀ'))"),
    "basic-spatial-functions": ("S_INTERSECTS(geom,BBOX(0,40,10,50))", "S_INTERSECTS(geom,POINT(7.02 49.92))"),
    "basic-spatial-functions-plus": (
        "S_INTERSECTS(geom,LINESTRING(-180 -45, 0 -45))", "S_INTERSECTS(geom,MULTIPOINT(7 49, 9 80))",
        f"S_INTERSECTS(geom,{_WORLD})",
        "S_INTERSECTS(geom,MULTILINESTRING((-180 -45, 0 -45), (0 45, 180 45)))", f"S_INTERSECTS(geom,MULTIPOLYGON({_WORLD[7:]}))",
        "S_INTERSECTS(geom,GEOMETRYCOLLECTION(POINT(7 49), POLYGON((0 0, 10 0, 10 10, 0 10, 0 0))))",
    ),
    "spatial-functions": tuple(f"S_{name}(geom,{_WORLD})" for name in _SPATIAL.split()),
    "temporal-functions": ("T_AFTER(valid_from,DATE('2022-04-24'))", *(
        f"T_{name}(INTERVAL(valid_from,valid_to),INTERVAL('2021-01-01','2021-12-31'))" for name in _TEMPORAL.split())),
    "property-property": ("area_m2 = area_official_m2", "address > land_use_raw", "'x' < address"),
    "arithmetic": ("area_m2 > 1 + 2 * 3 - 4 / 2", "area_m2 % 2 = 0 OR area_m2 DIV 2 = 1 OR area_m2 ^ 2 > 1 OR -area_m2 < 0"),
}  # fmt: skip
NOT_MET = {"array-functions": "A_CONTAINS(address, ('x', 'y'))", "functions": "upper(address) = 'X'"}


def test_a_conformance_class_is_claimed_where_it_is_shown_here_and_nowhere_else() -> None:
    assert {uri.removeprefix(CQL2) for uri in CONFORMS_TO if uri.startswith(CQL2)} == set(MET)
    assert not NOT_MET.keys() & MET.keys()


@pytest.mark.parametrize("name", MET)
async def test_what_a_class_asks_for_is_answered_in_text_and_in_json(reader: httpx.AsyncClient, name: str) -> None:
    from spatial.filters.parse import parse_tree

    for text in MET[name]:
        answer = await reader.get(PARCELS, params={"filter": text, "limit": 1000, "datetime": "../.."})
        assert answer.status_code == 200, answer.text
        tree = json.dumps(parse_tree(text, "cql2-text"))
        again = await reader.get(PARCELS, params={"filter": tree, "filter-lang": "cql2-json", "limit": 1000, "datetime": "../.."})
        assert again.json()["features"] == answer.json()["features"]


@pytest.mark.parametrize("name", NOT_MET)
async def test_what_no_class_promises_is_refused(reader: httpx.AsyncClient, name: str) -> None:
    answer = await reader.get(PARCELS, params={"filter": NOT_MET[name], "lang": "en"})
    assert answer.status_code == 400
    assert "not offered" in answer.json()["detail"]


@pytest.mark.parametrize("point", ["POINT(90 180)", "MULTIPOINT(7.02 49.92, 90 180)"])
async def test_a_coordinate_that_is_none_is_refused(reader: httpx.AsyncClient, point: str) -> None:
    assert (await reader.get(PARCELS, params={"filter": f"S_INTERSECTS(geom,{point})"})).status_code == 400
