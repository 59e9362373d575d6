"""Rights of the roles on everything that is not a published layer, and QGIS's table of styles."""

from alembic import op

from migrations.support import as_owner, run_sql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    as_owner()
    run_sql("0004_grants")


def downgrade() -> None:
    as_owner()
    op.execute("DROP TABLE public.layer_styles")
    run_sql("0004_down")
