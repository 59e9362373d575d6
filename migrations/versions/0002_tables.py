"""Tables of every schema, batches with versions at commit, history, audit, territories."""

from alembic import op

from migrations.support import as_owner, run_sql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    as_owner()
    op.execute("SET LOCAL check_function_bodies = off")
    run_sql("0002_functions")
    run_sql("0002_statistics")
    run_sql("0002_tables")
    run_sql("0002_tracking")
    run_sql("0002_track")


def downgrade() -> None:
    """Empty the schemas but keep them; everything in them was made here or later."""
    as_owner()
    run_sql("0002_down")
