"""What filters compute, as functions, so that no statement doubles at each level; and the API may read which revision this is."""

from migrations.support import as_owner, run_sql

revision = "0040"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    as_owner()
    run_sql("0040_filters")


def downgrade() -> None:
    as_owner()
    run_sql("0040_down")
