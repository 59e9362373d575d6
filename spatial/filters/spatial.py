"""The spatial half of CQL2: the operators on geometries, as PostGIS has them."""

from collections.abc import Mapping
from typing import Any

import shapely
from sqlalchemy import ColumnElement, LargeBinary, func, literal

from spatial.crs import WGS84
from spatial.filters.geometry import read_geometry
from spatial.filters.sentences import refuse
from spatial.filters.terms import Kind, Scope, Term
from spatial.geometry_sql import RawGeometry

OPERATORS: Mapping[str, str] = {
    "s_intersects": "ST_Intersects",
    "s_equals": "ST_Equals",
    "s_disjoint": "ST_Disjoint",
    "s_touches": "ST_Touches",
    "s_within": "ST_Within",
    "s_overlaps": "ST_Overlaps",
    "s_crosses": "ST_Crosses",
    "s_contains": "ST_Contains",
}
"""CQL2 operator -> PostGIS function. All but ST_Disjoint use the spatial index."""
_TAKE_COLLECTIONS = frozenset({"s_intersects", "s_disjoint"})
"""The others rest on interior and boundary, which Simple Features does not define for parts of different dimensions."""
_COLLECTION = "GeometryCollection"


def geometry_term(scope: Scope, node: Mapping[str, Any]) -> Term:
    """Give the term of a GeoJSON geometry or a box, in the CRS of the filter.

    Raises:
        FilterSyntaxError: not a valid geometry, or out of the range of its CRS.
    """
    placed = read_geometry(node, scope.crs)
    bound = literal(shapely.to_wkb(placed, byte_order=1), LargeBinary)
    return Term(Kind.GEOMETRY, func.ST_GeomFromWKB(bound, WGS84, type_=RawGeometry), True, placed.geom_type)


def compare(operator: str, first: Term, second: Term) -> ColumnElement[bool]:
    """Give the condition of a spatial operator.

    Raises:
        FilterSyntaxError: the operator does not take a collection of different dimensions.
    """
    if operator not in _TAKE_COLLECTIONS and _COLLECTION in (first.text, second.text):
        raise refuse(
            f"{operator.upper()} does not take a GEOMETRYCOLLECTION of points, lines and polygons together. "
            "Use S_INTERSECTS, or one condition for each part.",
            f"{operator.upper()} không nhận GEOMETRYCOLLECTION gồm cả điểm, đường và vùng. "
            "Hãy dùng S_INTERSECTS hoặc tách từng phần.",
        )
    condition: ColumnElement[bool] = getattr(func, OPERATORS[operator])(first.sql, second.sql)
    return condition
