"""The data of the benchmark, the same in every run: made from a seed, never downloaded."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from affine import Affine
from scipy.ndimage import zoom

__all__ = ["CRS", "FORMATS", "FULL", "QUICK", "Size", "depths", "empty", "shapes"]

CRS = "EPSG:3035"
LEFT, TOP, CELL, BLOCK = 3_800_000.0, 3_300_000.0, 25.0, 512
SEED = 20260101
NODATA = -9999.0


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    side: int
    """Cells along a side of the raster."""

    shapes: dict[str, int]
    """Number of shapes per kind of work."""


FORMATS: dict[str, dict[str, Any]] = {
    "deflate, predictor 3": {},
    "deflate, predictor 1": {"predictor": 1},
    "zstd, predictor 3": {"compress": "zstd"},
    "zstd, predictor 1": {"compress": "zstd", "predictor": 1},
    "LERC-zstd, to 0.005": {"compress": "lerc_zstd", "max_z_error": 0.005, "predictor": 1},
    "not compressed": {"compress": "none", "predictor": 1},
}
"""Ways to store the same depths: what differs from the raster of all other work."""

FULL = Size(10_000, {"polygons": 2_000, "buildings": 100_000, "lines": 50_000, "points": 1_000_000})
QUICK = Size(2_000, {"polygons": 200, "buildings": 5_000, "lines": 2_000, "points": 40_000})


def depths(path: Path, side: int, bands: int = 1, *, deeper_m: float = 0.0, **profile: Any) -> None:
    """Write water depths: smooth, rough at the scale of a cell, in centimetres; one cell in fifty holds no value."""
    noise = np.random.default_rng(SEED)
    with rasterio.open(path, "w", **{**_profile(side, bands), **profile}) as file:
        for band in range(1, bands + 1):
            smooth = zoom(noise.normal(size=(side // 100 + 1, side // 100 + 1)), 100, order=1)[:side, :side]
            depth = np.abs(smooth + 0.05 * noise.normal(size=smooth.shape) + 0.3 * band + deeper_m).round(2)
            depth[noise.random(smooth.shape) < 0.02] = NODATA
            file.write(depth.astype(np.float32), band)


def empty(path: Path, side: int, bands: int) -> None:
    """Write a file of any size that takes no room: none of its blocks is stored."""
    with rasterio.open(path, "w", SPARSE_OK=True, BIGTIFF=True, **_profile(side, bands)):
        pass


def _profile(side: int, bands: int) -> dict[str, Any]:
    tiles = {
        "interleave": "band",
        "tiled": True,
        "blockxsize": BLOCK,
        "blockysize": BLOCK,
        "compress": "deflate",
        "predictor": 3,
    }
    return {
        "driver": "GTiff",
        "width": side,
        "height": side,
        "count": bands,
        "dtype": "float32",
        "nodata": NODATA,
        "crs": CRS,
        "transform": Affine(CELL, 0, LEFT, 0, -CELL, TOP),
        **tiles,
    }


def shapes(work: str, count: int, side: int) -> gpd.GeoDataFrame:
    """Shapes over the whole raster: municipalities, buildings, lines or points."""
    noise = np.random.default_rng(SEED)
    extent = side * CELL
    corner = np.array([LEFT, TOP - extent])
    makers = {"polygons": _municipalities, "buildings": _buildings, "lines": _lines, "points": _points}
    geometry = makers[work](noise, count, extent, corner)
    return gpd.GeoDataFrame({"id": np.arange(len(geometry))}, geometry=geometry, crs=CRS)


def _municipalities(noise: np.random.Generator, count: int, extent: float, corner: Any) -> Any:
    """Divide the land: Voronoi cells with rough edges of about 100 m."""
    seeds = shapely.multipoints(corner + extent * noise.random((count, 2)))
    land = shapely.box(*corner, *(corner + extent))
    parts = shapely.intersection(shapely.get_parts(shapely.voronoi_polygons(seeds)), land)
    return shapely.segmentize(parts, 100.0)


def _buildings(noise: np.random.Generator, count: int, extent: float, corner: Any) -> Any:
    """Draw rectangles of 6 to 40 m a side, turned by any angle."""
    centre = corner + extent * noise.uniform(0.001, 0.999, (count, 2))
    half = noise.uniform(3.0, 20.0, (count, 2))
    angle = noise.uniform(0.0, np.pi, count)[:, None]
    x, y = (half[:, None, :] * [[-1, -1], [1, -1], [1, 1], [-1, 1]]).transpose(2, 0, 1)
    turned = np.stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)], axis=2)
    return shapely.polygons(centre[:, None, :] + turned)


def _lines(noise: np.random.Generator, count: int, extent: float, corner: Any) -> Any:
    """Draw roads that wander over about twenty cells."""
    start = corner + extent * noise.uniform(0.02, 0.98, (count, 1, 2))
    return shapely.linestrings(start + np.cumsum(noise.normal(0.0, 1.4 * CELL, (count, 11, 2)), axis=1))


def _points(noise: np.random.Generator, count: int, extent: float, corner: Any) -> Any:
    return shapely.points(corner + extent * noise.random((count, 2)))
