"""Computed and stated areas of all polygon layers, and the table of what the declarations say of columns."""

from migrations.support import as_owner, run_sql

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    as_owner()
    run_sql("0051_areas_and_codes")


def downgrade() -> None:
    as_owner()
    run_sql("0051_down")
