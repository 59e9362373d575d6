"""Owners' names, from the file to every place where somebody could come upon them: they are in schema `private` and nowhere else.

Once with a small legacy shapefile that is always here, once with the trial data (skipped with a word where that is absent). The
names are read from the file by this test itself, so a loader that mangles them does not hide them.
"""

import math
import os
import re
import subprocess
import sys
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from urllib.parse import quote_plus, urlsplit

import httpx
import pyogrio
import pytest
from psycopg2 import sql

from ingest.encodings.codecs import Encoding, decode, encode
from spatial.settings import Settings
from spatial.users import Role
from tests.api.test_serve import served, wait_until_ready
from tests.conftest import Database, admin_cursor
from tests.ingest.files import squares
from tests.ingest.files import write_layer as write_file
from tests.ingest.world import COMMUNE, found_commune
from tests.spatial.people import make_user, session

ROOT = Path(__file__).parents[1]
PEOPLE = ("Nguyễn Thị Bích Thủy", "Trần Văn Sở", "Đỗ Văn Tuyền", "Hoàng Hữu Nghĩa", "Lê Thị Ước", "Phạm Quốc Bảo")
HOMES = ("ngõ Gạch Vỡ, số 289", "xóm Giữa Làng, số 246", "phố Huệ Tây, số 51", "ấp Rừng, số 8", "thôn Hạ, số 77", "bản Cỏ, số 12")
_SHORTEST = 8
"""Characters of a spelling that is searched for: shorter ones stand in texts that name nobody."""
MOST_ALIKE = 40
"""Pages of one kind that are visited: links to single features are many, and every row is on its collection's pages too."""
_WAYS: tuple[tuple[str, ...], ...] = ((), ("--json", "--dry-run"), ("--json", "--valid-from", "2026-01-01"))


@dataclass(frozen=True)
class Delivery:
    """What a data officer got: the files in the order of loading, and the persons in the last one."""

    files: tuple[tuple[str, Path], ...]
    persons: frozenset[str]
    parcel_codes: tuple[str, ...] = ()


@pytest.fixture
def made_up(tmp_path: Path) -> Delivery:
    """Six parcels in TCVN3: fine ones, one without a number, defence land, and a repeated number."""
    numbers, uses = ["1", "2", "0", "4", "5", "5"], ["ODT", "XYZ", "ODT", "CQP", "LUC", "CLN"]
    west = squares(len(numbers), west=539_100.0, south=2_326_500.0)
    raw = {
        name: [encode(unicodedata.normalize("NFC", value), Encoding.TCVN3).decode("latin-1") for value in values]
        for name, values in (("TENCHU", PEOPLE), ("DIACHI", HOMES), ("GHICHU", PEOPLE))
    }
    columns = {"XAID": [COMMUNE] * 6, "SHBANDO": ["1"] * 6, "SHTHUA": numbers, "KHLOAIDAT": uses, **raw}
    file = write_file(tmp_path / "legacy.shp", west, columns)
    return Delivery((("parcels", file),), frozenset({*PEOPLE, *HOMES}))


@pytest.fixture
def trial() -> Delivery:
    folder = Settings().trial_data or ROOT.parent / "shared" / "data"
    file = folder / "cadastre_legacy" / "thua_dat_yen_bai.shp"
    if not file.exists():
        pytest.skip(f"no trial data in {folder}")
    _, _, _, columns = pyogrio.raw.read(file, columns=["TENCHU", "DIACHI"], encoding="ISO-8859-1", read_geometry=False)
    found = [sorted({decode(value.encode("latin-1"), Encoding.TCVN3) for value in values if value}) for values in columns]
    persons = [*found[0][::8], *found[1][:20]]  # of names and homes some, to keep the search short
    units = folder / "vn_admin_2026"
    return Delivery(
        (
            ("admin_units", units / "provinces34.gpkg"),
            ("admin_units", units / "wards3321_simpl11m.gpkg"),
            ("parcels", file),
        ),
        frozenset(persons),
    )


def spellings(person: str) -> set[str]:
    """Give the ways a name could lie somewhere: composed, decomposed, escaped, in capitals, without tones, in TCVN3."""
    plain = unicodedata.normalize("NFD", person).encode("ascii", "ignore").decode()
    without_tones = unicodedata.normalize("NFD", person.replace("đ", "d").replace("Đ", "D")).encode("ascii", "ignore").decode()
    composed = unicodedata.normalize("NFC", person)
    return {
        composed, unicodedata.normalize("NFD", person), composed.upper(), plain, without_tones, without_tones.lower(),
        composed.encode().hex(), quote_plus(composed), composed.encode("unicode_escape").decode(),
        encode(composed, Encoding.TCVN3).decode("latin-1"),
    }  # fmt: skip


