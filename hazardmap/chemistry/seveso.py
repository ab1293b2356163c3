"""Which tier of the Seveso III Directive (2012/18/EU) an inventory comes to, by the rules of its Annex I."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from hazardmap.checks import factor_to
from hazardmap.chemistry.records import Substance
from hazardmap.errors import ReleaseError, TableError, UnitsError

__all__ = ["GROUPS", "Holding", "Qualifying", "Tier", "qualifying_from", "seveso_tier", "tonnes"]

GROUPS = {"H": "health", "P": "physical", "E": "environment"}
"""Groups within which shares are added up."""

TIERS = ("lower", "upper")
FULL = 1 - 1e-9  # a sum such as 0.1 + 0.2 + 0.7 is 1, whatever binary fractions make of it
SMALL = 0.02
"""Share of the qualifying quantity up to which a holding may be left out where it cannot set off an accident."""

_COLUMNS = [
    "holding", "entry", "group", "quantity_t", "lower_t", "upper_t", "lower_share", "upper_share", "counts",
]  # fmt: skip


@dataclass(frozen=True)
class Qualifying:
    """Quantities from which an entry of Annex I counts.

    Parameters
    ----------
    entry : str
        ``H1`` to ``O3`` of part 1, or ``1`` to ``48`` of part 2.
    name : str
    groups : tuple of str
        ``H``, ``P``, ``E``; of a named substance, by its classification.
    lower_t, upper_t : float
        Tonnes.
    status : str
        How far to trust them.
    """

    entry: str
    name: str
    groups: tuple[str, ...]
    lower_t: float
    upper_t: float
    status: str = "own"


@dataclass(frozen=True)
class Holding:
    """How much of what is present on a site.

    Parameters
    ----------
    substance : Substance or str
        A substance with its entry and categories; or an entry by itself, such as ``"P5c"`` or ``"34"``.
    quantity : str
        With its unit: ``"25 t"``, ``"900 kg"``.

    Examples
    --------
    0.9 t of chlorine (entry 10), whose lower quantity is 10 t:

    >>> from hazardmap.chemistry import qualifying_quantities
    >>> found = seveso_tier([Holding("10", "900 kg")], qualifying_quantities())
    >>> found.parts.loc[0, ["quantity_t", "lower_share"]].tolist()
    [0.9, 0.09]
    """

    substance: Substance | str
    quantity: str

    @property
    def name(self) -> str:
        """Key of the substance, or the entry."""
        return self.substance if isinstance(self.substance, str) else self.substance.name


@dataclass(frozen=True)
class Tier:
    """What an inventory comes to.

    Parameters
    ----------
    tier : {"none", "lower", "upper"}
    reasons : tuple of str
        Each quantity or sum that reaches the tier.
    sums : DataFrame
        Indexed by group (``health``, ``physical``, ``environment``); columns ``lower`` and ``upper``: the sums of
        shares, which count from 1 on.
    parts : DataFrame
        Every share that was added up: ``holding, entry, group, quantity_t, lower_t, upper_t, lower_share,
        upper_share, counts`` (False where it was left out by the rule of 2 %).
    notes : tuple of str
        What is doubtful, such as quantities that nobody read in the Directive.
    """

    tier: Literal["none", "lower", "upper"]
    reasons: tuple[str, ...]
    sums: pd.DataFrame
    parts: pd.DataFrame
    notes: tuple[str, ...] = ()


def tonnes(quantity: object, *, what: str = "a holding") -> float:
    """Return a quantity in tonnes.

    Parameters
    ----------
    quantity : str
        A number and its unit: t, kg or kt.
    what : str
        Whose it is, for the message.

    Raises
    ------
    UnitsError
        When it has no unit, or not one of mass.
    ReleaseError
        When it is no number, or negative.

    Examples
    --------
    >>> tonnes("900 kg")
    0.9
    """
    words = str(quantity).split()
    if len(words) > 2 or not words:
        raise ReleaseError(f"{what} has the quantity {quantity!r}; expected a number and a unit, such as '25 t'")
    try:
        number = float(words[0])
    except ValueError:
        raise ReleaseError(
            f"{what} has the quantity {quantity!r}; expected a number and a unit, such as '25 t'; "
            "leave a blank between them and write no commas"
        ) from None
    if len(words) == 1:
        raise UnitsError(f"{what} has the quantity {quantity!r} without a unit; expected t or kg; write '{number:g} t'")
    factor = factor_to("t", words[1], name=f"the quantity of {what}")
    if not 0 <= number < float("inf"):
        raise ReleaseError(f"{what} has the quantity {quantity!r}; expected 0 or more; correct it")
    return number * factor


def qualifying_from(table: pd.DataFrame) -> dict[str, Qualifying]:
    """Make the qualifying quantities from a table with ``entry, groups, name, tier, value, unit, status``.

    Raises
    ------
    TableError
        When an entry lacks a tier or has one twice, its upper quantity is below its lower one, or its group is none.
    """
    found = {}
    for entry, rows in table.groupby("entry", sort=False):
        values = {
            str(row["tier"]): row["value"] * factor_to("t", row["unit"], name=f"entry {entry}")
            for row in rows.to_dict("records")
        }
        if len(rows) != len(TIERS) or set(values) != set(TIERS) or not 0 < values["lower"] <= values["upper"]:
            raise TableError(
                f"entry {entry!r} has the quantities {values}; expected a lower one and an upper one not below it; "
                "correct the table"
            )
        weak = rows.loc[~rows["status"].isin(["S", "R"]), "status"]
        status = "S" if weak.empty else str(weak.iloc[0])
        groups = tuple(str(rows["groups"].iloc[0]).split())
        if not set(groups) <= set(GROUPS):
            raise TableError(
                f"entry {entry!r} is in the groups {groups}; expected some of {', '.join(GROUPS)}; correct it"
            )
        found[str(entry)] = Qualifying(
            str(entry), str(rows["name"].iloc[0]), groups, values["lower"], values["upper"], status
        )
    return found


def seveso_tier(
    holdings: Sequence[Holding], qualifying: Mapping[str, Qualifying], *, leave_out_small: bool = False
) -> Tier:
    """Return the tier of an establishment by Annex I of Directive 2012/18/EU.

    A tier is reached by one quantity on its own, or where the shares ``q / Q`` of one group add up to 1 (note 4).
    A named substance counts with its own quantities, in each group that its classification belongs to; another one in
    each group with the lowest quantity of its categories there (note 5). Section O counts on its own only.

    Parameters
    ----------
    holdings : sequence of Holding
        Everything that is or may be present at once. The same substance may stand there several times.
    qualifying : mapping of str to Qualifying
        See :func:`qualifying_from`.
    leave_out_small : bool
        Leave out of the sums every substance of at most 2 % of its quantity (note 3). The Directive allows it only
        where it stands so that it cannot set off an accident elsewhere, which nobody but the site can say.

    Returns
    -------
    Tier
        ``tier``, why, and the sums and shares that lead to it.

    Raises
    ------
    UnitsError
        When a quantity has no unit.
    ReleaseError
        When a quantity is negative, or a substance has neither entry nor category.

    Examples
    --------
    6 of 10 t of chlorine (entry 10) and 25 of 50 t of the category H2: neither reaches the lower tier alone.

    >>> from hazardmap.chemistry import qualifying_quantities
    >>> found = seveso_tier([Holding("10", "6 t"), Holding("H2", "25 t")], qualifying_quantities())
    >>> found.tier, found.reasons
    ('lower', ('health: the shares add up to 1.1',))
    """
    amounts: dict[str, tuple[Holding, float]] = {}
    for holding in holdings:
        before = amounts.get(holding.name, (holding, 0.0))[1]
        amounts[holding.name] = (holding, before + tonnes(holding.quantity, what=holding.name))
    rows = [
        _row(holding.name, entry, group, quantity, leave_out_small=leave_out_small)
        for holding, quantity in amounts.values()
        for group, entry in _entries(holding, qualifying)
    ]
    parts = pd.DataFrame(rows, columns=_COLUMNS)
    counted = parts[parts["counts"].astype(bool)]
    sums = pd.DataFrame(
        {tier: counted.groupby("group")[f"{tier}_share"].sum().reindex(list(GROUPS.values())) for tier in TIERS}
    ).fillna(0.0)
    reached = {tier: _reasons(tier, parts, sums) for tier in TIERS}
    tier: Literal["none", "lower", "upper"] = "upper" if reached["upper"] else "lower" if reached["lower"] else "none"
    used = {entry: qualifying[entry] for entry in parts["entry"]}
    doubtful = [entry for entry, each in used.items() if each.status not in ("S", "R")]
    notes = (
        (f"qualifying quantities not read in the Directive: {', '.join(doubtful)}; verify them",) if doubtful else ()
    )
    return Tier(tier, () if tier == "none" else tuple(reached[tier]), sums, parts, notes)


def _entries(holding: Holding, qualifying: Mapping[str, Qualifying]) -> list[tuple[str, Qualifying]]:
    """Return the groups that a holding counts in, each with the entry whose quantities hold there."""
    named, categories = _classes(holding)
    missing = [each for each in (*named, *categories) if each not in qualifying]
    if missing or not (named or categories):
        found = repr(missing[0]) if missing else "neither an entry nor a category"
        raise ReleaseError(
            f"{holding.name} has {found}; expected entries of Annex I such as P5c or 34; name the category itself"
        )
    if named:
        entry = qualifying[named[0]]
        return [(GROUPS[each], entry) for each in entry.groups] or [("", entry)]
    lowest: dict[str, Qualifying] = {}
    for each in (qualifying[category] for category in categories):
        group = GROUPS[each.groups[0]] if each.groups else ""
        if group not in lowest or each.lower_t < lowest[group].lower_t:
            lowest[group] = each
    return list(lowest.items())


def _classes(holding: Holding) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the named entry and the categories of a holding."""
    substance = holding.substance
    if isinstance(substance, str):
        return ((substance,), ()) if substance.isdigit() else ((), (substance,))
    return ((substance.seveso_entry,) if substance.seveso_entry else (), substance.seveso_categories)


def _row(name: str, entry: Qualifying, group: str, quantity: float, *, leave_out_small: bool) -> list[object]:
    lower, upper = quantity / entry.lower_t, quantity / entry.upper_t
    counts = not (leave_out_small and lower <= SMALL)
    return [name, entry.entry, group, quantity, entry.lower_t, entry.upper_t, lower, upper, counts]


def _reasons(tier: str, parts: pd.DataFrame, sums: pd.DataFrame) -> list[str]:
    """Return the quantities and sums that reach a tier."""
    alone = parts[parts[f"{tier}_share"] >= FULL].drop_duplicates("holding")
    found = [f"{row['holding']}: {row['quantity_t']:g} t of {row[f'{tier}_t']:g} t" for row in alone.to_dict("records")]
    full = sums.index[sums[tier] >= FULL]
    return found + [f"{group}: the shares add up to {sums.loc[group, tier]:.3g}" for group in full]
