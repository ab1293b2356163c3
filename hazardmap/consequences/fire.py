"""Heat of pool fires and of the fireball of a bursting vessel (BLEVE).

Heat flux is in kW/m2, distance in metres along the ground from the centre of the fire.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hazardmap.consequences.distance import Distance, bounded, reach
from hazardmap.consequences.numbers import as_array, flags_where, require_positive, require_range, zero_or_more
from hazardmap.consequences.weather import DAY, Weather

__all__ = [
    "bleve_distance",
    "bleve_kw_m2",
    "fireball_diameter_m",
    "fireball_seconds",
    "heat_dose",
    "pool_fire_distance",
    "pool_fire_kw_m2",
    "transmissivity",
]

Floats = NDArray[np.float64]

NEAR_FIRE = "nearer than 2.5 pool diameters, where the heat of a point source is not meant to hold"
HOTTEST_KW_M2 = 350.0
"""Surface emissive power of a fireball is not taken above this."""


def transmissivity(distance_m: ArrayLike, weather: Weather = DAY) -> Floats:
    """Return the share of heat that moist air lets through: ``2.02 (p_w x)^-0.09``, at most 1.

    Pietersen and Huerta (1985), as in CCPS 1999; p_w is the pressure of water vapour in Pa, after Magnus (WMO).

    Examples
    --------
    >>> round(float(transmissivity(100)), 2)
    0.71
    """
    celsius = weather.temperature_c
    vapour = weather.humidity_percent / 100 * 611.2 * np.exp(17.62 * celsius / (243.12 + celsius))
    moisture = np.maximum(vapour * as_array(distance_m), 1e-9)
    return as_array(np.minimum(1.0, 2.02 * moisture**-0.09))


def pool_fire_kw_m2(
    x_m: ArrayLike,
    *,
    area_m2: float,
    burning_rate_kg_m2_s: float,
    heat_of_combustion_mj_kg: float,
    radiated_share: float = 0.35,
    weather: Weather = DAY,
) -> Floats:
    """Return the heat flux of a pool fire, as of a point source: ``chi m'' A Hc tau / (4 pi x^2)``.

    CCPS 1999. The target faces the fire.

    Parameters
    ----------
    x_m : array_like
        Metres from the centre of the pool.
    area_m2 : float
        Of the pool.
    burning_rate_kg_m2_s : float
        Such as 0.055 for petrol.
    heat_of_combustion_mj_kg : float
        Such as 43.7 for petrol.
    radiated_share : float
        Of the heat, 0.15 to 0.40.
    weather : Weather
        For the moisture of the air.

    Raises
    ------
    ReleaseError
        When a number cannot be.

    Examples
    --------
    >>> pool = {"area_m2": 100, "burning_rate_kg_m2_s": 0.055, "heat_of_combustion_mj_kg": 43.7}
    >>> round(float(pool_fire_kw_m2(50, **pool)), 2)
    2.01
    """
    power = _pool_power_kw(area_m2, burning_rate_kg_m2_s, heat_of_combustion_mj_kg, radiated_share)
    x = np.maximum(as_array(x_m), 1e-6)
    return as_array(power * transmissivity(x, weather) / (4 * np.pi * x**2))


def pool_fire_distance(
    threshold_kw_m2: float,
    *,
    area_m2: float,
    burning_rate_kg_m2_s: float,
    heat_of_combustion_mj_kg: float,
    radiated_share: float = 0.35,
    weather: Weather = DAY,
) -> Distance:
    """Return how far from the centre of a pool fire the heat flux is at least a threshold.

    At least the edge of the pool. Parameters as for :func:`pool_fire_kw_m2`.

    Examples
    --------
    >>> pool = {"area_m2": 100, "burning_rate_kg_m2_s": 0.055, "heat_of_combustion_mj_kg": 43.7}
    >>> round(pool_fire_distance(3, **pool).distance_m, 1)
    41.3
    """
    power = _pool_power_kw(area_m2, burning_rate_kg_m2_s, heat_of_combustion_mj_kg, radiated_share)
    formula = reach(lambda x: power * transmissivity(x, weather) / (4 * np.pi * x**2), threshold_kw_m2)
    diameter = float(np.sqrt(4 * area_m2 / np.pi))
    flags = flags_where({NEAR_FIRE: formula < 2.5 * diameter})
    return bounded(formula or 1e-9, "pool fire, point source", flags, least_m=diameter / 2)


def fireball_diameter_m(mass_kg: float) -> float:
    """Return the diameter of a fireball: ``5.8 M^(1/3)`` (CCPS 1999).

    Examples
    --------
    >>> round(fireball_diameter_m(10_000), 1)
    125.0
    """
    return float(5.8 * require_positive(mass_kg, "the mass", "kg") ** (1 / 3))


def fireball_seconds(mass_kg: float) -> float:
    """Return how long a fireball lasts: ``0.45 M^(1/3)`` below 30 t, ``2.6 M^(1/6)`` above (CCPS 1999).

    Examples
    --------
    >>> round(fireball_seconds(10_000), 1)
    9.7
    """
    mass = require_positive(mass_kg, "the mass", "kg")
    return float(0.45 * mass ** (1 / 3) if mass < 30_000 else 2.6 * mass ** (1 / 6))


def bleve_kw_m2(
    x_m: ArrayLike,
    *,
    mass_kg: float,
    heat_of_combustion_mj_kg: float,
    radiated_share: float = 0.3,
    weather: Weather = DAY,
) -> Floats:
    """Return the heat flux of the fireball of a BLEVE on a target that faces it.

    CCPS 1999: solid flame; the ball stands 0.75 diameters above ground and emits at most 350 kW/m2.

    Parameters
    ----------
    x_m : array_like
        Metres along the ground from below the fireball.
    mass_kg : float
        Of fuel in the fireball.
    heat_of_combustion_mj_kg : float
        Such as 46.3 for propane.
    radiated_share : float
        Of the heat; 0.3, or ``0.27 P^0.32`` for a burst pressure of P MPa.
    weather : Weather
        For the moisture of the air.

    Raises
    ------
    ReleaseError
        When a number cannot be.

    Examples
    --------
    >>> round(float(bleve_kw_m2(200, mass_kg=10_000, heat_of_combustion_mj_kg=46.3)), 1)
    15.8
    """
    heat = require_positive(heat_of_combustion_mj_kg, "the heat of combustion", "MJ/kg")
    _require_radiated(radiated_share)
    diameter = fireball_diameter_m(mass_kg)
    surface = np.pi * diameter**2
    emitted = min(HOTTEST_KW_M2, radiated_share * mass_kg * heat * 1000 / (surface * fireball_seconds(mass_kg)))
    centre = np.hypot(as_array(x_m), 0.75 * diameter)
    way = centre - diameter / 2
    return as_array(emitted * (diameter / 2 / centre) ** 2 * transmissivity(way, weather))


def bleve_distance(
    threshold_kw_m2: float,
    *,
    mass_kg: float,
    heat_of_combustion_mj_kg: float,
    radiated_share: float = 0.3,
    weather: Weather = DAY,
) -> Distance:
    """Return how far along the ground the heat flux of a fireball is at least a threshold; see :func:`bleve_kw_m2`.

    Examples
    --------
    >>> round(bleve_distance(35, mass_kg=10_000, heat_of_combustion_mj_kg=46.3).distance_m)
    120
    """

    def flux(x: Floats) -> Floats:
        return bleve_kw_m2(
            x,
            mass_kg=mass_kg,
            heat_of_combustion_mj_kg=heat_of_combustion_mj_kg,
            radiated_share=radiated_share,
            weather=weather,
        )

    return bounded(reach(flux, threshold_kw_m2), "BLEVE fireball, solid flame")


def heat_dose(flux_kw_m2: ArrayLike, seconds: Any) -> Floats:
    """Return the dose of heat in (kW/m2)^(4/3) s.

    Examples
    --------
    >>> round(float(heat_dose(8, 60)))
    960
    """
    return as_array(zero_or_more(flux_kw_m2, "the heat flux") ** (4 / 3) * zero_or_more(seconds, "the time"))


def _pool_power_kw(area_m2: float, burning: float, heat: float, share: float) -> float:
    _require_radiated(share)
    return (
        share
        * require_positive(area_m2, "the area of the pool", "m2")
        * require_positive(burning, "the burning rate", "kg/m2/s")
        * require_positive(heat, "the heat of combustion", "MJ/kg")
        * 1000
    )


def _require_radiated(share: float) -> None:
    require_range(share, "the radiated share", 0, 1, "of the heat", "0.15 to 0.40 is usual")