@dataclass(frozen=True)
class Needles:
    """Every spelling of every person, looked for all at once, by how it begins."""

    words: tuple[str, ...]

    @cached_property
    def begun(self) -> dict[str, list[str]]:
        """Beginning -> the words that begin so."""
        found: dict[str, list[str]] = {}
        for word in self.words:
            found.setdefault(word[:_SHORTEST], []).append(word)
        return found

    def assert_absent(self, content: str | bytes, place: str) -> None:
        """Hold one place against all of them."""
        for text in [content] if isinstance(content, str) else _readings(content):
            for at in range(len(text) - _SHORTEST + 1):
                for word in self.begun.get(text[at : at + _SHORTEST], ()):
                    assert not text.startswith(word, at), f"{place} shows {word!r}"


def _readings(content: bytes) -> list[str]:
    """Read bytes as the text they are; what is none, like a tile or a PDF, in the two ways that names could lie in it."""
    try:
        return [content.decode("utf-8")]
    except UnicodeDecodeError:
        return [content.decode("utf-8", "ignore"), content.decode("latin-1")]


def needles_of(persons: frozenset[str]) -> Needles:
    return Needles(
        tuple(sorted({spelling for person in persons for spelling in spellings(person) if len(spelling) >= _SHORTEST}))
    )


@pytest.mark.timeout(900)
@pytest.mark.parametrize("delivery", ["made_up", "trial"])
def test_persons_are_in_private_and_nowhere_else(
    delivery: str, request: pytest.FixtureRequest, database: Database, tmp_path: Path
) -> None:
    given: Delivery = request.getfixturevalue(delivery)
    needles = needles_of(given.persons)
    log_begin = database.cluster.log.stat().st_size
    if delivery == "made_up":
        _found_commune(database, tmp_path)
    for layer, file in given.files:
        for options in _WAYS if layer == "parcels" else _WAYS[:1]:
            said = _dothi(database, "load", layer, str(file), *options)
            needles.assert_absent(said, f"dothi load {layer} {' '.join(options)}")
    assert "private" in _schemas_holding(database, needles), "the test must find what it looks for"

    _edit(database)
    for command in (("rollup", "refresh"), ("batches",), ("batches", "--json")):
        needles.assert_absent(_dothi(database, *command), " ".join(command))
    out = tmp_path / "out.geojson"
    _dothi(database, "export", "parcels", str(out))
    needles.assert_absent(out.read_bytes(), "dothi export")
    assert _schemas_holding(database, needles) == {"private"}

    with served(tmp_path, database, 1) as (url, _), httpx.Client(base_url=url, timeout=60) as client:
        wait_until_ready(url)
        _crawl(client, needles)
        _ask_for_persons(client, needles, given.persons)
    needles.assert_absent((tmp_path / "log").read_bytes(), "the server's log")
    with database.cluster.log.open("rb") as log:
        log.seek(log_begin)
        needles.assert_absent(log.read(), "PostgreSQL's log")


def _found_commune(database: Database, folder: Path) -> None:
    from spatial.database import open_engine

    engine = open_engine(database.url)
    (folder / "world").mkdir()
    found_commune(engine, folder / "world")
    engine.dispose()


