"""Stable addresses: a code keeps leading to its thing, also after the code was given up."""

from typing import Any

import httpx
import pytest

from tests.api.conftest import Write

UNITS = """
    INSERT INTO admin.unit (code, level, name, province_code, commune_code, valid_from, valid_to, geom)
    SELECT code, 'commune', code, '01', code, first::date, last::date,
        ST_Multi(ST_MakeEnvelope(105 + n, 21, 106 + n, 22, 4326))
    FROM (VALUES ('10001', '2010-01-01', '2025-07-01', 0), ('10002', '2010-01-01', '2025-07-01', 1),
        ('10002', '2025-07-01', NULL, 1), ('10003', '2025-07-01', NULL, 2)) units (code, first, last, n)"""
CHANGES = """
    INSERT INTO admin.unit_change (level, kind, from_code, to_code, changed_on)
    VALUES ('commune', 'split', '10001', '10002', '2025-07-01'), ('commune', 'split', '10001', '10003', '2025-07-01')"""


async def code_at(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    answer = await client.get(url)
    assert answer.status_code == 303, answer.text
    found: dict[str, Any] = (await client.get(answer.headers["location"])).json()["properties"]
    return found


@pytest.mark.usefixtures("quarter")
async def test_a_code_leads_to_its_feature(client: httpx.AsyncClient) -> None:
    assert (await code_at(client, "/id/parcels/99001.99101.1.5"))["parcel_no"] == "5"
    ended = await code_at(client, "/id/parcels/99001.99101.1.8")
    assert ended["valid_to"] == "2024-01-01"


@pytest.mark.usefixtures("quarter")
async def test_a_corrected_code_keeps_leading(client: httpx.AsyncClient, write: Write) -> None:
    write("UPDATE land.parcel SET code = '99009.99101.1.5', commune_code = '99009' WHERE parcel_no = '5'")
    assert (await code_at(client, "/id/parcels/99001.99101.1.5"))["code"] == "99009.99101.1.5"


@pytest.mark.usefixtures("quarter")
async def test_a_renumbered_parcel_is_found_by_its_lineage(client: httpx.AsyncClient, write: Write) -> None:
    write(
        "INSERT INTO land.parcel_lineage (kind, from_code, to_code) VALUES ('renumbered', 'old', 'mid'),"
        " ('renumbered', 'mid', '99001.99101.1.6'), ('merged', 'mid', 'old')"
    )
    assert (await code_at(client, "/id/parcels/old"))["parcel_no"] == "6"


async def test_a_unit_before_and_after_a_merger(client: httpx.AsyncClient, write: Write) -> None:
    write(UNITS, CHANGES)
    assert (await code_at(client, "/id/admin_units/10002"))["valid_from"] == "2025-07-01"
    assert (await code_at(client, "/id/admin_units/10002?as_of=2020-05-05"))["valid_to"] == "2025-07-01"
    assert (await code_at(client, "/id/admin_units/10001?as_of=2020-05-05"))["code"] == "10001"
    several = await client.get("/id/admin_units/10001")
    assert several.status_code == 300
    assert len(several.json()["links"]) == 2


@pytest.mark.parametrize("code", ["nothing", "1'%20OR%201=1", "%00", "a" * 500])
async def test_a_code_that_never_was_is_404(client: httpx.AsyncClient, code: str) -> None:
    answer = await client.get(f"/id/parcels/{code}")
    assert answer.status_code == 404


async def test_what_is_not_for_the_public_has_no_address(client: httpx.AsyncClient) -> None:
    assert (await client.get("/id/violations/1")).status_code == 404
    assert (await client.get("/id/parcels/1?as_of=never")).status_code == 400
    assert (await client.get("/id/parcels/1?asof=2020-01-01")).status_code == 400
