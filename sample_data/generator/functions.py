"""Which function a plan gives to which ground, and the limits that go with it. Codes are those of Circular 16/2025/TT-BXD."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Parameters:
    """The limits in a zone: coverage (%), floor area ratio, storeys, height (m), people per hectare, setback (m)."""

    max_coverage_pct: float | None = None
    max_far: float | None = None
    min_storeys: int | None = None
    max_storeys: int | None = None
    max_height_m: float | None = None
    people_per_ha: float | None = None
    setback_m: float | None = None


GENERAL = {
    "old": "DAT_DD_HONHOP",
    "urban": "DAT_DD_DONVIO",
    "new": "DAT_DD_DONVIO",
    "park": "DAT_DD_CAYXANHCCDOTHI",
    "water": "DAT_NNK_HONUOC",
    "industry": "DAT_NDD_CONGNGHIEP",
    "hill": "DAT_NNK_RUNGPHONGHO",
    "cemetery": "DAT_DD_HTKHACDOTHI",
    "village": "DAT_NDD_DANCUNT",
    "field": "DAT_NNK_NONGNGHIEP",
}
PARAMETERS = {
    "DAT_DD_HONHOP": Parameters(65, 5.0, 2, 9, 36, 220),
    "DAT_DD_DONVIO": Parameters(60, 4.0, 2, 9, 36, 180),
    "DAT_NDD_DANCUNT": Parameters(50, 2.0, 1, 5, 20, 60),
    "DAT_NDD_CONGNGHIEP": Parameters(60, 2.0, 1, 4, 25),
    "DAT_DD_CAYXANHCCDOTHI": Parameters(5, 0.05, 0, 1, 6),
    "DAT_O_NHOMNHAO": Parameters(80, 4.8, 2, 6, 24, 260, 0),
    "DAT_O_HONHOP_NHOMO": Parameters(60, 7.2, 5, 15, 54, 300, 3),
    "DAT_O_LANGXOM": Parameters(60, 2.4, 1, 4, 16, 80, 0),
    "DAT_HTXH_TRUONGHOC": Parameters(40, 1.6, 1, 4, 16, None, 6),
    "DAT_HTXH_CAYXANHCC": Parameters(5, 0.05, 0, 1, 6),
    "DAT_HTXH_YTE": Parameters(40, 2.0, 1, 5, 22, None, 6),
    "DAT_DICHVU": Parameters(60, 6.0, 3, 12, 45, None, 6),
    "DAT_COQUAN": Parameters(40, 2.4, 2, 7, 28, None, 6),
    "DAT_SX_CONGNGHIEP": Parameters(60, 1.8, 1, 3, 20, None, 10),
    "DAT_HTKT_BAIDOXE": Parameters(10, 0.2, 1, 2, 8),
}
_LEAVES_AS_IS = {
    "park": "DAT_HTXH_CAYXANHCC",
    "water": "DAT_KHAC_HONUOC",
    "hill": "DAT_NN_RUNGPHONGHO",
    "cemetery": "DAT_HTKT_NGHIATRANG",
    "village": "DAT_O_LANGXOM",
    "industry": "DAT_SX_CONGNGHIEP",
}
_BUILT = (
    ("DAT_O_NHOMNHAO", 0.76),
    ("DAT_O_HONHOP_NHOMO", 0.08),
    ("DAT_HTXH_TRUONGHOC", 0.04),
    ("DAT_HTXH_CAYXANHCC", 0.05),
    ("DAT_DICHVU", 0.03),
    ("DAT_HTKT_BAIDOXE", 0.02),
    ("DAT_HTXH_YTE", 0.01),
    ("DAT_COQUAN", 0.01),
)
_FIELDS = (("DAT_NN_NONGNGHIEP", 0.45), ("DAT_O_NHOMNHAO", 0.40), ("DAT_HTXH_CAYXANHCC", 0.15))
_CENTRE = (
    ("DAT_COQUAN", 0.35),
    ("DAT_O_HONHOP_NHOMO", 0.25),
    ("DAT_HTXH_CAYXANHCC", 0.15),
    ("DAT_DICHVU", 0.15),
    ("DAT_HTKT_BAIDOXE", 0.10),
)


def zoning_function(use: str, area_m2: float, level: str, rng: np.random.Generator) -> str:
    """Choose the function of a block: mostly what it is, here and there what it shall become."""
    if use in _LEAVES_AS_IS:
        return _LEAVES_AS_IS[use]
    if area_m2 < 400:
        return "DAT_O_NHOMNHAO"
    choices = _FIELDS if use == "field" else _CENTRE if level == "detailed" and use == "urban" else _BUILT
    codes, shares = zip(*choices, strict=True)
    return str(rng.choice(codes, p=np.array(shares) / sum(shares)))
