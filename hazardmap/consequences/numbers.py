"""The questions asked of every number of a release."""

import math
from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hazardmap.errors import ReleaseError

__all__ = ["as_array", "flags_where", "require_one_of", "require_positive", "require_range", "zero_or_more"]


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


def zero_or_more(values: Any, what: str) -> NDArray[np.float64]:
    """Return numbers as an array; refuse any below 0.

    Raises
    ------
    ReleaseError
        With the least of them.
    """
    array = as_array(values)
    if (array < 0).any():
        raise ReleaseError(f"{what} is {np.nanmin(array):g}; expected 0 or more; correct it")
    return array


def require_one_of(value: Any, what: str, known: Iterable[str], cure: str = "correct it") -> None:
    """Refuse a word that is not one of those known.

    Raises
    ------
    ReleaseError
        With the word and those known.
    """
    words = tuple(known)
    if value not in words:
        raise ReleaseError(f"{what} is {value!r}; expected one of {', '.join(words)}; {cure}")


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
