"""CQL2 filters: text or JSON, parsed by the package `cql2`, checked against a layer, walked into bound SQLAlchemy."""

from spatial.filters.columns import is_queryable, is_sortable, read_value
from spatial.filters.filter import Filter, parse_filter

__all__ = ["Filter", "is_queryable", "is_sortable", "parse_filter", "read_value"]
