"""Who is right about damage: shapes cut cell by cell, closed forms, and what shorter ways come to."""

import io
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import rasterio
import shapely
from affine import Affine

from hazardmap.curves import Curve
from scripts.bench.data import CELL, LEFT, TOP

__all__ = ["cell_by_cell", "degrees", "land_use", "mean_depths"]

Floats = npt.NDArray[np.float64]


def cell_by_cell(files: Sequence[Path], buildings: gpd.GeoDataFrame, curve: Curve, price: float) -> Floats:
    """Damage of buildings in every file: shapely cuts every cell out, and its depth is looked up."""
    found = np.zeros((len(buildings), len(files)))
    values = []
    for path in files:
        with rasterio.open(path) as file:
            values.append(file.read(1, masked=True).astype(float).filled(np.nan))
    for k, building in enumerate(buildings.geometry):
        west, south, east, north = building.bounds
        columns = range(int((west - LEFT) // CELL), int((east - LEFT) // CELL) + 1)
        for row in range(int((TOP - north) // CELL), int((TOP - south) // CELL) + 1):
            for column in columns:
                left, top = LEFT + column * CELL, TOP - row * CELL
                part = shapely.intersection(building, shapely.box(left, top - CELL, left + CELL, top)).area
                depth = np.array([each[row, column] for each in values])
                found[k] += np.nan_to_num(part * price * curve.at(depth))
    return found


def mean_depths(mean: Floats, damage: Floats, covered: Floats, curve: Curve, price: float) -> float:
    """Largest relative error of putting the mean depth of a building through the curve; all (building, scenario)."""
    known = damage > 0
    short = curve.at(mean) * covered * price
    return float(np.abs(short[known] / damage[known] - 1).max())


def degrees(folder: Path, curve: Curve, price: float) -> dict[str, Floats]:
    """Damage over what it is, on a raster in degrees from 49 to 54 N that is 1 m deep: it is area x factor x price.

    The area of a polygon on the ellipsoid is known in closed form (Karney 2013, as in pyproj).
    """
    import hazardmap as hm
    from hazardmap.coverage import zonal

    cell, rows = 1 / 240, 1200
    path = folder / "degrees.tif"
    profile = {"driver": "GTiff", "width": rows, "height": rows, "count": 1, "dtype": "float32", "crs": "EPSG:4326"}
    with rasterio.open(path, "w", transform=Affine(cell, 0, 4, 0, -cell, 54), **profile) as file:
        file.write(np.ones((1, rows, rows), dtype="float32"))
    noise = np.random.default_rng(1)
    x, y = noise.uniform(4.1, 8.9, 500), noise.uniform(49.1, 53.9, 500)
    shapes = shapely.box(x - 0.01, y - 0.01, x + 0.01, y + 0.01)
    buildings = gpd.GeoDataFrame({"id": np.arange(len(shapes))}, geometry=shapes, crs=4326)
    geod = pyproj.Geod(ellps="WGS84")
    # edges of a box along a parallel are straight in degrees, not on the ellipsoid: cut fine enough for 1e-9
    fine = shapely.orient_polygons(shapely.segmentize(shapes, 1e-4))
    truth = np.array([geod.geometry_area_perimeter(each)[0] for each in fine]) * float(curve.at(1.0)) * price
    flood = hm.flood(hm.layer({"path": str(path), "units": "m"}).open())
    ours = zonal(buildings.geometry.to_numpy(), flood, levels=(0.1,), function=(curve.depth, curve.factor)).integral
    found = {"hazardmap": np.asarray(ours)[:, 0] * price / truth}
    scanner = _scanner(path, buildings, curve, price)
    if scanner is not None:
        theirs = scanner.calculate(disable_progress=True)["damage"].to_numpy(dtype=float)
        found["damagescanner"] = theirs / truth
    return found


def land_use(folder: Path, curve: Curve, price: float) -> tuple[float, float] | None:
    """Damage of 1,000 x 1,000 cells of one class, 1 m deep, by damagescanner's raster way; and what it is."""
    try:
        from damagescanner.core import DamageScanner
    except ImportError:
        return None
    side = 1000
    profile = {"driver": "GTiff", "width": side, "height": side, "count": 1, "crs": "EPSG:3035"}
    profile["transform"] = Affine(CELL, 0, LEFT, 0, -CELL, TOP)
    for name, dtype in (("use", "int32"), ("deep", "float32")):
        with rasterio.open(folder / f"{name}.tif", "w", dtype=dtype, **profile) as file:
            file.write(np.ones((1, side, side), dtype=dtype))
    curves = pd.DataFrame({"depth": curve.depth, "1": curve.factor})
    prices = pd.DataFrame({"landuse": [1], "damage": [price]})
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), np.errstate(all="ignore"):
        table = DamageScanner(folder / "deep.tif", folder / "use.tif", curves, prices).calculate()[0]
    return float(table["damage"].iloc[0]), side**2 * CELL**2 * float(curve.at(1.0)) * price


def _scanner(path: Path, buildings: gpd.GeoDataFrame, curve: Curve, price: float) -> Any:
    try:
        from damagescanner.core import DamageScanner
    except ImportError:
        return None
    curves = pd.DataFrame({"building": curve.factor}, index=pd.Index(curve.depth))
    prices = pd.DataFrame({"object_type": ["building"], "damage": [price]})
    return DamageScanner(path, buildings.assign(object_type="building", osm_id=buildings["id"]), curves, prices)
