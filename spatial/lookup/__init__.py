"""What is planned for a place: `look_up` answers a `Question` about a point, a parcel or an address, theme by theme.

The rule above all: "not affected" is said only where theme_coverage proves that the theme is known there completely.
"""

from spatial.lookup import words
from spatial.lookup.answer import look_up
from spatial.lookup.measure import BOUNDARY_M, LEAST_M2
from spatial.lookup.model import Answer, Change, Item, Parcel, Plan, Question, Relation, Remainder, State, Theme, ThemeAnswer

__all__ = [
    "BOUNDARY_M",
    "LEAST_M2",
    "Answer",
    "Change",
    "Item",
    "Parcel",
    "Plan",
    "Question",
    "Relation",
    "Remainder",
    "State",
    "Theme",
    "ThemeAnswer",
    "look_up",
    "words",
]
