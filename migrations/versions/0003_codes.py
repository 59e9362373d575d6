"""Code tables with their sources, provinces' zones, indicators; the rules of plans and their events."""

from alembic import op

from migrations.support import as_owner, run_sql, seed

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CODE_TABLES = (
    ("land.land_use", "0003_land_use"),
    ("planning.zone_function", "0003_zone_function"),
    ("planning.zone_function_alias", "0003_zone_function_alias"),
    ("admin.unit_code", "0003_unit_code"),
    ("admin.province_zone", "0003_province_zone"),
    ("rollup.indicator", "0003_indicator"),
)


def upgrade() -> None:
    as_owner()
    for table, name in CODE_TABLES:
        seed(table, name)
    run_sql("0003_planning")
    run_sql("0003_withdraw")
    run_sql("0003_country_envelope")


def downgrade() -> None:
    as_owner()
    run_sql("0003_down")
    for table, _ in CODE_TABLES:
        op.execute(f"DELETE FROM {table}")  # noqa: S608
