"""Makes the two files that stand for your own data: a depth raster and a table of substations. Both are invented."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from rasterio.transform import from_origin

HERE = Path(__file__).parent


def make(folder: Path = HERE) -> None:
    """Write depth.tif (ETRS89 / LAEA Europe, 100 m) and substations.gpkg (RD New) around Maastricht."""
    rows, columns = np.mgrid[0:300, 0:200]
    valley = np.abs(columns - 90 - 12 * np.sin(rows / 40))  # cells from a winding river
    depth = np.clip(3.0 - 0.25 * valley, 0, None).astype("float32")
    with rasterio.open(
        folder / "depth.tif",
        "w",
        driver="GTiff",
        height=300,
        width=200,
        count=1,
        dtype="float32",
        crs="EPSG:3035",
        transform=from_origin(4_012_000, 3_105_000, 100, 100),
        nodata=-9999,
        compress="deflate",
        predictor=3,
    ) as file:
        file.write(depth, 1)
    x, y = 176_000 + 1_500 * np.arange(6), np.full(6, 318_000.0)
    substations = gpd.GeoDataFrame(
        {"code": [f"S{number}" for number in range(6)], "name": [f"Substation {number}" for number in range(6)]},
        geometry=gpd.points_from_xy(x, y),
        crs="EPSG:28992",
    )
    substations.to_file(folder / "substations.gpkg", layer="substations")


if __name__ == "__main__":
    make()
    print("wrote depth.tif and substations.gpkg")
