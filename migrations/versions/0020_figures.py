"""Figures that survive changes of units and years, ratios of what is known, statements of completeness."""

from alembic import op
from sqlalchemy import text

from migrations.support import as_owner, read_rows, run_sql, seed

revision = "0020"
down_revision = "0010"
branch_labels = None
depends_on = None

_INDICATORS = "rollup.indicator"


def upgrade() -> None:
    as_owner()
    _remove("0020_indicator")
    run_sql("0020_figures")
    seed(_INDICATORS, "0020_indicator")


def downgrade() -> None:
    as_owner()
    run_sql("0020_down")
    _remove("0003_indicator")
    op.execute("ALTER TABLE rollup.indicator DROP COLUMN unit_en, DROP COLUMN ratio_over, ADD COLUMN tables jsonb NOT NULL")
    seed(_INDICATORS, "0003_indicator")


def _remove(seeded: str) -> None:
    codes = [row["code"] for row in read_rows(seeded)]
    op.get_bind().execute(text("DELETE FROM rollup.indicator WHERE code = ANY(:codes)"), {"codes": codes})
