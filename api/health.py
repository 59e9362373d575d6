"""Whether the server lives and can serve: for people, load balancers and containers."""

import asyncio
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse

from api.etag import release
from api.lanes import Lane
from api.pool import Connection
from api.services import lane_of
from spatial.cluster import read_note
from spatial.database import known_revisions
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
    database = await _check_database(lane_of(request))
    if database["status"] != "ok" and (said := _said_of_database(request)):
        database["detail"] = said
    return _answer(
        database["status"] == "ok",
        {"process": {"status": "ok", "version": release()}, "database": database},
    )


async def _check_database(lane: Lane) -> dict[str, Any]:
    try:
        async with asyncio.timeout(CHECK_SECONDS), lane.connection() as connection:
            revision = await _read_revision(connection)
            postgis = await connection.fetchval("SELECT extversion FROM pg_extension WHERE extname = 'postgis'")
    except TimeoutError:
        return {"status": "error", "detail": f"no answer within {CHECK_SECONDS:g} s"}
    except DothiError as error:
        return {"status": "error", "detail": str(error)}
    fault = _fault_of(revision)
    if fault:
        return {"status": "error", "revision": revision, "detail": fault}
    return {"status": "ok", "postgis": postgis, "revision": revision}


def _said_of_database(request: Request) -> str | None:
    """Give what whoever minds the embedded server says of it, if anybody does."""
    note: Path | None = getattr(request.app.state, "database_note", None)
    return read_note(note) if note else None


async def _read_revision(connection: Connection) -> str | None:
    """Give the revision of the schema; None: there is none, `unknown`: one of before the API might read it."""
    right = await connection.fetchval("SELECT has_table_privilege(to_regclass('public.alembic_version')::oid, 'SELECT')")
    if right is None:
        return None
    return await connection.fetchval("SELECT version_num FROM public.alembic_version") if right else "unknown"


def _fault_of(revision: str | None) -> str | None:
    """Say why a schema of this revision is not the one that the program is written for, and what to do."""
    head, *older = known_revisions()
    if revision == head:
        return None
    if revision is None:
        return "The database has no schema yet; run `dothi db migrate`."
    if revision == "unknown" or revision in older:
        return f"The database's schema is at revision {revision}, this program needs {head}; run `dothi db migrate`."
    return f"The database's schema is at revision {revision}, which this program does not know; install the newer program."


def _answer(good: bool, checks: dict[str, Any]) -> JSONResponse:
    body = {"status": "ok" if good else "degraded", "checks": checks}
    return JSONResponse(body, 200 if good else 503, {"Cache-Control": "no-store"})
