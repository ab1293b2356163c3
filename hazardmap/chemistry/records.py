"""A substance and its numbers, each with its source; and a collection of substances that finds one by any name."""

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pandas as pd

from hazardmap.chemistry.cas import is_cas, require_cas
from hazardmap.consequences import Probit, mg_m3_from_ppm
from hazardmap.errors import SubstanceError, TableError

__all__ = ["LANGUAGES", "Substance", "Substances", "Value", "substances_from"]

LANGUAGES = ("en", "nl", "fr", "de")

_IMPLIED = {"molar_mass": "g/mol", "boiling_point": "degC", "heat_of_combustion": "MJ/kg", "burning_rate": "kg/m2/s"}


class Value(NamedTuple):
    """A number of a substance, with its source and status; ``minutes`` is 0 where it has no duration."""

    property: str
    minutes: int
    value: float
    unit: str
    source: str
    status: str


@dataclass(frozen=True)
class Substance:
    """A dangerous substance.

    Parameters
    ----------
    name : str
        Its key, such as ``"hydrogen-fluoride"``.
    cas : str
        CAS registry number.
    un : tuple of str
        UN numbers.
    names : mapping of str to str
        By language: ``en, nl, fr, de``.
    also : tuple of str
        Other names.
    seveso_entry : str
        Entry of Annex I part 2 of Directive 2012/18/EU; empty where the substance is not named there.
    seveso_categories : tuple of str
        Categories of part 1, such as ``("H2", "P4", "E1")``.
    kas18 : str
        Distance class of KAS-18 (I to IV); empty where it has none.
    numbers : tuple of Value
    status : str
        Of the names and classes: ``S``, ``R``, ``K`` or ``own``.
    """

    name: str
    cas: str
    un: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    seveso_entry: str = ""
    seveso_categories: tuple[str, ...] = ()
    kas18: str = ""
    numbers: tuple[Value, ...] = ()
    status: str = "own"

    def has(self, what: str, minutes: int = 0) -> bool:
        """Say whether a number is known."""
        return any(each.property == what and each.minutes == minutes for each in self.numbers)

    def value(self, what: str, minutes: int = 0) -> Value:
        """Return a number with its unit, source and status.

        Parameters
        ----------
        what : str
            Such as ``molar_mass``, ``boiling_point``, ``heat_of_combustion``, ``lel``, ``idlh``, ``aegl-2``.
        minutes : int
            Duration, of AEGL (10, 30, 60, 240, 480) and ERPG (60); else 0.

        Raises
        ------
        SubstanceError
            When it is not known.
        """
        for each in self.numbers:
            if each.property == what and each.minutes == minutes:
                return each
        known = ", ".join(f"{v.property} {v.minutes} min" if v.minutes else v.property for v in self.numbers)
        wanted = f"{what} for {minutes} min" if minutes else what
        raise SubstanceError(
            f"{self.name} has no {wanted}; expected one of: {known[:400] or 'nothing'}; give it yourself"
        )

    @property
    def molar_mass_g_mol(self) -> float:
        """Molar mass."""
        return self.value("molar_mass").value

    @property
    def boiling_point_c(self) -> float:
        """Boiling point at 101.325 kPa, in degrees Celsius."""
        return self.value("boiling_point").value

    def threshold_mg_m3(self, what: str = "aegl-2", minutes: int = 60) -> float:
        """Return a guideline value in mg/m3 (in air of 25 degrees Celsius), whatever unit it is stated in.

        Parameters
        ----------
        what : str
            ``aegl-1``, ``aegl-2``, ``aegl-3``, ``erpg-1``, ``erpg-2``, ``erpg-3`` or ``idlh``.
        minutes : int
            Duration of AEGL and ERPG; of no meaning for IDLH.

        Raises
        ------
        SubstanceError
            When it is not known.
        """
        found = self.value(what, 0 if what == "idlh" else minutes)
        if found.unit == "mg/m3":
            return found.value
        if found.unit == "ppm":
            return float(mg_m3_from_ppm(found.value, self.molar_mass_g_mol))
        raise SubstanceError(f"{self.name} has {what} in {found.unit!r}; expected ppm or mg/m3; convert it")

    @property
    def probit(self) -> Probit:
        """Probit of death, for mg/m3 and minutes.

        Raises
        ------
        SubstanceError
            When its constants are not known.
        """
        a, b, n = (self.value(f"probit-{each}").value for each in "abn")
        return Probit(a, b, n)