def _dothi(database: Database, *arguments: str) -> str:
    """Run the command line as a user does; give all it said."""
    done = subprocess.run(
        [sys.executable, "-m", "dothi", *arguments],
        cwd=ROOT,
        env={**os.environ, "DOTHI_DATABASE_URL": database.url, "COLUMNS": "400"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def _edit(database: Database) -> None:
    """Correct a parcel as its editor, end another, and an owner's name as the administrator; all that is audited."""
    editor = make_user(database, "editor", Role.EDITOR, COMMUNE)
    with session(editor) as cursor:
        cursor.execute(
            "WITH two AS (SELECT id FROM land.parcel WHERE valid_to IS NULL ORDER BY id LIMIT 2)"
            "UPDATE land.parcel SET area_official_m2 = 12.5 WHERE id IN (SELECT id FROM two)"
        )
        assert cursor.rowcount == 2
        cursor.execute("DELETE FROM land.parcel WHERE id = (SELECT max(id) FROM land.parcel)")
    with admin_cursor(database.url) as cursor:
        cursor.execute(
            "UPDATE private.parcel_owner SET owner_address = owner_name WHERE id = (SELECT min(id) FROM private.parcel_owner)"
        )
        cursor.execute("SELECT count(*) >= 3 FROM audit.change")
        assert cursor.fetchone() == (True,)


def _schemas_holding(database: Database, needles: Needles) -> set[str]:
    """Search every row of every table and view as text, shapes left out, as the administrator."""
    found = set()
    patterns = [f"%{word.replace(chr(92), chr(92) * 2)}%" for word in needles.words]
    with admin_cursor(database.url) as cursor:
        cursor.execute(
            "SELECT n.nspname, c.relname, array_agg(a.attname::text) FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
            "AND NOT a.attisdropped AND a.atttypid <> 'geometry'::regtype "
            "WHERE c.relkind IN ('r', 'm', 'v', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' GROUP BY 1, 2"
        )
        for schema, name, columns in cursor.fetchall():
            row = sql.SQL("concat_ws(' | ', {})").format(sql.SQL(", ").join(map(sql.Identifier, columns)))
            cursor.execute(
                sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE {} LIKE ANY (%s))").format(sql.Identifier(schema, name), row),
                (patterns,),
            )
            if cursor.fetchone() == (True,):
                found.add(schema)
    return found | ({"statistics"} if _public_statistics(database, needles) else set())


def _public_statistics(database: Database, needles: Needles) -> bool:
    """Whether the planner's samples, as the public may read them, hold a name."""
    with session(database.login("dothi_public")) as cursor:
        cursor.execute("SELECT string_agg(s::text, ' ') FROM pg_stats s")
        ((samples,),) = cursor.fetchall()
        return any(word in (samples or "") for word in needles.words)


# -- every page ------------------------------------------------------------------------------------------------------------


def _crawl(client: httpx.Client, needles: Needles) -> None:
    """Follow every link from the front doors within this server, and all pages of the parcels."""
    waiting = ["/", "/page/config", "/docs", "/openapi.json", "/metrics", "/health", "/rollups", "/ogc/", "/ogc/?f=html"]
    waiting += [f"/ogc/collections/parcels/items?limit=1000&datetime=../..&f={form}" for form in ("json", "html")]
    known_at = f"known_at={datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    waiting += [f"/ogc/collections/parcels/items?limit=1000&{known_at}", *_tiles(client), *_lookups(client)]
    seen = set(waiting)
    visited: dict[str, int] = {}
    while waiting:
        path = waiting.pop(0)
        kind = re.sub(r"[?&].*|/items/\d+|\d+", "", path) + ("html" if "f=html" in path else "")
        visited[kind] = visited.get(kind, 0) + 1
        if visited[kind] > MOST_ALIKE and "limit=1000" not in path:
            continue
        answer = client.get(path)
        assert answer.status_code < 400 or "/tiles/" in path, f"{path}: {answer.status_code}"
        needles.assert_absent(answer.content, path)
        for link in re.findall(r'"href":\s*"([^"]+)"|href="([^"]+)"', answer.text):
            parts = urlsplit((link[0] or link[1]).replace("&amp;", "&"))
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            is_ours = parts.netloc in ("", urlsplit(str(client.base_url)).netloc) and parts.scheme in ("", "http")
            if is_ours and target.startswith("/") and "{" not in target and target not in seen:
                seen.add(target)
                waiting.append(target)
    assert sum(visited.values()) > 100


def _parcels(client: httpx.Client) -> list[dict[str, object]]:
    features: list[dict[str, object]] = client.get("/ogc/collections/parcels/items?limit=5").json()["features"]
    assert features
    return features


def _tiles(client: httpx.Client) -> list[str]:
    west, south, _, _ = client.get("/ogc/collections/parcels?f=json").json()["extent"]["spatial"]["bbox"][0]
    tiles = []
    for zoom in range(12, 19):
        size, latitude = 2**zoom, math.radians(south + 0.0001)
        column = int((west + 0.0001 + 180) / 360 * size)
        row = int((1 - math.asinh(math.tan(latitude)) / math.pi) / 2 * size)
        tiles.append(f"/ogc/collections/parcels/tiles/WebMercatorQuad/{zoom}/{row}/{column}")
    return tiles


def _lookups(client: httpx.Client) -> list[str]:
    codes = [feature["properties"]["code"] for feature in _parcels(client)]  # type: ignore[index]
    doors = ("/lookup?parcel={}", "/lookup?lang=en&parcel={}", "/lookup/extract.pdf?parcel={}", "/id/parcels/{}")
    return [door.format(quote_plus(str(code))) for code in codes for door in doors]


def _ask_for_persons(client: httpx.Client, needles: Needles, persons: frozenset[str]) -> None:
    """Ask for people by name: the question comes back in the answer at most, a person never; no log keeps it."""
    for person in sorted(persons)[:20]:
        results = client.get("/search", params={"q": person}).json()["results"]
        needles.assert_absent(str(results), f"/search?q={person}")
        answer = client.get("/lookup", params={"q": person})
        assert answer.status_code in (400, 404)
        refused = client.get("/ogc/collections/parcels/items", params={"filter": f"owner_name = '{person}'"})
        assert refused.status_code == 400
        refused = client.get("/ogc/collections/parcels/items", params={"owner_name": person})
        assert refused.status_code == 400
        nobody = client.get(
            "/ogc/collections/parcels/items", params={"filter": f"code = '{person}' OR land_use_raw = '{person}'"}
        )
        assert nobody.json()["features"] == []
