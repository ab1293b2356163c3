"""Classes of likelihood and impact as countries have them, and where the range of a risk falls; never an average."""

from dataclasses import dataclass
from typing import Any

from hazardmap import catalog
from hazardmap.errors import TableError
from hazardmap.risks.inventory import Inventory, Range, Risk

__all__ = ["Axis", "Placed", "Scheme", "place", "schemes"]

_YEARS = {"per year": 1, "per 5 years": 5}
_NEEDED = ("scheme", "axis", "criterion", "class", "closed")


@dataclass(frozen=True)
class Axis:
    """Classes from mild to bad.

    Parameters
    ----------
    names : tuple of str
    edges : tuple of float
        Lower edge of each class, the first 0.
    unit : str
    closed : {"lower", "upper"}
        Whether a value on an edge belongs to the class above it, or to the one below.
    """

    names: tuple[str, ...]
    edges: tuple[float, ...]
    unit: str
    closed: str

    def number(self, value: float) -> int:
        """Return the number of the class that a value falls into, from 0.

        Examples
        --------
        >>> decades = Axis(("A", "B", "C"), (0, 0.01, 0.1), "per year", "upper")
        >>> [decades.number(value) for value in (0, 0.01, 0.011, 5)]
        [0, 0, 1, 2]
        """
        below = [edge < value if self.closed == "upper" else edge <= value for edge in self.edges]
        return max(sum(below) - 1, 0)


@dataclass(frozen=True)
class Scheme:
    """A matrix: its likelihood, and one axis for each criterion of impact."""

    name: str
    likelihood: Axis
    impacts: dict[str, Axis]


@dataclass(frozen=True)
class Placed:
    """Where a risk falls: numbers of the first and the last class that its ranges reach, from 0.

    Parameters
    ----------
    likelihood : tuple of int
    criteria : dict of str to tuple of int
        For each criterion that the scheme knows.
    impact : tuple of int, optional
        The worst of the criteria, at both ends of the ranges; None where the scheme knows none of them.
    """

    likelihood: tuple[int, int]
    criteria: dict[str, tuple[int, int]]
    impact: tuple[int, int] | None


def schemes(found: Inventory) -> list[Scheme]:
    """Return the schemes that an inventory asks for.

    Raises
    ------
    TableError
        When the table has no such scheme, or breaks its rules, or no scheme of it knows a criterion of a risk.
    """
    table = catalog.parameters(found.classes, folder=found.folder)
    absent = [name for name in _NEEDED if name not in table.columns]
    if absent:
        raise TableError(f"{found.classes} has no column {absent[0]!r}; expected {', '.join(_NEEDED)}; add it")
    _require_criteria(found.risks, list(dict.fromkeys(table.loc[table["axis"] == "impact", "criterion"])))
    known = list(dict.fromkeys(table["scheme"]))
    made = []
    for name in found.schemes or known:
        if name not in known:
            raise TableError(f"there are no classes {name!r}; expected one of {', '.join(known)}; correct 'schemes'")
        own = table[table["scheme"] == name]
        axes = {
            (axis, criterion): _axis(group, f"{found.classes}: {name} {axis} {criterion}".strip())
            for (axis, criterion), group in own.groupby(["axis", "criterion"], sort=False)
        }
        if ("likelihood", "") not in axes or axes["likelihood", ""].unit not in _YEARS:
            raise TableError(f"{found.classes}: {name} has no likelihood per year or per 5 years; add its classes")
        impacts = {criterion: axis for (kind, criterion), axis in axes.items() if kind == "impact"}
        made.append(Scheme(name, axes["likelihood", ""], impacts))
    return made


def place(risk: Risk, scheme: Scheme) -> Placed:
    """Return where a risk falls in a scheme.

    A frequency f becomes the probability ``1 - exp(-5 f)`` of at least one event in five years where the scheme asks
    for it (events that come by chance, one after the other).

    Raises
    ------
    TableError
        When an impact is in another unit than the classes.
    """
    years = _YEARS[scheme.likelihood.unit]
    likelihood = _span(scheme.likelihood, tuple(_probability(end, years) for end in risk.frequency.ends))
    criteria = {
        name: _span(axis, _in_unit(risk, name, axis).ends)
        for name, axis in scheme.impacts.items()
        if name in risk.impacts
    }
    worst = None
    if criteria:
        worst = max(low for low, _ in criteria.values()), max(high for _, high in criteria.values())
    return Placed(likelihood, criteria, worst)


def _require_criteria(risks: list[Risk], known: list[str]) -> None:
    """Refuse a criterion that would be left out of every class, such as a misspelt one."""
    for risk in risks:
        for name in risk.impacts:
            if name not in known:
                raise TableError(
                    f"{risk.id}.{name} is a criterion of no scheme; expected one of {', '.join(known)}; correct it"
                )


def _probability(frequency: float, years: int) -> float:
    """Return the frequency, or the probability of at least one event in several years.

    Examples
    --------
    >>> round(_probability(0.01, 5), 4)
    0.0488
    """
    from math import expm1

    return frequency if years == 1 else -expm1(-years * frequency)


def _in_unit(risk: Risk, name: str, axis: Axis) -> Range:
    found = risk.impacts[name]
    if found.unit != axis.unit:
        raise TableError(
            f"{risk.id}.{name} is in {found.unit!r}; the classes are in {axis.unit!r}; convert it and say so in 'unit'"
        )
    return found


def _span(axis: Axis, ends: tuple[float, ...]) -> tuple[int, int]:
    return axis.number(ends[0]), axis.number(ends[-1])


def _axis(group: Any, where: str) -> Axis:
    edges = tuple(float(value) for value in group["value"])
    if len(edges) != 5 or edges[0] != 0 or sorted(set(edges)) != list(edges):
        raise TableError(f"{where} has the edges {list(edges)}; expected five that rise from 0; correct the table")
    if set(group["closed"]) not in ({"lower"}, {"upper"}) or group["unit"].nunique() != 1:
        raise TableError(f"{where} mixes units or sides; expected one unit, and 'lower' or 'upper'; correct the table")
    return Axis(tuple(group["class"]), edges, str(group["unit"].iloc[0]), str(group["closed"].iloc[0]))
