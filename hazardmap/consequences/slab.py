"""The dense-gas model SLAB (Ermak 1990, UCRL-MA-105607), through the library ``slabx`` (extra ``chem``)."""

import warnings
from collections.abc import Mapping
from typing import NamedTuple

from hazardmap.consequences.distance import Distance, bounded
from hazardmap.consequences.numbers import require_positive, require_range
from hazardmap.consequences.weather import Weather
from hazardmap.errors import MissingExtraError, ReleaseError

__all__ = ["SLAB_FLUID", "Pool", "slab_distance"]

SLAB_FLUID = ("mw", "cp_vapour", "cp_liquid", "dh_vap", "T_boil", "rho_liquid")
"""What SLAB needs of a substance: kg/mol, J/(kg K), J/(kg K), J/kg, K, kg/m3."""

MOST_M = 10_000.0


class Pool(NamedTuple):
    """A pool that evaporates ``rate_kg_s`` from ``area_m2`` for ``seconds``."""

    rate_kg_s: float
    area_m2: float
    seconds: float


def slab_distance(
    threshold_share: float,
    *,
    fluid: Mapping[str, float],
    pool: Pool,
    weather: Weather,
    wind_height_m: float = 10.0,
    roughness_m: float = 0.03,
    averaging_s: float | None = None,
) -> Distance:
    """Return how far downwind of an evaporating pool a volume share of gas is reached, 1 m above ground.

    SLAB goes from a plume to a puff where the release ends.

    Parameters
    ----------
    threshold_share : float
        Such as 0.05, the lower flammable limit of methane, or ``20e-6`` for 20 ppm.
    fluid : mapping of str to float
        See :data:`SLAB_FLUID`.
    pool : Pool
    weather : Weather
    wind_height_m : float
        Height of its wind speed above ground.
    roughness_m : float
        Of the ground.
    averaging_s : float, optional
        Time that concentrations are averaged over, as the plume meanders. Default as long as the pool lasts.

    Raises
    ------
    MissingExtraError
        When ``slabx`` is not installed.
    ReleaseError
        When a number cannot be, a property of the fluid is absent, or SLAB finds no solution.
    """
    try:
        from slabx.core.plume import run_dispersion
        from slabx.core.source import EvaporatingPool
        from slabx.post.concentration import concentration_field
        from slabx.submodels.atmosphere import Atmosphere
        from slabx.thermo.base import LegacyThermo, Substance, water_backend
    except ImportError as error:
        raise MissingExtraError(
            "SLAB was asked for but the library slabx is not installed; install it with 'pip install hazardmap[chem]'"
        ) from error
    require_range(threshold_share, "the threshold", 0, 1, "(a volume share)", "10 ppm is 10e-6")
    absent = [each for each in SLAB_FLUID if each not in fluid]
    if absent:
        raise ReleaseError(f"the fluid has no {absent[0]!r}; expected {', '.join(SLAB_FLUID)}; add it")
    substance = Substance(name="released", **{each: require_positive(fluid[each], each) for each in SLAB_FLUID})
    source = EvaporatingPool(
        substance=substance,
        rate=require_positive(pool.rate_kg_s, "the release rate", "kg/s"),
        area=require_positive(pool.area_m2, "the area of the pool", "m2"),
        duration=require_positive(pool.seconds, "the duration", "s"),
    )
    averaging = pool.seconds if averaging_s is None else require_positive(averaging_s, "the averaging time", "s")
    with warnings.catch_warnings(record=True) as doubts:
        warnings.simplefilter("always")
        try:
            air = Atmosphere(
                u_ref=weather.wind_speed_ms,
                z_ref=wind_height_m,
                T=weather.temperature_c + 273.15,
                rh=weather.humidity_percent,
                z0=roughness_m,
                stability=weather.stability,
                p=weather.pressure_kpa * 1000,
            )
            formula, farthest = 0.0, MOST_M
            for _ in range(2):  # SLAB's steps grow with how far it looks, so that a second, shorter run is sharper
                gas, water = LegacyThermo(substance), water_backend()
                path, _used = run_dispersion(source, air, gas, water, x_max=farthest, n_puff_steps=40)
                field = concentration_field(path, air, z=1.0, t_avg=averaging, t_release=pool.seconds)
                reached = bool((field.peak >= threshold_share).any())
                formula = float(field.distance_to(threshold_share)) if reached else 0.0
                farthest = min(MOST_M, max(4 * formula, 200.0))
        except (ArithmeticError, RuntimeError, ValueError) as error:
            raise ReleaseError(
                f"SLAB finds no solution ({error}); expected a release and weather within its range; change them"
            ) from error
    said = tuple(dict.fromkeys(f"SLAB: {str(each.message).split(':')[0]}" for each in doubts))
    return bounded(formula, "SLAB (slabx)", said, most_m=MOST_M)
