"""Functions that filters call, so that operators inside one another make no statement that doubles at each level."""

from migrations.support import as_owner, run_sql

revision = "0040"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    as_owner()
    run_sql("0040_filters")


def downgrade() -> None:
    as_owner()
    run_sql("0040_down")
