"""Geometry in SQL that stays in the database: no conversion to or from Python is wrapped around it."""

from typing import Any

from sqlalchemy.types import UserDefinedType


class RawGeometry(UserDefinedType[Any]):
    """The type of an expression that PostGIS makes and PostGIS takes."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Name the type."""
        return "geometry"
