"""SQLAlchemy expressions as asyncpg takes them: composed once, run on hot paths without the toolkit in between."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.sql.elements import ClauseElement

_DIALECT = PGDialect_asyncpg()  # type: ignore[no-untyped-call]


class AsyncConnection(Protocol):
    """What is needed of an asyncpg connection."""

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        """Run a statement and give its rows."""

    async def fetchrow(self, query: str, *args: Any) -> Any:
        """Run a statement and give its first row, or None."""


@dataclass(frozen=True)
class Statement:
    """A compiled statement: its text with $1, $2 ..., the names of the parameters in order, and those with a fixed value."""

    sql: str
    order: tuple[str, ...]
    constants: Mapping[str, Any]

    @classmethod
    def of(cls, expression: Executable) -> "Statement":
        """Compile an expression; parameters without a value are named `bindparam`s."""
        assert isinstance(expression, ClauseElement)
        compiled = expression.compile(dialect=_DIALECT)
        binds = compiled.binds  # type: ignore[attr-defined]
        constants = {name: value for name, value in compiled.params.items() if not binds[name].required}
        order = tuple(map(str, compiled.positiontup or ()))  # type: ignore[attr-defined]
        return cls(str(compiled), order, {str(name): value for name, value in constants.items()})

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """Put the values in the statement's order.

        Raises:
            KeyError: a parameter without a fixed value is not given.
        """
        return [values[name] if name in values else self.constants[name] for name in self.order]

    async def fetch(self, connection: AsyncConnection, **values: Any) -> list[Any]:
        """Run it and give its rows."""
        return await connection.fetch(self.sql, *self.arguments(values))

    async def fetchrow(self, connection: AsyncConnection, **values: Any) -> Any:
        """Run it and give its first row, or None."""
        return await connection.fetchrow(self.sql, *self.arguments(values))
