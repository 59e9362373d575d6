"""Figures by tier: commune values by set-based SQL, upper tiers by adding, ratios formed when read. Owns schema `rollup`."""

from spatial.rollup.figures import Figure, Indicator, Level, parse_level
from spatial.rollup.read import FigureTable, list_indicators, read_figures, read_shapes
from spatial.rollup.refresh import RefreshReport, refresh

__all__ = [
    "Figure",
    "FigureTable",
    "Indicator",
    "Level",
    "RefreshReport",
    "list_indicators",
    "parse_level",
    "read_figures",
    "read_shapes",
    "refresh",
]
