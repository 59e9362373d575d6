"""The form in which geometry is stored, and how its area is computed."""

from migrations.support import as_owner, run_sql

revision = "0050"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    as_owner()
    run_sql("0050_stored_geometry")


def downgrade() -> None:
    as_owner()
    run_sql("0050_down")
