"""Whether the server lives and can serve: for people, load balancers and containers."""

import asyncio
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse

from api.etag import release
from api.pool import Pool
from spatial.database import newest_revision
from spatial.errors import DothiError

CHECK_SECONDS = 3.0
router = APIRouter(tags=["operations"])


@router.get("/health/live", summary="The process answers")
async def live() -> JSONResponse:
    """Answer as long as the process runs; says nothing about the database."""
    return _answer(True, {"process": {"status": "ok", "version": release()}})


@router.get("/health/ready", summary="The process can serve data")
@router.get("/health", summary="The process can serve data")
async def ready(request: Request) -> JSONResponse:
    """Answer 200 when public reads work, else 503 with what is wrong."""
    database = await _check_database(request.app.state.services.pool)
    return _answer(
        database["status"] == "ok",
        {"process": {"status": "ok", "version": release()}, "database": database},
    )


async def _check_database(pool: Pool) -> dict[str, Any]:
    try:
        async with asyncio.timeout(CHECK_SECONDS), pool.connection() as connection:
            has_schema = await connection.fetchval("SELECT to_regclass('public.alembic_version') IS NOT NULL")
            may_read = "SELECT has_table_privilege('public.alembic_version', 'SELECT')"
            readable = has_schema and await connection.fetchval(may_read)
            revision = await connection.fetchval("SELECT version_num FROM public.alembic_version") if readable else None
            postgis = await connection.fetchval("SELECT extversion FROM pg_extension WHERE extname = 'postgis'")
    except TimeoutError:
        return {"status": "error", "detail": f"no answer within {CHECK_SECONDS:g} s"}
    except DothiError as error:
        return {"status": "error", "detail": str(error)}
    if not has_schema or postgis is None:
        return {"status": "error", "detail": "The database has no schema yet; run `dothi db migrate`."}
    if revision != newest_revision():
        return {"status": "error", "postgis": postgis, "revision": revision, "detail": _misfit(revision)}
    return {"status": "ok", "postgis": postgis, "revision": revision}


def _misfit(revision: str | None) -> str:
    """Say what to do where schema and program are of different versions: answers could be wrong either way."""
    return (
        f"The schema has revision {revision or '(not readable)'}, this program is written for {newest_revision()}:"
        " run `dothi db migrate` where the schema is older, start the newer program where it is newer."
    )


def _answer(good: bool, checks: dict[str, Any]) -> JSONResponse:
    body = {"status": "ok" if good else "degraded", "checks": checks}
    return JSONResponse(body, 200 if good else 503, {"Cache-Control": "no-store"})
