"""Dangerous substances: their names and numbers, each with its source, and the tiers of the Seveso III Directive."""

from hazardmap.chemistry.cas import is_cas, require_cas
from hazardmap.chemistry.lookup import look_up
from hazardmap.chemistry.records import LANGUAGES, Substance, Substances, Value, substances_from
from hazardmap.chemistry.seveso import GROUPS, Holding, Qualifying, Tier, qualifying_from, seveso_tier, tonnes
from hazardmap.chemistry.shipped import (
    effect_thresholds,
    generic_distances,
    qualifying_quantities,
    substance,
    substances,
)

__all__ = [
    "GROUPS",
    "LANGUAGES",
    "Holding",
    "Qualifying",
    "Substance",
    "Substances",
    "Tier",
    "Value",
    "effect_thresholds",
    "generic_distances",
    "is_cas",
    "look_up",
    "qualifying_from",
    "qualifying_quantities",
    "require_cas",
    "seveso_tier",
    "substance",
    "substances",
    "substances_from",
    "tonnes",
]
