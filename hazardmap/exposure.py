"""The overlay of a hazard on territories and assets, and what it returns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr

from hazardmap import borders, checks, curves, people, rows
from hazardmap.errors import FootprintError, LayerError
from hazardmap.footprint import Footprint
from hazardmap.measure import measure
from hazardmap.zones import zones_of

__all__ = ["Exposure", "overlay"]

_UNITS = {0: ("count", 1.0), 1: ("km", 1e-3), 2: ("km2", 1e-6)}

_FLOW_KEYS = ["scenario", "level", "measure", "unit", "origin", "territory"]


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """What a hazard reaches, where, and from whom.

    Parameters
    ----------
    footprint : Footprint
        The hazard.
    territories : GeoDataFrame
        The territories that everything was cut at.
    assets : GeoDataFrame
        One row per asset, scenario and territory; EPSG:4326; indexed by ``row``. Columns: ``layer, asset, name,
        scenario, territory, country, status, covered_fraction, affected_fraction, level, mean, minimum, maximum,
        amount, affected, unit, value, value_unit, foreign_share``. ``status`` is ``hit`` (some of it is reached),
        ``dry`` (all of it is known and none is reached), ``partial`` (what is known of it is dry, the rest is not
        known) or ``not covered``. ``territory`` is ``outside`` for what lies in none.
    parts : DataFrame
        Columns ``row, level, source, affected``: what each source reaches, in the unit of the row and by class
        number; adds up to the affected amount of the row.
    reached : DataFrame
        Columns ``row, level, origin, affected``: what each origin reaches, each place counted once per origin.
    notes : tuple of str
        What is legal but doubtful.
    inputs : tuple of dict
        Provenance of every layer.
    """

    footprint: Footprint
    territories: gpd.GeoDataFrame
    assets: gpd.GeoDataFrame
    parts: pd.DataFrame
    reached: pd.DataFrame
    notes: tuple[str, ...] = ()
    inputs: tuple[dict[str, Any], ...] = ()

    @cached_property
    def zones(self) -> gpd.GeoDataFrame:
        """Connected cells of one class and scenario, cut at the territories; see :func:`hazardmap.zones.zones_of`."""
        return zones_of(self.footprint, self.territories)

    @cached_property
    def shares(self) -> pd.DataFrame:
        """Share of each source and origin in what is affected of a row: ``row, source, origin, share``."""
        return rows.shares_of(self.parts, self.footprint.shares)

    def flows(self) -> pd.DataFrame:
        """Who sends what to whom: the matrix origin x territory, in long form.

        Returns
        -------
        DataFrame
            Columns ``scenario, level, measure, unit, origin, territory, attributed, distinct, total``. ``level`` is
            the milder edge of a class; classes do not overlap, so figures may be added over levels. ``attributed`` is
            value x share and adds up over origins to ``total``; ``distinct`` counts each place or asset once per
            origin that reaches it, so it need not add up. An asset counts once in every territory that it lies in,
            at its worst class.
        """
        table = pd.concat([self._flows_of(*tables) for tables in self._quantities()], ignore_index=True)
        order = {name: number for number, name in enumerate(self.footprint.scenarios.index)}
        table["order"] = table["scenario"].map(order)
        table = table.sort_values(["order", *_FLOW_KEYS[1:]], ignore_index=True)
        table["level"] = np.asarray(self.footprint.levels)[table["level"].astype(int)]
        return table[[*_FLOW_KEYS, "attributed", "distinct", "total"]]

    def crossing(self, min_share: float = 0.5) -> "Exposure":
        """Keep the rows of which at least ``min_share`` comes from another country, unscaled.

        Parameters
        ----------
        min_share : float
            Least share of known foreign countries, above 0 and at most 1.

        Returns
        -------
        Exposure

        Raises
        ------
        ValueError
            When the share is out of range.
        """
        if not 0 < min_share <= 1:
            raise ValueError(f"min_share is {min_share}; expected a share above 0 and at most 1; try 0.5")
        kept = self.assets[self.assets["foreign_share"] >= min_share]
        note = f"only rows of which at least {min_share:.0%} comes from another country"
        return replace(
            self,
            assets=kept,
            parts=self.parts[self.parts["row"].isin(kept.index)].reset_index(drop=True),
            reached=self.reached[self.reached["row"].isin(kept.index)].reset_index(drop=True),
            notes=(*self.notes, note),
        )

    def annual(self, *, rare_tail: curves.RareTail = "constant") -> pd.DataFrame:
        """Integrate the flows over the scenarios: what is expected per year.

        Parameters
        ----------
        rare_tail : {"constant", "none"}
            What happens beyond the rarest scenario: its value for every rarer event, or nothing.

        Returns
        -------
        DataFrame
            Columns ``measure, unit, origin, territory, attributed, distinct, method``, per year. Scenarios without a
            probability take no part; ``attrs["notes"]`` lists them.

        Raises
        ------
        FootprintError
            When a probability is a share of time, which is no exceedance probability, or none is known.
        """
        scenarios = self.footprint.scenarios
        if (scenarios["probability_kind"] == "time").any():
            raise FootprintError(
                "the probabilities are shares of time; expected exceedance probabilities; "
                "an expected value per year needs scenarios with return periods"
            )
        known = scenarios["probability"].dropna()
        if known.empty:
            raise FootprintError("no scenario has a probability; expected at least one; name return periods")
        keys = ["measure", "unit", "origin", "territory"]
        flows = self.flows()
        table = flows[keys].drop_duplicates().sort_values(keys, ignore_index=True)
        index = pd.MultiIndex.from_frame(table)
        for column in ("attributed", "distinct"):
            sums = flows.pivot_table(index=keys, columns="scenario", values=column, aggfunc="sum", fill_value=0.0)
            sums = sums.reindex(columns=known.index, fill_value=0.0).reindex(index)
            table[column] = curves.expected_annual(known.to_numpy(), sums.to_numpy(), rare_tail=rare_tail)
        table["method"] = f"trapezoid over exceedance probability, rare tail {rare_tail}"
        table.attrs["notes"] = _annual_notes(scenarios)
        return table

    def _quantities(self) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
        """Return the parts and the reach of every quantity: amounts, values of assets, and assets counted."""
        assets, found = self.assets, []
        found.append(tuple(_labelled(table, assets, assets["unit"]) for table in (self.parts, self.reached)))
        if assets["value"].notna().any():
            tables = (rows.per_value(table, assets) for table in (self.parts, self.reached))
            found.append(tuple(_labelled(table, assets, assets["value_unit"]) for table in tables))
        # a territory is no asset to be counted
        shaped = assets.index[assets["unit"].isin(["km", "km2"]) & (assets["layer"] != "territories")]
        if len(shaped):
            worst = self.parts.groupby("row")["level"].max()
            chosen = (table[table["row"].isin(shaped)] for table in (self.parts, self.reached))
            tables = (rows.per_asset(table, worst) for table in chosen)
            count = pd.Series("count", index=assets.index)
            found.append(tuple(_labelled(table, assets, count) for table in tables))
        return found

    def _flows_of(self, parts: pd.DataFrame, reached: pd.DataFrame) -> pd.DataFrame:
        keys = ["scenario", "level", "measure", "unit", "territory"]
        by_origin = parts.groupby([*keys, "source"], as_index=False)["affected"].sum()
        by_origin = by_origin.merge(self.footprint.shares, on="source")
        by_origin["attributed"] = by_origin["affected"] * by_origin["share"]
        attributed = by_origin.groupby([*keys, "origin"])["attributed"].sum()
        distinct = reached.groupby([*keys, "origin"])["affected"].sum().rename("distinct")
        table = pd.concat([attributed, distinct], axis=1).fillna(0.0).reset_index()
        total = parts.groupby(keys, as_index=False)["affected"].sum().rename(columns={"affected": "total"})
        return table[table["distinct"] > 0].merge(total, on=keys, how="left")


def overlay(
    footprint: Footprint,
    territories: gpd.GeoDataFrame,
    assets: Mapping[str, gpd.GeoDataFrame | xr.DataArray] | None = None,
) -> Exposure:
    """Overlay a hazard on territories and on what people care about.

    Everything is cut at the borders of the territories, whose edges are straight in their own CRS. Nothing is
    resampled: shapes are carried to the grid of the footprint, and a cell counts by the exact fraction covered.

    Parameters
    ----------
    footprint : Footprint
        From a hazard function.
    territories : GeoDataFrame
        Polygons side by side, with the columns ``id`` and ``country`` (ISO 3166-1 alpha-2). The territories
        themselves are measured too, as the layer ``territories``.
    assets : mapping of str to GeoDataFrame or DataArray, optional
        Points, lines or polygons (column ``id``; a quantity in the column ``value`` with its unit in
        ``attrs["units"]``), or a raster of counts per cell (``attrs["units"]``, such as people). The value of a line
        or polygon is taken as spread evenly over it. Points known only to ``attrs["uncertainty_m"]`` are widened to
        discs of that radius.

    Returns
    -------
    Exposure

    Raises
    ------
    LayerError
        When a layer has no CRS, no rows, mixed kinds of geometry, or repeated ids.
    GeometryError
        When territories overlap.
    """
    notes = [*footprint.notes]
    land = _territories(territories, notes)
    layers: dict[str, gpd.GeoDataFrame | xr.DataArray] = {"territories": land, **(assets or {})}
    found = [_overlay_layer(name, asset, land, footprint, notes) for name, asset in layers.items()]
    starts = np.cumsum([0, *(len(table) for table, _, _ in found)])
    table = gpd.GeoDataFrame(pd.concat([table for table, _, _ in found], ignore_index=True), crs=4326)
    parts, reached = (
        pd.concat(
            [item[k].assign(row=item[k]["row"] + start) for item, start in zip(found, starts, strict=False)]
        ).reset_index(drop=True)
        for k in (1, 2)
    )
    share = rows.foreign_share(table, rows.shares_of(parts, footprint.shares))
    table.insert(table.columns.get_loc("geometry"), "foreign_share", share)
    return Exposure(
        footprint=footprint,
        territories=land,
        assets=table.rename_axis("row"),
        parts=parts,
        reached=reached,
        notes=tuple(dict.fromkeys([*notes, *_coverage_notes(table)])),
        inputs=_inputs(footprint, [territories, *(assets or {}).values()]),
    )


def _territories(territories: gpd.GeoDataFrame, notes: list[str]) -> gpd.GeoDataFrame:
    """Check the territories, and take slivers of overlap away."""
    checks.require_features(territories, name="territories")
    missing = {"id", "country"} - set(territories.columns)
    if missing:
        raise LayerError(
            f"territories lack the columns {sorted(missing)}; expected id and country; map them on the card"
        )
    checks.require_unique(territories["id"], name="territories")
    checks.require_dimension(territories, 2, name="territories")
    land = territories.reset_index(drop=True)
    polygons, overlaps = borders.disjoint(land.geometry.to_numpy())
    if overlaps:
        notes.append(f"territories: {overlaps} pairs overlapped by slivers; each place went to the first of them")
    return land.set_geometry(gpd.GeoSeries(polygons, index=land.index, crs=land.crs))


def _overlay_layer(
    name: str, asset: gpd.GeoDataFrame | xr.DataArray, land: gpd.GeoDataFrame, footprint: Footprint, notes: list[str]
) -> rows.Rows:
    """Return the rows of one layer, its parts and its reach."""
    notes.extend(asset.attrs.get("notes", ()))
    if isinstance(asset, xr.DataArray):
        pieces, found = people.overlay_counts(name, asset, land, footprint)
        return rows.asset_rows(pieces, found, land, footprint, unit=str(asset.attrs["units"]))
    checks.require_features(asset, name=name)
    unit, factor = _UNITS[checks.require_dimension(asset, None, name=name)]
    features = _with_ids(asset, name=name)
    radius = float(asset.attrs.get("uncertainty_m") or 0.0)
    widened = unit == "count" and radius > 0
    if widened:
        notes.append(
            f"{name}: places known to {radius:,.0f} m only, so each was tested as a disc of that radius; "
            "'hit' means that it may be hit"
        )
        features = borders.discs(features, radius)
    cut = borders.cut(borders.to_crs(features.geometry.to_numpy(), features.crs, land.crs), land.geometry.to_numpy())
    found = measure(borders.to_crs(cut.geometry, land.crs, footprint.crs), footprint)
    pieces = _pieces(name, asset, features, cut, found.amount, land)
    table, parts, reached = rows.asset_rows(pieces, found, land, footprint, unit=unit, factor=factor)
    if widened:
        worst = parts.groupby("row")["level"].max()
        parts, reached = rows.per_asset(parts, worst), rows.per_asset(reached, worst)
        table["amount"], table["affected"] = 1.0, (table["affected"] > 0).astype(float)
    return table, parts, reached


def _with_ids(asset: gpd.GeoDataFrame, *, name: str) -> gpd.GeoDataFrame:
    features = asset.reset_index(drop=True)
    if "id" not in features.columns:
        return features.assign(id=features.index.astype(str))
    checks.require_unique(features["id"], name=name)
    return features


def _pieces(
    name: str,
    asset: gpd.GeoDataFrame,
    features: gpd.GeoDataFrame,
    cut: borders.Pieces,
    amount: np.ndarray[Any, Any],
    land: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Say of each piece whose it is, where it lies, and what it is worth."""
    whole = np.bincount(cut.shape, weights=amount, minlength=len(features))[cut.shape]
    has_value = "value" in features.columns and name != "territories"
    value = features["value"].to_numpy(dtype=float)[cut.shape] * amount / whole if has_value else np.nan
    return gpd.GeoDataFrame(
        {
            "layer": name,
            "asset": features["id"].astype(str).to_numpy()[cut.shape],
            "name": features["name"].to_numpy()[cut.shape] if "name" in features.columns else None,
            "territory": cut.territory,
            "value": value,
            "value_unit": _value_unit(asset) if has_value else None,
        },
        geometry=gpd.GeoSeries(borders.to_crs(cut.geometry, land.crs, 4326), crs=4326),
    )


