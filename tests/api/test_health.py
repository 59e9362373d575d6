import httpx
import psycopg2
from fastapi import FastAPI

from spatial.database import newest_revision
from tests.api.conftest import serving
from tests.conftest import Database, admin_cursor


async def test_ready_tells_of_the_database(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health")
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "ok"
    assert body["checks"]["database"]["status"] == "ok"
    assert body["checks"]["database"]["postgis"].startswith("3.")


async def test_ready_only_where_the_schema_has_the_programs_revision(client: httpx.AsyncClient, database: Database) -> None:
    fits = (await client.get("/health/ready")).json()["checks"]["database"]
    assert fits["revision"] == newest_revision()
    for other in ("0006", "9999"):
        with admin_cursor(database.url) as cursor:
            cursor.execute("UPDATE public.alembic_version SET version_num = %s", (other,))
        answer = await client.get("/health/ready")
        assert answer.status_code == 503
        told = answer.json()["checks"]["database"]
        assert (told["status"], told["revision"]) == ("error", other)
        assert newest_revision() in told["detail"]
        assert "dothi db migrate" in told["detail"]


async def test_a_schema_of_before_the_revision_could_be_read_is_not_ready(client: httpx.AsyncClient, database: Database) -> None:
    with admin_cursor(database.url) as cursor:
        cursor.execute("REVOKE SELECT ON public.alembic_version FROM dothi_public")
    answer = await client.get("/health/ready")
    assert answer.status_code == 503
    assert "dothi db migrate" in answer.json()["checks"]["database"]["detail"]


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
