"""Consequences of a release, as small pure functions: dispersion, heat, overpressure, dose.

Screening: plain formulas for flat ground, each with its source, its range, and flags where it leaves that range. Not a
safety assessment. What people need first is a :class:`Distance`: how far a threshold is reached.
"""

from hazardmap.consequences.blast import BlastCurve, blast_distance, blast_kpa, tnt_mass_kg
from hazardmap.consequences.cloud import cloud_distance
from hazardmap.consequences.dense import (
    dense_plume_distance,
    dense_plume_share,
    dense_puff_distance,
    dense_puff_share,
    is_dense_plume,
    is_dense_puff,
)
from hazardmap.consequences.distance import CAPPED, NOT_REACHED, RAISED, Distance, bounded, reach
from hazardmap.consequences.fire import (
    bleve_distance,
    bleve_kw_m2,
    fireball_diameter_m,
    fireball_seconds,
    heat_dose,
    pool_fire_distance,
    pool_fire_kw_m2,
    transmissivity,
)
from hazardmap.consequences.gaussian import (
    Outline,
    plume_distance,
    plume_half_angle_deg,
    plume_half_width_m,
    plume_mg_m3,
    plume_outline,
    plume_sigmas_m,
    puff_distance,
    puff_mg_m3,
    puff_sigmas_m,
)
from hazardmap.consequences.slab import Pool, slab_distance
from hazardmap.consequences.toxic import (
    HEAT_PROBIT,
    Probit,
    indoor_share,
    mg_m3_from_ppm,
    ppm_from_mg_m3,
    scaled_threshold,
    toxic_load,
)
from hazardmap.consequences.weather import DAY, NIGHT, Weather, gas_density_kg_m3, stability_class
from hazardmap.consequences.zones import HEAT_KW_M2, OVERPRESSURE_KPA, TOXIC, attention_area

__all__ = [
    "CAPPED",
    "DAY",
    "HEAT_KW_M2",
    "HEAT_PROBIT",
    "NIGHT",
    "NOT_REACHED",
    "OVERPRESSURE_KPA",
    "RAISED",
    "TOXIC",
    "BlastCurve",
    "Distance",
    "Outline",
    "Pool",
    "Probit",
    "Weather",
    "attention_area",
    "blast_distance",
    "blast_kpa",
    "bleve_distance",
    "bleve_kw_m2",
    "bounded",
    "cloud_distance",
    "dense_plume_distance",
    "dense_plume_share",
    "dense_puff_distance",
    "dense_puff_share",
    "fireball_diameter_m",
    "fireball_seconds",
    "gas_density_kg_m3",
    "heat_dose",
    "indoor_share",
    "is_dense_plume",
    "is_dense_puff",
    "mg_m3_from_ppm",
    "plume_distance",
    "plume_half_angle_deg",
    "plume_half_width_m",
    "plume_mg_m3",
    "plume_outline",
    "plume_sigmas_m",
    "pool_fire_distance",
    "pool_fire_kw_m2",
    "ppm_from_mg_m3",
    "puff_distance",
    "puff_mg_m3",
    "puff_sigmas_m",
    "reach",
    "scaled_threshold",
    "slab_distance",
    "stability_class",
    "tnt_mass_kg",
    "toxic_load",
    "transmissivity",
]
