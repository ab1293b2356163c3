"""Read an inventory of risks (``risks.yaml``), and the figures that it takes from the tables of studies."""

from pathlib import Path
from typing import Any, Literal

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from hazardmap.errors import StudyError
from hazardmap.files import require_file
from hazardmap.yamlfile import Document, read_yaml

__all__ = ["Inventory", "Range", "Risk", "inventory"]

Text = str | dict[str, str]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Feed(_Part):
    """Where a range comes from: the ``flows.csv`` of a study's tables.

    Parameters
    ----------
    tables : str
        Folder of the tables, relative to the inventory.
    scenarios : list of str
        Ids of the scenarios that the range spans.
    hazard, measure, unit : str, optional
        What is added up; a frequency needs none of them.
    """

    tables: str
    scenarios: list[str] = Field(min_length=1)
    hazard: str | None = None
    measure: str | None = None
    unit: str | None = None


class Range(_Part):
    """A range of numbers, never one number that would say more than is known.

    Parameters
    ----------
    min, max : float, optional
        Both, or a ``study`` that they come from.
    unit : str, optional
    source : str
        Who says so.
    status : {"S", "R", "K", "own"}
        How far to trust it; see ``layers/tables/README.md``.
    study : Feed, optional
    """

    min: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    max: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    unit: str | None = None
    source: str = Field(min_length=1)
    status: Literal["S", "R", "K", "own"] = "own"
    study: Feed | None = None

    @pydantic.model_validator(mode="after")
    def _whole(self) -> "Range":
        if self.study is None and (self.min is None or self.max is None):
            raise ValueError("expected min and max, or a study that they come from")
        if self.study is not None and (self.min is not None or self.max is not None):
            raise ValueError("expected min and max, or a study, not both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} lies above max {self.max:g}; expected a range")
        return self

    @property
    def ends(self) -> tuple[float, float]:
        """Both ends, once they are known."""
        return float(self.min or 0), float(self.max or 0)


class Risk(_Part):
    """One risk.

    Parameters
    ----------
    id : str
    name : str or mapping of language to str
    category : str
        Such as ``natural``, ``technological``.
    frequency : Range
        Expected number per year.
    impacts : mapping of criterion to Range
        Criteria of the schemes: ``deaths`` and ``people affected`` (people), ``costs`` (EUR).
    note : str or mapping, optional
        What is doubtful about it.
    """

    id: str = Field(min_length=1, max_length=40)
    name: Text
    category: str
    frequency: Range
    impacts: dict[str, Range] = Field(min_length=1)
    note: Text | None = None

    @pydantic.field_validator("frequency")
    @classmethod
    def _per_year(cls, frequency: Range) -> Range:
        if frequency.unit not in (None, "per year"):
            raise ValueError(f"the unit is {frequency.unit!r}; expected per year; convert it")
        return frequency


