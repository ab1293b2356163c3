"""CAS registry numbers: text with leading zeros and a check digit."""

import re

from hazardmap.errors import SubstanceError

__all__ = ["is_cas", "require_cas"]

_SHAPE = re.compile(r"([0-9]{2,7})-([0-9]{1,2})-([0-9])")


def is_cas(text: str) -> bool:
    """Say whether a text has the shape of a CAS number, right or wrong.

    Examples
    --------
    >>> is_cas("7782-50-5"), is_cas("7446-9-5"), is_cas("chlorine")
    (True, True, False)
    """
    return _SHAPE.fullmatch(text.strip()) is not None


def require_cas(text: str, *, what: str = "the substance") -> str:
    """Return a CAS number; refuse a text that cannot be one.

    Raises
    ------
    SubstanceError
        When the shape or the check digit is wrong. Spreadsheets drop leading zeros and make dates of CAS numbers.

    Examples
    --------
    >>> require_cas("7782-50-5")
    '7782-50-5'
    """
    parts = _SHAPE.fullmatch(str(text).strip())
    if parts is None:
        raise SubstanceError(
            f"{what} has the CAS number {text!r}; expected digits such as 7782-50-5; keep the column as text"
        )
    first, second, last = parts.groups()
    padded = second.zfill(2)
    digit = sum(place * int(each) for place, each in enumerate(reversed(first + padded), start=1)) % 10
    if digit != int(last):
        raise SubstanceError(
            f"{what} has the CAS number {text!r}, whose check digit is {last}; expected {digit}; correct the number"
        )
    if padded != second:
        raise SubstanceError(
            f"{what} has the CAS number {text!r}, which lost a zero; expected {first}-{padded}-{last}; "
            "keep the column as text"
        )
    return f"{first}-{padded}-{last}"
