"""The overlay of a hazard on territories and assets, and what it returns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr

from hazardmap import borders, checks, curves
from hazardmap.errors import LayerError
from hazardmap.exposure import doubts, flows, rows
from hazardmap.exposure.assets import Ground, overlay_layer, require_names, tables_used
from hazardmap.exposure.protection import standards_of
from hazardmap.exposure.zones import zones_of
from hazardmap.footprint import NO_ORIGIN, Footprint

__all__ = ["Exposure", "overlay"]


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
        One row per asset, scenario and territory; EPSG:4326; indexed by ``row``. Columns: ``layer, kind, asset,
        name, scenario, territory, country, status, covered_fraction, affected_fraction, level, mean, minimum, maximum,
        amount, affected, unit, value, value_unit, damage, damage_unit, damage_flag, protection_years,
        foreign_share``. ``kind`` is ``territory, asset, counts`` or ``land use``. ``status`` is ``hit`` (some of it
        is reached), ``not hit`` (all of it is known and none is reached; of a flood: ``dry``), ``partial`` (none of
        what is known of it is reached, the rest is not known) or ``not covered``. ``territory`` is ``outside`` for
        what lies in none. ``damage`` is that of what is covered, NaN where nothing is.
    parts : DataFrame
        Columns ``row, level, source, affected, damage``: what each source reaches, in the unit of the row and by
        class number; adds up to the affected amount and to the damage of the row. The damage of a row is split by
        the amount that is wet.
    reached : DataFrame
        Columns ``row, level, origin, affected, damage``: what each origin reaches, each place counted once per origin.
    alone : DataFrame
        Columns as ``parts``: what each source reaches by itself, each place counted once per source and at the class
        of that source. The same as ``parts`` where a place has one source, as in a raster.
    notes : tuple of str
        What is legal but doubtful.
    inputs : tuple of dict
        Provenance of every layer.

    Examples
    --------
    Half of a cloud of 1 km around a site on the border lies across it: pi / 2 km2.

    >>> import shapely, hazardmap as hm
    >>> works = gpd.GeoDataFrame({"country": ["NL"]}, geometry=[shapely.Point(4e6, 3e6)], crs=3035)
    >>> land = gpd.GeoDataFrame({"id": ["A"], "country": ["DE"]}, geometry=[shapely.box(4e6, 2e6, 5e6, 4e6)], crs=3035)
    >>> overlay(hm.chemical(works, radius_m=1000), land).flows()[["origin", "attributed"]].round(2).values.tolist()
    [['NL', 1.57]]
    """

    footprint: Footprint
    territories: gpd.GeoDataFrame
    assets: gpd.GeoDataFrame
    parts: pd.DataFrame
    reached: pd.DataFrame
    alone: pd.DataFrame
    notes: tuple[str, ...] = ()
    inputs: tuple[dict[str, Any], ...] = ()

    @cached_property
    def zones(self) -> gpd.GeoDataFrame:
        """Connected cells of one class, cut at territories; see :func:`hazardmap.exposure.zones.zones_of`."""
        return zones_of(self.footprint, self.territories)

    @cached_property
    def shares(self) -> pd.DataFrame:
        """Share of each source and origin in what is affected of a row: ``row, source, origin, share``."""
        return rows.shares_of(self.parts, self.footprint.shares)

    def flows(self, *, without_origin: bool = False) -> pd.DataFrame:
        """Who sends what to whom: the matrix origin x territory, in long form.

        Parameters
        ----------
        without_origin : bool
            List what has no origin too, such as a deficit of rain: its origin is ``none``.

        Returns
        -------
        DataFrame
            Columns ``scenario, level, measure, unit, origin, territory, attributed, distinct, summed, total``.
            ``level`` is the milder edge of a class; classes do not overlap, so figures may be added over levels.
            ``attributed`` is value x share and adds up over origins to ``total``; ``distinct`` counts each place or
            asset once per origin that reaches it, so it need not add up; ``summed`` is the sum over sources, which
            counts it once for each of them. An asset counts once in every territory that it lies in, at its worst
            class.
        """
        table = flows.flows_of(
            self._tables if without_origin else self._with_origin,
            self.footprint.shares,
            ["scenario", "level", "measure", "unit", "territory"],
        )
        table = table[table["summed"] > 0]
        order = {name: number for number, name in enumerate(self.footprint.scenarios.index)}
        table = table.assign(order=table["scenario"].map(order))
        table = table.sort_values(["order", *flows.KEYS[1:]], ignore_index=True)
        table["level"] = np.asarray(self.footprint.levels)[table["level"].astype(int)]
        table["total"] = table["total"].fillna(0.0)
        return table[[*flows.KEYS, "attributed", "distinct", "summed", "total"]]

    def by_source(self) -> pd.DataFrame:
        """Say what each source does: each site, or each river reach.

        Returns
        -------
        DataFrame
            Columns ``scenario, level, measure, unit, source, territory, attributed, summed``, as in :meth:`flows`:
            ``attributed`` is the share of a source in what is reached, ``summed`` what it reaches by itself.
        """
        table = flows.by_source(self._tables, ["scenario", "level", "measure", "unit", "territory"])
        order = {name: number for number, name in enumerate(self.footprint.scenarios.index)}
        table = table.assign(order=table["scenario"].map(order))
        table = table.sort_values(["order", "level", "measure", "unit", "source", "territory"], ignore_index=True)
        table["level"] = np.asarray(self.footprint.levels)[table["level"].astype(int)]
        return table[["scenario", "level", "measure", "unit", "source", "territory", "attributed", "summed"]]

    @property
    def _tables(self) -> tuple[pd.DataFrame, ...]:
        return self.assets, self.parts, self.reached, self.alone

    @property
    def _with_origin(self) -> tuple[pd.DataFrame, ...]:
        """The tables without what has the origin ``none``."""
        nobody = self.footprint.shares.query("origin == @NO_ORIGIN and share > 0")["source"]
        if nobody.empty:
            return self._tables
        parts, alone = (table[~table["source"].isin(nobody)] for table in (self.parts, self.alone))
        reached = self.reached[self.reached["origin"] != NO_ORIGIN]
        return self.assets, parts, reached, parts if self.alone is self.parts else alone

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
        parts, reached, alone = (
            table[table["row"].isin(kept.index)].reset_index(drop=True)
            for table in (self.parts, self.reached, self.alone)
        )
        alone = parts if self.alone is self.parts else alone
        return replace(
            self,
            assets=kept,
            parts=parts,
            reached=reached,
            alone=alone,
            notes=(*self.notes, note),
        )

    def annual(
        self,
        *,
        method: curves.Method = "trapezoid",
        rare_tail: curves.RareTail = "constant",
        zero_at: float | None = None,
        protection: float | Literal["column"] | None = None,
        counting: curves.Counting = "annual maximum",
    ) -> pd.DataFrame:
        """Integrate the flows over the scenarios: what is expected per year.

        Parameters
        ----------
        method : {"trapezoid", "log-linear"}
            Between two scenarios, values are linear in the probability or in its logarithm.
        rare_tail : {"constant", "none", "linear"}
            What happens beyond the rarest scenario: its value for every rarer event, nothing, or the line through
            the two rarest carried on.
        zero_at : float, optional
            Return period in years of an event that does nothing, more frequent than every scenario. By default
            nothing is added on the frequent side.
        protection : float or "column", optional
            Return period in years up to which everything is protected, so that nothing counts below it; or
            ``"column"``: that of each asset or territory (their column ``protection``).
        counting : {"annual maximum", "poisson"}
            What the return periods count; see :func:`hazardmap.curves.probability_of`.

        Returns
        -------
        DataFrame
            Columns ``measure, unit, origin, territory, attributed, distinct, summed, total, method``, per year.
            Scenarios without a probability take no part; ``attrs["notes"]`` lists them. Where maps of several
            countries were laid beside each other, each row goes by the return periods of its own country's maps.

        Raises
        ------
        FootprintError
            When a probability is a share of time, which is no exceedance probability, none is known, two scenarios
            share one, or a tail does not fit the scenarios.
        """
        how = flows.AnnualMethod(method, rare_tail, zero_at, protection, counting)
        weight, notes = flows.weights_by_country(self.assets, self.footprint, how)
        keys = ["measure", "unit", "territory"]
        table = flows.flows_of(self._tables, self.footprint.shares, keys, weight)
        table = table[["measure", "unit", "origin", "territory", "attributed", "distinct", "summed", "total"]]
        table = table.sort_values(["measure", "unit", "origin", "territory"], ignore_index=True)
        table["method"] = str(how)
        table.attrs["notes"] = notes
        return table

    def annual_assets(self, **how: Any) -> pd.DataFrame:
        """Integrate the rows over the scenarios: what is expected per year of each asset.

        Parameters
        ----------
        **how
            As in :meth:`annual`.

        Returns
        -------
        DataFrame
            Columns ``layer, asset, name, territory, country, affected, unit, damage, damage_unit, method``, per year;
            NaN where no data cover it in any scenario that takes part, and ``damage`` where none is known.
            ``attrs["notes"]`` as in :meth:`annual`.
        """
        method = flows.AnnualMethod(**how)
        weight, notes = flows.weights_by_country(self.assets, self.footprint, method)
        keys = ["layer", "asset", "territory"]
        own = pd.DataFrame(self.assets.drop(columns="geometry"))[weight.notna()]
        known = own["affected"].where(own["covered_fraction"] > 0)
        scaled = own.assign(affected=known * weight, damage=own["damage"] * weight)
        table = scaled.groupby(keys, sort=False).agg(
            name=("name", "first"),
            country=("country", "first"),
            affected=("affected", _sum_of_known),
            unit=("unit", "first"),
            damage=("damage", _sum_of_known),
            damage_unit=("damage_unit", "first"),
        )
        found = table.reset_index().assign(method=str(method))
        found.attrs["notes"] = notes
        return found


