"""Depth and velocity rated together: how dangerous moving water is to people, vehicles and buildings.

Pure functions on arrays; limits are handed over as plain numbers, whose tabled values (``hazard-rating``) are the
defaults. NaN stays NaN (or 0 where the answer is a class), dry is no class. :class:`Rating` puts one of them together
with its classes, for a hazard to use.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hazardmap.errors import TableError

__all__ = ["Rating", "arr_class", "french_class", "hazard_rating", "swiss_intensity", "uk_rating"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Rating:
    """A rating of depth and velocity, with the classes of its answer.

    Parameters
    ----------
    name : str
    units : str
        What the answer is called in outputs.
    levels : tuple of float
        Class edges of the answer, from mild to bad.
    function : callable
        Of depth in metres and velocity in m/s, both arrays.
    inputs : tuple of dict
        Provenance of its numbers.
    """

    name: str
    units: str
    levels: tuple[float, ...]
    function: Callable[[Floats, Floats], npt.NDArray[Any]]
    inputs: tuple[dict[str, Any], ...] = ()

    def at(self, depth_m: npt.ArrayLike, velocity_ms: npt.ArrayLike) -> Floats:
        """Rate cells: 0 where dry; NaN where the depth is not known, or the velocity of what is wet.

        Examples
        --------
        >>> edges = {"depth_m": [0.0, 0.5], "product_m2s": [0.0, 0.5], "value": [1.0, 2.0]}
        >>> table = pd.DataFrame({"scheme": "ch-class", **edges})
        >>> hazard_rating(table, "ch").at([0.0, 0.4, 0.4], [np.nan, 3.0, np.nan]).tolist()
        [0.0, 2.0, nan]
        """
        # a float32 cell that says 0.3 is at most 0.3, although 0.3 in float32 is a little more
        depth: Floats = np.asarray(depth_m, dtype=np.float64).round(6)
        velocity: Floats = np.asarray(velocity_ms, dtype=np.float64).round(6)
        rated = self.function(depth, velocity)
        known = np.where(np.isnan(depth) | np.isnan(velocity), np.nan, rated)
        return np.asarray(np.where(depth <= 0, 0.0, known))


def hazard_rating(table: pd.DataFrame, name: str) -> Rating:
    """Make a rating from a table of its numbers.

    Parameters
    ----------
    table : DataFrame
        Columns ``scheme, class, depth_m, velocity_ms, product_m2s, value``, as in the table ``hazard-rating``.
    name : str
        ``uk`` or ``uk-urban``, ``uk-woodland`` and ``uk-pasture`` (debris by land), ``arr`` (Australia), ``ch``
        (Switzerland) or ``fr`` (France).

    Raises
    ------
    TableError
        When there is no such rating, or the table lacks its rows.
    """
    if name not in _MAKERS:
        raise TableError(f"there is no hazard rating {name!r}; expected one of {', '.join(_MAKERS)}; correct it")
    scheme, make = _MAKERS[name]
    own = table[table["scheme"].isin(scheme)]
    if set(scheme) - set(own["scheme"]):
        raise TableError(f"the table of ratings has no rows {' and '.join(scheme)}; expected them for {name}; add them")
    try:
        units, levels, function = make(own)
    except (KeyError, ValueError, IndexError):
        raise TableError(
            f"the table of ratings does not say what {name} needs; expected rows as in the table hazard-rating; "
            "compare them"
        ) from None
    inputs: tuple[dict[str, Any], ...] = ()
    if table.attrs.get("layer"):
        weak = not own["status"].isin(["S", "R"]).all()
        inputs = ({**table.attrs["layer"], "status": "indicative" if weak else "official"},)
    return Rating(name=name, units=units, levels=levels, function=function, inputs=inputs)


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


def french_class(
    depth_m: npt.ArrayLike,
    velocity_ms: npt.ArrayLike,
    *,
    depths: Sequence[float] = (0.0, 0.5, 1.0, 2.0),
    speeds: Sequence[float] = (0.0, 0.2, 0.5),
    matrix: Sequence[Sequence[int]] = ((1, 2, 3), (2, 2, 3), (3, 3, 4), (4, 4, 4)),
) -> npt.NDArray[np.int64]:
    """Class of hazard (alea) of France: a matrix of depth by dynamics (slow, medium, fast).

    Dynamics are taken from velocity alone here; the French rules also look at how fast the water rises.

    Parameters
    ----------
    depth_m, velocity_ms : array_like
        Depth in metres and velocity in m/s.
    depths, speeds : sequence of float
        Where each row and each column of the matrix begins.
    matrix : sequence of sequence of int
        Class, one row per depth.

    Returns
    -------
    ndarray of int
        1 low, 2 moderate, 3 high, 4 very high; 0 where dry or unknown.

    Examples
    --------
    >>> french_class([0.0, 0.4, 0.4, 0.4, 1.0, 2.5], [0.0, 0.1, 0.2, 0.5, 0.5, 0.0]).tolist()
    [0, 1, 2, 3, 4, 4]
    """
    depth, velocity = np.asarray(depth_m, dtype=np.float64), np.asarray(velocity_ms, dtype=np.float64)
    row, column = (
        np.maximum(np.searchsorted(edges, values, side="right") - 1, 0)
        for edges, values in ((depths, depth), (speeds, velocity))
    )
    return np.where((depth > 0) & ~np.isnan(velocity), np.asarray(matrix, dtype=np.int64)[row, column], 0)


Made = tuple[str, tuple[float, ...], Callable[[Floats, Floats], npt.NDArray[Any]]]


def _uk(land: str, table: pd.DataFrame) -> Made:
    rows = table[(table["scheme"] == "uk-debris") & (table["class"] == land)].sort_values("depth_m")
    debris = tuple(zip(rows["depth_m"], rows["value"], strict=True))
    fast = float(rows["velocity_ms"].dropna().iloc[-1])
    levels = tuple(float(edge) for edge in sorted(table.loc[table["scheme"] == "uk-class", "value"]))
    return "UK hazard rating", levels, partial(uk_rating, debris=debris, fast_ms=fast)


def _arr(table: pd.DataFrame) -> Made:
    most = table.sort_values("value")[["depth_m", "velocity_ms", "product_m2s"]]
    if most.isna().any(axis=None):
        raise ValueError
    limits = tuple(most.itertuples(index=False, name=None))
    return "ARR class", tuple(float(k) for k in range(1, len(limits) + 2)), partial(arr_class, limits=limits)


def _ch(table: pd.DataFrame) -> Made:
    table = table.sort_values("value")
    if not table["depth_m"].equals(table["product_m2s"]):  # one list of edges is for both
        raise ValueError
    edges = tuple(float(edge) for edge in table["depth_m"].iloc[1:])
    return "CH class", tuple(float(k) for k in table["value"]), partial(swiss_intensity, edges=edges)


def _fr(table: pd.DataFrame) -> Made:
    matrix = table.pivot_table(index="depth_m", columns="velocity_ms", values="value", aggfunc="first")
    classes = tuple(tuple(int(each) for each in row) for row in matrix.to_numpy())  # ValueError where one is absent
    function = partial(french_class, depths=tuple(matrix.index), speeds=tuple(matrix.columns), matrix=classes)
    return "FR class", tuple(sorted({float(each) for row in classes for each in row})), function


_UK = ("uk-debris", "uk-class")
_MAKERS: dict[str, tuple[tuple[str, ...], Callable[[pd.DataFrame], Made]]] = {
    "uk": (_UK, partial(_uk, "urban")),
    **{f"uk-{land}": (_UK, partial(_uk, land)) for land in ("urban", "woodland", "pasture")},
    "arr": (("arr-class",), _arr),
    "ch": (("ch-class",), _ch),
    "fr": (("fr-class",), _fr),
}
