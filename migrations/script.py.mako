"""${message}."""

from alembic import op
from migrations.support import as_owner, run_sql

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    as_owner()
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    as_owner()
    ${downgrades if downgrades else "pass"}
