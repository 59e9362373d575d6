"""Bad input through the command line, as a data officer meets it: it fails with one sentence that says what to do.

What a file can have wrong in it is tested in test_bad_input.py; here is what is asked wrongly, and what is away.
"""

from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from dothi import app
from spatial.cluster import Cluster
from tests.ingest.terminal import Run
from tests.ingest.world import one, parcel_file

NO_FILE = "no-such-file.shp"


def refused(*arguments: str | Path) -> str:
    """Run the command; it must fail with a sentence and no traceback. Give what it said."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code in (1, 2), done.output
    assert "Traceback" not in done.output
    assert "psycopg2" not in done.output
    assert "SELECT" not in done.output
    return done.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("load", "parcel", "FILE"), "parcels"),
        (("load", "parcels", NO_FILE), "does not exist"),
        (("load", "parcels", "no-such-*.shp"), "No file fits"),
        (("load", "parcels", "FILE", "--crs", "EPSG:1"), "EPSG"),
        (("load", "parcels", "FILE", "--crs", "WGS84"), "EPSG:9210"),
        (("load", "parcels", "FILE", "--crs", "EPSG:4326"), "5897"),
        (("load", "parcels", "FILE", "--commune", "99999"), "admin_units"),
        (("load", "parcels", "FILE", "--source", "nobody"), "dothi load sources"),
        (("load", "parcels", "FILE", "--set", "map_sheet=3"), "--commune"),
        (("load", "parcels", "FILE", "--set", "map_sheet"), "column=value"),
        (("load", "green_areas", "FILE", "--crs", "EPSG:5897", "--set", "nothing=3"), "no column 'nothing'"),
        (("load", "parcels", "FILE", "--profile", "mine"), "parcel-address"),
        (("load", "parcels", "FILE", "--file-layer", "x"), "layers"),
        (("load", "parcels", "FILE", "--complete-for", "city"), "sheet or commune"),
        (("load", "parcels", "FILE", "--valid-from", "12/31/2025"), "31/12/2025"),
        (("load", "plans", "FILE", "--dry-run", "--crs", "EPSG:0"), "EPSG"),
        (("load", "unit_changes", "FILE"), "CSV"),
        (("rollback", "99999"), "99999"),
        (("rollback", "-1"), ""),
        (("export", "parcel", "out.gpkg"), "parcels"),
        (("export", "parcels", "out.docx"), ".gpkg"),
        (("export", "parcels", "/no/such/folder/out.gpkg"), "folder"),
        (("rollup", "show", "no_such_figure"), "no_such_figure"),
        (("rollup", "show", "parcel_count", "--level", "village"), "commune"),
        (("user", "add", "x y;z"), ""),
        (("user", "add", "mai", "--role", "king"), "editor"),
        (("user", "add", "mai", "--role", "editor", "--territory", "0"), "0"),
        (("user", "drop", "nobody_here"), "nobody_here"),
        (("user", "drop", "postgres"), "postgres"),
        (("serve", "--port", "99999"), "65535"),
    ],
)
def test_what_is_asked_wrongly_is_refused_with_what_would_be_right(
    town: Engine, run: Run, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    counts = (
        "SELECT (SELECT count(*) FROM ingest.batch), (SELECT count(*) FROM land.parcel),"
        " (SELECT count(*) FROM pg_roles WHERE rolname IN ('mai', 'x y;z'))"
    )
    before = one(town, f"SELECT ({counts.removeprefix('SELECT ')})::text")
    file = parcel_file(tmp_path / "p.shp", [1, 2])
    file.with_suffix(".prj").unlink(missing_ok=True)
    said = refused(*(file if argument == "FILE" else argument for argument in arguments))
    assert words in said
    assert one(town, f"SELECT ({counts.removeprefix('SELECT ')})::text") == before


@pytest.mark.parametrize(
    "command", [("db", "status"), ("load", "parcels", __file__), ("batches",), ("rollup", "refresh"), ("serve",)]
)
@pytest.mark.parametrize("name", ["DOTHI_PORT", "DOTHI_LOG_LEVEL"])
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], name: str) -> None:
    if command[0] != "db":
        monkeypatch.setenv("DOTHI_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/dothi")
    monkeypatch.setenv(name, "nonsense")
    assert name in refused(*command)


@pytest.mark.parametrize(
    "command", [("load", "parcels", "FILE"), ("batches",), ("rollup", "refresh"), ("export", "parcels", "out.gpkg")]
)
def test_a_database_without_the_schema_says_how_to_make_it(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    cluster.ensure_database("empty")
    monkeypatch.setenv("DOTHI_DATABASE_URL", cluster.url("empty"))
    monkeypatch.chdir(tmp_path)
    file = parcel_file(tmp_path / "p.shp", [1])
    assert "dothi db migrate" in refused(*(file if argument == "FILE" else argument for argument in command))
    cluster.drop_database("empty")


@pytest.mark.parametrize(
    "command", [("load", "parcels", "FILE"), ("batches",), ("rollup", "refresh"), ("user", "list"), ("db", "migrate")]
)
def test_a_database_that_is_away_is_said_and_what_to_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("DOTHI_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/dothi")
    file = parcel_file(tmp_path / "p.shp", [1])
    said = refused(*(file if argument == "FILE" else argument for argument in command))
    assert "DOTHI_DATABASE_URL" in said or "dothi db" in said
    assert "secret" not in said


def test_one_bad_file_of_a_folder_keeps_none_of_the_others_out(town: Engine, run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "delivery"
    folder.mkdir()
    parcel_file(folder / "m_good.shp", [1, 2, 3])
    (folder / "a_broken.geojson").write_text("{", encoding="utf-8")
    (folder / "z_lying.gpkg").write_bytes(b"not a database")
    said = refused("load", "parcels", folder)
    assert "a_broken.geojson" in said
    assert "z_lying.gpkg" in said
    assert "2 files were refused" in said
    assert one(town, "SELECT count(*) FROM land.parcel") == 3
