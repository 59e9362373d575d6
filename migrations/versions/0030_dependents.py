"""Uses, owners and applicants leave with what they belong to; nobody but the loader takes up a code that must not be shown."""

from migrations.support import as_owner, run_sql

revision = "0030"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    as_owner()
    run_sql("0030_dependents")
    run_sql("0030_restricted_codes")


def downgrade() -> None:
    as_owner()
    run_sql("0030_down")
