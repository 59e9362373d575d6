"""What the database holds of each plan, the ground on which something went missing, plans told exactly."""

from migrations.support import as_owner, run_sql

revision = "0010"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    as_owner()
    run_sql("0010_content")
    run_sql("0010_planning")
    run_sql("0010_lookup")


def downgrade() -> None:
    as_owner()
    run_sql("0010_down")
