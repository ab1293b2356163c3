"""Passive clouds: the Gaussian plume of a steady release, and the Gaussian puff of an instantaneous one.

A cloud is passive where it is not much denser than air; see :func:`hazardmap.consequences.dense.is_dense_plume`.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hazardmap.consequences.distance import Distance, bounded, reach
from hazardmap.consequences.numbers import as_array, flags_where, require_one_of, require_positive, require_range
from hazardmap.consequences.weather import OPEN_COUNTRY, STABILITIES, TERRAINS, Terrain, Weather

__all__ = [
    "LEAST_M",
    "MOST_M",
    "Outline",
    "plume_distance",
    "plume_half_angle_deg",
    "plume_half_width_m",
    "plume_mg_m3",
    "plume_outline",
    "plume_sigmas_m",
    "puff_distance",
    "puff_mg_m3",
    "puff_sigmas_m",
]

LEAST_M, MOST_M = 100.0, 10_000.0
"""Distances that the dispersion coefficients are meant for."""

Floats = NDArray[np.float64]

# Briggs 1973, as in ISC3: coefficient, number inside the bracket, exponent of the bracket.
_BRIGGS_Y: dict[str, dict[str, tuple[float, float, float]]] = {
    "rural": {s: (a, 1e-4, -0.5) for s, a in zip("ABCDEF", (0.22, 0.16, 0.11, 0.08, 0.06, 0.04), strict=True)},
    "urban": {s: (a, 4e-4, -0.5) for s, a in zip("ABCDEF", (0.32, 0.32, 0.22, 0.16, 0.11, 0.11), strict=True)},
}
_BRIGGS_Z: dict[str, dict[str, tuple[float, float, float]]] = {
    "rural": {
        "A": (0.20, 0.0, 0.0),
        "B": (0.12, 0.0, 0.0),
        "C": (0.08, 2e-4, -0.5),
        "D": (0.06, 1.5e-3, -0.5),
        "E": (0.03, 3e-4, -1.0),
        "F": (0.016, 3e-4, -1.0),
    },
    "urban": {
        "A": (0.24, 1e-3, 0.5),
        "B": (0.24, 1e-3, 0.5),
        "C": (0.20, 0.0, 0.0),
        "D": (0.14, 3e-4, -0.5),
        "E": (0.08, 1.5e-3, -0.5),
        "F": (0.08, 1.5e-3, -0.5),
    },
}
# CCPS 1999: coefficient and exponent of the distance in metres.
_PUFF_Y = {
    "A": (0.18, 0.92), "B": (0.14, 0.92), "C": (0.10, 0.92), "D": (0.06, 0.92), "E": (0.04, 0.92), "F": (0.02, 0.89),
}  # fmt: skip
_PUFF_Z = {
    "A": (0.60, 0.75), "B": (0.53, 0.73), "C": (0.34, 0.71), "D": (0.15, 0.70), "E": (0.10, 0.65), "F": (0.05, 0.61),
}  # fmt: skip


class Outline(NamedTuple):
    """Edge of a plume on the ground, symmetric about its axis.

    ``x_m`` are metres downwind, ``half_width_m`` metres to either side.
    """

    x_m: Floats
    half_width_m: Floats


def plume_sigmas_m(x_m: ArrayLike, stability: str, terrain: Terrain = "rural") -> tuple[Floats, Floats]:
    """Return the dispersion coefficients sigma-y and sigma-z of a plume, in metres.

    Briggs (1973), as in ISC3.

    Parameters
    ----------
    x_m : array_like
        Metres downwind.
    stability : {"A", "B", "C", "D", "E", "F"}
    terrain : {"rural", "urban"}

    Examples
    --------
    >>> [round(float(s), 1) for s in plume_sigmas_m(1000, "D")]
    [76.3, 37.9]
    """
    require_one_of(stability, "the stability", STABILITIES)
    require_one_of(terrain, "the terrain", TERRAINS)
    x = as_array(x_m)

    def sigma(coefficients: tuple[float, float, float]) -> Floats:
        a, inside, power = coefficients
        return as_array(a * x * (1 + inside * x) ** power)

    return sigma(_BRIGGS_Y[terrain][stability]), sigma(_BRIGGS_Z[terrain][stability])


def puff_sigmas_m(x_m: ArrayLike, stability: str) -> tuple[Floats, Floats, Floats]:
    """Return the dispersion coefficients of a puff along, across and up, in metres; along is as across.

    CCPS (1999), Guidelines for consequence analysis of chemical releases.

    Examples
    --------
    >>> [round(float(s), 1) for s in puff_sigmas_m(1000, "D")]
    [34.5, 34.5, 18.9]
    """
    require_one_of(stability, "the stability", STABILITIES)
    x = as_array(x_m)
    (a, b), (c, d) = _PUFF_Y[stability], _PUFF_Z[stability]
    across = as_array(a * x**b)
    return across, across, as_array(c * x**d)


def plume_mg_m3(
    x_m: ArrayLike,
    y_m: ArrayLike = 0.0,
    z_m: ArrayLike = 0.0,
    *,
    rate_kg_s: float,
    weather: Weather,
    height_m: float = 0.0,
) -> Floats:
    """Return the concentration in the plume of a steady release, in mg/m3.

    Gaussian plume that the ground reflects; none upwind. Averaged over about ten minutes to an hour.

    Parameters
    ----------
    x_m, y_m, z_m : array_like
        Metres downwind, across, and above ground; broadcast together.
    rate_kg_s : float
        Release rate in kg/s.
    weather : Weather
    height_m : float
        Height of the release above ground.

    Returns
    -------
    ndarray
        mg/m3; 0 upwind.

    Raises
    ------
    ReleaseError
        When the rate is not above 0, or the height is negative.

    Examples
    --------
    >>> round(float(plume_mg_m3(1000, rate_kg_s=1, weather=Weather(wind_speed_ms=5))), 2)
    21.99
    """
    _require_source(rate_kg_s, "the release rate", "kg/s", height_m)
    x = as_array(x_m)
    downwind = x > 0
    across, up = plume_sigmas_m(np.where(downwind, x, 1.0), weather.stability, weather.terrain)
    peak = rate_kg_s * 1e6 / (2 * np.pi * weather.speed_at(height_m) * across * up)
    side = np.exp(-(as_array(y_m) ** 2) / (2 * across**2))
    return as_array(np.where(downwind, peak * side * _vertical(as_array(z_m), up, height_m), 0.0))


def puff_mg_m3(
    x_m: ArrayLike,
    y_m: ArrayLike = 0.0,
    z_m: ArrayLike = 0.0,
    *,
    seconds: ArrayLike,
    mass_kg: float,
    weather: Weather,
    height_m: float = 0.0,
) -> Floats:
    """Return the concentration in the puff of an instantaneous release, in mg/m3.

    Gaussian puff that the ground reflects; its spread is that at its centre, which the wind carries.

    Parameters
    ----------
    x_m, y_m, z_m : array_like
        Metres downwind, across, and above ground; broadcast together with ``seconds``.
    seconds : array_like
        Since the release.
    mass_kg : float
        Released at once.
    weather : Weather
    height_m : float
        Height of the release above ground.

    Raises
    ------
    ReleaseError
        When the mass is not above 0, or the height is negative.

    Examples
    --------
    >>> round(float(puff_mg_m3(1000, seconds=200, mass_kg=100, weather=Weather(wind_speed_ms=5))), 1)
    564.1
    """
    _require_source(mass_kg, "the released mass", "kg", height_m)
    centre = weather.speed_at(height_m) * as_array(seconds)
    gone = centre > 0
    along, across, up = puff_sigmas_m(np.where(gone, centre, 1.0), weather.stability)
    peak = mass_kg * 1e6 / ((2 * np.pi) ** 1.5 * along * across * up)
    aside = np.exp(-((as_array(x_m) - centre) ** 2) / (2 * along**2) - as_array(y_m) ** 2 / (2 * across**2))
    return as_array(np.where(gone, peak * aside * _vertical(as_array(z_m), up, height_m), 0.0))


def plume_distance(threshold_mg_m3: float, *, rate_kg_s: float, weather: Weather, height_m: float = 0.0) -> Distance:
    """Return how far downwind the ground concentration in a plume is at least a threshold.

    Within 100 m and 10 km, for which the dispersion coefficients are meant.

    Parameters
    ----------
    threshold_mg_m3 : float
        Such as AEGL-2.
    rate_kg_s, weather, height_m
        As for :func:`plume_mg_m3`.

    Raises
    ------
    ReleaseError
        When a number is not above 0.

    Examples
    --------
    >>> found = plume_distance(22.0, rate_kg_s=1, weather=Weather(wind_speed_ms=5))
    >>> round(found.distance_m), found.method
    (1000, 'Gaussian plume, Briggs rural')
    """
    formula = reach(lambda x: plume_mg_m3(x, rate_kg_s=rate_kg_s, weather=weather, height_m=height_m), threshold_mg_m3)
    method = f"Gaussian plume, Briggs {weather.terrain}"
    return bounded(formula, method, weather.flags, least_m=LEAST_M, most_m=MOST_M)


def puff_distance(threshold_mg_m3: float, *, mass_kg: float, weather: Weather, height_m: float = 0.0) -> Distance:
    """Return how far downwind the ground concentration in a passing puff rises to a threshold.

    The greatest concentration at a place is taken as that when the centre of the puff is above it. It lasts a moment:
    against a guideline value for an hour, the distance is rather too far. The coefficients are those of open country.

    Parameters
    ----------
    threshold_mg_m3 : float
    mass_kg, weather, height_m
        As for :func:`puff_mg_m3`.

    Raises
    ------
    ReleaseError
        When a number is not above 0.

    Examples
    --------
    >>> round(puff_distance(564.1, mass_kg=100, weather=Weather(wind_speed_ms=5)).distance_m)
    1000
    """

    def passing(x: Floats) -> Floats:
        arrival = x / weather.speed_at(height_m)
        return puff_mg_m3(x, seconds=arrival, mass_kg=mass_kg, weather=weather, height_m=height_m)

    formula = reach(passing, threshold_mg_m3)
    flags = (*weather.flags, *flags_where({OPEN_COUNTRY: weather.terrain == "urban"}))
    return bounded(formula, "Gaussian puff, CCPS", flags, least_m=LEAST_M, most_m=MOST_M)


def plume_half_width_m(
    x_m: ArrayLike, threshold_mg_m3: float, *, rate_kg_s: float, weather: Weather, height_m: float = 0.0
) -> Floats:
    """Return how far to either side of its axis a plume is at least a threshold on the ground, in metres.

    ``sigma_y sqrt(2 ln(C_axis / C_threshold))``; 0 where the axis is below the threshold.

    Raises
    ------
    ReleaseError
        When a number is not above 0.

    Examples
    --------
    >>> edge = plume_half_width_m(500, 22.0, rate_kg_s=1, weather=Weather(wind_speed_ms=5))
    >>> round(float(edge), 1)
    60.1
    """
    require_positive(threshold_mg_m3, "the threshold", "mg/m3")
    x = as_array(x_m)
    axis = plume_mg_m3(x, rate_kg_s=rate_kg_s, weather=weather, height_m=height_m)
    across, _ = plume_sigmas_m(np.maximum(x, 0), weather.stability, weather.terrain)
    return as_array(across * np.sqrt(2 * np.log(np.maximum(axis / threshold_mg_m3, 1.0))))


def plume_outline(
    threshold_mg_m3: float, *, rate_kg_s: float, weather: Weather, height_m: float = 0.0, points: int = 64
) -> Outline:
    """Return the edge of a plume on the ground, from the source to the distance of the threshold.

    Parameters
    ----------
    threshold_mg_m3, rate_kg_s, weather, height_m
        As for :func:`plume_distance`.
    points : int
        How many along the axis, ends included.

    Examples
    --------
    >>> outline = plume_outline(22.0, rate_kg_s=1, weather=Weather(wind_speed_ms=5))
    >>> len(outline.x_m), round(float(outline.half_width_m.max()))
    (64, 61)
    """
    end = plume_distance(threshold_mg_m3, rate_kg_s=rate_kg_s, weather=weather, height_m=height_m).distance_m
    x = np.linspace(0.0, end, points)
    width = plume_half_width_m(x, threshold_mg_m3, rate_kg_s=rate_kg_s, weather=weather, height_m=height_m)
    return Outline(x, width)


def plume_half_angle_deg(threshold_mg_m3: float, *, rate_kg_s: float, weather: Weather, height_m: float = 0.0) -> float:
    """Return the half-angle of the sector that stands for a plume, in degrees: seen where the plume is widest.

    Examples
    --------
    >>> round(plume_half_angle_deg(22.0, rate_kg_s=1, weather=Weather(wind_speed_ms=5)), 1)
    5.9
    """
    outline = plume_outline(threshold_mg_m3, rate_kg_s=rate_kg_s, weather=weather, height_m=height_m, points=512)
    widest = int(outline.half_width_m.argmax())
    return float(np.degrees(np.arctan2(outline.half_width_m[widest], outline.x_m[widest])))


def _vertical(z: Floats, sigma: Any, height: float) -> Floats:
    """Two images: the source, and its reflection in the ground."""
    return as_array(np.exp(-((z - height) ** 2) / (2 * sigma**2)) + np.exp(-((z + height) ** 2) / (2 * sigma**2)))


def _require_source(amount: float, what: str, unit: str, height_m: float) -> None:
    require_positive(amount, what, unit)
    require_range(height_m, "the height of the release", 0, 1000, "m", "give it above ground")
