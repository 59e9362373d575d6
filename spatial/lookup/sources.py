"""The statements of the lookup, put together once from `spatial/sql/lookup`: a head that says where to read, then what to ask."""

from functools import cache

from sqlalchemy import text

from spatial.compiled import Statement
from spatial.statements import FOLDER


@cache
def statement(*names: str, then: bool | None = None) -> Statement:
    """Compile the named pieces of `sql/lookup` one after the other.

    Args:
        names: files without suffix.
        then: False puts the head before them that reads what is believed now, True the one that reads what was believed at
            `:version`; None: no head.
    """
    head = () if then is None else ("sources_then" if then else "sources_now",)
    pieces = [(FOLDER / "lookup" / f"{name}.sql").read_text("utf-8") for name in (*head, *names)]
    return Statement.of(text("\n".join(pieces)))
