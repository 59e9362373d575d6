"""Every column that holds another table's code is declared as naming it, or as an entry of a code list: none is forgotten."""

from spatial.references import BOOKS, DERIVED, LISTED, NAMED, NAMED_IN, references_of, tables_that_name
from spatial.tables import Base

REGISTERS = {"admin.unit_code", "admin.province_zone", "land.land_use"}
"""Code lists that migrations seed; what they name is in themselves."""


def test_every_column_of_codes_says_what_it_names() -> None:
    for name, table in Base.metadata.tables.items():
        if table.schema in DERIVED or name in REGISTERS | BOOKS:
            continue
        for column in table.columns:
            if column.name.endswith("_code"):
                assert (column.name in references_of(name)) != (column.name in LISTED), f"{name}.{column.name}"


def test_what_is_named_has_codes_and_a_batch() -> None:
    targets = {*NAMED.values(), *(target for named in NAMED_IN.values() for target in named.values())}
    for target in targets:
        assert {"code", "batch_id"} <= set(Base.metadata.tables[target].columns.keys()), target
        assert tables_that_name(target), target
    for name, named in NAMED_IN.items():
        assert set(named) <= set(Base.metadata.tables[name].columns.keys()), name


def test_who_names_a_plan() -> None:
    assert dict(tables_that_name("planning.plan")) == {
        "planning.plan_event": ("plan_code", "other_plan_code"),
        "planning.document": ("plan_code",),
        "planning.zone": ("plan_code",),
        "planning.planning_line": ("plan_code",),
        "planning.theme_coverage": ("plan_code",),
    }
