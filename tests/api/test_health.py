import httpx
import psycopg2
import pytest
from fastapi import FastAPI

from spatial.database import downgrade, known_revisions, migrate
from tests.api.conftest import serving
from tests.conftest import Database, admin_cursor


async def test_ready_tells_of_the_database(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health")
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "ok"
    assert body["checks"]["database"]["status"] == "ok"
    assert body["checks"]["database"]["postgis"].startswith("3.")


async def test_alive_without_a_database_and_not_ready(lonely_client: httpx.AsyncClient) -> None:
    assert (await lonely_client.get("/health/live")).status_code == 200
    answer = await lonely_client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["status"] == "degraded"
    assert "dothi db status" in answer.json()["checks"]["database"]["detail"]


async def test_the_server_recovers_by_itself_when_its_connections_die(app: FastAPI, database: Database) -> None:
    async with serving(app) as client:
        assert (await client.get("/health")).status_code == 200
        with psycopg2.connect(database.url) as admin, admin.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s AND usename = 'dothi_api'",
                (database.name,),
            )
            (killed,) = cursor.fetchone() or (0,)
        admin.close()
        assert killed >= 1
        statuses = [(await client.get("/health")).status_code for _ in range(3)]
    assert statuses[-1] == 200


@pytest.mark.parametrize(
    ("change", "revision", "advice"),
    [
        ("UPDATE public.alembic_version SET version_num = '0006'", "0006", "run `dothi db migrate`"),
        ("UPDATE public.alembic_version SET version_num = '9999'", "9999", "install the newer program"),
        ("DELETE FROM public.alembic_version", None, "run `dothi db migrate`"),
        ("REVOKE SELECT ON public.alembic_version FROM dothi_public", "unknown", "run `dothi db migrate`"),
        ("ALTER TABLE public.alembic_version RENAME TO gone", None, "run `dothi db migrate`"),
    ],
)
async def test_a_schema_that_is_not_the_programs_is_not_ready_and_says_what_to_do(
    client: httpx.AsyncClient, database: Database, change: str, revision: str | None, advice: str
) -> None:
    head = known_revisions()[0]
    assert (await client.get("/health/ready")).json()["checks"]["database"]["revision"] == head
    with admin_cursor(database.url) as cursor:
        cursor.execute(change)
    answer = await client.get("/health/ready")
    assert answer.status_code == 503
    check = answer.json()["checks"]["database"]
    assert (check["status"], check["revision"]) == ("error", revision)
    assert advice in check["detail"]
    if revision in ("0006", "unknown"):
        assert head in check["detail"]
    assert (await client.get("/health/live")).status_code == 200


async def test_a_database_migrated_only_in_part_is_not_ready(app: FastAPI, database: Database) -> None:
    downgrade(database.url, "0006")
    async with serving(app) as client:
        answer = await client.get("/health")
        assert answer.status_code == 503
        assert "dothi db migrate" in answer.json()["checks"]["database"]["detail"]
        migrate(database.url)
        assert (await client.get("/health")).status_code == 200
