"""What every answer of the lookup must fulfil, whatever the world: no part larger than its whole, and shown figures add up."""

from spatial.lookup import Answer, Theme, ThemeAnswer
from spatial.lookup.themes import LINE_THEMES


def assert_sums_hold(answer: Answer, parcel_m2: float) -> None:
    """Check item <= theme <= parcel and `parts + uncovered - overlap = the parcel`, as shown.

    Args:
        answer: about a parcel.
        parcel_m2: area of the parcel in the plane of the answer.
    """
    shown_m2 = round(parcel_m2 * 100) / 100
    for theme in answer.themes:
        whole_m2, whole_share = theme.area_m2, theme.share
        if whole_m2 is not None and whole_share is not None:
            assert whole_m2 <= shown_m2
            assert whole_share <= 1
        for item in theme.items:
            assert (item.area_m2 is None) == (item.share is None)
            if item.area_m2 is None or item.share is None:
                continue
            assert 0 <= item.area_m2 <= (shown_m2 if whole_m2 is None else whole_m2), theme.theme
            assert 0 <= item.share <= (1 if whole_share is None else whole_share), theme.theme
        if theme.theme in LINE_THEMES and whole_m2 is not None:
            assert whole_m2 <= sum(item.area_m2 or 0 for item in theme.items) + 0.005 * len(theme.items)
        if theme.theme is Theme.ZONING:
            _assert_plans_add_up(theme, shown_m2)
        assert 0 <= theme.known_share <= 1


def _assert_plans_add_up(zoning: ThemeAnswer, shown_m2: float) -> None:
    for rest in zoning.remainders:
        parts = [item for item in zoning.items if item.plan.code == rest.plan_code]
        shares = sum(item.share or 0 for item in parts) + rest.uncovered_share - rest.overlap_share
        areas = sum(item.area_m2 or 0 for item in parts) + rest.uncovered_m2 - rest.overlap_m2
        assert abs(shares - 1) <= 1e-9, rest
        assert abs(areas - shown_m2) <= 1e-6, rest
        assert min(rest.uncovered_m2, rest.uncovered_share, rest.overlap_m2, rest.overlap_share) >= 0
