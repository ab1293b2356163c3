"""Layers that are too large to be drawn whole: thinned, or a grid of the worst values and the worst features."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox

from hazardmap.outputs.webmap.model import FeatureLayer, Scenario
from hazardmap.writing import written

__all__ = ["Reduced", "file_name", "reduced", "thinned_shapes", "write_whole"]

Floats = npt.NDArray[np.float32]

# Degrees; half a pixel at zoom level 12.
_TOLERANCE = 0.0002
# How bad a status is, by its code (hit, partial, dry, not covered); what the grid keeps is the greatest.
_SEVERITY = np.array([4, 3, 1, 2], dtype=np.float32)
_CELLS_ALONG = 700
_MOST_LISTED = 20_000


class Reduced(NamedTuple):
    """A large layer as the map shows it: a grid of the worst in each cell, and the worst features."""

    grid: xr.DataArray
    layer: FeatureLayer


def thinned_shapes(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return shapes with fewer vertices, off by 20 m at most; for drawing only."""
    return frame.set_geometry(shapely.simplify(frame.geometry.to_numpy(), _TOLERANCE), crs=frame.crs)


def reduced(layer: FeatureLayer, scenarios: tuple[Scenario, ...]) -> Reduced:
    """Reduce a layer to a grid of cells that hold the worst status of what touches them, and the worst features.

    Parameters
    ----------
    layer : FeatureLayer
    scenarios : tuple of Scenario
        Those that the status depends on; none for a layer without a status.

    Returns
    -------
    Reduced
        The grid ``(scenario, y, x)``: 1 dry (or just there), 2 not covered, 3 partial, 4 hit; NaN where nothing is.
    """
    status = [_severity(layer, scenario) for scenario in scenarios] if layer.status else []
    worst = status or [np.ones(len(layer.frame), dtype=np.float32)]
    box = _grid_of(layer.frame)
    cells = np.stack([_worst_of_cells(layer.frame.geometry.to_numpy(), values, box) for values in worst])
    order = np.argsort(-np.fmax.reduce(worst), kind="stable")[:_MOST_LISTED]
    listed = layer.frame.iloc[np.sort(order)].reset_index(drop=True)
    return Reduced(_as_raster(cells, box), replace(layer, frame=listed))


def file_name(hazard: str, layer: str) -> str:
    """Name of the file beside a page that holds a layer whole.

    Examples
    --------
    >>> file_name("flood", "power lines/../x")
    'flood-power-lines-x.gpkg'
    """
    parts = (re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] for text in (hazard, layer))
    return f"{'-'.join(part for part in parts if part) or 'layer'}.gpkg"


def write_whole(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write a layer as a GeoPackage, whole or not at all.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    import pyogrio

    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2000-01-01T00:00:00.000Z"})
    try:
        with written(path) as beside:
            pyogrio.write_dataframe(frame, beside, layer=path.stem, driver="GPKG")
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _severity(layer: FeatureLayer, scenario: Scenario) -> Floats:
    codes = layer.frame[f"{layer.status}@{scenario.id}"].to_numpy(dtype=float, na_value=np.nan)
    found: Floats = np.where(np.isnan(codes), np.nan, _SEVERITY[np.nan_to_num(codes).astype(int)]).astype(np.float32)
    return found


def _grid_of(frame: gpd.GeoDataFrame) -> GeoBox:
    """Grid over a layer, of cells that look square on the map."""
    west, south, east, north = (float(edge) for edge in frame.total_bounds)
    flat = np.cos(np.radians((south + north) / 2))
    side = max((east - west) / _CELLS_ALONG, (north - south) / flat / _CELLS_ALONG, 1e-6)
    rows, columns = int((north - south) / (side * flat)) + 1, int((east - west) / side) + 1
    return GeoBox((rows, columns), Affine(side, 0, west, 0, -side * flat, north), "EPSG:4326")


def _worst_of_cells(shapes: npt.NDArray[np.object_], values: Floats, box: GeoBox) -> Floats:
    """Greatest value among what touches each cell, however little of it."""
    from rasterio.features import rasterize

    cells = np.zeros(box.shape, dtype=np.float32)
    known = ~np.isnan(values) & ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    if (shapely.get_type_id(shapes[known]) == 0).all():
        x, y = shapely.get_coordinates(shapes[known]).T
        column, row = (np.floor(axis).astype(int) for axis in ~box.transform * (x, y))
        place = np.clip(row, 0, box.shape[0] - 1), np.clip(column, 0, box.shape[1] - 1)
        np.maximum.at(cells, place, values[known])
    else:
        for value in np.unique(values[known]):  # rising, so that the worst is drawn last
            own: Any = shapes[known & (values == value)]
            drawn = rasterize(own, out_shape=box.shape, transform=box.transform, all_touched=True)
            cells[drawn > 0] = value
    return np.where(cells == 0, np.nan, cells).astype(np.float32)


def _as_raster(cells: Floats, box: GeoBox) -> xr.DataArray:
    import rioxarray  # noqa: F401  (registers the .rio accessor)

    rows, columns = box.shape
    coords = {
        "y": box.transform.f + box.transform.e * (np.arange(rows) + 0.5),
        "x": box.transform.c + box.transform.a * (np.arange(columns) + 0.5),
    }
    raster = xr.DataArray(cells, dims=("scenario", "y", "x"), coords=coords)
    placed: xr.DataArray = raster.rio.write_crs("EPSG:4326").rio.write_transform(box.transform)
    return placed