@dataclass(frozen=True)
class Substances:
    """Substances by their keys, found by CAS number, UN number, or name in any of four languages.

    Parameters
    ----------
    found : mapping of str to Substance
    inputs : tuple of dict
        Provenance of the tables.
    """

    found: Mapping[str, Substance]
    inputs: tuple[dict[str, Any], ...] = ()

    def __iter__(self) -> Iterator[Substance]:
        return iter(self.found.values())

    def __len__(self) -> int:
        return len(self.found)

    def get(self, name: str) -> Substance | None:
        """Return a substance, or None where there is none; a CAS number has to be right.

        Raises
        ------
        SubstanceError
            When a CAS number has a wrong check digit.
        """
        text = str(name).strip()
        if is_cas(text):
            cas = require_cas(text)
            return next((each for each in self if each.cas == cas), None)
        number = re.fullmatch(r"(?:UN\s*)?([0-9]{4})", text, flags=re.IGNORECASE)
        if number:
            return next((each for each in self if number[1] in each.un), None)
        wanted = _plain(text)
        return next((each for each in self if wanted and wanted in map(_plain, _names(each))), None)

    def find(self, name: str) -> Substance:
        """Return a substance.

        Parameters
        ----------
        name : str
            CAS number (``7782-50-5``), UN number (``1017``, ``UN 1017``), or a name in English, Dutch, French or
            German; capitals, accents, blanks and hyphens do not count.

        Raises
        ------
        SubstanceError
            When it is not known (offers the nearest names), or its CAS number has a wrong check digit.
        """
        substance = self.get(name)
        if substance is None:
            close = self._nearest(name)
            nearest = f"the nearest names are {', '.join(close)}" if close else "no name is near"
            raise SubstanceError(
                f"the substance {str(name)!r} is not known; expected a CAS number, a UN number or a name; {nearest}"
            )
        return substance

    def _nearest(self, name: str) -> list[str]:
        """Return up to three names that are written like another, each of another substance."""
        shown = {_plain(each): (known.name, each) for known in self for each in _names(known)}
        close = difflib.get_close_matches(_plain(str(name)), list(shown), n=12, cutoff=0.5)
        best: dict[str, str] = {}
        for key, written in (shown[each] for each in close):
            best.setdefault(key, written)
        return list(best.values())[:3]

    def table(self) -> pd.DataFrame:
        """Return one row per substance: names, classes, and the numbers that have no duration or 60 minutes.

        Returns
        -------
        DataFrame
            Indexed by ``substance``. Units stand in the names of the columns; a number that is not known is missing.
        """
        rows = []
        for each in self:
            numbers = {
                f"{v.property}_{_IMPLIED.get(v.property, v.unit)}": v.value
                for v in each.numbers
                if v.minutes in (0, 60)
            }
            rows.append(
                {
                    "substance": each.name,
                    "cas": each.cas,
                    "un": " ".join(each.un),
                    **{language: each.names.get(language, "") for language in LANGUAGES},
                    "seveso_entry": each.seveso_entry,
                    "seveso_categories": " ".join(each.seveso_categories),
                    "kas18": each.kas18,
                    **numbers,
                }
            )
        return pd.DataFrame(rows).set_index("substance")

    def numbers(self) -> pd.DataFrame:
        """Return every number with its source and status, one a row."""
        return pd.DataFrame([{"substance": each.name, **value._asdict()} for each in self for value in each.numbers])


def substances_from(identities: pd.DataFrame, values: pd.DataFrame) -> Substances:
    """Make substances from two tables.

    Parameters
    ----------
    identities : DataFrame
        Text columns ``substance, cas, un, en, nl, fr, de, also, seveso_entry, seveso_categories, kas18, status``.
    values : DataFrame
        Columns ``substance, property, minutes, value, unit, source, status``.

    Raises
    ------
    SubstanceError
        When a CAS number cannot be.
    TableError
        When a substance or one of its numbers stands there twice, a number belongs to none, or is not above 0 that
        has to be.
    """
    for column in ("substance", "cas"):
        if identities[column].duplicated().any():
            again = identities.loc[identities[column].duplicated(), column].iloc[0]
            raise TableError(f"the substance {again!r} stands there twice; expected one row each; drop one")
    strange = sorted(set(values["substance"]) - set(identities["substance"]))
    if strange:
        raise TableError(
            f"there are numbers of {strange[0]!r}; expected a substance of the table; add it, or drop them"
        )
    twice = values[values.duplicated(["substance", "property", "minutes"])]
    if len(twice):
        first = twice.iloc[0]
        raise TableError(f"{first['substance']} has {first['property']} twice; expected it once per duration; drop one")
    numbers: dict[str, list[Value]] = {}
    for row in values.to_dict("records"):
        numbers.setdefault(str(row["substance"]), []).append(_value(row))
    found = {
        str(row["substance"]): Substance(
            name=str(row["substance"]),
            cas=require_cas(row["cas"], what=str(row["substance"])),
            un=tuple(row["un"].split()),
            names={language: row[language] for language in LANGUAGES},
            also=tuple(each.strip() for each in row["also"].split(";") if each.strip()),
            seveso_entry=row["seveso_entry"],
            seveso_categories=tuple(row["seveso_categories"].split()),
            kas18=row["kas18"],
            numbers=tuple(numbers.get(str(row["substance"]), ())),
            status=row["status"],
        )
        for row in identities.to_dict("records")
    }
    layers = [table.attrs.get("layer") for table in (identities, values)]
    return Substances(found, tuple(each for each in layers if each))


def _value(row: Mapping[str, Any]) -> Value:
    minutes = 0 if pd.isna(row["minutes"]) else int(row["minutes"])
    what, value = str(row["property"]), float(row["value"])
    if what.startswith(("aegl", "erpg", "idlh", "lel", "molar")) and value <= 0:
        raise TableError(f"{row['substance']} has {what} of {value:g}; expected a number above 0; correct it")
    return Value(what, minutes, value, str(row["unit"]), str(row["source"]), str(row["status"]))


def _names(substance: Substance) -> tuple[str, ...]:
    return (substance.name, *substance.names.values(), *substance.also)


def _plain(name: str) -> str:
    """Return a name without capitals, accents, blanks, hyphens and apostrophes."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(each for each in letters if each.isalnum())
