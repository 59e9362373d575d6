"""Extensions, roles, schemas, VN-2000 systems: what needs the rights of an administrator."""

from alembic import op

from migrations.support import run_sql, seed

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("0001_extensions")
    run_sql("0001_roles")
    run_sql("0001_schemas")
    run_sql("0001_statistics")
    seed("public.spatial_ref_sys", "0001_vn2000_srs")


def downgrade() -> None:
    """Roles stay: other databases of the server may use them."""
    run_sql("0001_statistics_down")
    run_sql("0001_down")
    op.execute("DELETE FROM public.spatial_ref_sys WHERE srid BETWEEN 900000 AND 998999 AND auth_name IS NULL")
