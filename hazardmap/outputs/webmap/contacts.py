"""Whom to call in a territory: a small table that the user gives."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from hazardmap.errors import OutputError

__all__ = ["COLUMNS", "Contacts", "contacts_of"]

Contacts: TypeAlias = str | Path | pd.DataFrame | Sequence[Mapping[str, Any]]
"""A CSV file (UTF-8), a frame, or rows as mappings."""

COLUMNS = ("territory", "organisation", "phone", "email", "languages")
"""``territory`` is the id of a territory or a country code; the last three may be absent or empty."""

_NEEDED = COLUMNS[:2]
# A page is no telephone book.
_MOST = 2000


def contacts_of(contacts: Contacts) -> tuple[dict[str, str], ...]:
    """Read a table of contacts; everything in it stays text.

    Parameters
    ----------
    contacts : path, DataFrame, or sequence of mappings
        Columns :data:`COLUMNS`; others are left alone.

    Returns
    -------
    tuple of dict
        One per row, in the order given, with every column of :data:`COLUMNS`.

    Raises
    ------
    OutputError
        When it is no table or cannot be read, has more than 2,000 rows, or a column or a value is absent.

    Examples
    --------
    >>> contacts_of([{"territory": "BE", "organisation": "Crisis centre", "phone": "+32 2 000 00 00"}])[0]["phone"]
    '+32 2 000 00 00'
    """
    table = _read(contacts) if isinstance(contacts, str | Path) else _table(contacts)
    absent = [name for name in _NEEDED if name not in table.columns]
    if absent:
        raise OutputError(f"contacts have no column {absent[0]!r}; expected {', '.join(COLUMNS)}; add it")
    if len(table) > _MOST:
        raise OutputError(f"contacts have {len(table)} rows; expected at most {_MOST}; leave other territories out")
    text = table.reindex(columns=COLUMNS).astype(object)
    text = text.where(text.notna(), "").map(lambda value: str(value).strip())
    for name in _NEEDED:
        empty = text.index[text[name] == ""]
        if len(empty):
            number = table.index.get_loc(empty[0]) + 1
            raise OutputError(f"contacts, row {number}: the {name} is empty; expected a text; fill it in")
    return tuple(text.to_dict("records"))


def _table(contacts: Any) -> pd.DataFrame:
    rows = isinstance(contacts, Sequence) and all(isinstance(row, Mapping) for row in contacts)
    if not (rows or isinstance(contacts, pd.DataFrame)):
        raise OutputError(
            f"contacts are {str(contacts)[:60]!r}; expected a CSV file or rows of {', '.join(COLUMNS)}; give one"
        )
    return pd.DataFrame(contacts)


def _read(path: str | Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise OutputError(
            f"contacts cannot be read from {path} ({str(error).splitlines()[0]}); expected a CSV file in UTF-8; "
            "correct it"
        ) from error
