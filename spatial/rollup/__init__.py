"""Figures by tier: communes by set-based SQL, tiers above by adding, ratios of what is known of both. Owns schema `rollup`."""

from spatial.rollup.figures import SHOWN, Figure, Indicator, Level, best_period, parse_level
from spatial.rollup.numbers import write_number
from spatial.rollup.read import FigureTable, list_indicators, read_figures, read_shapes
from spatial.rollup.refresh import RefreshReport, refresh

__all__ = [
    "SHOWN",
    "Figure",
    "FigureTable",
    "Indicator",
    "Level",
    "RefreshReport",
    "best_period",
    "list_indicators",
    "parse_level",
    "read_figures",
    "read_shapes",
    "refresh",
    "write_number",
]
