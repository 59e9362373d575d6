"""CQL2 filters: text or JSON, parsed checked against a layer, walked into bound SQLAlchemy."""

from spatial.filters.columns import fits, is_queryable, is_sortable, read_value
from spatial.filters.filter import Filter, parse_filter

__all__ = ["Filter", "fits", "is_queryable", "is_sortable", "parse_filter", "read_value"]
