"""Overpressure of an explosion, as of an equal mass of TNT.

The published formulas differ by half and more, so that each result names its own.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hazardmap.consequences.distance import Distance, bounded, reach
from hazardmap.consequences.numbers import as_array, flags_where, require_one_of, require_positive, require_range

__all__ = ["BlastCurve", "blast_distance", "blast_kpa", "tnt_mass_kg"]

Floats = NDArray[np.float64]
BlastCurve = Literal["swisdak", "kinney-graham", "mills"]

TNT_MJ_KG = 4.68
NEAR_BLAST = "nearer than the curve goes: a blast there is no point source"
FAR_BLAST = "farther than the curve goes: extrapolated"

_SWISDAK = (
    (7.2106, -2.1069, -0.3229, 0.1117, 0.0685),
    (7.5938, -3.0523, 0.40977, 0.0261, -0.01267),
    (6.0536, -1.4066),
)
_SWISDAK_EDGES = (2.9, 23.8)


def _swisdak(z: Floats) -> Floats:
    logarithm = np.log(z)
    parts = [np.polynomial.polynomial.polyval(logarithm, c) for c in _SWISDAK]
    return as_array(np.exp(np.select([z < _SWISDAK_EDGES[0], z < _SWISDAK_EDGES[1]], parts[:2], parts[2])))


def _kinney_graham(z: Floats) -> Floats:
    above = 808 * (1 + (z / 4.5) ** 2)
    below = np.sqrt((1 + (z / 0.048) ** 2) * (1 + (z / 0.32) ** 2) * (1 + (z / 1.35) ** 2))
    return as_array(101.325 * above / below)


def _mills(z: Floats) -> Floats:
    return as_array(1772 / z**3 - 114 / z**2 + 108 / z)


_CURVES: dict[str, tuple[Callable[[Floats], Floats], float, float, str]] = {
    "swisdak": (_swisdak, 0.2, 198.5, "TNT, hemisphere on the ground (Swisdak 1994)"),
    "kinney-graham": (_kinney_graham, 0.053, 500.0, "TNT, sphere in free air (Kinney and Graham 1985)"),
    "mills": (_mills, 1.0, 100.0, "TNT, free air (Mills 1987)"),
}


def tnt_mass_kg(mass_kg: float, heat_of_combustion_mj_kg: float, *, yield_share: float = 0.04) -> float:
    """Return the mass of TNT that stands for a cloud of vapour: ``eta m Hc / 4.68 MJ/kg``.

    Parameters
    ----------
    mass_kg : float
        Of vapour within the limits of flammability.
    heat_of_combustion_mj_kg : float
    yield_share : float
        Share of the heat that drives the blast: 0.03 to 0.05 usually.

    Raises
    ------
    ReleaseError
        When a number cannot be.

    Examples
    --------
    >>> round(tnt_mass_kg(1000, 46.3))
    396
    """
    require_range(yield_share, "the yield", 0, 1, "of the heat", "0.03 to 0.05 is usual")
    mass = require_positive(mass_kg, "the mass", "kg")
    return (
        yield_share * mass * require_positive(heat_of_combustion_mj_kg, "the heat of combustion", "MJ/kg") / TNT_MJ_KG
    )


def blast_kpa(x_m: ArrayLike, *, tnt_kg: float, curve: BlastCurve = "swisdak") -> Floats:
    """Return the peak overpressure of an explosion of TNT, in kPa; nearer than its curve goes, that at its end.

    Parameters
    ----------
    x_m : array_like
        Metres from its centre.
    tnt_kg : float
        Mass of TNT; see :func:`tnt_mass_kg`.
    curve : {"swisdak", "kinney-graham", "mills"}
        On the ground (Swisdak 1994, simplified Kingery-Bulmash); in free air (Kinney and Graham 1985, with the factor
        808; some books print 1616, which gives twice as much); in free air (Mills 1987).

    Raises
    ------
    ReleaseError
        When the mass is not above 0, or there is no such curve.

    Examples
    --------
    >>> [round(float(blast_kpa(100, tnt_kg=396, curve=c)), 1) for c in ("swisdak", "kinney-graham")]
    [9.9, 6.8]
    """
    formula, least, _, _ = _curve(curve)
    size = np.cbrt(require_positive(tnt_kg, "the mass of TNT", "kg"))
    return formula(np.maximum(as_array(x_m) / size, least))


def blast_distance(threshold_kpa: float, *, tnt_kg: float, curve: BlastCurve = "swisdak") -> Distance:
    """Return how far from an explosion its peak overpressure is at least a threshold.

    Parameters
    ----------
    threshold_kpa : float
        Such as 10.
    tnt_kg, curve
        As for :func:`blast_kpa`.

    Examples
    --------
    >>> found = blast_distance(10, tnt_kg=396)
    >>> round(found.distance_m), found.method
    (99, 'TNT, hemisphere on the ground (Swisdak 1994)')
    """
    _, low, high, method = _curve(curve)
    size = float(np.cbrt(require_positive(tnt_kg, "the mass of TNT", "kg")))
    formula = reach(lambda x: blast_kpa(x, tnt_kg=tnt_kg, curve=curve), threshold_kpa, nearest_m=low * size)
    flags = flags_where({NEAR_BLAST: formula == 0, FAR_BLAST: formula > high * size})
    return bounded(formula or low * size, method, flags)


def _curve(name: str) -> tuple[Callable[[Floats], Floats], float, float, str]:
    require_one_of(name, "the blast curve", _CURVES)
    return _CURVES[name]