def _value_unit(asset: gpd.GeoDataFrame) -> str:
    """Return the unit of the column ``value``; a card names units per column."""
    units = asset.attrs.get("units")
    return str((units.get("value") if isinstance(units, Mapping) else units) or "value")


def _labelled(table: pd.DataFrame, assets: pd.DataFrame, unit: pd.Series) -> pd.DataFrame:
    """Put scenario, territory, measure and unit beside each part of a row."""
    own = assets.loc[table["row"], ["scenario", "territory", "layer"]].reset_index(drop=True)
    return table.reset_index(drop=True).assign(
        scenario=own["scenario"],
        territory=own["territory"],
        measure=own["layer"],
        unit=unit.loc[table["row"]].to_numpy(),
    )


def _coverage_notes(table: pd.DataFrame) -> list[str]:
    """Say which layers the hazard data do not cover in full."""
    notes = []
    for layer, group in table.groupby("layer", sort=False):
        bare = group["status"].isin(["partial", "not covered"])
        if bare.any():
            notes.append(
                f"{layer}: {int(bare.sum())} of {len(group)} rows are not or only partly covered by the hazard data; "
                "they are not known to be safe"
            )
    return notes


def _annual_notes(scenarios: pd.DataFrame) -> list[str]:
    notes = []
    left_out = scenarios.index[scenarios["probability"].isna()].tolist()
    if left_out:
        notes.append(f"scenarios without a probability are left out: {', '.join(left_out)}")
    known = int(scenarios["probability"].notna().sum())
    if known < 4:
        notes.append(f"only {known} scenarios have a probability; the trapezoid overestimates a convex curve")
    return notes


def _inputs(footprint: Footprint, layers: Iterable[Any]) -> tuple[dict[str, Any], ...]:
    """Return the provenance of every layer, each once."""
    found = [*footprint.inputs, *(layer.attrs["layer"] for layer in layers if layer.attrs.get("layer"))]
    return tuple({(item.get("name"), item.get("sha256")): item for item in found}.values())
