"""Rights that follow from places: frozen territories, public keys of their place, plans in force by dossiers only."""

from migrations.support import as_owner, run_sql

revision = "0070"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    as_owner()
    run_sql("0070_territories")
    run_sql("0070_keys")
    run_sql("0070_plans")


def downgrade() -> None:
    as_owner()
    run_sql("0070_down")
