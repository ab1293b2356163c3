"""How fast one drives through water."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["speed_in_water"]


def speed_in_water(
    depth_m: npt.ArrayLike,
    free_kmh: npt.ArrayLike = np.inf,
    *,
    law: Sequence[float] = (0.0009, -0.5529, 86.9448),
    impassable_m: float = 0.3,
) -> npt.NDArray[np.float64]:
    """Greatest safe speed of a car in standing water.

    ``v = a w**2 + b w + c`` with w in mm, valid from 0 to 300 mm (Pregnolato et al. 2017). The parabola has its
    minimum of 2 km/h at 307 mm, so it is cut at the depth from which a road is impassable; it is never below 0 nor
    above the speed of the dry road.

    Parameters
    ----------
    depth_m : array_like
        Depth in metres; NaN stays NaN.
    free_kmh : array_like
        Speed on the dry road in km/h.
    law : sequence of three floats
        The coefficients a, b, c; see the table ``loss-of-function``.
    impassable_m : float
        Depth from which the speed is 0, at most 0.3 m.

    Returns
    -------
    ndarray
        km/h.

    Raises
    ------
    ValueError
        When the road is to be passable in deeper water than the law was made for.

    Examples
    --------
    >>> print(speed_in_water([0.0, 0.1, 0.2, 0.3], 80).round(1))
    [80.  40.7 12.4  0. ]
    """
    if not 0 < impassable_m <= 0.3:
        raise ValueError(f"impassable_m is {impassable_m}; expected more than 0 and at most 0.3 m, where the law ends")
    depth = np.asarray(depth_m, dtype=np.float64)
    a, b, c = law
    mm = 1000.0 * np.maximum(depth, 0.0)
    speed = np.maximum(a * mm**2 + b * mm + c, 0.0)
    dry = np.where(depth <= 0, np.asarray(free_kmh, dtype=np.float64), np.minimum(speed, free_kmh))
    return np.where(depth >= impassable_m, 0.0, np.where(np.isnan(depth), np.nan, dry))
