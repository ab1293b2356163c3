"""The keys of a card: which there are, and of what kind the value of each is."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from typing import Any

from hazardmap.dates import timestamp
from hazardmap.errors import LayerError

__all__ = ["KEYS", "Area", "nearest"]

Area = tuple[float, float, float, float]
"""West, south, east and north, in degrees."""

STATUSES = ("official", "indicative", "synthetic")
KINDS = ("raster", "vector")


def nearest(name: str, known: Mapping[str, Any] | list[str]) -> str:
    """Return a hint at the nearest known name, or nothing.

    Examples
    --------
    >>> nearest("licens", ["licence", "title"])
    " (did you mean 'licence'?)"
    """
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _text(value: Any, where: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise LayerError(f"{where} is {value!r}; expected text; correct the card")
    return str(value)


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise LayerError(f"{where} is {value!r}; expected true or false; correct the card")
    return value


def _whole(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise LayerError(f"{where} is {value!r}; expected a whole number from 1; correct the card")
    return value


def _metres(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise LayerError(f"{where} is {value!r}; expected metres, 0 or more; correct the card")
    return float(value)


def _texts(value: Any, where: str) -> dict[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise LayerError(f"{where} is {value!r}; expected a mapping of names to text; correct the card")
    return {key: _text(text, f"{where}.{key}") for key, text in value.items()}


def _title(value: Any, where: str) -> dict[str, str]:
    return {"en": value} if isinstance(value, str) else _texts(value, where)


def _units(value: Any, where: str) -> str | dict[str, str]:
    return _texts(value, where) if isinstance(value, Mapping) else _text(value, where)


def _area(value: Any, where: str) -> Area:
    from hazardmap.checks import require_area

    try:
        return require_area(value)
    except LayerError as error:
        raise LayerError(f"{where}: {error}") from None


def _digest(value: Any, where: str) -> str:
    text = _text(value, where).lower()
    if len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise LayerError(f"{where} is {value!r}; expected 64 hexadecimal digits; correct the card")
    return text


def _date(value: Any, where: str) -> str:
    text = _text(value, where)
    if timestamp(text) is None:
        raise LayerError(
            f"{where} is {text!r}; expected a year, month or day such as 2019, 2019-06 or 2019-06-30, or two with a "
            "slash between them; correct the card"
        )
    return text


def _one_of(*choices: str) -> Callable[[Any, str], str]:
    def check(value: Any, where: str) -> str:
        if value not in choices:
            raise LayerError(f"{where} is {value!r}; expected {', '.join(choices)}; correct the card")
        return str(value)

    return check


KEYS: dict[str, Callable[[Any, str], Any]] = {
    "name": _text,
    "title": _title,
    "kind": _one_of(*KINDS),
    "path": _text,
    "url": _text,
    "page": _text,
    "address_tried": _flag,
    "member": _text,
    "layer": _text,
    "licence": _text,
    "attribution": _text,
    "source": _text,
    "date": _date,
    "status": _one_of(*STATUSES),
    "redistribute": _flag,
    "units": _units,
    "columns": _texts,
    "sha256": _digest,
    "covers": _area,
    "uncertainty_m": _metres,
    "dry_is_nodata": _flag,
    "integer": _flag,
    "crs": _text,
    "band": _whole,
    "variable": _text,
    "note": _text,
}
