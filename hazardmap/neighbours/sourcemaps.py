"""Depth maps of several countries, each on the grid that it came on, with classes of probability in common."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
import xarray as xr
from odc.geo.geobox import GeoBox

from hazardmap import borders, checks
from hazardmap.coverage import cell_areas
from hazardmap.errors import FootprintError, HazardmapError, LayerError, NoOverlapError
from hazardmap.footprint import scenario_table
from hazardmap.scenarios import require_labels, require_rising
from hazardmap.stack import stack, stack_velocities

__all__ = ["CLASSES", "SourceMap", "cell_size", "land_of", "lands_of", "source_maps"]

CLASSES = ("high", "medium", "low", "extreme")
"""Classes of probability, from frequent to rare: those of Directive 2007/60/EC, and extreme apart from low."""

_KEYS = (
    "layer",
    "country",
    "map",
    "velocity",
    "class",
    "label",
    "return_period",
    "probability",
    "probability_kind",
    "failure",
)


@dataclass(frozen=True, kw_only=True)
class SourceMap:
    """Depths of one source, usually one country's authority, on the grid that they came on.

    Parameters
    ----------
    name : str
        Distinct name.
    country : str
        ISO 3166-1 alpha-2.
    depth : DataArray, shape (scenario, y, x)
        Metres, lazy; ``scenario`` holds the classes.
    scenarios : DataFrame
        From :func:`hazardmap.footprint.scenario_table`; indexed by class.
    velocity : DataArray, shape (scenario, y, x), optional
        m/s, on the same grid.
    """

    name: str
    country: str
    depth: xr.DataArray
    scenarios: pd.DataFrame
    velocity: xr.DataArray | None = None

    @property
    def grid(self) -> GeoBox:
        """Grid that the map came on."""
        return checks.grid_of(self.depth, name=f"map {self.name!r}")


def source_maps(items: Sequence[Mapping[str, Any]]) -> list[SourceMap]:
    """Sort scenarios of several countries into maps.

    Parameters
    ----------
    items : sequence of mapping
        One per raster, of each map from frequent to rare: ``layer`` (depths, ``(y, x)``, with ``attrs["units"]``),
        ``country``, ``class`` (one of :data:`CLASSES`, once per map), and where known ``label`` and
        ``return_period`` (years). ``map`` names the map where a country has several; it is the country otherwise.
        ``velocity`` is a raster of velocities on the grid of the layer, for all rasters of a map or for none.

    Returns
    -------
    list of SourceMap
        In order of their first raster.

    Raises
    ------
    FootprintError
        When a raster belongs to no country or class, the return periods or labels of a map are repeated, or its return
        periods are not sorted.
    UnitsError
        When a raster has no units of length.
    GridError
        When the rasters of one map are not on one grid.

    Examples
    --------
    >>> import rioxarray
    >>> cells = xr.DataArray([[0.0, 120.0]], dims=("y", "x"), coords={"y": [0.5], "x": [0.5, 1.5]})
    >>> depth = cells.assign_attrs(units="cm").rio.write_crs("EPSG:3035")
    >>> maps = source_maps([{"layer": depth, "country": "DE", "class": "medium", "return_period": 100}])
    >>> maps[0].name, maps[0].depth.max().item()
    ('DE', 1.2)
    """
    found: dict[str, list[Mapping[str, Any]]] = {}
    for number, item in enumerate(items, start=1):
        _check_item(item, number)
        found.setdefault(str(item.get("map") or item["country"]), []).append(item)
    return [_source_map(name, group) for name, group in found.items()]


def _check_item(item: Mapping[str, Any], number: int) -> None:
    what = f"the raster {number} of the mosaic ({item.get('label') or item.get('class') or 'no label'})"
    strange = sorted(set(item) - set(_KEYS))
    if strange:
        raise FootprintError(f"{what} has the key {strange[0]!r}; expected some of {', '.join(_KEYS)}; correct it")
    if "layer" not in item:
        raise FootprintError(f"{what} has no layer; expected a raster of depths; add 'layer'")
    country = item.get("country")
    if not country:
        raise FootprintError(f"{what} belongs to no country; expected one for each raster; add country: NL or another")
    if not (isinstance(country, str) and re.fullmatch("[A-Z]{2}", country)):
        raise FootprintError(f"{what} has the country {country!r}; expected two capitals such as 'NL'; correct it")
    if item.get("class") not in CLASSES:
        raise FootprintError(
            f"{what} has the class {item.get('class')!r}; expected one of {', '.join(CLASSES)}; "
            "the class is what puts maps of several countries beside each other"
        )


def _source_map(name: str, items: Sequence[Mapping[str, Any]]) -> SourceMap:
    countries = sorted({item["country"] for item in items})
    if len(countries) > 1:
        raise FootprintError(f"map {name!r} belongs to {' and '.join(countries)}; expected one; name two maps")
    aside = ("layer", "velocity", "country", "map", "failure")
    described = [{key: item[key] for key in item if key not in aside} for item in items]
    try:
        table = scenario_table([{**each, "id": each["class"]} for each in described])
        table["label"] = [each.get("label") or _named(each) for each in described]
        depth = stack([item["layer"] for item in items], list(table["label"]), units="m", least=0.0)
        velocity = stack_velocities([item.get("velocity") for item in items], depth, list(table["label"]))
    except HazardmapError as error:
        raise type(error)(f"map {name!r}: {error}") from None
    _check_order(name, table)
    encoding = depth.encoding
    depth = depth.assign_coords(scenario=table.index.to_numpy())
    depth.encoding = encoding  # a new DataArray forgets it
    return SourceMap(name=name, country=countries[0], depth=depth, scenarios=table, velocity=velocity)


def _named(item: Mapping[str, Any]) -> str:
    period = item.get("return_period")
    return str(item["class"]) if period is None else f"T{period:g}"


def _check_order(name: str, table: pd.DataFrame) -> None:
    """Refuse scenarios that are not listed from frequent to rare."""
    classes = [CLASSES.index(each) for each in table.index]
    if classes != sorted(classes):
        raise FootprintError(
            f"map {name!r} lists the classes {', '.join(table.index)}; expected {', '.join(CLASSES)}; sort them"
        )
    require_rising(table, name=f"map {name!r}")
    require_labels(table, name=f"map {name!r}")


def cell_size(grid: GeoBox) -> float:
    """Side of a square as large as the cell in the middle of a grid, in metres."""
    rows, columns = grid.shape
    return float(np.sqrt(cell_areas(grid, (rows // 2, columns // 2, 1, 1)).item()))


def land_of(each: SourceMap, territories: gpd.GeoDataFrame) -> str:
    """Return the name of the land that a map counts in: its own where territories name it, else that of its country.

    Parameters
    ----------
    each : SourceMap
    territories : GeoDataFrame
        Polygons with the column ``country``, perhaps ``map``.
    """
    named = "map" in territories.columns and (territories["map"] == each.name).any()
    return each.name if named else each.country


def lands_of(maps: Sequence[SourceMap], territories: gpd.GeoDataFrame, *, crs: Any) -> dict[str, shapely.Geometry]:
    """Land of every map, or of every country that has one, as one shape each.

    Parameters
    ----------
    maps : sequence of SourceMap
    territories : GeoDataFrame
        Polygons with the column ``country``. Where their column ``map`` names a map, it has its own land inside its
        country, such as a state that publishes its own; other maps of that country have the rest.
    crs : anything that pyproj takes as a CRS
        That of the shapes.

    Returns
    -------
    dict of str to geometry
        By :func:`land_of`.

    Raises
    ------
    NoOverlapError
        When a map lies outside the territories of its country.
    """
    checks.require_features(territories, name="territories")
    checks.require_dimension(territories, 2, name="territories")
    if "country" not in territories.columns:
        raise LayerError("territories have no column 'country'; expected ISO codes in it; map it on the card")
    owner = _owners(maps, territories)
    found: dict[str, shapely.Geometry] = {}
    for each in maps:
        name = land_of(each, territories)
        if name in found:
            continue
        own = territories.geometry.to_numpy()[owner == name]
        if not len(own):
            known = ", ".join(sorted(territories["country"].dropna().astype(str).unique()))
            raise NoOverlapError(
                f"a map belongs to {each.country}, but the territories are those of {known}; "
                "expected the land of every map; name a border layer that holds it"
            )
        whole = shapely.union_all(own) if len(own) > 1 else own[0]
        found[name] = borders.to_crs(np.array([whole], dtype=object), territories.crs, crs)[0]
    for each in maps:
        extent = borders.to_crs(np.array([shapely.box(*each.grid.extent.boundingbox)]), str(each.grid.crs), crs)[0]
        land = land_of(each, territories)
        if not shapely.intersects(extent, found[land]):
            raise NoOverlapError(
                f"map {each.name!r} lies outside the territories of {land}; expected it to reach some of them; "
                "check its country and its CRS"
            )
    return found


def _owners(maps: Sequence[SourceMap], territories: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
    """Name of the land that each territory belongs to: a map that it names, else its country."""
    country: npt.NDArray[np.object_] = territories["country"].astype(str).to_numpy(dtype=object)
    if "map" not in territories.columns:
        return country
    named = territories["map"].to_numpy(dtype=object)
    for each in maps:
        own = named == each.name
        if (country[own] != each.country).any():
            raise LayerError(
                f"territories of {country[own][country[own] != each.country][0]} name the map {each.name!r} of "
                f"{each.country}; expected those of its own country; correct their column 'map'"
            )
    known = np.isin(named.astype(str), [each.name for each in maps])
    return np.asarray(np.where(known, named, country), dtype=object)
