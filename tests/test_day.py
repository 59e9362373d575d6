"""The legal day: one clock in Python, one in the database, the same day; the tests may turn it, and nobody else."""

import ast
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import sql

from spatial.selection import legal_today
from tests.conftest import Database, admin_cursor
from tests.day import today_is

ROOT = Path(__file__).parents[1]
ROOMS = ("spatial", "ingest", "api", "dothi.py")
ROLES = ("dothi_public", "dothi_reader", "dothi_editor", "dothi_ingest", "dothi_api")


def _day_of(url: str) -> date:
    with admin_cursor(url) as cursor:
        cursor.execute("SELECT admin.today_vn()")
        row = cursor.fetchone()
    assert row is not None
    day = row[0]
    assert isinstance(day, date)
    return day


def test_python_its_children_and_the_database_agree(database: Database, pytestconfig: pytest.Config) -> None:
    program = "from spatial.selection import legal_today; print(legal_today())"
    before = legal_today()
    child = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=ROOT, timeout=60)
    days = {date.fromisoformat(child.stdout.strip()), _day_of(database.url)}
    assert days <= {before, legal_today()}  # midnight may come in between
    if wanted := pytestconfig.getoption("--at"):
        assert days == {wanted}


def test_only_one_place_asks_what_day_it_is() -> None:
    asking = []
    for room in ROOMS:
        place = ROOT / room
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            if any(_asks_for_today(node) for node in ast.walk(ast.parse(path.read_text("utf-8")))):
                asking.append(str(path.relative_to(ROOT)))
    assert asking == ["spatial/selection.py"]


def _asks_for_today(node: ast.AST) -> bool:
    """Recognise `date.today()` and `datetime.now(...).date()`, in whatever dress."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    return node.func.attr == "today" or (node.func.attr == "date" and _is_now(node.func.value))


def _is_now(node: ast.expr) -> bool:
    """Tell whether an expression holds a call of `now`."""
    return any(isinstance(part, ast.Attribute) and part.attr in ("now", "utcnow") for part in ast.walk(node))


ATTEMPTS = (
    "SET TimeZone = 'Pacific/Kiritimati'",
    "SET dothi.today = '2030-01-01'",
    "SET dothi.legal_date = '2030-01-01'",
    today_is(date(2030, 1, 1)),
    "ALTER FUNCTION admin.today_vn() SET TimeZone = 'Pacific/Kiritimati'",
    "ALTER FUNCTION admin.today_vn() RENAME TO yesterday",
    "DROP FUNCTION admin.today_vn()",
    "CREATE FUNCTION pg_temp.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz '2030-01-01' $$;"
    " SET search_path = pg_temp, pg_catalog",
    "CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz '2030-01-01' $$;"
    " SET search_path = public, pg_catalog",
    "SET SESSION AUTHORIZATION dothi_owner",
    "SET ROLE dothi_owner; " + today_is(date(2030, 1, 1)),
)


@pytest.mark.parametrize("role", ROLES)
def test_no_login_moves_the_day(database: Database, role: str) -> None:
    today = _day_of(database.url)
    at_most_midnight = [(today,), (today + timedelta(days=1),)]
    connection = psycopg2.connect(database.login(role))
    connection.autocommit = True
    with connection.cursor() as cursor:
        for attempt in ATTEMPTS:
            try:
                cursor.execute(attempt)
            except psycopg2.Error as refused:
                assert refused.pgcode in ("42501", "42704", "42939", "0LP01"), (attempt, refused)  # noqa: PT017 - each may also pass
            cursor.execute("SELECT admin.today_vn()")
            assert cursor.fetchone() in at_most_midnight, attempt
            cursor.execute("RESET ALL")
    connection.close()
    assert (_day_of(database.url),) in at_most_midnight


@pytest.mark.parametrize("name", ["DOTHI_TODAY", "DOTHI_LEGAL_DATE", "PYTHON_TESTS_LEGAL_DAY", "TZ"])
def test_no_setting_moves_the_day(name: str) -> None:
    """The variable of the tests means nothing without their folder on Python's path."""
    program = "from spatial.selection import legal_today; print(legal_today())"
    values = {"TZ": "Pacific/Kiritimati"}
    environment = {"PATH": "/usr/bin:/bin", name: values.get(name, "2030-01-01")}
    run = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=ROOT, timeout=60, env=environment
    )
    plain = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        env={"PATH": "/usr/bin"},
    )
    assert run.stdout == plain.stdout


def test_the_owner_of_the_clock_is_the_owner_of_the_schema(database: Database) -> None:
    with admin_cursor(database.url) as cursor:
        cursor.execute(
            sql.SQL("SELECT pg_get_userbyid(proowner), prosecdef FROM pg_proc WHERE oid = 'admin.today_vn()'::regprocedure")
        )
        assert cursor.fetchone() == ("dothi_owner", False)
