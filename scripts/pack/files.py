"""Write the files of the pack: the same bytes on every build."""

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.transform import Affine

from scripts.pack.sources import sha256_of


def write_vector(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write features in EPSG:4326 as FlatGeobuf, sorted by ``id``, which must be unique."""
    twice = frame["id"][frame["id"].duplicated()]
    if len(twice):
        raise SystemExit(f"{path.name}: found the id {twice.iloc[0]} twice; expected it once")
    frame = frame.sort_values("id", kind="stable", ignore_index=True)
    frame.to_file(path, driver="FlatGeobuf", engine="pyogrio", SPATIAL_INDEX="YES")


def write_raster(values: NDArray[np.generic], transform: Affine, nodata: float, path: Path) -> None:
    """Write one band in EPSG:4326 as a compressed GeoTIFF with 256 x 256 tiles."""
    predictor = 3 if values.dtype.kind == "f" else 2
    profile = {
        "driver": "GTiff",
        "width": values.shape[1],
        "height": values.shape[0],
        "count": 1,
        "dtype": values.dtype.name,
        "crs": "EPSG:4326",
        "transform": transform,
        "nodata": nodata,
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
        "compress": "deflate",
        "zlevel": 9,
        "predictor": predictor if values.dtype.itemsize > 1 else 1,
    }
    with rasterio.open(path, "w", **profile) as file:
        file.write(values, 1)


def rounded(frame: gpd.GeoDataFrame, grid: float = 1e-5) -> gpd.GeoDataFrame:
    """Copy of a frame with coordinates rounded to a grid in degrees (1e-5 is about a metre)."""
    digits = round(-np.log10(grid))
    return frame.set_geometry(shapely.transform(frame.geometry.values, lambda xy: np.round(xy, digits)), crs=frame.crs)


def seal(card: Path) -> None:
    """Put the SHA-256 of the data file that a card names into the card."""
    text = card.read_text(encoding="utf-8")
    path = re.search(r"^path: (.+)$", text, re.MULTILINE)
    if path is None or not re.search(r"^sha256: .*$", text, re.MULTILINE):
        raise SystemExit(f"{card.name}: found no line 'path: ...' or 'sha256: ...'; expected both")
    digest = sha256_of(card.parent / path[1])
    card.write_text(re.sub(r"^sha256: .*$", f"sha256: {digest}", text, flags=re.MULTILINE), encoding="utf-8")
