"""From water to consequences, as pure functions: damage curves, hazard ratings, thresholds, expected annual values.

Numbers come from tables that the caller hands over (see ``layers/tables``); no file is read here.
"""

from hazardmap.curves.annual import (
    Counting,
    Method,
    RareTail,
    annual_weights,
    expected_annual,
    probability_of,
)
from hazardmap.curves.damage import Curve, DamageTables, LandUse, Price, damage_tables
from hazardmap.curves.rating import Rating, arr_class, french_class, hazard_rating, swiss_intensity, uk_rating
from hazardmap.curves.roads import speed_in_water

__all__ = [
    "Counting",
    "Curve",
    "DamageTables",
    "LandUse",
    "Method",
    "Price",
    "RareTail",
    "Rating",
    "annual_weights",
    "arr_class",
    "damage_tables",
    "expected_annual",
    "french_class",
    "hazard_rating",
    "probability_of",
    "speed_in_water",
    "swiss_intensity",
    "uk_rating",
]
