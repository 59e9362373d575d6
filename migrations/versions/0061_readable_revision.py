"""The API may read which revision the schema has, so that it can tell whether the two fit."""

from migrations.support import as_owner, run_sql

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    as_owner()
    run_sql("0061_readable_revision")


def downgrade() -> None:
    as_owner()
    run_sql("0061_down")
