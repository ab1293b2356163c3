"""Dates as data state them (ISO 8601), the instants that catalogues want (RFC 3339), and the date of a run."""

import os
import re
from datetime import UTC, datetime

from hazardmap.errors import OutputError

__all__ = ["require_date", "source_date", "timestamp"]

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}([T ]|$)")
_FORM = re.compile(r"\d{4}(-\d{2}(-\d{2}([T ].+)?)?)?")


def timestamp(text: str) -> str | None:
    """Return the instant that a date stands for, in the form of RFC 3339 and in UTC: the first of a year, month or day.

    Parameters
    ----------
    text : str
        Year, month, day, or instant with its offset (ISO 8601, extended form); of two with a slash between them the
        end counts.

    Returns
    -------
    str or None
        None where it is no such date.

    Examples
    --------
    >>> timestamp("2026"), timestamp("2011/2018-06"), timestamp("2026-01-31T01:30:00+02:00")
    ('2026-01-01T00:00:00Z', '2018-06-01T00:00:00Z', '2026-01-30T23:30:00Z')
    >>> timestamp("last summer"), timestamp("2026-02-30"), timestamp("2026-01-31T01:30:00") # of which zone?
    (None, None, None)
    """
    begin, _, end = text.rpartition("/")
    if (begin and timestamp(begin) is None) or not _FORM.fullmatch(end):
        return None
    first = {4: f"{end}-01-01T00:00:00Z", 7: f"{end}-01T00:00:00Z", 10: f"{end}T00:00:00Z"}
    try:
        found = datetime.fromisoformat(first.get(len(end), end))
        if found.tzinfo is None:
            return None
        return found.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
    except (ValueError, OverflowError):
        return None


def require_date(text: str | None, name: str) -> str | None:
    """Refuse a date of a run that no catalogue could state: it needs a day.

    Parameters
    ----------
    text : str, optional
    name : str
        What it is called in the message.

    Returns
    -------
    str or None
        The date as it is.

    Raises
    ------
    OutputError
        With what a date looks like.
    """
    if text is not None and (not isinstance(text, str) or not _DAY.match(text) or timestamp(text) is None):
        raise OutputError(f"{name} is {text!r}; expected a date such as 2026-01-31 or 2026-01-31T12:00:00Z; correct it")
    return text


def source_date() -> str | None:
    """Return the date that ``SOURCE_DATE_EPOCH`` says, if it is set.

    Raises
    ------
    OutputError
        When it is no number of seconds since 1970.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not epoch:
        return None
    try:
        return datetime.fromtimestamp(int(epoch), tz=UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        raise OutputError(
            f"SOURCE_DATE_EPOCH is {epoch[:40]!r}; expected seconds since 1970; correct it or unset it"
        ) from None
