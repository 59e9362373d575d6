"""Versions and loads take turns that nobody else may hold; logins have limits, roles, an end, and a trace of who made them."""

from migrations.support import as_owner, run_sql

revision = "0080"
down_revision = "0075"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("0080_roles")
    as_owner()
    run_sql("0080_turns")
    run_sql("0080_indexes")
    run_sql("0080_waits")
    run_sql("0080_who")
    run_sql("0080_logins")
    run_sql("0080_limits")


def downgrade() -> None:
    """Roles stay: other databases of the server may use them."""
    run_sql("0080_reopen_down")
    as_owner()
    run_sql("0080_down")
