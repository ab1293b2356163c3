"""Substances that the tables do not hold, from the library ``chemicals``."""

from typing import Any

from hazardmap.chemistry.records import Substance, Value
from hazardmap.errors import MissingExtraError, SubstanceError

__all__ = ["look_up"]


def look_up(name: str) -> Substance:
    """Return what the library ``chemicals`` knows of a substance: molar mass, boiling point, lower flammable limit.

    It knows no guideline values and no Seveso classes: give those yourself.

    Parameters
    ----------
    name : str
        CAS number, formula or English name.

    Raises
    ------
    MissingExtraError
        When the library is not installed.
    SubstanceError
        When it does not know the substance.
    """
    try:
        import chemicals
    except ImportError as error:
        raise MissingExtraError(
            f"the substance {name!r} is not in the table, and the library chemicals is not installed; "
            "install it with 'pip install hazardmap[chem]'"
        ) from error
    library: Any = chemicals
    try:
        cas = str(library.CAS_from_any(str(name)))
        entry = library.search_chemical(cas)
    except ValueError as error:
        raise SubstanceError(
            f"the library chemicals does not know {name!r}; expected a CAS number or an English name; correct it"
        ) from error
    # where nothing was measured, the library estimates boiling points by groups of atoms
    measured = [each for each in library.Tb_methods(cas) if each != "JOBACK"]
    boiling, flammable = library.Tb(cas, method=measured[0]) if measured else None, library.LFL(CASRN=cas)
    numbers = {
        "molar_mass": (float(entry.MW), "g/mol"),
        "boiling_point": (None if boiling is None else float(boiling) - 273.15, "degC"),
        "lel": (None if flammable is None else 100 * float(flammable), "%"),
    }
    source = f"library chemicals {library.__version__}"
    values = tuple(
        Value(what, 0, value, unit, source, "S") for what, (value, unit) in numbers.items() if value is not None
    )
    return Substance(
        name=str(entry.common_name), cas=cas, names={"en": str(entry.common_name)}, numbers=values, status="S"
    )
