"""Makes the files that stand for your own data: depths, land use, people, buildings, substations. All are invented."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from rasterio.transform import from_origin

HERE = Path(__file__).parent
LEFT, TOP, CELL, ROWS, COLUMNS = 4_012_000, 3_105_000, 100, 300, 200
RISE = {10: 0.0, 50: 0.8, 100: 1.2, 500: 2.4}  # metres above the flood of 1 in 10 years
TOWN, WORKS, FIELDS, WATER = 1, 2, 3, 4


def make(folder: Path = HERE) -> None:
    """Write rasters of 100 m (ETRS89 / LAEA Europe) and vectors (RD New) around Maastricht."""
    rows, columns = np.mgrid[0:ROWS, 0:COLUMNS]
    distance = np.abs(columns - 90 - 12 * np.sin(rows / 40))  # cells from a winding river
    for years, rise in RISE.items():
        depth = np.clip(1.5 + rise - 0.2 * distance, 0, None)
        write(folder / f"depth-{years}.tif", depth.astype("float32"), nodata=-9999)
    town = (np.hypot(rows - 150, columns - 100) < 25) | (np.hypot(rows - 60, columns - 95) < 12)
    use = np.select([distance < 1, town & (columns > 105), town], [WATER, WORKS, TOWN], FIELDS)
    write(folder / "land-use.tif", use.astype("uint8"), nodata=0)
    write(
        folder / "people.tif", np.where(use == TOWN, 35, np.where(use == FIELDS, 0.5, 0)).astype("float32"), nodata=-1
    )

    x, y = np.meshgrid(4_019_000 + 90 * np.arange(40), 3_088_000 + 90 * np.arange(50))
    squares = shapely.box(x.ravel(), y.ravel(), x.ravel() + 12, y.ravel() + 10)
    kind = np.where(np.arange(len(squares)) % 7 == 0, "commercial", "residential")
    storeys = 1 + np.arange(len(squares)) % 3
    columns_ = {"code": [f"B{k}" for k in range(len(squares))], "use": kind, "storeys": storeys}
    buildings = gpd.GeoDataFrame(columns_, geometry=squares, crs="EPSG:3035").to_crs("EPSG:28992")
    buildings.to_file(folder / "buildings.gpkg", layer="buildings")

    x, y = 4_020_100 + 180 * np.arange(8), np.full(8, 3_090_050.0)
    stations = gpd.GeoDataFrame(
        {"code": [f"S{k}" for k in range(8)]}, geometry=gpd.points_from_xy(x, y), crs="EPSG:3035"
    )
    stations.to_crs("EPSG:28992").to_file(folder / "substations.gpkg", layer="substations")


def write(path: Path, values: np.ndarray[Any, Any], *, nodata: float) -> None:
    """Write one raster."""
    place = {"crs": "EPSG:3035", "transform": from_origin(LEFT, TOP, CELL, CELL)}
    size = {"height": ROWS, "width": COLUMNS, "count": 1, "dtype": values.dtype.name}
    with rasterio.open(path, "w", driver="GTiff", nodata=nodata, compress="deflate", **place, **size) as file:
        file.write(values, 1)


if __name__ == "__main__":
    make()
    print("wrote depths, land use, people, buildings and substations")
