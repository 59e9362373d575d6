"""Items: each parameter selects what it says, against the same selection made by hand; counts, formats, validators."""

import asyncio
from contextlib import AsyncExitStack
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from pyproj import Transformer

from api.app import create_app
from api.work import ALLOWANCES, Work
from spatial.crs import transformer_to_wgs84
from spatial.selection import legal_today
from spatial.settings import Settings
from tests.api.conftest import Write, serving
from tests.api.ogc.conftest import IN_FORCE, PARCELS, QUARTER, read_pages
from tests.conftest import Database

EPSG = "http://www.opengis.net/def/crs/EPSG/0"


async def codes(client: httpx.AsyncClient, **parameters: Any) -> set[int]:
    """Numbers of the parcels selected; `bbox-crs` is written bbox_crs."""
    asked = {name.replace("_crs", "-crs"): value for name, value in parameters.items()}
    return {int(one["properties"]["parcel_no"]) for one in await read_pages(client, PARCELS, limit=100, **asked)}


async def test_without_datetime_what_is_in_force_today(reader: httpx.AsyncClient) -> None:
    assert await codes(reader) == {n for n in range(60) if n % 10 not in (8, 9)}


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("../..", lambda n: True),
        ("2023-06-01", lambda n: n % 10 != 9),
        ("2023-12-31/2024-01-01", lambda n: n % 10 != 9),
        ("2024-01-01", lambda n: n % 10 not in (8, 9)),
        ("2023-12-31T18:00:00Z", lambda n: n % 10 not in (8, 9)),
        ("2090-01-01/..", lambda n: n % 10 != 8),
        ("../2020-01-05", lambda n: n <= 4),
        ("/2020-01-05", lambda n: n <= 4),
    ],
)
async def test_datetime_selects_by_intersection_of_legal_days(reader: httpx.AsyncClient, asked: str, wanted: Any) -> None:
    assert await codes(reader, datetime=asked) == {n for n in range(60) if wanted(n)}


async def test_limit_is_ten_by_default_and_clamped(reader: httpx.AsyncClient) -> None:
    assert (await reader.get(PARCELS)).json()["numberReturned"] == 10
    many = (await reader.get(PARCELS, params={"limit": 99_999_999})).json()
    assert many["numberReturned"] == IN_FORCE == many["numberMatched"]


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5", "", "1e3"])
async def test_a_limit_that_is_no_number_from_one_is_refused(reader: httpx.AsyncClient, limit: str) -> None:
    assert (await reader.get(PARCELS, params={"limit": limit})).status_code == 400


@pytest.mark.usefixtures("quarter")
async def test_bbox_selects_what_meets_it_not_what_its_envelope_does(client: httpx.AsyncClient, write: Write) -> None:
    write(
        """INSERT INTO land.parcel (code, former_commune_code, map_sheet, parcel_no, area_m2, area_srid, province_code,
               commune_code, valid_from, geom)
           VALUES ('99001.x.1.77', 'x', '1', '77', 1, 9210, '01', '99001', '2020-01-01', ST_Multi(ST_GeomFromText(
               'POLYGON((106 22, 106.1 22, 106.1 22.01, 106.01 22.01, 106.01 22.1, 106 22.1, 106 22))', 4326)))"""
    )
    assert await codes(client, bbox="106.05,22.05,106.06,22.06") == set()
    assert await codes(client, bbox="106.005,22.05,106.06,22.06") == {77}
    assert await codes(client, bbox="105.9,21.9,106.5,22.5") == {77}


async def test_a_bbox_touches_at_its_edge(reader: httpx.AsyncClient) -> None:
    assert await codes(reader, bbox="105.8008,21.0,105.8009,21.0008") == {0}
    assert await codes(reader, bbox="105.80081,21.0,105.8009,21.0008") == set()
    assert await codes(reader, bbox="105.8004,21.0004,105.8004,21.0004") == {0}


async def test_six_numbers_leave_the_heights_aside(reader: httpx.AsyncClient) -> None:
    assert await codes(reader, bbox="105.8,21,0,105.8005,21.0005,99") == {0}


async def test_a_box_over_the_antimeridian_is_two(reader: httpx.AsyncClient) -> None:
    assert await codes(reader, bbox="105.8035,20,-170,22") == {n for n in range(60) if n % 8 >= 3 and n % 10 not in (8, 9)}


