"""Asset rows: what was measured on pieces of assets, said per asset, scenario and territory."""

from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from hazardmap import borders
from hazardmap.columns import statuses
from hazardmap.exposure.measure import Measured
from hazardmap.footprint import NO_ORIGIN, Footprint

__all__ = [
    "BEYOND",
    "OUTSIDE",
    "WHOLE",
    "Rows",
    "asset_rows",
    "foreign_share",
    "only_where",
    "per_asset",
    "per_damage",
    "per_value",
    "shares_of",
]

BEYOND = "beyond the curve"
"""Flag of damage by water deeper than the curve was made for; its last value was taken."""

OUTSIDE = "outside"
"""Territory and country of what lies outside every territory."""


class Rows(NamedTuple):
    """Rows of one layer, numbered from 0, and what reaches them; see :class:`hazardmap.exposure.Exposure`."""

    table: gpd.GeoDataFrame
    parts: pd.DataFrame
    reached: pd.DataFrame
    alone: pd.DataFrame


WHOLE = 1 - 1e-9
"""A row of which this much is covered is covered: the rest is rounding."""


def asset_rows(
    pieces: gpd.GeoDataFrame,
    found: Measured,
    land: gpd.GeoDataFrame,
    footprint: Footprint,
    *,
    unit: str,
    factor: float = 1.0,
) -> Rows:
    """Turn measured pieces into rows, piece by piece and scenario by scenario.

    Parameters
    ----------
    pieces : GeoDataFrame
        Columns ``layer, kind, asset, name, territory`` (a number; ``borders.OUTSIDE`` is none), ``value, value_unit``;
        where damage is asked for ``price`` (per measured amount), ``damage_unit, curve_end``; and ``protection``.
    found : Measured
        What was measured on them.
    land : GeoDataFrame
        Territories, with ``id`` and ``country``, perhaps ``protection``.
    footprint : Footprint
    unit : str
        Unit of the amounts of a row.
    factor : float
        Turns measured amounts into that unit.

    Returns
    -------
    Rows
        Numbered from 0.
    """
    scenarios = len(footprint.scenarios)
    price = _column(pieces, "price", np.nan)
    parts, reached = (_number(table, scenarios, factor, price) for table in (found.parts, found.reached))
    alone = parts if found.alone is found.parts else _number(found.alone, scenarios, factor, price)
    count = len(pieces) * scenarios
    piece = np.repeat(np.arange(len(pieces)), scenarios)
    amount = np.repeat(found.amount * factor, scenarios)
    covered = np.divide(found.covered.ravel() * factor, amount, out=np.zeros(count), where=amount > 0).clip(0.0, 1.0)
    affected = np.bincount(parts["row"], weights=parts["affected"], minlength=count).astype(np.float64)
    worst = np.full(count, -1)
    hit = parts[parts["affected"] > 0]
    np.maximum.at(worst, hit["row"], hit["level"])
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = found.total.ravel() / found.covered.ravel()
        part = np.where(amount > 0, affected / amount, 0.0).clip(0.0, 1.0)
    number = pieces["territory"].to_numpy()
    # a text is made once a piece, and repeated by reference
    texts = pd.DataFrame(
        {
            "layer": pieces["layer"].to_numpy(),
            "kind": _texts(pieces, "kind"),
            "asset": pieces["asset"].to_numpy(),
            "name": pieces["name"].to_numpy(),
            "territory": _label(land["id"], number),
            "country": _label(land["country"], number),
            "value_unit": pieces["value_unit"].to_numpy(),
        }
    ).take(piece)
    damage = (found.loss * price[:, None]).ravel()
    deeper = ~np.isnan(damage) & (found.maximum.ravel() > _column(pieces, "curve_end", np.inf)[piece])
    columns: dict[str, Any] = {
        **{name: texts[name].array for name in ("layer", "kind", "asset", "name")},
        "scenario": np.tile(footprint.scenarios.index.to_numpy(), len(pieces)),
        **{name: texts[name].array for name in ("territory", "country")},
        "status": _status(affected, covered, footprint.hazard),
        "covered_fraction": covered,
        "affected_fraction": part,
        "level": np.where(worst >= 0, np.asarray(footprint.levels)[worst], np.nan),
        "mean": mean,
        "minimum": found.minimum.ravel(),
        "maximum": found.maximum.ravel(),
        "amount": amount,
        "affected": affected,
        "unit": unit,
        "value": pieces["value"].to_numpy(dtype=float)[piece],
        "value_unit": texts["value_unit"].array,
        "damage": damage,
        "damage_unit": only_where(~np.isnan(damage), _texts(pieces, "damage_unit")[piece]),
        "damage_flag": only_where(deeper, np.full(count, BEYOND, dtype=object)),
        "protection_years": _protection(pieces, land)[piece],
    }
    geometry = gpd.GeoSeries(pieces.geometry.to_numpy()[piece], crs=pieces.crs)
    return Rows(gpd.GeoDataFrame(columns, geometry=geometry), parts, reached, alone)


