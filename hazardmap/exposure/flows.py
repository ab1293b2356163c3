"""Who sends what to whom: the rows of an overlay added up by origin, per scenario or per year."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from hazardmap import curves
from hazardmap.errors import FootprintError
from hazardmap.exposure import rows
from hazardmap.footprint import Footprint

__all__ = [
    "KEYS",
    "AnnualMethod",
    "by_source",
    "flows_of",
    "quantities",
    "weights_by_country",
    "weights_of",
]

KEYS = ["scenario", "level", "measure", "unit", "origin", "territory"]

Tables = tuple[pd.DataFrame, ...]


class AnnualMethod(NamedTuple):
    """How values per scenario become a value per year; see :meth:`hazardmap.exposure.Exposure.annual`."""

    method: curves.Method = "trapezoid"
    rare_tail: curves.RareTail = "constant"
    zero_at: float | None = None
    protection: float | Literal["column"] | None = None
    counting: curves.Counting = "annual maximum"

    def __str__(self) -> str:
        """Say it in words."""
        words = [f"{self.method} over exceedance probability", f"rare tail {self.rare_tail}"]
        if self.zero_at is not None:
            words.append(f"nothing at 1 in {self.zero_at:g} years")
        if self.protection == "column":
            words.append("protected up to the standard of each row")
        elif self.protection is not None:
            words.append(f"protected up to 1 in {self.protection:g} years")
        if self.counting == "poisson":
            words.append("return periods of peaks over a threshold")
        return ", ".join(words)


def flows_of(
    tables: Tables,
    shares: pd.DataFrame,
    keys: Sequence[str],
    weight: pd.Series | None = None,
) -> pd.DataFrame:
    """Add rows up by origin.

    Parameters
    ----------
    tables : assets, parts, reached, alone
        Of an :class:`~hazardmap.exposure.Exposure`.
    shares : DataFrame
        Of the footprint.
    keys : sequence of str
        What to keep apart, besides the origin.
    weight : Series, optional
        Of each row; 1 by default. A row without a weight takes no part.

    Returns
    -------
    DataFrame
        The keys, ``origin, attributed, distinct, summed, total``; sorted.
    """
    keys = list(keys)
    known = shares[shares["share"] > 0]
    found = []
    for parts, reached, alone in quantities(*tables):
        if weight is not None:
            parts, reached, alone = (_weighted(table, weight) for table in (parts, reached, alone))  # noqa: PLW2901
        attributed = _by_origin(parts, known, keys).rename("attributed")
        summed = attributed if alone is parts else _by_origin(alone, known, keys)
        distinct = reached.groupby([*keys, "origin"])["affected"].sum().rename("distinct")
        table = pd.concat([attributed, distinct, summed.rename("summed")], axis=1).fillna(0.0).reset_index()
        total = parts.groupby(keys, as_index=False)["affected"].sum().rename(columns={"affected": "total"})
        found.append(table.merge(total, on=keys, how="left"))
    return pd.concat(found, ignore_index=True)


def by_source(tables: Tables, keys: Sequence[str]) -> pd.DataFrame:
    """Add rows up by source.

    Parameters
    ----------
    tables : assets, parts, reached, alone
        Of an :class:`~hazardmap.exposure.Exposure`.
    keys : sequence of str
        What to keep apart, besides the source.

    Returns
    -------
    DataFrame
        The keys, ``source, attributed, summed``.
    """
    every = [*keys, "source"]
    found = []
    for parts, _, alone in quantities(*tables):
        attributed, summed = (table.groupby(every)["affected"].sum() for table in (parts, alone))
        found.append(pd.concat([attributed.rename("attributed"), summed.rename("summed")], axis=1).fillna(0.0))
    return pd.concat(found).reset_index()


def _by_origin(parts: pd.DataFrame, shares: pd.DataFrame, keys: Sequence[str]) -> pd.Series:
    """Add what sources reach up by origin, each by its shares."""
    by_source = parts.groupby([*keys, "source"], as_index=False)["affected"].sum().merge(shares, on="source")
    by_source["affected"] *= by_source["share"]
    return by_source.groupby([*keys, "origin"])["affected"].sum()


def _weighted(table: pd.DataFrame, weight: pd.Series) -> pd.DataFrame:
    weighted = table.assign(affected=table["affected"].to_numpy() * weight.reindex(table["row"]).to_numpy())
    return weighted.dropna(subset="affected")


def quantities(
    assets: pd.DataFrame, parts: pd.DataFrame, reached: pd.DataFrame, alone: pd.DataFrame
) -> Iterator[Tables]:
    """Yield parts, reach and what each source reaches alone of every quantity.

    Quantities are amounts, values of assets, damage, and assets counted. Each table has the columns ``row, level,
    source`` (or ``origin``)``, affected, scenario, territory, measure, asset, unit``.
    """
    every = (parts, reached) if alone is parts else (parts, reached, alone)
    hit = [table[table["affected"] > 0] for table in every]
    yield _labelled(hit, assets, assets["unit"])
    if assets["value"].notna().any():
        yield _labelled([rows.per_value(table, assets) for table in hit], assets, assets["value_unit"])
    if assets["damage"].notna().any():
        yield _labelled([rows.per_damage(table) for table in every], assets, assets["damage_unit"])
    # a territory or a class of land use is no asset to be counted
    shaped = assets.index[assets["unit"].isin(["km", "km2"]) & (assets["kind"] == "asset")]
    if len(shaped):
        worst = hit[0].groupby("row")["level"].max()
        chosen = [
            rows.per_asset(table[table["row"].isin(shaped)], worst, split=split)
            for table, split in zip(hit, (True, False, False), strict=False)
        ]
        yield _labelled(chosen, assets, pd.Series("count", index=assets.index))


def _labelled(tables: Sequence[pd.DataFrame], assets: pd.DataFrame, unit: pd.Series) -> Tables:
    """Put scenario, territory, measure and unit beside each part of a row."""
    found = tuple(
        table.reset_index(drop=True).assign(
            scenario=assets["scenario"].loc[table["row"]].to_numpy(),
            territory=assets["territory"].loc[table["row"]].to_numpy(),
            measure=assets["layer"].loc[table["row"]].to_numpy(),
            asset=assets["asset"].loc[table["row"]].to_numpy(),
            unit=unit.loc[table["row"]].to_numpy(),
        )
        for table in tables
    )
    return found if len(found) == 3 else (*found, found[0])


def weights_by_country(assets: pd.DataFrame, footprint: Footprint, how: AnnualMethod) -> tuple[pd.Series, list[str]]:
    """Weight of each row in an expected annual value, by the return periods of the maps of its own country.

    Without maps of several countries, the same as :func:`weights_of`. A country whose maps have no probability takes
    no part: its rows have no weight (NaN), and a note says so.

    Raises
    ------
    FootprintError
        As :func:`weights_of`; when no country has a probability.
    """
    if footprint.maps is None:
        return weights_of(assets, footprint.scenarios, how)
    weight, notes, bare = pd.Series(np.nan, index=assets.index), [], []
    for country, own in assets.groupby("country"):
        scenarios = footprint.scenarios_of(str(country))
        if scenarios["probability"].notna().any():
            weight[own.index], said = weights_of(own, scenarios, how)
            notes += [f"{country}: {note}" for note in said]
        else:
            bare.append(str(country))
    if weight.isna().all():
        raise FootprintError("no map has a probability; expected at least one; name return periods")
    if bare:
        notes.append(f"{', '.join(bare)}: no scenario has a probability there, so nothing is expected or excluded")
    return weight, notes


def weights_of(assets: pd.DataFrame, scenarios: pd.DataFrame, how: AnnualMethod) -> tuple[pd.Series, list[str]]:
    """Weight of each row in an expected annual value, and what is doubtful about it; NaN takes no part.

    Parameters
    ----------
    assets : DataFrame
        Rows, with ``scenario`` and ``protection_years``.
    scenarios : DataFrame
        Of the footprint.
    how : AnnualMethod

    Raises
    ------
    FootprintError
        When a probability is a share of time, none is known, two scenarios share one, or a tail does not fit.
    """
    if (scenarios["probability_kind"] == "time").any():
        raise FootprintError(
            "the probabilities are shares of time; expected exceedance probabilities; "
            "an expected value per year needs scenarios with return periods"
        )
    probability = _probabilities(scenarios, how)
    if probability.empty:
        raise FootprintError("no scenario has a probability; expected at least one; name return periods")
    _require_distinct(probability)
    years = _protection(assets, how)
    standards, which = np.unique(years, return_inverse=True)
    limits = np.where(np.isnan(standards), np.inf, curves.probability_of(standards, counting=how.counting))
    zero_at = None if how.zero_at is None else float(curves.probability_of(how.zero_at, counting=how.counting))
    try:
        by_standard = curves.annual_weights(
            probability.to_numpy(), method=how.method, rare_tail=how.rare_tail, zero_at=zero_at, limit=limits
        )
    except ValueError as error:
        raise FootprintError(str(error)) from None
    table = pd.DataFrame(by_standard, columns=probability.index).reindex(columns=scenarios.index)
    number = scenarios.index.get_indexer(assets["scenario"])
    weight = pd.Series(table.to_numpy()[which, number], index=assets.index)
    notes = _annual_notes(scenarios)
    bare = assets.loc[weight.notna(), "covered_fraction"] < rows.WHOLE
    if bare.any():
        notes.append(
            f"{int(bare.sum())} of {len(bare)} rows are not or only partly covered; what no data cover counts as "
            "nothing, so that figures per year may be too low"
        )
    if how.protection is None and assets["protection_years"].notna().any():
        notes.append("protection standards are known but were not used; ask for them with protection='column'")
    return weight, notes


def _probabilities(scenarios: pd.DataFrame, how: AnnualMethod) -> pd.Series:
    known = scenarios["probability"].dropna()
    if how.counting == "annual maximum":
        return known
    period = scenarios["return_period"].reindex(known.index)
    converted = pd.Series(curves.probability_of(period, counting=how.counting), index=known.index)
    return converted.where(period.notna(), known)


def _require_distinct(probability: pd.Series) -> None:
    """Refuse scenarios of which nobody says how often it is the one, and how often the other."""
    twice = probability[probability.duplicated(keep=False)]
    if len(twice):
        same = " and ".join(repr(str(name)) for name in twice.index[twice == twice.iloc[0]])
        raise FootprintError(
            f"the scenarios {same} share a probability ({twice.iloc[0]:g} a year); expected one scenario each; leave "
            "the others out, or, of clouds in several weathers, name one weather (wind_speed and stability of the "
            "chemical hazard)"
        )


def _protection(assets: pd.DataFrame, how: AnnualMethod) -> npt.NDArray[np.float64]:
    """Protection standard of each row in years; NaN is none."""
    if how.protection == "column":
        years: npt.NDArray[np.float64] = assets["protection_years"].to_numpy(dtype=float)
    else:
        years = np.full(len(assets), np.nan if how.protection is None else float(how.protection))
    if (years <= 0).any():
        raise FootprintError(
            f"a protection standard is {np.nanmin(years):g} years; expected more than 0; leave it out where none"
        )
    return years


def _annual_notes(scenarios: pd.DataFrame) -> list[str]:
    notes = []
    left_out = scenarios.index[scenarios["probability"].isna()].tolist()
    if left_out:
        notes.append(f"scenarios without a probability are left out: {', '.join(left_out)}")
    known = int(scenarios["probability"].notna().sum())
    if known < 4:
        notes.append(f"only {known} scenarios have a probability; the trapezoid overestimates a convex curve")
    return notes