async def test_bbox_crs_in_each_axis_order_and_in_metres(reader: httpx.AsyncClient) -> None:
    wanted = await codes(reader, bbox="105.8021,21.0011,105.8047,21.0029")
    assert wanted
    assert await codes(reader, bbox="21.0011,105.8021,21.0029,105.8047", bbox_crs=f"{EPSG}/4326") == wanted
    to_mercator = Transformer.from_crs(4326, 3857, always_xy=True)
    mercator = (*to_mercator.transform(105.8021, 21.0011), *to_mercator.transform(105.8047, 21.0029))
    assert await codes(reader, bbox=",".join(map(str, mercator)), bbox_crs=f"{EPSG}/3857") == wanted
    corners = [
        transformer_to_wgs84(9210).transform(x, y, direction="INVERSE") for x, y in ((105.8021, 21.0011), (105.8047, 21.0029))
    ]
    zone = ",".join(f"{number:.3f}" for corner in corners for number in corner)
    assert await codes(reader, bbox=zone, bbox_crs=f"{EPSG}/9210") == wanted


@pytest.mark.parametrize(
    "bbox",
    ["1,2,3", "1,2,3,4,5", "NaN,1,2,3", "1,inf,3,4", "a,b,c,d", "", "1,2,,3", "1,5,2,4", "190,1,191,2", "1,95,2,96", "1;2;3;4"],
)
async def test_a_bbox_that_is_none_is_refused(reader: httpx.AsyncClient, bbox: str) -> None:
    answer = await reader.get(PARCELS, params={"bbox": bbox})
    assert answer.status_code == 400
    assert "bbox" in answer.json()["detail"]


@pytest.mark.parametrize("bbox", ["1e300,1e300,1e301,1e301", "-1e9,-1e9,1e9,1e9", "0,0,0,0"])
async def test_a_bbox_beyond_its_projection_is_answered_without_a_crash(reader: httpx.AsyncClient, bbox: str) -> None:
    answer = await reader.get(PARCELS, params={"bbox": bbox, "bbox-crs": f"{EPSG}/9210"})
    assert answer.status_code in (200, 400)


async def test_crs_gives_the_same_place_in_other_coordinates(reader: httpx.AsyncClient) -> None:
    async def first(crs: str) -> tuple[float, float]:
        answer = await reader.get(PARCELS, params={"limit": 1, "crs": crs})
        assert answer.headers["content-crs"] == f"<{crs}>"
        x, y = answer.json()["features"][0]["geometry"]["coordinates"][0][0][0]
        return x, y

    assert await first("http://www.opengis.net/def/crs/OGC/1.3/CRS84") == (105.8, 21.0)
    assert await first(f"{EPSG}/4326") == (21.0, 105.8)
    east, north = await first(f"{EPSG}/9210")
    assert transformer_to_wgs84(9210).transform(east, north) == pytest.approx((105.8, 21.0), abs=2e-8)
    x, y = await first(f"{EPSG}/3857")
    assert Transformer.from_crs(3857, 4326, always_xy=True).transform(x, y) == pytest.approx((105.8, 21.0), abs=2e-7)


@pytest.mark.parametrize("name", ["crs", "bbox-crs", "filter-crs"])
async def test_an_unknown_crs_is_refused(reader: httpx.AsyncClient, name: str) -> None:
    answer = await reader.get(PARCELS, params={name: f"{EPSG}/99999", "bbox": "1,2,3,4"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"land_use_code": "ODT"}, lambda n: n % 3 == 0),
        ({"land_use_code": "ODT", "commune_code": "99002"}, lambda n: n % 3 == 0 and n >= 30),
        ({"area_m2": "137"}, lambda n: 100 + (n * 37) % 50 == 137),
        ({"area_m2": "137.0"}, lambda n: 100 + (n * 37) % 50 == 137),
        ({"valid_from": "2020-01-13"}, lambda n: n == 12),
        ({"area_srid": "9210"}, lambda n: True),
        ({"parcel_no": "1' OR '1'='1"}, lambda n: False),
    ],
)
async def test_a_property_is_a_filter(reader: httpx.AsyncClient, asked: dict[str, str], wanted: Any) -> None:
    assert await codes(reader, **asked) == {n for n in range(60) if n % 10 not in (8, 9) and wanted(n)}


