"""Values per scenario turned into a value per year."""

from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Counting", "Method", "RareTail", "annual_weights", "expected_annual", "probability_of"]

Floats = npt.NDArray[np.float64]

Method = Literal["trapezoid", "log-linear"]
RareTail = Literal["none", "constant", "linear"]
Counting = Literal["annual maximum", "poisson"]


def probability_of(return_period: npt.ArrayLike, *, counting: Counting = "annual maximum") -> Floats:
    """Probability that an event of a return period is exceeded in a year.

    Parameters
    ----------
    return_period : array_like
        Years.
    counting : {"annual maximum", "poisson"}
        ``1 / T``, where T was estimated from the greatest event of each year; or ``1 - exp(-1 / T)``, where it was
        estimated from all events above a threshold.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> print(probability_of([1, 100]), probability_of([1, 100], counting="poisson").round(5))
    [1.   0.01] [0.63212 0.00995]
    """
    rate = 1.0 / np.asarray(return_period, dtype=np.float64)
    return np.asarray(rate if counting == "annual maximum" else -np.expm1(-rate), dtype=np.float64)


def expected_annual(
    probability: npt.ArrayLike,
    value: npt.ArrayLike,
    *,
    method: Method = "trapezoid",
    rare_tail: RareTail,
    zero_at: float | None = None,
    limit: npt.ArrayLike | None = None,
) -> Floats:
    """Return the expected value per year: the area under the curve of value over exceedance probability.

    Parameters
    ----------
    probability : array_like, shape (S,)
        Exceedance probability of each scenario, per year, distinct and above 0.
    value : array_like, shape (..., S)
        Value of each scenario.
    method : {"trapezoid", "log-linear"}
        Between two scenarios the value is linear in the probability, or in its logarithm. On a convex curve the
        trapezoid is the greater one.
    rare_tail : {"none", "constant", "linear"}
        Beyond the rarest scenario: nothing; its value for every rarer event; or the line (of the method) through
        the two rarest scenarios carried on to probability 0.
    zero_at : float, optional
        Probability at which the value has fallen to 0 on the frequent side. By default nothing is added there: the
        value is taken to fall to 0 just above the most frequent scenario.
    limit : array_like, shape (...), optional
        Probability above which there is no value at all, because something protects: the inverse of the protection
        standard. The curve is cut there in a step.

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    ValueError
        When two scenarios share a probability, one is not above 0, ``zero_at`` is not above them all, or a linear
        tail is asked of a single scenario.

    Examples
    --------
    The curve ``value = 10 - 100 p`` between 1/100 and 1/10 is a straight line, so the rule is exact:

    >>> print(expected_annual([0.1, 0.01], [0.0, 9.0], rare_tail="none").round(9))
    0.405
    >>> print(expected_annual([0.1, 0.01], [0.0, 9.0], rare_tail="constant").round(9))
    0.495
    >>> print(expected_annual([0.1, 0.01], [0.0, 9.0], rare_tail="linear").round(9))
    0.5

    Protected up to 1/50 a year, nothing counts between 1/50 and 1/10:

    >>> print(expected_annual([0.1, 0.01], [0.0, 9.0], rare_tail="none", limit=0.02).round(9))
    0.085
    """
    p, v = _nodes(probability, value, zero_at)
    if rare_tail == "linear" and len(p) < 2:
        raise ValueError("a linear rare tail needs two scenarios; expected more than one; use rare_tail='constant'")
    upper = np.broadcast_to(np.inf if limit is None else np.asarray(limit, dtype=np.float64), v.shape[:-1])
    until = np.minimum(p[0], upper)
    total = np.zeros(v.shape[:-1])
    if rare_tail == "constant":
        total = until * v[..., 0]
    elif rare_tail == "linear":
        total = _area((p[0], p[1]), (v[..., 0], v[..., 1]), 0.0, until, method)
    for k in range(len(p) - 1):
        until = np.clip(upper, p[k], p[k + 1])
        total = total + _area((p[k], p[k + 1]), (v[..., k], v[..., k + 1]), p[k], until, method)
    return np.asarray(total, dtype=np.float64)


def annual_weights(
    probability: npt.ArrayLike,
    *,
    method: Method = "trapezoid",
    rare_tail: RareTail,
    zero_at: float | None = None,
    limit: npt.ArrayLike | None = None,
) -> Floats:
    """Weight of each scenario in an expected annual value, which is the sum of weight x value.

    Parameters are those of :func:`expected_annual`, ``limit`` of shape ``(k,)``.

    Returns
    -------
    ndarray, shape (S,), or (k, S) where limits are given

    Examples
    --------
    >>> print(annual_weights([0.1, 0.02, 0.01], rare_tail="constant").round(9))
    [0.04  0.045 0.015]
    """
    one = np.eye(len(np.asarray(probability)))
    upper = np.full(1, np.inf) if limit is None else np.asarray(limit, dtype=np.float64)
    each = np.broadcast_to(upper[:, None], (len(upper), len(one)))
    values = np.broadcast_to(one, (len(upper), *one.shape))
    weights = expected_annual(probability, values, method=method, rare_tail=rare_tail, zero_at=zero_at, limit=each)
    return weights[0] if limit is None else weights


def _nodes(probability: npt.ArrayLike, value: npt.ArrayLike, zero_at: float | None) -> tuple[Floats, Floats]:
    """Return probabilities and values from rare to frequent, with the node at which the value is 0."""
    p = np.asarray(probability, dtype=np.float64)
    v = np.asarray(value, dtype=np.float64)
    if not (p > 0).all():
        raise ValueError(f"a probability is {p.min():g}; expected more than 0; leave that scenario out")
    order = np.argsort(p)
    p, v = p[order], v[..., order]
    if (np.diff(p) == 0).any():
        raise ValueError("two scenarios share a probability; expected distinct ones; drop one")
    if zero_at is None:
        return p, v
    if zero_at <= p[-1]:
        raise ValueError(
            f"the value is to be 0 at a probability of {zero_at:g}, but a scenario has {p[-1]:g}; "
            "expected a more frequent event; lower that return period"
        )
    return np.append(p, zero_at), np.concatenate([v, np.zeros((*v.shape[:-1], 1))], axis=-1)


def _area(
    nodes: tuple[float, float], values: tuple[Floats, Floats], start: float, stop: Floats, method: Method
) -> Floats:
    """Area under the line through two nodes, from start to stop."""
    (a, b), (va, vb) = nodes, values
    if method == "trapezoid":
        slope = (vb - va) / (b - a)
        return np.asarray((stop - start) * (va + slope * ((start + stop) / 2 - a)))
    slope = (vb - va) / np.log(b / a)
    return _primitive(stop, a, va, slope) - _primitive(np.asarray(start), a, va, slope)


def _primitive(x: npt.NDArray[np.float64], a: float, va: Floats, slope: Floats) -> Floats:
    """Return the integral of ``va + slope * ln(x / a)`` from 0 to x."""
    safe = np.maximum(x, 1e-300)  # x ln x goes to 0 with x
    return np.asarray(x * (va + slope * (np.log(safe / a) - 1.0)))
