"""Reads the fixed, long SQL of `spatial/sql`: one statement a file, whose header says parameters, units and index relied on."""

from functools import cache
from pathlib import Path

from sqlalchemy import TextClause, text

from spatial.compiled import Statement

FOLDER = Path(__file__).parent / "sql"


@cache
def read_statement(name: str) -> TextClause:
    """Give the statement in `sql/NAME.sql`, with `:parameters` bound by name."""
    return text((FOLDER / f"{name}.sql").read_text("utf-8"))


@cache
def read_async_statement(name: str) -> Statement:
    """Give the statement in `sql/NAME.sql` compiled for asyncpg."""
    return Statement.of(read_statement(name))
