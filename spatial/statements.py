"""Reads the fixed, long SQL of `spatial/sql`: one statement a file, whose header says parameters, units and index relied on."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

FOLDER = Path(__file__).parent / "sql"
_ASYNCPG = PGDialect_asyncpg()  # type: ignore[no-untyped-call]


@cache
def read_statement(name: str) -> TextClause:
    """Give the statement in `sql/NAME.sql`, with `:parameters` bound by name."""
    return text((FOLDER / f"{name}.sql").read_text("utf-8"))


@cache
def _positional(name: str) -> tuple[str, tuple[str, ...]]:
    compiled = read_statement(name).compile(dialect=_ASYNCPG)
    return str(compiled), tuple(compiled.positiontup or ())


def for_asyncpg(name: str, parameters: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Give the statement in `sql/NAME.sql` with `$1` places, and the values for them in order.

    Raises:
        KeyError: a parameter of the statement is not given.
    """
    sql, order = _positional(name)
    return sql, [parameters[key] for key in order]
