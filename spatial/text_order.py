"""In which order texts come: names as a Vietnamese reader looks for them, codes as their indexes hold them."""

from functools import cache
from typing import Any

from sqlalchemy import Column

VIETNAMESE = "vi-x-icu"
"""PostgreSQL's collation of ICU. It is deterministic: what it takes for equal is equal byte by byte."""


@cache
def collation_of(column: Column[Any]) -> str | None:
    """Give the collation that orders a column, None for the database's own (code points).

    Codes keep the latter: they are written in ASCII, and the indexes that pages sorted by them rely on are in that order.
    """
    is_code = column.name == "code" or column.name.endswith("_code") or _leads_an_index(column)
    return VIETNAMESE if column.type.python_type is str and not is_code else None


def _leads_an_index(column: Column[Any]) -> bool:
    return any(index.expressions[0] is column for index in column.table.indexes)


def in_order(value: Any, collation: str | None) -> Any:
    """Give an expression as it is compared for order."""
    return value.collate(collation) if collation else value
