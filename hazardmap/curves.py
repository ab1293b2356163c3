"""Values per scenario turned into a value per year."""

from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["RareTail", "expected_annual"]

RareTail = Literal["none", "constant"]


def expected_annual(
    probability: npt.ArrayLike, value: npt.ArrayLike, *, rare_tail: RareTail
) -> npt.NDArray[np.float64]:
    """Return the expected value per year: the area under the curve of value over exceedance probability.

    The trapezoid rule between the scenarios given; nothing is added on the frequent side, where the value is taken
    to fall to zero just above the most frequent scenario.

    Parameters
    ----------
    probability : array_like, shape (S,)
        Exceedance probability of each scenario, per year, distinct.
    value : array_like, shape (..., S)
        Value of each scenario.
    rare_tail : {"none", "constant"}
        Beyond the rarest scenario: nothing, or its value for every rarer event.

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    ValueError
        When two scenarios share a probability.

    Examples
    --------
    The curve ``value = 10 - 100 p`` between 1/100 and 1/10 is a straight line, so the rule is exact:

    >>> print(expected_annual([0.1, 0.01], [0.0, 9.0], rare_tail="none").round(9))
    0.405
    >>> print(expected_annual([0.1, 0.01], [0.0, 9.0], rare_tail="constant").round(9))
    0.495
    """
    p = np.asarray(probability, dtype=np.float64)
    v = np.asarray(value, dtype=np.float64)
    order = np.argsort(p)
    p, v = p[order], v[..., order]
    if (np.diff(p) == 0).any():
        raise ValueError("two scenarios share a probability; expected distinct ones; drop one")
    annual = np.trapezoid(v, p, axis=-1)
    if rare_tail == "constant":
        annual = annual + p[0] * v[..., 0]
    return np.asarray(annual, dtype=np.float64)
