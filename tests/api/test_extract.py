"""`/lookup/extract.pdf`: the same answer as a document."""

import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import httpx
import pytest

from api.extract_words import write_number
from tests.conftest import Database
from tests.lookup_world import World, lonlat, open_world


@pytest.fixture
def world(database: Database) -> World:
    world = open_world(database)
    with world.writing():
        world.parcel((0, 0, 20, 15), "12", "34", area_official_m2=299.0)
        world.parcel((40, 0, 60, 15), "12đ", "3/ê4")
        world.plan("P1", (-100, -100, 100, 100), name="Quy hoạch phân khu Đường Lâm")
        world.zone("P1", (-50, -50, 12, 50), max_storeys=5, max_coverage_pct=60)
        world.zone("P1", (12, -50, 18, 50), "DAT_DD_CXDOTHI")
        world.line("P1", [(-50, 0), (50, 0)], side="left", width_m=3, name="Đường Lê Lợi")
        world.coverage("building_line", (-90, -90, 90, 90), plan_code="P1")
        world.present("P1", "building_line")
        world.coverage("zoning", (-90, -90, 15, 90), plan_code="P1")
        world.execute(
            "INSERT INTO planning.document (plan_code, kind, title, number, issued_on, url, batch_id) "
            "VALUES ('P1', 'decision', 'Quyết định phê duyệt', '1/QĐ', '2024-01-01', NULL, ingest.current_batch())"
        )
    return world


def text_of(pdf: bytes, folder: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed: the words of the PDF cannot be read back")
    file = folder / "extract.pdf"
    file.write_bytes(pdf)
    return subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, check=True, text=True).stdout


async def test_the_document_says_what_the_answer_says(world: World, client: httpx.AsyncClient, tmp_path: Path) -> None:
    response = await client.get("/lookup/extract.pdf", params={"parcel": "09706.12.34"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-")
    words = " ".join(text_of(response.content, tmp_path).split())
    for expected in (
        "Phiếu tra cứu thông tin quy hoạch", "09706.09706.12.34", "300,00 m²", "299 m²", "180,00 m²", "60,0 %", "Đường Lê Lợi",
        "60,00 m²", "CÓ ẢNH HƯỞNG", "KHÔNG ẢNH HƯỞNG", "chỉ có giá trị tham khảo", "Quyết định phê duyệt",
        "số tầng tối đa: 5",
    ):  # fmt: skip
        assert expected in words, expected


async def test_a_document_is_named_after_its_parcel_whatever_letters_its_code_has(
    world: World, client: httpx.AsyncClient
) -> None:
    response = await client.get("/lookup/extract.pdf", params={"parcel": "09706.12đ.3/ê4"})
    assert response.status_code == 200, response.text
    assert response.headers["content-disposition"] == (
        'inline; filename="tra-cuu-quy-hoach-09706-09706-12--3--4.pdf"; '
        "filename*=UTF-8''tra-cuu-quy-hoach-09706-09706-12%C4%91-3-%C3%AA4.pdf"
    )


async def test_the_same_question_gives_the_same_bytes(world: World, client: httpx.AsyncClient) -> None:
    query = {"parcel": "09706.12.34", "as_of": "2026-01-01", "lang": "en"}
    first, again = [(await client.get("/lookup/extract.pdf", params=query)).content for _ in range(2)]
    assert first == again


async def test_a_point_has_its_document_too_and_restricted_land_that_of_empty_ground(
    world: World, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    lon, lat = lonlat(40, 40)
    asked: dict[str, str | float] = {"lon": lon, "lat": lat, "lang": "en"}
    empty = text_of((await client.get("/lookup/extract.pdf", params=asked)).content, tmp_path)
    assert "The data hold no parcel here" in empty
    with world.writing():
        world.parcel((30, 30, 50, 50), "9", "9", table="private.parcel_restricted")
    secret = text_of((await client.get("/lookup/extract.pdf", params=asked)).content, tmp_path)
    assert unversioned(secret) == unversioned(empty)
    refused, absent = [await client.get("/lookup/extract.pdf", params={"parcel": f"09706.9.{n}"}) for n in (9, 8)]
    assert refused.status_code == absent.status_code == 404
    assert refused.json()["detail"].replace("09706.9.9", "") == absent.json()["detail"].replace("09706.9.8", "")
    assert refused.json() | {"detail": "", "request_id": ""} == absent.json() | {"detail": "", "request_id": ""}


def unversioned(words: str) -> str:
    """Leave out the data version and the moment it is known from: any write anywhere changes them."""
    words = re.sub(r"Data version\s+\d+", "", "".join(words.split("known_at=")[:1]))
    return re.sub(r"\s+", " ", words)


async def test_what_the_lookup_refuses_the_document_refuses(world: World, client: httpx.AsyncClient) -> None:
    assert (await client.get("/lookup/extract.pdf?parcel=09706.1.1")).status_code == 404
    assert (await client.get("/lookup/extract.pdf?lon=nan&lat=1")).status_code == 400
    assert (await client.get("/lookup/extract.pdf?parcels=1")).status_code == 400


async def test_the_address_to_ask_again_gives_this_answer_whatever_is_written_later(
    world: World, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    first = await client.get("/lookup/extract.pdf", params={"parcel": "09706.12.34", "as_of": "2026-01-01"})
    words = "".join(text_of(first.content, tmp_path).split())
    (address,) = re.findall(r"Tracứulại:http://[^/]+(/lookup\?\S+?)(?:Thôngtinchỉ|Trang|$)", words)
    assert "known_at=" in address
    then = (await client.get(address)).json()
    with world.writing():
        world.execute("UPDATE planning.zone SET max_storeys = 99")
    again = (await client.get(address)).json()
    now = (await client.get("/lookup", params={"parcel": "09706.12.34", "as_of": "2026-01-01"})).json()
    assert again == then
    assert then["themes"][0]["items"][0]["parameters"]["max_storeys"] == 5
    assert now["themes"][0]["items"][0]["parameters"]["max_storeys"] == 99


@pytest.mark.parametrize(
    ("part", "said"),
    [((-100, -100, 100, 100), "nằm trong phần đó"), ((50, 50, 100, 100), "nằm ngoài phần đó"), (None, "chưa có bản vẽ phần đó")],
)
async def test_the_document_says_whether_the_parcel_lies_in_an_annulled_part(
    world: World, client: httpx.AsyncClient, tmp_path: Path, part: tuple[float, float, float, float] | None, said: str
) -> None:
    with world.writing():
        world.event("P1", "partly_annulled", date(2025, 6, 1), part)
    response = await client.get("/lookup/extract.pdf", params={"parcel": "09706.12.34"})
    words = " ".join(text_of(response.content, tmp_path).split())
    assert "bị hủy một phần từ ngày 01/06/2025" in words
    assert said in words


@pytest.mark.parametrize(
    ("value", "decimals", "written"),
    [
        (0.0, 1, "0,0"),
        (0.004, 2, "0,0040"),
        (0.00046, 1, "0,00046"),
        (0.05, 1, "0,1"),
        (0.004, None, "0,0040"),
        (1234.5, 2, "1.234,50"),
    ],
)
def test_what_is_not_zero_is_never_printed_as_zero(value: float, decimals: int | None, written: str) -> None:
    assert write_number(value, "vi", decimals) == written
