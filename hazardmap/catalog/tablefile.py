"""The door for tables of parameters: one number a row, with its unit, its source, and how far to trust it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hazardmap.csvfile import read_table
from hazardmap.errors import TableError

if TYPE_CHECKING:
    import pandas as pd

    from hazardmap.curves import DamageTables, Rating

__all__ = ["damage_tables", "depth_classes", "hazard_rating", "parameters"]

_NEEDED = ("value", "unit", "source", "status")


def parameters(reference: str | Path, *, folder: Path | None = None) -> pd.DataFrame:
    """Read a table of parameters.

    Parameters
    ----------
    reference : str or Path
        Name of a table that is shipped (see ``layers/tables/README.md``), or the path of a CSV file with the columns
        ``value, unit, source, status``: UTF-8, comma between columns, point in decimals.
    folder : Path, optional
        What a path is relative to. Default the working folder.

    Returns
    -------
    DataFrame
        ``attrs["layer"]`` says where it comes from; its status is ``indicative`` where a number was not read in its
        source (``K``) or is the user's own.

    Raises
    ------
    FileError
        When it cannot be read.
    TableError
        When a column is absent, a number is none, or a status is unknown; with the line.

    Examples
    --------
    >>> table = parameters("depth-classes")
    >>> table.loc[table["scheme"] == "fr-ppri", "value"].tolist()
    [0.0, 0.5, 1.0, 2.0]
    """
    return read_table(reference, _NEEDED, folder=folder)


def depth_classes(scheme: str, *, table: str | Path = "depth-classes", folder: Path | None = None) -> tuple[float, ...]:
    """Return the lower edges of the depth classes of a national flood map.

    Parameters
    ----------
    scheme : str
        Such as ``de-lawa``, ``nl-liwo``, ``be-wallonie``, ``fr-ppri``, ``ch-intensity``.
    table : str or Path
        Table that holds it.
    folder : Path, optional
        What a path is relative to.

    Returns
    -------
    tuple of float
        Metres. A class is half-open; the one from 0 begins just above it, since 0 is dry.

    Raises
    ------
    FileError
        When the table cannot be read.
    TableError
        When the table has no such scheme.

    Examples
    --------
    >>> depth_classes("de-lawa")
    (0.0, 0.5, 1.0, 2.0, 4.0)
    """
    known = parameters(table, folder=folder)
    edges = known.loc[known["scheme"] == scheme, "value"]
    if edges.empty:
        names = ", ".join(known["scheme"].unique())
        raise TableError(f"there are no depth classes {scheme!r}; expected one of {names}; or give the edges")
    return tuple(float(edge) for edge in edges)


def damage_tables(
    curves: str | Path = "damage-curves-jrc-2017",
    prices: str | Path | None = "max-damage-jrc-2017",
    landuse: str | Path | None = None,
    *,
    folder: Path | None = None,
) -> DamageTables:
    """Read what turns depth into damage.

    Parameters
    ----------
    curves : str or Path
        Table with ``curve, depth_m, value``: the share of the greatest damage.
    prices : str or Path, optional
        Table with ``curve, country, value, unit``: the greatest damage. None where assets say what they are worth.
    landuse : str or Path, optional
        Table with ``code, name, curve, value``: the built share of each class of a land-use raster.
    folder : Path, optional
        What paths are relative to.

    Returns
    -------
    DamageTables
        For :func:`hazardmap.overlay`.

    Raises
    ------
    FileError
        When one cannot be read.
    TableError
        When one breaks its rules; see :func:`hazardmap.curves.damage_tables`.

    Examples
    --------
    >>> damage_tables().price("residential", "NL")
    Price(value=841.75, unit='EUR2010/m2')
    """
    from hazardmap import curves as pure

    needed = {
        "curves": ("curve", "depth_m"),
        "prices": ("curve", "country"),
        "landuse": ("code", "name", "curve"),
    }
    given = {"curves": curves, "prices": prices, "landuse": landuse}
    tables = {}
    for name, reference in given.items():
        if reference is None:
            continue
        tables[name] = parameters(reference, folder=folder)
        absent = [column for column in needed[name] if column not in tables[name].columns]
        if absent:
            raise TableError(
                f"{reference} has no column {absent[0]!r}; expected {', '.join((*needed[name], *_NEEDED))}; add it"
            )
    try:
        return pure.damage_tables(**tables)
    except TableError as error:
        raise TableError(f"{', '.join(str(each) for each in given.values() if each)}: {error}") from None


def hazard_rating(name: str, *, table: str | Path = "hazard-rating", folder: Path | None = None) -> Rating:
    """Return a rating of depth and velocity, for :func:`hazardmap.flood`.

    Parameters
    ----------
    name : str
        ``uk`` (urban debris; or ``uk-woodland``, ``uk-pasture``), ``arr``, ``ch`` or ``fr``.
    table : str or Path
        Table that holds its numbers.
    folder : Path, optional
        What a path is relative to.

    Returns
    -------
    Rating
        ``levels`` are the edges of its classes; ``at(depth_m, velocity_ms)`` rates cells.

    Raises
    ------
    FileError
        When the table cannot be read.
    TableError
        When there is no such rating, or the table lacks its rows.

    Examples
    --------
    >>> rating = hazard_rating("ch")
    >>> rating.levels, rating.at([0.4, 0.4], [1.0, 2.0]).tolist()
    ((1.0, 2.0, 3.0), [1.0, 2.0])
    """
    from hazardmap import curves as pure

    known = parameters(table, folder=folder)
    absent = [each for each in _RATED if each not in known.columns]
    if absent:
        raise TableError(f"{table} has no column {absent[0]!r}; expected {', '.join((*_RATED, *_NEEDED))}; add it")
    return pure.hazard_rating(known, name)


_RATED = ("scheme", "class", "depth_m", "velocity_ms", "product_m2s")