@pytest.mark.parametrize(
    ("name", "value"), [("area_m2", "big"), ("area_srid", "1.5"), ("valid_from", "yesterday"), ("id", "9" * 30)]
)
async def test_a_property_value_of_the_wrong_kind_is_told(reader: httpx.AsyncClient, name: str, value: str) -> None:
    answer = await reader.get(PARCELS, params={name: value})
    assert answer.status_code == 400
    assert name in answer.json()["detail"]


async def test_the_nearest_parameter_is_named(reader: httpx.AsyncClient) -> None:
    for wrong, right in (("limitt", "limit"), ("landuse_code", "land_use_code"), ("BBOX", "bbox")):
        answer = await reader.get(PARCELS, params={wrong: "1"})
        assert answer.status_code == 400
        assert f"'{right}'" in answer.json()["detail"]
    assert (await reader.get(PARCELS + "?limit=1&limit=2")).status_code == 400


async def test_hits_count_without_rows(reader: httpx.AsyncClient) -> None:
    page = (await reader.get(PARCELS, params={"resulttype": "hits", "land_use_code": "ODT"})).json()
    assert (page["numberMatched"], page["numberReturned"], page["features"]) == (16, 0, [])
    assert (await reader.get(PARCELS, params={"resulttype": "count"})).status_code == 400


async def test_properties_and_skip_geometry_leave_the_rest_out(reader: httpx.AsyncClient) -> None:
    page = (await reader.get(PARCELS, params={"properties": "parcel_no,code", "skipGeometry": "true"})).json()
    assert all(list(one["properties"]) == ["code", "parcel_no"] and one["geometry"] is None for one in page["features"])
    answer = await reader.get(PARCELS, params={"properties": "cod"})
    assert answer.status_code == 400
    assert "'code'" in answer.json()["detail"]


async def test_values_come_as_they_are(reader: httpx.AsyncClient) -> None:
    found = {int(one["properties"]["parcel_no"]): one["properties"]["address"] for one in await read_pages(reader, PARCELS)}
    assert found[3] == '100% "nhà" \\ 3'
    assert found[1] == "Số 1 đường Láng"
    assert found[0] is None


async def test_sortby_orders_with_missing_values_last(reader: httpx.AsyncClient) -> None:
    for sortby, reverse in (("area_official_m2", False), ("-area_official_m2", True), ("+area_official_m2", False)):
        found = [one["properties"]["area_official_m2"] for one in await read_pages(reader, PARCELS, sortby=sortby, limit=7)]
        given = [value for value in found if value is not None]
        assert len(found) == IN_FORCE
        assert found == sorted(given, reverse=reverse) + [None] * (IN_FORCE - len(given))


async def test_sortby_refuses_what_it_cannot_sort(reader: httpx.AsyncClient) -> None:
    for wrong in ("geom", "nothing", "code,code", "-", "batch_id"):
        assert (await reader.get(PARCELS, params={"sortby": wrong})).status_code == 400


async def test_offset_leaves_rows_out(reader: httpx.AsyncClient) -> None:
    everything = await read_pages(reader, PARCELS, limit=100)
    assert await read_pages(reader, PARCELS, limit=7, offset=20) == everything[20:]
    assert (await reader.get(PARCELS, params={"offset": "-1"})).status_code == 400


async def test_an_item_is_the_feature_of_the_list_in_any_period(reader: httpx.AsyncClient) -> None:
    everything = await read_pages(reader, PARCELS, datetime="../..", limit=100)
    assert len(everything) == 60
    for feature in everything[5:10]:
        answer = await reader.get(f"{PARCELS}/{feature['id']}")
        item = answer.json()
        assert {name: item[name] for name in feature} == feature
        assert {link["rel"] for link in item["links"]} >= {"self", "alternate", "collection"}
        assert answer.headers["content-type"] == "application/geo+json"


