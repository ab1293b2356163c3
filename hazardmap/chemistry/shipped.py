"""The door for tables of substances: who they are, their numbers, and the quantities of the Seveso III Directive."""

from functools import cache
from pathlib import Path

import pandas as pd

from hazardmap.chemistry.lookup import look_up
from hazardmap.chemistry.records import Substance, Substances, substances_from
from hazardmap.chemistry.seveso import Qualifying, qualifying_from
from hazardmap.csvfile import read_table
from hazardmap.errors import TableError

__all__ = ["effect_thresholds", "generic_distances", "qualifying_quantities", "substance", "substances"]

_IDENTITY = (
    "substance", "cas", "un", "en", "nl", "fr", "de", "also", "seveso_entry", "seveso_categories", "kas18", "source",
    "status",
)  # fmt: skip
_NUMBER = ("value", "unit", "source", "status")
_VALUES = ("substance", "property", "minutes", *_NUMBER)


def substances(
    identities: str | Path = "substances", values: str | Path = "substance-values", *, folder: Path | None = None
) -> Substances:
    """Read substances.

    Parameters
    ----------
    identities : str or Path
        Table of names and classes; see ``layers/tables/README.md``.
    values : str or Path
        Table of numbers.
    folder : Path, optional
        What paths are relative to.

    Returns
    -------
    Substances
        Found with ``find``; all of them as a table with ``table``.

    Raises
    ------
    FileError
        When a table cannot be read.
    TableError
        When it breaks its rules.
    SubstanceError
        When a CAS number cannot be.

    Examples
    --------
    >>> known = substances()
    >>> known.find("Schwefeldioxid").cas, known.find("UN 1017").name
    ('7446-09-5', 'chlorine')
    >>> float(known.table().loc["chlorine", "aegl-2_ppm"])
    2.0
    """
    names = read_table(identities, _IDENTITY, folder=folder)
    return substances_from(names, read_table(values, _VALUES, folder=folder))


def substance(name: str, *, beyond: bool = False) -> Substance:
    """Return a substance of the shipped table.

    Parameters
    ----------
    name : str
        CAS number, UN number, or a name in English, Dutch, French or German.
    beyond : bool
        Ask the library ``chemicals`` (extra ``chem``) where the table does not hold it. What it knows is less: no
        guideline values, no Seveso classes.

    Returns
    -------
    Substance
        Its names, classes, and numbers, each with unit, source and status.

    Raises
    ------
    SubstanceError
        When it is not known (offers the nearest names), or its CAS number has a wrong check digit.
    MissingExtraError
        When the library is needed and not installed.

    Examples
    --------
    >>> chlorine = substance("chloor")
    >>> chlorine.value("aegl-3", minutes=60).value, round(chlorine.threshold_mg_m3("aegl-3"), 1)
    (20.0, 58.0)
    """
    known = _shipped()
    if beyond and known.get(name) is None:
        return look_up(name)
    return known.find(name)


@cache
def _shipped() -> Substances:
    return substances()


def qualifying_quantities(
    table: str | Path = "seveso-quantities", *, folder: Path | None = None
) -> dict[str, Qualifying]:
    """Read the qualifying quantities of Annex I of Directive 2012/18/EU, by entry.

    Parameters
    ----------
    table : str or Path
        Name of a table that is shipped, or the path of one.
    folder : Path, optional
        What a path is relative to.

    Returns
    -------
    dict of str to Qualifying
        Tonnes of the lower and the upper tier, by entry (``H1`` to ``O3``, ``1`` to ``48``).

    Raises
    ------
    FileError
        When it cannot be read.
    TableError
        When it breaks its rules.

    Examples
    --------
    >>> chlorine = qualifying_quantities()["10"]
    >>> chlorine.lower_t, chlorine.upper_t
    (10.0, 25.0)
    """
    return qualifying_from(read_table(table, ("entry", "groups", "name", "tier", *_NUMBER), folder=folder))


def effect_thresholds(
    scheme: str, effect: str, *, table: str | Path = "effect-thresholds", folder: Path | None = None
) -> pd.DataFrame:
    """Return the thresholds of an effect that national rules name, or that are drawn by default.

    Parameters
    ----------
    scheme : str
        Such as ``default``, ``nl-attention``, ``fr-2005``.
    effect : str
        Such as ``heat`` or ``overpressure``.
    table : str or Path
    folder : Path, optional
        What a path is relative to.

    Returns
    -------
    DataFrame
        Columns ``level`` (its name), ``value``, ``unit``, ``source``, ``status``.

    Raises
    ------
    TableError
        When the table has no such scheme, or the scheme no such effect.

    Examples
    --------
    >>> effect_thresholds("fr-2005", "heat")[["level", "value", "status"]].to_numpy().tolist()
    [['SEI', 3.0, 'K'], ['SEL', 5.0, 'K'], ['SELS', 8.0, 'K']]
    """
    read = read_table(table, ("scheme", "effect", "level", *_NUMBER), folder=folder)
    own = read[(read["scheme"] == scheme) & (read["effect"] == effect)]
    if own.empty:
        names = ", ".join(read.loc[read["effect"] == effect, "scheme"].unique()) or "no scheme"
        raise TableError(f"there are no thresholds of {effect} in {scheme!r}; expected one of {names}; correct it")
    return own[["level", *_NUMBER]].reset_index(drop=True)


def generic_distances(
    scheme: str = "kas-18", *, table: str | Path = "generic-distances", folder: Path | None = None
) -> dict[str, float]:
    """Return the distances that a guide recommends where nothing is known of a site, in metres by class.

    Parameters
    ----------
    scheme : str
        Such as ``kas-18``.
    table : str or Path
        Name of a table that is shipped, or the path of one.
    folder : Path, optional
        What a path is relative to.

    Returns
    -------
    dict of str to float
        Metres, by class.

    Raises
    ------
    FileError
        When the table cannot be read.
    TableError
        When the table has no such scheme.

    Examples
    --------
    >>> generic_distances("kas-18")
    {'I': 200.0, 'II': 500.0, 'III': 900.0, 'IV': 1500.0}
    """
    read = read_table(table, ("scheme", "class", *_NUMBER), folder=folder)
    own = read[read["scheme"] == scheme]
    if own.empty:
        names = ", ".join(read["scheme"].unique())
        raise TableError(f"there are no generic distances {scheme!r}; expected one of {names}; correct it")
    return {str(row["class"]): float(row["value"]) for row in own.to_dict("records")}
