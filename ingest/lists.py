"""Reads the code tables that a load needs, once per file."""

from sqlalchemy import Connection, select

from ingest.columns import fold_name
from ingest.land_use_text import LandUseCode, LandUseCodes
from ingest.prepare import CodeLists
from spatial.tables import LandUse, UnitCode, ZoneFunction, ZoneFunctionAlias


def load_code_lists(connection: Connection) -> CodeLists:
    """Read land uses, planning functions and the register of provinces."""
    uses = connection.execute(select(LandUse.__table__)).all()
    functions = {fold_name(code): code for code in connection.scalars(select(ZoneFunction.code))}
    for alias, code in connection.execute(select(ZoneFunctionAlias.alias, ZoneFunctionAlias.code)):
        functions.setdefault(fold_name(alias), code)
    parents = connection.execute(
        select(UnitCode.code, UnitCode.parent_code).where(UnitCode.level == "province", UnitCode.valid_to.is_(None))
    )
    return CodeLists(
        land_uses=LandUseCodes(
            LandUseCode(use.code, use.name, use.in_force, use.successor_code, use.successor_doubtful) for use in uses
        ),
        restricted_uses=frozenset(use.code for use in uses if use.is_restricted),
        zone_functions=functions,
        unit_parents={code: parent for code, parent in parents if parent},
    )
