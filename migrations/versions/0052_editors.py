"""What an editor may save: her rows are completed, checked and refused in her language."""

from migrations.support import as_owner, run_sql

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    as_owner()
    run_sql("0052_editors")


def downgrade() -> None:
    as_owner()
    run_sql("0052_down")
