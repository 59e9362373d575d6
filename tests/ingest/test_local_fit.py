"""The fitted transformation is the transformation: over a commune, over the country, in every zone."""

import numpy as np
import pytest

from ingest.local_fit import TOLERANCE_DEG, WORTH_POINTS, transform_points
from spatial.crs import VN2000_TM3, VN2000_UTM, transformer_to_wgs84


@pytest.mark.parametrize("extent_m", [0.0, 300.0, 5_000.0, 40_000.0, 400_000.0])
@pytest.mark.parametrize("srid", [*VN2000_TM3, *VN2000_UTM])
def test_fit_agrees_with_proj_everywhere(srid: int, extent_m: float) -> None:
    rng = np.random.default_rng(srid)
    x = 480_000.0 + rng.random(WORTH_POINTS) * extent_m
    y = 1_200_000.0 + rng.random(WORTH_POINTS) * extent_m
    transformer = transformer_to_wgs84(srid)
    fitted, exact = transform_points(transformer, x, y), transformer.transform(x, y)
    for ours, theirs in zip(fitted, exact, strict=True):
        assert np.abs(ours - theirs).max() <= 2 * TOLERANCE_DEG


def test_few_points_go_through_proj() -> None:
    transformer = transformer_to_wgs84(5897)
    x, y = np.array([500_000.0]), np.array([2_300_000.0])
    assert [a.tolist() for a in transform_points(transformer, x, y)] == [list(a) for a in transformer.transform(x, y)]


def test_a_point_that_is_no_number_spoils_no_other() -> None:
    x, y = np.full(WORTH_POINTS, 500_000.0), np.full(WORTH_POINTS, 2_300_000.0)
    x[7] = np.nan
    lon, _ = transform_points(transformer_to_wgs84(5897), x, y)
    assert not np.isfinite(lon[7])
    assert np.isfinite(np.delete(lon, 7)).all()
