"""Storage tanks in a flood: when an emptying tank floats, and how probable that is.

Flotation is Archimedes; the fill of a tank on the day of a flood is what nobody knows, so that it is spread evenly
between two limits. Screening: flat bottom, upright, full of one liquid, no current, no debris.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hazardmap.consequences.numbers import require_positive, require_range
from hazardmap.errors import ReleaseError

__all__ = ["critical_fill_m", "fill_limits", "flotation_probability", "landucci_probability", "steel_mass_kg"]

Floats = npt.NDArray[np.float64]

STEEL_KG_M3 = 7850.0
WATER_KG_M3 = 1000.0
GRAVITY = 9.81


def steel_mass_kg(diameter_m: float, height_m: float, shell_mm: float) -> float:
    """Mass of an upright steel tank: shell, bottom and flat roof of one thickness.

    Parameters
    ----------
    diameter_m, height_m : float
    shell_mm : float
        Thickness of the plates.

    Raises
    ------
    ReleaseError
        When one of them is not above 0.

    Examples
    --------
    >>> round(steel_mass_kg(15, 10, 8))
    51789
    """
    for value, what in ((diameter_m, "diameter"), (height_m, "height"), (shell_mm, "shell thickness")):
        require_positive(value, f"the {what} of a tank")
    plates = np.pi * diameter_m * height_m + 2 * np.pi * diameter_m**2 / 4
    return float(STEEL_KG_M3 * plates * shell_mm / 1000)


def critical_fill_m(
    depth_m: npt.ArrayLike,
    *,
    diameter_m: float,
    mass_kg: float,
    liquid_kg_m3: float = 1000.0,
    anchoring_kg: float = 0.0,
    water_kg_m3: float = WATER_KG_M3,
) -> Floats:
    """Height of liquid below which a tank floats: where the water that it displaces weighs as much as it does.

    ``h = (rho_w A h_w - W - anchoring) / (rho_l A)``

    Parameters
    ----------
    depth_m : array_like
        Water around the tank.
    diameter_m : float
    mass_kg : float
        Of the empty tank; see :func:`steel_mass_kg`.
    liquid_kg_m3 : float
        Density of what it holds.
    anchoring_kg : float
        What its anchors hold, as a mass.
    water_kg_m3 : float

    Returns
    -------
    ndarray of float
        Metres, at least 0; NaN where the depth is.

    Examples
    --------
    A tank of 15 m with plates of 26.5 t in a metre of water floats while it holds less than 0.85 m of water:

    >>> round(float(critical_fill_m(1.0, diameter_m=15, mass_kg=26_507)), 2)
    0.85
    """
    require_positive(diameter_m, "the diameter of a tank", "m")
    require_range(mass_kg, "the mass of a tank", 0, 1e9, "kg", "correct it")
    require_positive(liquid_kg_m3, "the density of a liquid", "kg/m3")
    area = np.pi * diameter_m**2 / 4
    depth = np.asarray(depth_m, dtype=np.float64)
    return np.maximum((water_kg_m3 * area * depth - mass_kg - anchoring_kg) / (liquid_kg_m3 * area), 0.0)


def flotation_probability(
    critical_fill: npt.ArrayLike, *, height_m: float, fill: Sequence[float] = (0.01, 0.75)
) -> Floats:
    """Probability that a tank floats: the share of its fills that are below the critical one.

    Parameters
    ----------
    critical_fill : array_like
        Metres of liquid; see :func:`critical_fill_m`.
    height_m : float
        Of the tank.
    fill : (float, float)
        Limits of the fill as shares of the height, taken as spread evenly between them.

    Returns
    -------
    ndarray of float
        0 to 1, given the flood; NaN where the critical fill is.

    Raises
    ------
    ReleaseError
        When the limits are not two shares in order.

    Examples
    --------
    >>> print(flotation_probability([0.0, 3.8, 9.0], height_m=10.0))
    [0.  0.5 1. ]
    """
    low, high = fill_limits(fill)
    require_positive(height_m, "the height of a tank", "m")
    share = np.asarray(critical_fill, dtype=np.float64) / height_m
    if low == high:
        return np.where(np.isnan(share), np.nan, (share > low).astype(np.float64))
    return np.clip((share - low) / (high - low), 0.0, 1.0)


def landucci_probability(
    depth_m: npt.ArrayLike,
    velocity_ms: npt.ArrayLike = 0.0,
    *,
    volume_m3: float,
    height_m: float,
    liquid_kg_m3: float = 1000.0,
) -> Floats:
    """Probability that water buckles the shell of an upright tank (experimental).

    **The numbers could not be checked in their source.** Correlation after Landucci et al. (2012):
    ``P_cr = J1 C + J2`` with J1 = -0.199 and J2 = 6950 Pa; critical fill
    ``(rho_w k v^2 / 2 + rho_w g h - P_cr) / (rho_l g H)`` with k = 1.8 and rho_w = 1100; fills from 0.01 to 0.75.

    Parameters
    ----------
    depth_m, velocity_ms : array_like
        Of the water.
    volume_m3, height_m : float
        Of the tank.
    liquid_kg_m3 : float

    Examples
    --------
    >>> print(landucci_probability([0.0, 1.0, 2.0], volume_m3=5000, height_m=10).round(2))
    [0.   0.05 0.2 ]
    """
    depth, velocity = np.asarray(depth_m, dtype=np.float64), np.asarray(velocity_ms, dtype=np.float64)
    resistance = -0.199 * volume_m3 + 6950
    load = 1100 * 1.8 * velocity**2 / 2 + 1100 * GRAVITY * depth
    critical = (load - resistance) / (liquid_kg_m3 * GRAVITY * height_m)
    return np.where(depth > 0, np.clip((critical - 0.01) / (0.75 - 0.01), 0.0, 1.0), np.where(depth == 0, 0.0, np.nan))


def fill_limits(fill: Sequence[float]) -> tuple[float, float]:
    """Return the limits of the fill of tanks; refuse what are not two shares in order.

    Raises
    ------
    ReleaseError
        With what was given.
    """
    values = list(fill) if isinstance(fill, list | tuple) else []
    numbers = len(values) == 2 and all(isinstance(each, int | float) for each in values)
    if not numbers or not 0 <= values[0] <= values[1] <= 1:
        raise ReleaseError(
            f"the fill of tanks is {fill!r}; expected two shares in order, such as [0.01, 0.75]; correct"
        )
    return float(values[0]), float(values[1])
