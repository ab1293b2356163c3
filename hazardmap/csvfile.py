"""Tables in CSV files, shipped or the user's own: each row with its source, and how far to trust it."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hazardmap.errors import FileError, TableError
from hazardmap.files import require_below, require_file, sha256_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_table"]

_NUMBERS = ("value", "depth_m", "velocity_ms", "product_m2s", "code", "minutes")
_STATUS = ("S", "R", "K", "own")


def read_table(reference: str | Path, needed: Sequence[str], *, folder: Path | None = None) -> pd.DataFrame:
    """Read a table that is shipped, or the user's own.

    Parameters
    ----------
    reference : str or Path
        Name of a table that is shipped (see ``layers/tables/README.md``), or the path of a CSV file: UTF-8, comma
        between columns, point in decimals.
    needed : sequence of str
        Columns, ``source`` and ``status`` among them.
    folder : Path, optional
        What a path is relative to. Default the working folder.

    Returns
    -------
    DataFrame
        Text, but for the columns of numbers. ``attrs["layer"]`` says where it comes from; its status is
        ``indicative`` where something was not read in its source (``K``) or is the user's own.

    Raises
    ------
    FileError
        When it cannot be read.
    TableError
        When a column is absent, a number is none, or a status is unknown; with the line.

    Examples
    --------
    >>> read_table("generic-distances", ("scheme", "class", "value", "source", "status"))["value"].tolist()
    [200.0, 500.0, 900.0, 1500.0]
    """
    import pandas as pd

    path = _path(str(reference), folder or Path.cwd())
    rows = _rows(path)
    absent = [name for name in needed if name not in rows[0]]
    if absent:
        raise TableError(f"{path} has no column {absent[0]!r}; expected {', '.join(needed)}; add it")
    for number, row in enumerate(rows, start=2):
        if row["status"] not in _STATUS:
            raise TableError(
                f"{path} line {number}: the status is {row['status']!r}; expected one of {', '.join(_STATUS)}; "
                "a number of your own is 'own'"
            )
    table = pd.DataFrame(rows)
    for name in set(_NUMBERS) & set(table.columns):
        table[name] = [_number(row[name], name, path, k) for k, row in enumerate(rows, start=2)]
    table.attrs["layer"] = _provenance(path, table)
    return table


def _path(reference: str, folder: Path) -> Path:
    package = Path(__file__).parent
    for shipped in (package / "_layers" / "tables", package.parent / "layers" / "tables"):
        known = sorted(path.stem for path in shipped.glob("*.csv"))
        if reference in known:
            return shipped / f"{reference}.csv"
        if known and Path(reference).suffix == "":
            raise FileError(
                f"there is no table {reference!r}; expected one of {', '.join(known)}, or the path of a CSV file"
            )
    return folder / reference


def _rows(path: Path) -> list[dict[str, str]]:
    require_file(path, limit_name="TEXT_BYTES")
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            rows = [{str(key): (value or "").strip() for key, value in row.items()} for row in _whole(reader, path)]
    except UnicodeDecodeError:
        raise FileError(f"{path} is not UTF-8; expected text in UTF-8; save it in that encoding") from None
    except csv.Error as error:
        raise FileError(f"{path} is no table ({error}); expected rows of equal length; correct it") from None
    if not rows:
        raise TableError(f"{path} has no rows; expected at least one; fill it")
    return rows


def _whole(reader: csv.DictReader[str], path: Path) -> list[dict[str, str]]:
    """Return the rows; one that is longer or shorter than the header is refused."""
    found: list[dict[str, Any]] = []
    for row in reader:
        if None in row or None in row.values():
            raise TableError(
                f"{path} line {reader.line_num} has more or fewer values than the header; expected as many; "
                "a number with a comma (1,200) is written 1200"
            )
        found.append(row)
        require_below(len(found), "FEATURES", what=f"rows of {path}")
    require_below(len(reader.fieldnames or ()), "COLUMNS", what=f"columns of {path}")
    return found


def _number(text: str, column: str, path: Path, line: int) -> float:
    """Return a number; one with a comma, a unit or nothing in it is refused (nothing is allowed beside ``value``)."""
    if not text and column != "value":
        return math.nan
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise TableError(
            f"{path} line {line}: the column {column!r} holds {text!r}; expected a number such as 1200 or 0.25; "
            "write it without commas and units"
        )
    return number


def _provenance(path: Path, table: pd.DataFrame) -> dict[str, Any]:
    sources = list(dict.fromkeys(str(each) for each in table["source"]))
    return {
        "name": path.stem,
        "title": {"en": path.stem.replace("-", " ")},
        "licence": None,
        "attribution": None,
        "source": "; ".join(sources)[:500],
        "date": None,
        "sha256": sha256_of(path),
        "status": "official" if table["status"].isin(["S", "R"]).all() else "indicative",
        "redistribute": True,
    }
