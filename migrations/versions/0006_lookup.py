"""What the lookup may say about land that must not be shown: a yes or no."""

from migrations.support import as_owner, run_sql

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    as_owner()
    run_sql("0006_lookup")


def downgrade() -> None:
    as_owner()
    run_sql("0006_down")
