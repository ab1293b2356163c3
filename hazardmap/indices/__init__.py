"""Indices of drought and low flow, as pure functions on arrays: SPI, SPEI, evapotranspiration, low flow, events."""

from hazardmap.indices.aggregation import monthly
from hazardmap.indices.combined import COMBINED, combined_indicator
from hazardmap.indices.evaporation import daylight_hours, extraterrestrial_radiation, hargreaves, thornthwaite
from hazardmap.indices.lowflow import annual_minima, deficits, flow_quantile, mam7, mark_missing, seven_q_ten
from hazardmap.indices.seasons import precipitation_deficit
from hazardmap.indices.spells import affected_area, events
from hazardmap.indices.standard import WMO_NORMAL, spei, spi
from hazardmap.indices.timeaxis import fill_months, require_days, require_months
from hazardmap.indices.waterways import WaterwayRule, monthly_thresholds, waterway, waterway_rules

__all__ = [
    "COMBINED",
    "WMO_NORMAL",
    "WaterwayRule",
    "affected_area",
    "annual_minima",
    "combined_indicator",
    "daylight_hours",
    "deficits",
    "events",
    "extraterrestrial_radiation",
    "fill_months",
    "flow_quantile",
    "hargreaves",
    "mam7",
    "mark_missing",
    "monthly",
    "monthly_thresholds",
    "precipitation_deficit",
    "require_days",
    "require_months",
    "seven_q_ten",
    "spei",
    "spi",
    "thornthwaite",
    "waterway",
    "waterway_rules",
]
