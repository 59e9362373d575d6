import httpx
import psycopg2
from fastapi import FastAPI

from tests.api.conftest import serving
from tests.conftest import Database


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
