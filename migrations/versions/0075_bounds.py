"""Bounds of numbers, dates and vertices; land that must not be shown is told from empty ground by nobody."""

from alembic import op

from migrations.support import as_owner, run_sql, seed

revision = "0075"
down_revision = "0070"
branch_labels = None
depends_on = None

_BAND = """
    CREATE TEMPORARY TABLE band (
        table_name text, column_name text, least text, largest text, old_name text, old_rule text
    ) ON COMMIT DROP
"""


def upgrade() -> None:
    _read_bands()
    as_owner()
    run_sql("0075_bands")
    run_sql("0075_vertices")
    run_sql("0075_restricted")


def downgrade() -> None:
    _read_bands()
    as_owner()
    run_sql("0075_bands_down")
    run_sql("0075_down")


def _read_bands() -> None:
    """Put the bounds where the statements find them; as the login, since the owner makes no temporary tables."""
    op.execute(_BAND)
    seed("band", "0075_band")
    op.execute("GRANT SELECT ON band TO dothi_owner")