def overlay(
    footprint: Footprint,
    territories: gpd.GeoDataFrame,
    assets: Mapping[str, gpd.GeoDataFrame | xr.DataArray] | None = None,
    *,
    damage: curves.DamageTables | None = None,
    protection: gpd.GeoDataFrame | None = None,
    scheduler: str | None = None,
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
        discs of that radius. A raster in units of ``class`` is land use. Assets and territories may have a column
        ``protection``: a standard in years, for :meth:`Exposure.annual`.
    damage : DamageTables, optional
        Turns depth into damage, for assets that name a ``curve`` in a column of that name, and for land use; see
        :func:`hazardmap.catalog.damage_tables`.
    protection : GeoDataFrame, optional
        Polygons with the column ``protection``: a standard in years, for :meth:`Exposure.annual`. A row takes the
        lowest standard that it lies in, and none where part of it lies in none; a standard of the asset itself comes
        first, that of its territory last. What a raster counts goes by the standard of each place: a territory with
        several has a row for each, such as ``people (1 in 100 years)``.
    scheduler : str, optional
        Address of a dask.distributed scheduler, to which the blocks of the raster are sent (extra ``dask``).

    Returns
    -------
    Exposure

    Raises
    ------
    LayerError
        When a layer has no CRS, no rows, mixed kinds of geometry, or repeated ids; or two layers have one name.
    GeometryError
        When territories overlap.
    TableError
        When an asset names a curve that is not there, or nothing says what a total loss costs.
    UnitsError
        When a price is per something that the assets do not have.

    Examples
    --------
    >>> import rioxarray, shapely, hazardmap as hm
    >>> depth = xr.DataArray([[0.0, 1.2]], dims=("y", "x"), coords={"y": [0.5], "x": [0.5, 1.5]}, attrs={"units": "m"})
    >>> land = gpd.GeoDataFrame({"id": ["A"], "country": ["NL"]}, geometry=[shapely.box(0, 0, 2, 1)], crs=3035)
    >>> overlay(hm.flood(depth.rio.write_crs(3035)), land).assets[["status", "affected_fraction"]].values.tolist()
    [['hit', 0.5]]
    """
    require_names(assets or {})
    notes = [*footprint.notes]
    tables = damage if damage is not None and damage.hazard == footprint.hazard and footprint.is_raster else None
    if tables is not None and footprint.units != "m":
        notes.append(f"no damage: the curves are for depths in m, and the intensity is the {footprint.units}")
        tables = None
    land = _territories(territories, notes)
    layers: dict[str, gpd.GeoDataFrame | xr.DataArray] = {"territories": land, **(assets or {})}
    on = Ground(land, footprint, tables, scheduler, None if protection is None else standards_of(protection))
    looked, seen = doubts.watched(footprint) if footprint.is_raster else (footprint, None)
    # the territories read every window once; what other layers read is among these, or lies outside of them
    grounds = {"territories": on._replace(footprint=looked)}
    found = [overlay_layer(name, asset, grounds.get(name, on), notes) for name, asset in layers.items()]
    starts = np.cumsum([0, *(len(item.table) for item in found)])
    table = gpd.GeoDataFrame(pd.concat([item.table for item in found], ignore_index=True), crs=4326)
    parts, reached = (_joined([item[k] for item in found], starts) for k in (1, 2))
    alone = parts if footprint.is_raster else _joined([item.alone for item in found], starts)
    del found  # the rows of all layers are large: hold them once
    share = rows.foreign_share(table, rows.shares_of(parts, footprint.shares))
    table.insert(table.columns.get_loc("geometry"), "foreign_share", share)
    return Exposure(
        footprint=footprint,
        territories=land,
        assets=table.rename_axis("row"),
        parts=parts,
        reached=reached,
        alone=alone,
        notes=tuple(
            dict.fromkeys(
                [
                    *notes,
                    *_scenario_notes(table, footprint, seen),
                    *_coverage_notes(table),
                    *_damage_notes(table, tables, (assets or {}).values()),
                ]
            )
        ),
        inputs=_inputs(footprint, [territories, *(assets or {}).values(), protection], tables),
    )


def _sum_of_known(values: pd.Series) -> float:
    """Return the sum, NaN where nothing is known."""
    return float(values.sum(min_count=1))


def _joined(tables: Sequence[pd.DataFrame], starts: Iterable[int]) -> pd.DataFrame:
    """Put the tables of all layers together, their rows numbered on."""
    numbered = [table.assign(row=table["row"] + start) for table, start in zip(tables, starts, strict=False)]
    return pd.concat(numbered).reset_index(drop=True)


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
    if "protection" in territories.columns:
        checks.require_numbers(territories, "protection", name="territories")
    land = territories.reset_index(drop=True)
    polygons, overlaps = borders.disjoint(land.geometry.to_numpy())
    if overlaps:
        notes.append(f"territories: {overlaps} pairs overlapped by slivers; each place went to the first of them")
    return land.set_geometry(gpd.GeoSeries(polygons, index=land.index, crs=land.crs))


def _scenario_notes(table: pd.DataFrame, footprint: Footprint, seen: doubts.Seen | None) -> list[str]:
    """Say what is doubtful about the scenarios: cell by cell, or by row where other machines have read the cells."""
    if seen is None:
        return []
    return doubts.notes_of(footprint, seen) if any(seen) else doubts.row_notes(table, footprint)


def _coverage_notes(table: pd.DataFrame) -> list[str]:
    """Say which layers the hazard data do not cover in full."""
    notes = []
    for layer, group in table.groupby("layer", sort=False):
        bare = group["covered_fraction"] < rows.WHOLE
        if bare.any():
            notes.append(
                f"{layer}: {int(bare.sum())} of {len(group)} rows are not or only partly covered by the hazard data; "
                "they are not known to be safe"
            )
    return notes


def _damage_notes(table: pd.DataFrame, tables: curves.DamageTables | None, layers: Iterable[Any]) -> list[str]:
    """Say where curves were asked for more than they know, and which tables are not to be relied on as they are."""
    notes = [
        f"{layer}: {len(group)} rows are deeper than their curve was made for; its last value was taken there"
        for layer, group in table[table["damage_flag"].notna()].groupby("layer", sort=False)
    ]
    if tables is not None and table["damage"].notna().any():
        used = tables_used(layers)
        weak = [item["name"] for key, item in tables.inputs.items() if key in used and item["status"] == "indicative"]
        notes += [f"{name} holds indicative numbers (status K or own); verify those you rely on" for name in weak]
    return notes


def _inputs(
    footprint: Footprint, layers: Iterable[Any], tables: curves.DamageTables | None
) -> tuple[dict[str, Any], ...]:
    """Return the provenance of every layer and table, each once."""
    known = [layer.attrs.get("layer") for layer in layers if layer is not None]
    found = [*footprint.inputs, *(each for each in known if each)]
    found += tables.inputs.values() if tables is not None else ()
    return tuple({(item.get("name"), item.get("sha256")): item for item in found}.values())
