"""Clouds heavier than air, by the correlations of Britter and McQuaid, and the question whether a cloud is one.

Britter, R.E. and McQuaid, J. 1988, Workbook on the dispersion of dense gases, HSE Contract Research Report 17/1988;
the curves as fitted in CCPS 1999, Guidelines for consequence analysis of chemical releases. Flat, rural, neutral or
not: the workbook found no need for a stability class.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hazardmap.consequences.distance import Distance, bounded, reach
from hazardmap.consequences.numbers import as_array, flags_where, require_positive, require_range
from hazardmap.consequences.weather import CALM, OPEN_COUNTRY, Weather

__all__ = [
    "DenseCloud",
    "dense_plume_distance",
    "dense_plume_share",
    "dense_puff_distance",
    "dense_puff_share",
    "is_dense_plume",
    "is_dense_puff",
]

Floats = NDArray[np.float64]

GRAVITY = 9.80665
DENSE_PLUME, DENSE_PUFF = 0.15, 0.20
"""From these values of the criterion on, a cloud is dense; below it, passive."""

EXTRAPOLATED = "density parameter beyond the curves of Britter and McQuaid: held at their end"
FAR = "beyond the last curve of Britter and McQuaid: falls with the square of the distance"
MOST_M = 10_000.0

_FROM, _TO = -1.0, 1.0
# log10 of the distance (in source sizes) by log10 of the density parameter, for each share of the first concentration:
# points of straight lines.
_PLUME: dict[float, tuple[tuple[float, ...], tuple[float, ...]]] = {
    0.10: ((_FROM, -0.55, -0.14, _TO), (1.75, 1.75, 1.85, 1.28)),
    0.05: ((_FROM, -0.68, -0.29, -0.18, _TO), (1.92, 1.92, 2.06, 2.06, 1.40)),
    0.02: ((_FROM, -0.69, -0.31, -0.16, _TO), (2.08, 2.08, 2.25, 2.25, 1.62)),
    0.01: ((_FROM, -0.70, -0.29, -0.20, _TO), (2.25, 2.25, 2.45, 2.45, 1.83)),
    0.005: ((_FROM, -0.67, -0.28, -0.15, _TO), (2.40, 2.40, 2.63, 2.63, 2.08)),
    0.002: ((_FROM, -0.69, -0.25, -0.13, _TO), (2.60, 2.60, 2.77, 2.77, 2.21)),
}
_PUFF: dict[float, tuple[tuple[float, ...], tuple[float, ...]]] = {
    0.10: ((_FROM, -0.44, 0.43, _TO), (0.70, 0.70, 0.93, 0.93)),
    0.05: ((_FROM, -0.56, 0.31, _TO), (0.85, 0.85, 1.08, 1.00)),
    0.02: ((_FROM, -0.66, 0.32, _TO), (0.95, 0.95, 1.31, 1.12)),
    0.01: ((_FROM, -0.71, 0.37, _TO), (1.15, 1.15, 1.52, 1.28)),
    0.005: ((_FROM, -0.52, 0.24, _TO), (1.48, 1.48, 1.68, 1.45)),
    0.002: ((_FROM, 0.27, _TO), (1.83, 1.83, 1.60)),
    0.001: ((_FROM, -0.10, _TO), (2.075, 2.075, 1.78)),
}


class DenseCloud(NamedTuple):
    """What the correlations need of a cloud.

    ``size_m`` is the source size that distances are counted in, ``criterion`` decides whether it is dense, and
    ``parameter`` is the logarithm of the density parameter.
    """

    size_m: float
    criterion: float
    parameter: float


def plume_cloud(rate_m3_s: float, density_kg_m3: float, weather: Weather) -> DenseCloud:
    """Return size, criterion and density parameter of a continuous release.

    Parameters
    ----------
    rate_m3_s : float
        Volume of gas (with what is mixed in at the source) per second, at its temperature there.
    density_kg_m3 : float
        Of that gas.
    weather : Weather

    Raises
    ------
    ReleaseError
        When a number is not above 0.
    """
    rate = require_positive(rate_m3_s, "the volume flow", "m3/s")
    wind = weather.speed_at(0)
    lift = _reduced_gravity(density_kg_m3, weather)
    size = float(np.sqrt(rate / wind))
    return DenseCloud(
        size, float((lift * rate / (wind**3 * size)) ** (1 / 3)), _log10((lift**2 * rate / wind**5) ** 0.2)
    )


def puff_cloud(volume_m3: float, density_kg_m3: float, weather: Weather) -> DenseCloud:
    """Return size, criterion and density parameter of an instantaneous release; see :func:`plume_cloud`."""
    volume = require_positive(volume_m3, "the volume", "m3")
    wind = weather.speed_at(0)
    lift = _reduced_gravity(density_kg_m3, weather)
    size = float(np.cbrt(volume))
    return DenseCloud(size, float(np.sqrt(lift * volume) / (wind * size)), _log10(np.sqrt(lift * size) / wind))


def is_dense_plume(rate_m3_s: float, density_kg_m3: float, weather: Weather) -> bool:
    """Say whether a continuous release makes a dense cloud: ``(g' q / (u^3 D))^(1/3) >= 0.15``.

    Parameters
    ----------
    rate_m3_s, density_kg_m3, weather
        See :func:`plume_cloud`.

    Examples
    --------
    >>> is_dense_plume(0.35, 2.9, Weather(wind_speed_ms=5)), is_dense_plume(1.0, 1.2, Weather(wind_speed_ms=5))
    (True, False)
    """
    return plume_cloud(rate_m3_s, density_kg_m3, weather).criterion >= DENSE_PLUME


def is_dense_puff(volume_m3: float, density_kg_m3: float, weather: Weather) -> bool:
    """Say whether an instantaneous release makes a dense cloud: ``(g' V)^(1/2) / (u D) >= 0.20``.

    Examples
    --------
    >>> is_dense_puff(100.0, 2.9, Weather(wind_speed_ms=5))
    True
    """
    return puff_cloud(volume_m3, density_kg_m3, weather).criterion >= DENSE_PUFF


def dense_plume_share(
    x_m: ArrayLike,
    *,
    rate_m3_s: float,
    density_kg_m3: float,
    weather: Weather,
    temperature_c: float | None = None,
) -> Floats:
    """Return the volume share of gas on the axis of a dense plume.

    Parameters
    ----------
    x_m : array_like
        Metres downwind.
    rate_m3_s, density_kg_m3, weather
        See :func:`plume_cloud`.
    temperature_c : float, optional
        Of the gas at the source, where it is cold: the same volume then holds more gas. Default that of the air.

    Returns
    -------
    ndarray
        Shares from 0 to 1.

    Raises
    ------
    ReleaseError
        When a number cannot be.

    Examples
    --------
    >>> air = Weather(wind_speed_ms=10.9, temperature_c=25)
    >>> spill = dense_plume_share(367, rate_m3_s=55.6, density_kg_m3=1.76, temperature_c=-162, weather=air)
    >>> round(float(spill), 3)
    0.05
    """
    cloud = plume_cloud(rate_m3_s, density_kg_m3, weather)
    share = _share(as_array(x_m) / cloud.size_m, cloud.parameter, _PLUME, near=306.0, near_from=30.0)
    return _warmed(share, temperature_c, weather)


def dense_puff_share(
    x_m: ArrayLike,
    *,
    volume_m3: float,
    density_kg_m3: float,
    weather: Weather,
    temperature_c: float | None = None,
) -> Floats:
    """Return the greatest volume share of gas in a dense puff by the distance it has gone.

    Parameters
    ----------
    x_m, density_kg_m3, weather, temperature_c
        As for :func:`dense_plume_share`.
    volume_m3 : float
        Of the gas released at once, at its temperature there.

    Examples
    --------
    >>> round(float(dense_puff_share(500, volume_m3=1000, density_kg_m3=2.9, weather=Weather(wind_speed_ms=5))), 4)
    0.0036
    """
    cloud = puff_cloud(volume_m3, density_kg_m3, weather)
    share = _share(as_array(x_m) / cloud.size_m, cloud.parameter, _PUFF, near=3.24, near_from=0.0)
    return _warmed(share, temperature_c, weather)


def dense_plume_distance(
    threshold_share: float,
    *,
    rate_m3_s: float,
    density_kg_m3: float,
    weather: Weather,
    temperature_c: float | None = None,
) -> Distance:
    """Return how far downwind a dense plume holds at least a volume share of gas.

    Parameters
    ----------
    threshold_share : float
        Such as ``20e-6`` for 20 ppm, of the released gas.
    rate_m3_s, density_kg_m3, weather, temperature_c
        As for :func:`dense_plume_share`.

    Raises
    ------
    ReleaseError
        When a number cannot be.

    Examples
    --------
    >>> air = Weather(wind_speed_ms=10.9, temperature_c=25)
    >>> found = dense_plume_distance(0.05, rate_m3_s=55.6, density_kg_m3=1.76, temperature_c=-162, weather=air)
    >>> round(found.distance_m), found.method
    (368, 'Britter-McQuaid plume')
    """
    cloud = plume_cloud(rate_m3_s, density_kg_m3, weather)
    _require_share(threshold_share)
    formula = reach(
        lambda x: dense_plume_share(
            x, rate_m3_s=rate_m3_s, density_kg_m3=density_kg_m3, weather=weather, temperature_c=temperature_c
        ),
        threshold_share,
    )
    end = 10 ** _nodes(cloud.parameter, _PLUME)[1][-1]
    return bounded(formula, "Britter-McQuaid plume", _flags(cloud, formula, end, weather), most_m=MOST_M)


def dense_puff_distance(
    threshold_share: float,
    *,
    volume_m3: float,
    density_kg_m3: float,
    weather: Weather,
    temperature_c: float | None = None,
) -> Distance:
    """Return how far a dense puff goes before it holds less than a volume share of gas; see the plume.

    Examples
    --------
    >>> air = Weather(wind_speed_ms=5)
    >>> round(dense_puff_distance(0.01, volume_m3=1000, density_kg_m3=2.9, weather=air).distance_m)
    330
    """
    cloud = puff_cloud(volume_m3, density_kg_m3, weather)
    _require_share(threshold_share)
    formula = reach(
        lambda x: dense_puff_share(
            x, volume_m3=volume_m3, density_kg_m3=density_kg_m3, weather=weather, temperature_c=temperature_c
        ),
        threshold_share,
    )
    end = 10 ** _nodes(cloud.parameter, _PUFF)[1][-1]
    return bounded(formula, "Britter-McQuaid puff", _flags(cloud, formula, end, weather), most_m=MOST_M)


def _reduced_gravity(density_kg_m3: float, weather: Weather) -> float:
    """Return g', at least a trace: a gas lighter than air is passive, not dense."""
    excess = require_positive(density_kg_m3, "the density", "kg/m3") / weather.air_density_kg_m3 - 1
    return GRAVITY * max(excess, 1e-9)


def _log10(value: float) -> float:
    return float(np.log10(value))


def _nodes(
    parameter: float, curves: Mapping[float, tuple[tuple[float, ...], tuple[float, ...]]]
) -> tuple[Floats, Floats]:
    """Return the shares of the curves and the logarithms of their distances, nearest first."""
    places = [float(np.interp(parameter, x, y)) for x, y in curves.values()]
    return np.array(list(curves)), np.array(places)


def _share(
    distance: Floats,
    parameter: float,
    curves: Mapping[float, tuple[tuple[float, ...], tuple[float, ...]]],
    *,
    near: float,
    near_from: float,
) -> Floats:
    """Return the share by the distance in source sizes: near field, curves, and beyond them an inverse square.

    Between the curves, the logarithm of the distance is linear in that of the share.
    """
    shares, places = _nodes(parameter, curves)
    close = near / (near + distance**2)
    if near_from == 0:
        close = np.maximum(close, shares[0])
    elif places[0] > np.log10(near_from):  # it ends at a stated place, and joins the first curve by a straight line
        shares, places = np.append(near / (near + near_from**2), shares), np.append(np.log10(near_from), places)
    sizes = np.maximum(distance, 1e-9)
    between = 10 ** np.interp(np.log10(sizes), places, np.log10(shares))
    beyond = shares[-1] * (10 ** places[-1] / sizes) ** 2
    return as_array(np.select([sizes < 10 ** places[0], sizes <= 10 ** places[-1]], [close, between], beyond))


def _warmed(share: Floats, temperature_c: float | None, weather: Weather) -> Floats:
    """Return the share of a cold gas after it has taken the temperature of the air."""
    if temperature_c is None:
        return share
    require_range(temperature_c, "the temperature of the gas", -270, 500, "degrees Celsius", "convert it")
    ratio = (temperature_c + 273.15) / (weather.temperature_c + 273.15)
    return as_array(share / (share + (1 - share) * ratio))


def _require_share(threshold: float) -> None:
    require_range(threshold, "the threshold", 0, 1, "(a volume share)", "10 ppm is 10e-6")


def _flags(cloud: DenseCloud, formula_m: float, end: float, weather: Weather) -> tuple[str, ...]:
    return flags_where(
        {
            EXTRAPOLATED: not _FROM <= cloud.parameter <= _TO,
            FAR: formula_m > end * cloud.size_m,
            CALM: weather.wind_speed_ms < 1,
            OPEN_COUNTRY: weather.terrain == "urban",
        }
    )
