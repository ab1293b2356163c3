"""One toxic cloud, dense or passive: the model is chosen by the check, and named."""

from typing import NamedTuple

from hazardmap.consequences.dense import (
    dense_plume_distance,
    dense_puff_distance,
    is_dense_plume,
    is_dense_puff,
)
from hazardmap.consequences.distance import Distance
from hazardmap.consequences.gaussian import plume_distance, puff_distance
from hazardmap.consequences.numbers import require_positive, require_range
from hazardmap.consequences.weather import Weather, gas_density_kg_m3
from hazardmap.errors import ReleaseError

__all__ = ["cloud_distance"]


def cloud_distance(
    threshold_mg_m3: float,
    *,
    molar_mass_g_mol: float,
    weather: Weather,
    rate_kg_s: float | None = None,
    mass_kg: float | None = None,
    temperature_c: float | None = None,
    density_kg_m3: float | None = None,
    seconds: float | None = None,
) -> Distance:
    """Return how far downwind of a release on the ground a cloud of gas is at least a threshold.

    Dense clouds go by Britter and McQuaid, others by Gauss; the check of Britter and McQuaid decides. A release that
    ends is no thicker than the steady plume, and no thicker than all of it at once: the nearer of the two distances is
    taken, as Britter and McQuaid recommend between plume and puff.

    Parameters
    ----------
    threshold_mg_m3 : float
        In air of 25 degrees Celsius, as guideline values are; see :func:`hazardmap.consequences.mg_m3_from_ppm`.
    molar_mass_g_mol : float
    weather : Weather
    rate_kg_s : float, optional
        Of a continuous release; or:
    mass_kg : float, optional
        Of an instantaneous one.
    temperature_c : float, optional
        Of the gas at the source, such as its boiling point. Default that of the air.
    density_kg_m3 : float, optional
        Of the cloud at the source, where it carries droplets (ammonia), all of it the substance: from that of the gas
        to 60. Default that of the gas.
    seconds : float, optional
        How long a continuous release lasts. Default for good.

    Returns
    -------
    Distance
        Its method says which model was taken.

    Raises
    ------
    ReleaseError
        When a number cannot be, or not exactly one of ``rate_kg_s`` and ``mass_kg`` is given.

    Examples
    --------
    >>> air = Weather(wind_speed_ms=5)
    >>> found = cloud_distance(58, molar_mass_g_mol=70.91, rate_kg_s=1, weather=air)
    >>> found.method, round(found.distance_m)
    ('Britter-McQuaid plume', 1412)
    """
    if (rate_kg_s is None) == (mass_kg is None):
        raise ReleaseError(
            f"a release has a rate of {rate_kg_s} kg/s and a mass of {mass_kg} kg; expected one of the two; "
            "a rate is continuous, a mass is released at once"
        )
    require_positive(threshold_mg_m3, "the threshold", "mg/m3")
    warmth = weather.temperature_c if temperature_c is None else temperature_c
    density = gas_density_kg_m3(molar_mass_g_mol, warmth, weather.pressure_kpa)
    if density_kg_m3 is not None:
        density = require_range(
            density_kg_m3, "the density of the cloud", density, 60, "kg/m3", "that of the gas is least"
        )
    # Droplets hold more gas than the volume that they come in: as a gas does that is as dense because it is colder.
    in_air = gas_density_kg_m3(molar_mass_g_mol, weather.temperature_c, weather.pressure_kpa)
    as_cold_c = (weather.temperature_c + 273.15) * in_air / density - 273.15
    share = min(1.0, threshold_mg_m3 * 1e-6 / gas_density_kg_m3(molar_mass_g_mol, 25.0))
    gas = _Gas(threshold_mg_m3, share, density, as_cold_c, weather)
    if rate_kg_s is None:
        return _puff(gas, require_positive(mass_kg or 0.0, "the released mass", "kg"))
    rate = require_positive(rate_kg_s, "the release rate", "kg/s")
    plume = _plume(gas, rate)
    if seconds is None:
        return plume
    puff = _puff(gas, rate * require_positive(seconds, "the duration", "s"))
    return min(plume, puff, key=lambda found: found.distance_m)


class _Gas(NamedTuple):
    threshold_mg_m3: float
    threshold_share: float
    density_kg_m3: float
    temperature_c: float
    weather: Weather


def _plume(gas: _Gas, rate_kg_s: float) -> Distance:
    flow = rate_kg_s / gas.density_kg_m3
    if not is_dense_plume(flow, gas.density_kg_m3, gas.weather):
        return plume_distance(gas.threshold_mg_m3, rate_kg_s=rate_kg_s, weather=gas.weather)
    return dense_plume_distance(
        gas.threshold_share,
        rate_m3_s=flow,
        density_kg_m3=gas.density_kg_m3,
        weather=gas.weather,
        temperature_c=gas.temperature_c,
    )


def _puff(gas: _Gas, mass_kg: float) -> Distance:
    volume = mass_kg / gas.density_kg_m3
    if not is_dense_puff(volume, gas.density_kg_m3, gas.weather):
        return puff_distance(gas.threshold_mg_m3, mass_kg=mass_kg, weather=gas.weather)
    return dense_puff_distance(
        gas.threshold_share,
        volume_m3=volume,
        density_kg_m3=gas.density_kg_m3,
        weather=gas.weather,
        temperature_c=gas.temperature_c,
    )
