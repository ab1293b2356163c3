"""Damage on the map: of each asset and of each territory, by scenario and per year, to two figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from hazardmap.outputs.webmap.model import Attribute

if TYPE_CHECKING:
    import geopandas as gpd

    from hazardmap.exposure import Exposure

__all__ = ["Money", "money_of", "two_figures"]

_DAMAGE = {"nl": "Schade", "fr": "Dommages", "de": "Schaden", "en": "Damage"}
_ANNUAL = {
    "nl": "Verwachte schade per jaar",
    "fr": "Dommages attendus par an",
    "de": "Erwarteter Schaden pro Jahr",
    "en": "Expected damage per year",
}
_KEYS = ["layer", "asset", "territory"]


class Money(NamedTuple):
    """Rows of the map with columns of money, and what these are.

    ``rows`` gained the columns of ``attributes``, which go by layer. ``notes`` name the method per year.
    """

    rows: gpd.GeoDataFrame
    attributes: dict[str, tuple[Attribute, ...]]
    notes: tuple[str, ...]


def money_of(rows: gpd.GeoDataFrame, result: Exposure, annual: Mapping[str, Any] | None) -> Money:
    """Put damage beside the rows that have some, and the sum of each layer beside the territories.

    Layers are not added up: a building may also stand on land use that is counted.

    Parameters
    ----------
    rows : GeoDataFrame
        Those of the result.
    result : Exposure
    annual : mapping, optional
        Options of :meth:`~hazardmap.exposure.Exposure.annual_assets`; None for nothing per year.
    """
    units = rows.dropna(subset="damage").groupby("layer", sort=False)["damage_unit"].unique()
    mixed = [name for name, found in units.items() if len(found) > 1]
    notes = [f"damage of {name} is in several units and is not on the map; it is in the tables" for name in mixed]
    kept = {str(name): str(found[0]) for name, found in units.items() if len(found) == 1}
    if not kept:
        return Money(rows, {}, tuple(notes))
    scenarios = _damage(rows, kept)
    per_year = None if annual is None else result.annual_assets(**annual)
    if per_year is not None:
        notes += [f"per year: {per_year['method'].iloc[0]}", *(f"per year: {each}" for each in per_year.attrs["notes"])]
        scenarios = _annual(scenarios, kept, per_year)
    attributes = {
        name: _attributes([("", unit)], annual=annual is not None, own=True, only=kept) for name, unit in kept.items()
    }
    attributes["territories"] = _attributes(list(kept.items()), annual=annual is not None, own=False, only=kept)
    return Money(scenarios, attributes, tuple(notes))


def two_figures(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Round to two figures, and to whole numbers.

    Examples
    --------
    >>> two_figures([1_249_000.0, 86.4, 3.2, 0.0]).tolist()
    [1200000.0, 86.0, 3.0, 0.0]
    """
    found = np.asarray(values, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        step = 10.0 ** np.maximum(np.floor(np.log10(np.abs(found))) - 1, 0)
        return np.where(found == 0, 0.0, np.round(found / step) * step)


def _damage(rows: gpd.GeoDataFrame, kept: Mapping[str, str]) -> gpd.GeoDataFrame:
    """Return the rows with damage of assets, and of every layer in each territory, both rounded."""
    own = rows["layer"].isin(kept)
    found = rows.assign(damage=np.where(own, two_figures(rows["damage"]), np.nan))
    keys = ["layer", "scenario", "territory"]
    sums = rows.groupby(keys, sort=False)["damage"].sum(min_count=1)
    for name in kept:
        found[f"damage {name}"] = _of_territories(rows, sums[name], ["scenario", "asset"])
    return found


def _annual(rows: gpd.GeoDataFrame, kept: Mapping[str, str], per_year: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the rows with what is expected per year, alike in all scenarios of a row."""
    value = per_year.set_index(_KEYS)["damage"]
    of_row = value.reindex(pd.MultiIndex.from_frame(rows[_KEYS])).to_numpy()
    found = rows.assign(annual_damage=np.where(rows["layer"].isin(kept), two_figures(of_row), np.nan))
    sums = per_year.groupby(["layer", "territory"], sort=False)["damage"].sum(min_count=1)
    for name in kept:
        found[f"annual_damage {name}"] = _of_territories(rows, sums[name], ["asset"])
    return found


def _of_territories(rows: pd.DataFrame, sums: pd.Series, keys: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return sums beside the rows of territories, whose id is their asset; NaN beside all others."""
    place = rows[keys[0]] if len(keys) == 1 else pd.MultiIndex.from_frame(rows[list(keys)])
    return np.where(rows["layer"] == "territories", two_figures(sums.reindex(place).to_numpy()), np.nan)


def _attributes(
    names: Sequence[tuple[str, str]], *, annual: bool, own: bool, only: Mapping[str, str]
) -> tuple[Attribute, ...]:
    """Attributes of one layer, or of the territories: one for each layer with damage, named where there are several."""
    found = []
    for name, unit in names:
        end = "" if own else f" {name}"
        said = "" if own or len(only) == 1 else f": {name}"
        words = [("damage", _DAMAGE, True), *([("annual_damage", _ANNUAL, False)] if annual else [])]
        found += [
            Attribute(
                name=f"{key}{end}",
                title={language: f"{word}{said}" for language, word in title.items()},
                units=unit,
                digits=0,
                per_scenario=varying,
                kind="number",
            )
            for key, title, varying in words
        ]
    return tuple(found)