def only_where(condition: npt.NDArray[np.bool_], texts: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return the texts where a condition holds, and None elsewhere."""
    found = np.full(len(texts), None, dtype=object)
    found[condition] = texts[condition]
    return found


def _column(pieces: pd.DataFrame, name: str, default: float) -> npt.NDArray[np.float64]:
    """Return a column of numbers that pieces may have."""
    return pieces[name].to_numpy(dtype=float) if name in pieces.columns else np.full(len(pieces), default)


def _texts(pieces: pd.DataFrame, name: str) -> npt.NDArray[np.object_]:
    return pieces[name].to_numpy(dtype=object) if name in pieces.columns else np.full(len(pieces), None, dtype=object)


def _protection(pieces: pd.DataFrame, land: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return the protection standard of each piece in years: its own, else that of its territory; NaN is none."""
    number = pieces["territory"].to_numpy()
    of_land = np.where(number == borders.OUTSIDE, np.nan, _column(land, "protection", np.nan)[number])
    own = _column(pieces, "protection", np.nan)
    return np.where(np.isnan(own), of_land, own)


def _number(table: pd.DataFrame, scenarios: int, factor: float, price: npt.NDArray[np.float64]) -> pd.DataFrame:
    """Replace shape and scenario by the number of the row, and losses by what they cost."""
    row = table["shape"] * scenarios + table["scenario"]
    damage = np.nan_to_num(table["loss"].to_numpy() * price[table["shape"].to_numpy()])
    numbered = table.assign(row=row.astype("int64"), affected=table["amount"] * factor, damage=damage)
    key = "source" if "source" in table.columns else "origin"
    return numbered[["row", "level", key, "affected", "damage"]].sort_values(["row", "level", key], ignore_index=True)


def _label(values: pd.Series, number: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
    return np.where(number == borders.OUTSIDE, OUTSIDE, values.astype(str).to_numpy(dtype=object)[number])


def _status(
    affected: npt.NDArray[np.float64], covered: npt.NDArray[np.float64], hazard: str
) -> npt.NDArray[np.object_]:
    """Say what became of each row; what no data cover is never called dry, or not hit."""
    conditions = [affected > 0, covered >= WHOLE, covered > 0]
    words = np.array(statuses(hazard), dtype=object)
    return np.take(words, np.select(conditions, [0, 2, 1], 3))


def shares_of(parts: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Share of each source and origin in what is affected of a row: ``row, source, origin, share``."""
    by_source = parts.groupby(["row", "source"], as_index=False)["affected"].sum()
    whole = by_source.groupby("row")["affected"].transform("sum")
    by_source["weight"] = by_source["affected"] / whole
    table = by_source.merge(shares, on="source")
    table["share"] *= table["weight"]
    table = table.loc[table["share"] > 0, ["row", "source", "origin", "share"]]
    return table.sort_values(["row", "source", "origin"], ignore_index=True)


def foreign_share(rows: pd.DataFrame, shares: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Share of known countries other than the row's own; NaN where nothing is affected, or nothing has an origin.

    ``unknown``, ``sea`` and ``outside`` are no countries, so they count for nobody. What lies outside every
    territory has no foreigners.
    """
    own = rows["country"].reindex(shares["row"]).to_numpy()
    foreign = shares["origin"].str.fullmatch("[A-Z]{2}").to_numpy() & (shares["origin"].to_numpy() != own)
    foreign &= own != OUTSIDE
    summed = np.bincount(shares["row"], weights=shares["share"] * foreign, minlength=len(rows))
    sent = np.zeros(len(rows), dtype=bool)
    sent[shares.loc[shares["origin"] != NO_ORIGIN, "row"]] = True
    return np.where((rows["affected"] > 0) & sent, summed, np.nan)


def per_value(table: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Turn affected amounts into affected values of the assets that carry one."""
    own = rows.loc[table["row"], ["amount", "value"]].reset_index(drop=True)
    scaled = table.assign(affected=table["affected"].to_numpy() * (own["value"] / own["amount"]).to_numpy())
    return scaled[scaled["affected"].notna()]


def per_damage(table: pd.DataFrame) -> pd.DataFrame:
    """Turn affected amounts into damage, where there is some."""
    return table.assign(affected=table["damage"])[table["damage"].to_numpy() > 0]


def per_asset(table: pd.DataFrame, worst: pd.Series, *, split: bool) -> pd.DataFrame:
    """Count assets: each row counts 1 at its worst class (``worst``, by row).

    Split over its sources, or else once for each source or origin that reaches the asset at all.
    """
    key = "source" if "source" in table.columns else "origin"
    counted = table.groupby(["row", key], as_index=False)[["affected", "damage"]].sum()
    if split:
        whole = counted.groupby("row")["affected"].transform("sum")
        counted["affected"] = np.where(whole > 0, counted["affected"] / whole, 0.0)
    else:
        counted["affected"] = (counted["affected"] > 0).astype(float)
    return counted.assign(level=worst.reindex(counted["row"]).to_numpy())[["row", "level", key, "affected", "damage"]]