class Inventory(_Part):
    """An inventory.

    Parameters
    ----------
    title : str or mapping of language to str
    risks : list of Risk
    classes : str
        Table of the classes; the shipped one by default.
    schemes : list of str, optional
        Schemes of that table; all by default.
    note : str or mapping, optional
    folder : Path
        Folder of the file; no key of it.
    """

    title: Text
    risks: list[Risk] = Field(min_length=1)
    classes: str = "risk-classes"
    schemes: list[str] | None = None
    note: Text | None = None
    folder: Path = Field(default=Path(), exclude=True)

    @pydantic.field_validator("risks")
    @classmethod
    def _once(cls, risks: list[Risk]) -> list[Risk]:
        ids = [risk.id for risk in risks]
        twice = next((name for name in ids if ids.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"the id {twice!r} stands twice; expected each once")
        return risks


def inventory(path: str | Path) -> Inventory:
    """Read an inventory, and fill in what it takes from studies.

    Raises
    ------
    FileError
        When it is no YAML file that can be read safely, or the tables of a study are not there.
    StudyError
        When a key is unknown, a range is none, or a table lacks the figures; with the line.
    """
    path = Path(path)
    document = read_yaml(path)
    if not isinstance(document.data, dict) or "folder" in document.data:
        raise StudyError(f"{path} is no inventory; expected the keys title and risks; see docs/publishing.md")
    try:
        found = Inventory.model_validate({**document.data, "folder": path.resolve().parent})
    except pydantic.ValidationError as error:
        raise StudyError(_explain(error, document)) from None
    return found.model_copy(update={"risks": [_fed(risk, found.folder) for risk in found.risks]})


def _fed(risk: Risk, folder: Path) -> Risk:
    """Return a risk with every range known."""
    impacts = {name: _filled(each, folder, f"{risk.id}.{name}") for name, each in risk.impacts.items()}
    frequency = _filled(risk.frequency, folder, f"{risk.id}.frequency", frequency=True)
    return risk.model_copy(update={"impacts": impacts, "frequency": frequency})


def _filled(known: Range, folder: Path, where: str, *, frequency: bool = False) -> Range:
    if known.study is None:
        return known
    tables = folder / known.study.tables
    values = [_value(tables, known.study, scenario, where, frequency=frequency) for scenario in known.study.scenarios]
    return known.model_copy(update={"min": min(values), "max": max(values), "status": "R"})


_NUMBERS = ("return_period_years", "attributed")


def _value(tables: Path, feed: Feed, scenario: str, where: str, *, frequency: bool) -> float:
    """Return the frequency of a scenario, or the sum of a quantity in it: 0 where it is known to reach nothing."""
    flows = _read(tables / "flows.csv", ("hazard", "scenario", "measure", "unit", *_NUMBERS), where)
    chosen = flows[flows["scenario"] == scenario]
    for key in ("hazard", "measure", "unit"):
        wanted = getattr(feed, key)
        chosen = chosen if wanted is None else chosen[chosen[key] == wanted]
    if chosen.empty:
        rows = _rows(tables, feed, scenario, where, known=set(flows["scenario"]))
        if frequency:
            return _frequency(rows, scenario, where)
        _require_nothing(rows, feed, scenario, where, units=set(flows.loc[flows["measure"] == feed.measure, "unit"]))
        return 0.0
    if frequency:
        return _frequency(chosen, scenario, where)
    if len(chosen[["hazard", "measure", "unit"]].drop_duplicates()) > 1:
        raise StudyError(f"{where}: several quantities would be added up; expected hazard, measure and unit; name them")
    return float(chosen["attributed"].sum())


def _frequency(rows: Any, scenario: str, where: str) -> float:
    periods = rows["return_period_years"].unique()
    if len(periods) > 1:
        raise StudyError(f"{where}: {scenario!r} has several return periods; expected the hazard to be named; name it")
    years = float(periods[0])
    if not years > 0:
        raise StudyError(f"{where}: the scenario {scenario!r} has no return period; expected one; name another")
    return 1 / years


def _rows(tables: Path, feed: Feed, scenario: str, where: str, known: set[str]) -> Any:
    """Return the rows of all assets in a scenario that has no flows: where it was computed, there are some."""
    path = tables / "assets.csv"
    columns = ("hazard", "scenario", "layer", "status", "unit", "value_unit", "damage_unit", "return_period_years")
    every = _read(path, columns, where) if path.is_file() else None
    if every is not None:
        every = every if feed.hazard is None else every[every["hazard"] == feed.hazard]
        chosen = every[every["scenario"] == scenario]
        if not chosen.empty:
            return chosen
        known = known | set(every["scenario"])
    raise StudyError(
        f"{where}: the study has nothing for {scenario!r} and {feed.measure or 'any measure'}; expected one of the "
        f"scenarios {', '.join(sorted(known))}; correct it"
    )


def _require_nothing(rows: Any, feed: Feed, scenario: str, where: str, units: set[str]) -> None:
    """Refuse a scenario of which it is not known that it reaches nothing: absent is not zero."""
    if feed.measure is None or feed.unit is None:
        raise StudyError(f"{where}: nothing is reached in {scenario!r}; expected measure and unit; name them")
    own = rows[rows["layer"] == feed.measure]
    units = units.union(*(own[name].dropna() for name in ("unit", "value_unit", "damage_unit")))
    if own.empty or feed.unit not in units:
        found, known = (feed.unit, units) if len(own) else (feed.measure, set(rows["layer"]))
        raise StudyError(f"{where}: the study has no {found!r}; expected one of {', '.join(sorted(known))}; correct it")
    if "hit" in set(own["status"]):
        raise StudyError(
            f"{where}: {feed.measure} are hit in {scenario!r}, but how much in {feed.unit} is not known; expected a "
            "unit that is; name another"
        )
    if set(own["status"]) <= {"partial", "not covered"}:
        raise StudyError(
            f"{where}: the data of {scenario!r} cover no {feed.measure}, which is not the same as nothing reached; "
            "expected a scenario that covers some; name another"
        )


def _read(path: Path, columns: tuple[str, ...], where: str) -> Any:
    import pandas as pd

    if not path.is_file():
        raise StudyError(
            f"{where}: the tables {path} of the study are not there; expected those of its last run; run it with the "
            "output 'csv' first"
        )
    require_file(path)
    try:
        kinds = {name: float if name in _NUMBERS else str for name in columns}
        return pd.read_csv(path, usecols=list(columns), dtype=kinds, encoding="utf-8")
    except ValueError as error:
        raise StudyError(
            f"{where}: {path} cannot be read ({str(error).splitlines()[0]}); expected the columns "
            f"{', '.join(columns)}; run the study again"
        ) from None


def _explain(error: pydantic.ValidationError, document: Document) -> str:
    """Say the first fault in one line, with its line in the file."""
    errors = error.errors(include_url=False)
    # a misspelt key says more than the key that is absent for it
    first = next((each for each in errors if each["type"] == "extra_forbidden"), errors[0])
    place = tuple(first["loc"])
    key = ".".join(str(part) for part in place) or "the inventory"
    told = first["msg"].removeprefix("Value error, ")
    return f"{document.path} line {document.line(place)}: {key}: {told}; see docs/publishing.md"
