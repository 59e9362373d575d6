"""Features of the layers: the question (`FeatureQuery`), its one statement, the pages it gives. No HTTP, no address."""

from spatial.features.page import FeaturePage, count_features, read_feature, read_page, stream_features
from spatial.features.query import FeatureQuery, SortKey

__all__ = [
    "FeaturePage",
    "FeatureQuery",
    "SortKey",
    "count_features",
    "read_feature",
    "read_page",
    "stream_features",
]
