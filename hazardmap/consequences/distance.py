"""How far a threshold is reached, with what limits the answer."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from hazardmap.consequences.numbers import require_positive

__all__ = ["CAPPED", "NOT_REACHED", "RAISED", "Distance", "bounded", "reach"]

CAPPED = "capped where the model ends"
"""Flag: the formula goes farther than the model is meant for."""

RAISED = "raised to where the model begins"
"""Flag: the formula stays nearer than the model is meant for."""

NOT_REACHED = "threshold not reached"
"""Flag: nowhere as strong as the threshold; the distance is 0."""

NEAREST_M, FARTHEST_M = 1.0, 1e5
"""Where a distance is looked for."""

_STEPS = 600

Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class Distance:
    """How far from the source an effect is at least as strong as a threshold.

    Parameters
    ----------
    distance_m : float
        Metres from the source, within the range of the model; 0 where the threshold is not reached.
    method : str
        Model and variant, such as ``"Gaussian plume, Briggs rural"``.
    flags : tuple of str
        What is doubtful about it; empty where nothing is.
    formula_m : float
        What the formula gives before it is bounded; infinite where it is farther than 100 km.
    """

    distance_m: float
    method: str
    flags: tuple[str, ...] = ()
    formula_m: float = float("nan")


def reach(curve: Curve, threshold: float, *, nearest_m: float = NEAREST_M, farthest_m: float = FARTHEST_M) -> float:
    """Return the greatest distance at which a curve is at least a threshold.

    The curve may rise first (the ground below a stack): its last crossing is bracketed on a logarithmic grid, and
    solved by Brent's method.

    Parameters
    ----------
    curve : function
        Takes an array of metres, returns the effect there.
    threshold : float
        In the units of the curve.
    nearest_m, farthest_m : float
        Where to look.

    Returns
    -------
    float
        Metres; 0 where the curve stays below the threshold, infinity where it does not fall below it.

    Raises
    ------
    ReleaseError
        When the threshold is no number above 0.

    Examples
    --------
    >>> round(reach(lambda x: 1e4 / x**2, 1.0), 6)
    100.0
    """
    require_positive(threshold, "the threshold")
    grid = np.geomspace(nearest_m, farthest_m, _STEPS)
    above = np.flatnonzero(curve(grid) >= threshold)
    if above.size == 0:
        return 0.0
    last = int(above[-1])
    if last == _STEPS - 1:
        return float("inf")

    def excess(logarithm: float) -> float:
        return float(curve(np.array([np.exp(logarithm)]))[0]) - threshold

    low, high = np.log(grid[last]), np.log(grid[last + 1])
    return float(np.exp(brentq(excess, low, high, xtol=1e-12)))


def bounded(
    formula_m: float, method: str, flags: tuple[str, ...] = (), *, least_m: float = 0.0, most_m: float = FARTHEST_M
) -> Distance:
    """Return a distance within the range of its model, and flag it where it was not; never farther than 100 km.

    Examples
    --------
    >>> bounded(41_000.0, "Gaussian plume", least_m=100, most_m=10_000)
    Distance(distance_m=10000.0, method='Gaussian plume', flags=('capped where the model ends (10 km)',),
             formula_m=41000.0)
    """
    if formula_m == 0:
        return Distance(0.0, method, (*flags, NOT_REACHED), 0.0)
    if formula_m > most_m:
        return Distance(float(most_m), method, (*flags, f"{CAPPED} ({most_m / 1000:g} km)"), formula_m)
    if formula_m < least_m:
        return Distance(float(least_m), method, (*flags, f"{RAISED} ({least_m:g} m)"), formula_m)
    return Distance(formula_m, method, flags, formula_m)
