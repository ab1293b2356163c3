"""One layer of assets laid on a footprint: cut at the borders, measured, and said row by row."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
import xarray as xr

from hazardmap import borders, checks
from hazardmap.columns import RESERVED
from hazardmap.curves import DamageTables
from hazardmap.errors import LayerError, TableError
from hazardmap.exposure import landuse, people, rows
from hazardmap.exposure.losses import Losses, losses_of
from hazardmap.exposure.measure import measure
from hazardmap.exposure.protection import Parts, Standards, lowest, parts_of
from hazardmap.exposure.riverside import with_rivers
from hazardmap.footprint import Footprint

__all__ = ["Ground", "overlay_layer", "require_names", "tables_used"]


class Ground(NamedTuple):
    """What a layer is laid on: territories, footprint, what turns its intensity into damage, where it runs, dikes."""

    land: gpd.GeoDataFrame
    footprint: Footprint
    tables: DamageTables | None = None
    scheduler: str | None = None
    standards: Standards | None = None


PEOPLE_IN_PLACES = "people in places hit"

_UNITS = {0: ("count", 1.0), 1: ("km", 1e-3), 2: ("km2", 1e-6)}


def require_names(names: Iterable[str]) -> None:
    """Refuse names of layers that a result, or a file on some systems, could not tell apart.

    Raises
    ------
    LayerError
        When a name is empty, is that of a table of the result, or differs from another one by capitals only.

    Examples
    --------
    >>> require_names(["places", "roads"])
    """
    reserved = {each.casefold() for each in RESERVED}
    seen: dict[str, str] = {}
    for name in names:
        if not name.strip():
            raise LayerError("a layer of assets has no name; expected one; name it in 'assets'")
        if name.casefold() in reserved:
            raise LayerError(
                f"a layer of assets is called {name!r}, as is a table of the result; expected another name; "
                "rename it in 'assets'"
            )
        if name.casefold() in seen:
            raise LayerError(
                f"a layer of assets is called {name!r}, as is the layer {seen[name.casefold()]!r}; "
                "expected names that differ by more than capitals; rename it in 'assets'"
            )
        seen[name.casefold()] = name


def overlay_layer(name: str, asset: gpd.GeoDataFrame | xr.DataArray, on: Ground, notes: list[str]) -> rows.Rows:
    """Lay a footprint over one layer of assets.

    Parameters
    ----------
    name : str
    asset : GeoDataFrame or DataArray
        As in :func:`hazardmap.exposure.overlay`.
    on : Ground
        What it is laid on; no tables, no damage.
    notes : list of str
        Grows by what is doubtful.

    Returns
    -------
    Rows
        Numbered from 0.

    Raises
    ------
    LayerError
        When the layer has no CRS, no rows, mixed kinds of geometry, or repeated ids.
    TableError
        When the damage tables lack something that it needs.
    """
    land, footprint, tables, scheduler, _ = on
    notes.extend(asset.attrs.get("notes", ()))
    if isinstance(asset, xr.DataArray):
        return _overlay_raster(name, asset, on)
    checks.require_features(asset, name=name)
    dimension = checks.require_dimension(asset, None, name=name)
    features = _with_ids(asset, name=name)
    for column in ("value", "protection"):
        if column in features.columns and name != "territories":
            checks.require_numbers(features, column, name=name)
    radius = float(asset.attrs.get("uncertainty_m") or 0.0)
    widened = dimension == 0 and radius > 0
    if widened:
        notes.append(
            f"{name}: places known to {radius:,.0f} m only, so each was tested as a disc of that radius; "
            "'hit' means that it may be hit"
        )
        features = borders.discs(features, radius)
    cut = borders.cut(borders.to_crs(features.geometry.to_numpy(), features.crs, land.crs), land.geometry.to_numpy())
    own = None if tables is None else _losses(name, asset, features, cut, on, dimension=dimension)
    response = None if own is None else own.response
    found = measure(borders.to_crs(cut.geometry, land.crs, footprint.crs), footprint, response, scheduler=scheduler)
    found = with_rivers(name, features, cut.shape, found, footprint, notes)
    pieces = _pieces(name, asset, features, cut, found.amount, land)
    if own is not None:
        price = own.of_amount(found.amount, cut.shape)
        pieces = pieces.assign(price=price, damage_unit=own.unit, curve_end=own.end)
    unit, factor = _UNITS[dimension]
    pieces["kind"] = "territory" if name == "territories" else "asset"
    pieces = _protected(name, pieces, on, notes)
    made = rows.asset_rows(pieces, found, land, footprint, unit=unit, factor=factor)
    if not widened:
        return made
    worst = made.parts.groupby("row")["level"].max()
    return rows.Rows(
        made.table.assign(amount=1.0, affected=(made.table["affected"] > 0).astype(float)),
        rows.per_asset(made.parts, worst, split=True),
        rows.per_asset(made.reached, worst, split=False),
        rows.per_asset(made.alone, worst, split=False),
    )


def tables_used(layers: Iterable[gpd.GeoDataFrame | xr.DataArray]) -> set[str]:
    """Return which damage tables some layers take: prices only where assets bring none of their own.

    Examples
    --------
    >>> homes = gpd.GeoDataFrame({"curve": ["residential"], "max_damage": [900.0]})
    >>> sorted(tables_used([homes])), sorted(tables_used([homes, homes.drop(columns="max_damage")]))
    (['curves'], ['curves', 'prices'])
    """
    used = set()
    for layer in layers:
        if isinstance(layer, xr.DataArray):
            used |= {"curves", "prices", "landuse"} if str(layer.attrs.get("units")) in landuse.CLASSES else set()
        elif "curve" in layer.columns:
            used |= {"curves"} if "max_damage" in layer.columns else {"curves", "prices"}
    return used


def _overlay_raster(name: str, asset: xr.DataArray, on: Ground) -> rows.Rows:
    """Return the rows of a raster: land use by class, or counts."""
    land, footprint, tables, scheduler, standards = on
    units = str(asset.attrs.get("units"))
    parts = parts_of(land, standards)
    if units not in landuse.CLASSES:
        pieces, found = people.overlay_counts(name, asset, parts.land, footprint, scheduler=scheduler)
        return rows.asset_rows(_of_territories(pieces, parts), found, land, footprint, unit=units)
    if tables is None or not tables.landuse:
        raise TableError(
            f"{name} holds classes of land use, but no table says what they are; expected one with code, name, curve "
            "and built share; hand it over in the damage tables"
        )
    pieces, found = landuse.overlay_landuse(name, asset, parts.land, footprint, tables, scheduler=scheduler)
    return rows.asset_rows(_of_territories(pieces, parts), found, land, footprint, unit="km2", factor=1e-6)


def _of_territories(pieces: gpd.GeoDataFrame, parts: Parts) -> gpd.GeoDataFrame:
    """Give what was counted by parts of territories its territory and standard, and a name where it has several."""
    number = pieces["territory"].to_numpy()
    inside = number != borders.OUTSIDE
    years = np.where(inside, parts.years[number], np.nan)
    split = inside & parts.split[number]
    words = np.where(np.isnan(years), " (no standard)", [f" (1 in {each:g} years)" for each in years])
    return pieces.assign(
        territory=np.where(inside, parts.territory[number], number),
        asset=pieces["asset"].astype(str) + np.where(split, words, ""),
        protection=years,
    )


def _protected(name: str, pieces: gpd.GeoDataFrame, on: Ground, notes: list[str]) -> gpd.GeoDataFrame:
    """Give each piece that has no protection standard of its own the lowest one that it lies in."""
    if on.standards is None:
        return pieces
    years, several = lowest(pieces.geometry, on.standards)
    own = pieces["protection"].to_numpy(dtype=float) if "protection" in pieces.columns else np.full(len(years), np.nan)
    several &= np.isnan(own)
    if several.any():
        notes.append(
            f"{name}: {int(several.sum())} of {len(pieces)} pieces lie in several protection standards, or partly in "
            "none, and take the lowest; to count each part by its own, make the land of each standard a territory"
        )
    return pieces.assign(protection=np.where(np.isnan(own), years, own))


def _losses(
    name: str, asset: gpd.GeoDataFrame, features: gpd.GeoDataFrame, cut: borders.Pieces, on: Ground, *, dimension: int
) -> Losses | None:
    """Return curve and price of each piece of a layer."""
    land, tables = on.land, on.tables
    if tables is None or name == "territories":
        return None
    country = np.where(
        cut.territory == borders.OUTSIDE, rows.OUTSIDE, land["country"].astype(str).to_numpy()[cut.territory]
    )
    features = features.copy()
    features.attrs = asset.attrs
    return losses_of(features, cut.shape, country, tables, name=name, dimension=dimension)


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
    # what has no length or area has no place that its value could be spread over
    share = np.divide(amount, whole, out=np.full(len(amount), np.nan), where=whole > 0)
    value = features["value"].to_numpy(dtype=float)[cut.shape] * share if has_value else np.nan
    return gpd.GeoDataFrame(
        {
            "layer": name,
            "asset": features["id"].astype(str).to_numpy()[cut.shape],
            "name": features["name"].to_numpy()[cut.shape] if "name" in features.columns else None,
            "territory": cut.territory,
            "value": value,
            "value_unit": _value_unit(asset) if has_value else None,
            "protection": features["protection"].to_numpy(dtype=float)[cut.shape]
            if "protection" in features
            else np.nan,
        },
        geometry=gpd.GeoSeries(borders.to_crs(cut.geometry, land.crs, 4326), crs=4326),
    )


def _value_unit(asset: gpd.GeoDataFrame) -> str:
    """Return the unit of the column ``value``; a card names units per column.

    A place given as a point has people, but where they live is not known: a hit place is not a number of people hit.
    """
    units = asset.attrs.get("units")
    unit = str((units.get("value") if isinstance(units, Mapping) else units) or "value")
    points = bool((shapely.get_dimensions(asset.geometry.to_numpy()) == 0).all())
    return PEOPLE_IN_PLACES if points and unit == "people" else unit
