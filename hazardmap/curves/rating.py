"""Depth and velocity rated together: how dangerous moving water is to people, vehicles and buildings.

Pure functions on arrays; limits are handed over as plain numbers, whose tabled values (``hazard-rating``) are the
defaults. NaN stays NaN (or 0 where the answer is a class), dry is no class.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["arr_class", "swiss_intensity", "uk_rating"]

Floats = npt.NDArray[np.float64]


def uk_rating(
    depth_m: npt.ArrayLike,
    velocity_ms: npt.ArrayLike,
    *,
    debris: Sequence[tuple[float, float]] = ((0.0, 0.0), (0.25, 1.0), (0.75, 1.0)),
    fast_ms: float = 2.0,
) -> Floats:
    """Hazard rating of the United Kingdom: ``HR = h (v + 0.5) + DF`` (Defra/EA FD2320, FD2321).

    Parameters
    ----------
    depth_m, velocity_ms : array_like
        Depth h in metres and velocity v in m/s.
    debris : sequence of (depth, factor)
        Debris factor DF from each depth on; default for urban land. Above ``fast_ms`` the last one holds everywhere.
    fast_ms : float
        Velocity in m/s.

    Returns
    -------
    ndarray
        0 where dry. Classes begin at 0, 0.75 (danger for some), 1.25 (for most) and 2.0 (for all).

    Examples
    --------
    >>> print(uk_rating([0.0, 0.2, 0.5, 1.0], [0.0, 1.0, 1.0, 2.0]))
    [0.   0.3  1.75 3.5 ]
    """
    depth, velocity = np.asarray(depth_m, dtype=np.float64), np.asarray(velocity_ms, dtype=np.float64)
    edges, factors = (np.array(each, dtype=np.float64) for each in zip(*debris, strict=True))
    factor = factors[np.maximum(np.searchsorted(edges, depth, side="right") - 1, 0)]
    factor = np.where(velocity > fast_ms, factors[-1], factor)
    rating = np.where(depth > 0, depth * (velocity + 0.5) + factor, 0.0)
    return np.where(np.isnan(depth) | np.isnan(velocity), np.nan, rating)


_ARR = ((0.3, 2.0, 0.3), (0.5, 2.0, 0.6), (1.2, 2.0, 0.6), (2.0, 2.0, 1.0), (4.0, 4.0, 4.0))


def arr_class(
    depth_m: npt.ArrayLike, velocity_ms: npt.ArrayLike, *, limits: Sequence[tuple[float, float, float]] = _ARR
) -> npt.NDArray[np.int64]:
    """Hazard class of Australia, H1 to H6 (Smith et al. 2014): the least whose three limits all hold.

    Parameters
    ----------
    depth_m, velocity_ms : array_like
        Depth in metres and velocity in m/s.
    limits : sequence of (depth, velocity, product)
        Greatest depth, velocity and product of both, of each class but the last.

    Returns
    -------
    ndarray of int
        1 to 6; 0 where dry or unknown.

    Examples
    --------
    >>> arr_class([0.0, 0.3, 0.3, 1.2, 5.0], [0.0, 1.0, 1.5, 0.5, 0.0]).tolist()
    [0, 1, 2, 3, 6]
    """
    depth, velocity = np.asarray(depth_m, dtype=np.float64), np.asarray(velocity_ms, dtype=np.float64)
    # 0.3 x 1.0 is to be at most 0.3, whatever the last bit says
    product = np.round(depth * velocity, 12)
    found = np.full(np.broadcast(depth, velocity).shape, len(limits) + 1)
    for number, (most_deep, most_fast, most) in reversed(list(enumerate(limits, start=1))):
        found = np.where((depth <= most_deep) & (velocity <= most_fast) & (product <= most), number, found)
    return np.where((depth > 0) & ~np.isnan(velocity), found, 0)


def swiss_intensity(
    depth_m: npt.ArrayLike, velocity_ms: npt.ArrayLike, *, edges: Sequence[float] = (0.5, 2.0)
) -> npt.NDArray[np.int64]:
    """Intensity of flooding in Switzerland: the worse of depth and depth x velocity.

    Parameters
    ----------
    depth_m, velocity_ms : array_like
        Depth in metres and velocity in m/s.
    edges : sequence of float
        Where medium and high begin, in m and in m2/s.

    Returns
    -------
    ndarray of int
        1 low, 2 medium, 3 high; 0 where dry or unknown.

    Examples
    --------
    >>> swiss_intensity([0.0, 0.4, 0.4, 0.4, 2.0], [0.0, 1.0, 2.0, 6.0, 0.1]).tolist()
    [0, 1, 2, 3, 3]
    """
    depth, velocity = np.asarray(depth_m, dtype=np.float64), np.asarray(velocity_ms, dtype=np.float64)
    worse = np.maximum(depth, np.round(depth * velocity, 12))
    return np.where((depth > 0) & ~np.isnan(velocity), np.searchsorted(edges, worse, side="right") + 1, 0)
