"""The questions asked of every number of a release."""

import math
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hazardmap.errors import ReleaseError

__all__ = ["as_array", "flags_where", "require_positive", "require_range"]


def as_array(values: Any) -> NDArray[np.float64]:
    """Return numbers as an array of floats."""
    return np.asarray(values, dtype=np.float64)


def flags_where(holds: dict[str, bool]) -> tuple[str, ...]:
    """Return the flags that hold.

    Examples
    --------
    >>> flags_where({"calm": True, "far": False})
    ('calm',)
    """
    return tuple(flag for flag, true in holds.items() if true)


def require_positive(value: Any, what: str, unit: str = "") -> float:
    """Return a number above 0; refuse any other.

    Raises
    ------
    ReleaseError
        With the number.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value) or value <= 0:
        expected = f"a number above 0 {unit}".strip()
        raise ReleaseError(f"{what} is {value!r}; expected {expected}; correct it")
    return float(value)


def require_range(value: Any, what: str, low: float, high: float, unit: str, cure: str) -> float:
    """Return a number within limits; refuse any other.

    Raises
    ------
    ReleaseError
        With the number and the limits.
    """
    number = not isinstance(value, bool) and isinstance(value, Real)
    if not number or not low <= value <= high:
        raise ReleaseError(f"{what} is {value!r}; expected {low:g} to {high:g} {unit}; {cure}")
    return float(value)
