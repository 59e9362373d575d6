"""Words of code tables: `đơn vị ở` is a neighbourhood unit, and two provinces are written as Resolution 202/2025/QH15 does."""

from migrations.support import as_owner, run_sql

revision = "0060"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    as_owner()
    run_sql("0060_words")


def downgrade() -> None:
    as_owner()
    run_sql("0060_down")