@pytest.mark.parametrize("wrong", ["0", "999999", "x", "-1", "1.0", "1%27", "9" * 40])
async def test_an_unknown_item_is_404(reader: httpx.AsyncClient, wrong: str) -> None:
    answer = await reader.get(f"{PARCELS}/{wrong}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.usefixtures("quarter")
async def test_an_unchanged_layer_is_304_until_it_is_written_or_the_day_turns(
    client: httpx.AsyncClient, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    etag = (await client.get(PARCELS)).headers["etag"]
    answer = await client.get(PARCELS, headers={"if-none-match": etag})
    assert (answer.status_code, answer.content) == (304, b"")
    assert (await client.get(PARCELS, headers={"if-none-match": etag, "accept": "text/html"})).status_code == 200
    tomorrow = legal_today() + timedelta(days=1)
    with monkeypatch.context() as patched:
        patched.setattr("api.ogc.ask.legal_today", lambda: tomorrow)
        assert (await client.get(PARCELS, headers={"if-none-match": etag})).status_code == 200
    write("UPDATE land.parcel SET address = 'x' WHERE parcel_no = '1'")
    for _ in range(100):
        answer = await client.get(PARCELS, headers={"if-none-match": etag})
        if answer.status_code == 200:
            break
        await asyncio.sleep(0.02)
    assert answer.status_code == 200
    assert answer.headers["etag"] != etag


async def test_formats_are_negotiated(reader: httpx.AsyncClient) -> None:
    async def kind(accept: str | None = None, **parameters: str) -> str:
        answer = await reader.get(PARCELS, params=parameters, headers={"accept": accept} if accept else {})
        return answer.headers["content-type"].split(";")[0] if answer.status_code == 200 else str(answer.status_code)

    assert await kind() == await kind("application/json") == await kind("application/geo+json") == "application/geo+json"
    assert await kind("text/html,*/*;q=0.8") == await kind(f="html") == "text/html"
    assert await kind("text/html", f="json") == "application/geo+json"
    assert await kind(f="xml") == "400"
    assert await kind("image/png") == "406"


@pytest.mark.usefixtures("quarter")
async def test_what_was_known_at_a_moment(client: httpx.AsyncClient, write: Write) -> None:
    from datetime import UTC, datetime

    before = datetime.now(UTC).isoformat()
    write("UPDATE land.parcel SET address = 'changed' WHERE parcel_no = '4'", "DELETE FROM land.parcel WHERE parcel_no = '5'")
    now = {one["properties"]["parcel_no"]: one["properties"]["address"] for one in await read_pages(client, PARCELS, limit=100)}
    then = {
        one["properties"]["parcel_no"]: one["properties"]["address"]
        for one in await read_pages(client, PARCELS, limit=9, known_at=before)
    }
    assert now["4"] == "changed"
    assert "5" not in now
    assert then["4"] == "Nguyễn Trãi"
    assert then["5"] is None
    assert len(then) == IN_FORCE
    assert await read_pages(client, PARCELS, known_at="2001-01-01T00:00:00Z") == []
    assert await read_pages(client, PARCELS, known_at="2001-01-01") == []
    for not_past in ("2999-01-01T00:00:00Z", "2999-01-01"):
        assert (await client.get(PARCELS, params={"known_at": not_past})).status_code == 400


async def test_a_long_page_is_streamed_and_the_same(reader: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = await read_pages(reader, PARCELS, limit=100)
    monkeypatch.setattr("api.ogc.items.WHOLE_PAGE", 0)
    for rows in (1, 7, 47, 48, 500):
        monkeypatch.setattr("spatial.features.page.STREAM_ROWS", rows)
        for limit in (1, 7, 47, 48, 49, 100):
            assert await read_pages(reader, PARCELS, limit=limit) == wanted, (rows, limit)
    assert await read_pages(reader, PARCELS, bbox="1,1,2,2") == []


async def test_long_pages_leave_connections_for_others(
    quarter_database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.ogc.items.WHOLE_PAGE", 0)
    monkeypatch.setattr("api.ogc.items.LONG_PAGE", 0)
    app = create_app(settings, database_url=quarter_database.login("dothi_api"))
    async with serving(app) as asking:
        assert (await asking.get(PARCELS)).status_code == 200
        long = app.state.services.lanes[Work.LONG]
        monkeypatch.setattr("api.lanes.WAIT_SECONDS", 0.1)
        async with AsyncExitStack() as others:
            for _ in range(ALLOWANCES[Work.LONG].places):
                await others.enter_async_context(long.connection())
            answer = await asking.get(PARCELS)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
            assert (await asking.get("/health")).status_code == 200
        assert (await asking.get(PARCELS)).status_code == 200


def test_the_quarter_is_what_the_tests_say() -> None:
    assert legal_today() > date(2024, 1, 1)
    assert legal_today() < date(2090, 1, 1)
    assert "generate_series(0, 59)" in QUARTER
