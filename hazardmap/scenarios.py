"""Which scenarios make sense: their probabilities, their order and their labels."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from hazardmap.errors import FootprintError

__all__ = ["first_shown", "is_number", "probability_of", "require_labels", "require_rising"]

_KINDS = ("exceedance", "occurrence", "time")

# Return periods are rounded: 1 in 30 years may stand beside 0.033.
_ROUNDED = 0.05


def first_shown(classes: Iterable[Any]) -> int:
    """Return which scenario a reader meets first: the one whose class is medium, else the last, which is the rarest.

    Examples
    --------
    >>> first_shown(["high", "medium", "low"]), first_shown([None, None])
    (1, 1)
    """
    known = list(classes)
    return known.index("medium") if "medium" in known else max(0, len(known) - 1)


def is_number(value: Any) -> bool:
    """Whether a value is a finite number; true and false are none."""
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return number and math.isfinite(value)


def probability_of(scenario: dict[str, Any], number: int) -> float | None:
    """Return the probability of a scenario: its own, or the inverse of its return period; None where neither is known.

    Parameters
    ----------
    scenario : dict
        Keys ``return_period`` (years above 0), ``probability``, ``probability_kind``.
    number : int
        Which one it is, for errors.

    Raises
    ------
    FootprintError
        When it is not above 0 and at most 1, of no known kind, or contradicts the return period.
    """
    period, probability = scenario.get("return_period"), scenario.get("probability")
    kind = scenario.get("probability_kind", "exceedance")
    if kind not in _KINDS:
        raise FootprintError(
            f"scenario {number} has a probability of the kind {kind!r}; expected one of {', '.join(_KINDS)}; correct it"
        )
    if probability is None:
        if period is not None and period < 1:
            raise FootprintError(
                f"scenario {number} has a return period of {period:g} years, which is a probability of {1 / period:g}; "
                "expected at most 1, so a period of 1 year or more; leave it out or correct it"
            )
        return None if period is None else 1.0 / period
    if not (is_number(probability) and 0 < probability <= 1):
        raise FootprintError(
            f"scenario {number} has a probability of {probability!r}; expected a number above 0 and at most 1; "
            "a return period in years is another key: return_period"
        )
    if period is not None and kind == "exceedance":
        said = (1.0 / period, -math.expm1(-1.0 / period))
        if not any(math.isclose(probability, each, rel_tol=_ROUNDED) for each in said):
            raise FootprintError(
                f"scenario {number} has a return period of {period:g} years and a probability of {probability:g}; "
                f"expected {said[0]:.3g}; correct one or leave it out"
            )
    return float(probability)


def require_rising(table: pd.DataFrame, *, name: str) -> None:
    """Refuse scenarios of one map whose probabilities are repeated, or not listed from frequent to rare.

    Parameters
    ----------
    table : DataFrame
        From :func:`hazardmap.footprint.scenario_table`; scenarios without a probability take no part.
    name : str
        Whose scenarios they are.

    Raises
    ------
    FootprintError
        With all return periods, in the order that they should have.

    Examples
    --------
    >>> require_rising(pd.DataFrame({"return_period": [10, None], "probability": [0.1, 0.01]}), name="map A")
    """
    years = table["return_period"].fillna(1 / table["probability"]).dropna().tolist()
    if len(set(years)) < len(years):
        raise FootprintError(
            f"{name}: the return periods are {_words(years)}; expected each once; drop or correct one, or overlay them "
            "as two floods"
        )
    if years != sorted(years):
        raise FootprintError(
            f"{name}: the return periods are {_words(years)}; expected them from frequent to rare: "
            f"{_words(sorted(years))}; list the scenarios in that order, or correct them"
        )


def require_labels(table: pd.DataFrame, *, name: str) -> None:
    """Refuse two scenarios of one map with the same label, which no reader of an output could tell apart.

    Raises
    ------
    FootprintError
        With the label.
    """
    twice = table.loc[table["label"].duplicated(), "label"]
    if len(twice):
        raise FootprintError(
            f"{name}: two scenarios have the label {twice.iloc[0]!r}; expected distinct ones; rename or drop one"
        )


def _words(years: list[float]) -> str:
    return ", ".join(f"{each:g}" for each in years)
