"""Zones: connected cells of one class and scenario, cut at the territories."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hazardmap import borders
from hazardmap.exposure.measure import class_of, measure, regions
from hazardmap.exposure.rows import asset_rows, foreign_share, shares_of
from hazardmap.footprint import Footprint

__all__ = ["zones_of"]


def zones_of(footprint: Footprint, territories: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Make the zones of a footprint.

    Figures are computed from cells (or from the features), never from simplified outlines. The zones of a patch of
    connected cells add up to the area of its cells.

    Parameters
    ----------
    footprint : Footprint
    territories : GeoDataFrame
        Without overlaps; columns ``id`` and ``country``.

    Returns
    -------
    GeoDataFrame
        EPSG:4326; columns ``zone`` (stable id), ``patch``, ``hazard, scenario, level, territory, country, area_km2,
        mean, minimum, maximum, origin`` (the greatest), ``origin_share, foreign_share``.
    """
    patches = _patches(footprint)
    land = borders.to_crs(territories.geometry.to_numpy(), territories.crs, footprint.crs)
    tables = [
        _cut(footprint, number, group, territories, land)
        for number, group in patches.groupby("scenario", sort=True)
        if len(group)
    ]
    if not tables:
        return _as_frame(pd.DataFrame(columns=[*_COLUMNS, "geometry"]))
    return _as_frame(pd.concat(tables, ignore_index=True))


_COLUMNS = [
    "zone",
    "patch",
    "hazard",
    "scenario",
    "level",
    "territory",
    "country",
    "area_km2",
    "mean",
    "minimum",
    "maximum",
    "origin",
    "origin_share",
    "foreign_share",
]


def _as_frame(table: pd.DataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(table[[*_COLUMNS, "geometry"]], geometry="geometry", crs=4326)


def _patches(footprint: Footprint) -> gpd.GeoDataFrame:
    """Return connected patches of one class, with the number of their scenario and class."""
    found = []
    for number in range(len(footprint.scenarios)):
        shapes = _cell_patches(footprint, number) if footprint.is_raster else _feature_patches(footprint, number)
        found += [{"scenario": number, "class": k, "geometry": shape} for k, shape in shapes]
    return gpd.GeoDataFrame(found, columns=["scenario", "class", "geometry"], geometry="geometry", crs=footprint.crs)


def _cell_patches(footprint: Footprint, number: int) -> list[tuple[int, shapely.Geometry]]:
    """Return patches of cells that share an edge; one byte a cell is held in memory."""
    from rasterio.features import shapes

    grid = footprint.grid
    classes = np.zeros(grid.shape, dtype=np.uint8)
    for window in footprint.windows():
        row, column, height, width = window
        _, stack, _ = footprint.read(window)
        values = stack[number]
        level = class_of(np.nan_to_num(values, nan=_mild(footprint)), footprint) + 1
        classes[row : row + height, column : column + width] = level
    traced = shapes(classes, mask=classes > 0, connectivity=4, transform=grid.affine)
    return [(int(value) - 1, shapely.geometry.shape(outline)) for outline, value in traced]


def _mild(footprint: Footprint) -> float:
    """Return an intensity milder than every class."""
    return -np.inf if footprint.worse == "higher" else np.inf


def _feature_patches(footprint: Footprint, number: int) -> list[tuple[int, shapely.Geometry]]:
    features = gpd.GeoDataFrame(footprint.intensity)
    chosen = features[features["scenario"] == footprint.scenarios.index[number]]
    level = class_of(chosen["intensity"].to_numpy(dtype=float), footprint)
    found = []
    for k, region in enumerate(regions(chosen.geometry.to_numpy(), level, len(footprint.levels))):
        found += [(k, part) for part in shapely.get_parts(region) if shapely.get_dimensions(part) == 2]
    return found


def _cut(
    footprint: Footprint,
    number: int,
    patches: gpd.GeoDataFrame,
    territories: gpd.GeoDataFrame,
    land: borders.Shapes,
) -> pd.DataFrame:
    """Return the zones of one scenario."""
    cut = borders.cut(patches.geometry.to_numpy(), land)
    one = footprint.only(number)
    measured = measure(cut.geometry, one)
    pieces = gpd.GeoDataFrame(
        {"layer": "zones", "asset": "", "name": None, "territory": cut.territory, "value": np.nan, "value_unit": None},
        geometry=gpd.GeoSeries(borders.to_crs(cut.geometry, footprint.crs, 4326), crs=4326),
    )
    made = asset_rows(pieces, measured, territories, one, unit="km2", factor=1e-6)
    table, shares = made.table, shares_of(made.parts, footprint.shares)
    by_origin = shares.groupby(["row", "origin"], as_index=False)["share"].sum()
    main = by_origin.sort_values(["row", "share", "origin"], ascending=[True, False, True]).groupby("row").first()
    klass = patches["class"].to_numpy()[cut.shape]
    patch = [f"{footprint.hazard}-{one.scenarios.index[0]}-{number}" for number in cut.shape]
    return table.assign(
        patch=patch,
        zone=[f"{name}-{territory}" for name, territory in zip(patch, table["territory"], strict=True)],
        hazard=footprint.hazard,
        level=np.asarray(footprint.levels)[klass],
        area_km2=table["amount"],
        origin=main["origin"].reindex(table.index),
        origin_share=main["share"].reindex(table.index),
        foreign_share=foreign_share(table, shares),
    )
