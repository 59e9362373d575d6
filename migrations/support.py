"""What the revisions share: running a file of `sql/`, seeding from a file of `data/`, acting as the owner."""

import csv
from pathlib import Path

from alembic import op
from sqlalchemy import text

HERE = Path(__file__).parent


def as_owner() -> None:
    """Act as dothi_owner for the rest of this revision, so that no object belongs to a login."""
    op.execute("SET LOCAL ROLE dothi_owner")


def run_sql(name: str) -> None:
    """Run `sql/NAME.sql` as it stands: no placeholders, so colons and percent signs are themselves."""
    op.get_bind().exec_driver_sql((HERE / "sql" / f"{name}.sql").read_text("utf-8").replace("%", "%%"))


def read_rows(name: str) -> list[dict[str, str | None]]:
    """Read `data/NAME.csv`; empty cells become None."""
    with (HERE / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [{key: value or None for key, value in row.items()} for row in csv.DictReader(file)]


def seed(table: str, name: str) -> None:
    """Insert every row of `data/NAME.csv` into `table`; the header names the columns, PostgreSQL casts the texts."""
    rows = read_rows(name)
    bind = op.get_bind()
    catalog = bind.execute(
        text(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = CAST(:table AS regclass) AND attnum > 0 AND NOT attisdropped"
        ),
        {"table": table},
    )
    types = {name: kind for name, kind in catalog}
    columns = list(rows[0])
    values = ", ".join(f"CAST(:{column} AS {types[column]})" for column in columns)
    bind.execute(text(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"), rows)  # noqa: S608
