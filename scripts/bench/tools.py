"""The tools that are compared, each as one function of a raster file and a frame of shapes.

Polygons and lines get the mean, the greatest value, the sum (weighted by covered cells) and the share above a level;
points get the value.
"""

import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio

from scripts.bench.data import BLOCK, CELL, NODATA

__all__ = ["IN_MEMORY", "KNOWN", "PREPARED", "SLOW", "TOOLS", "Answer", "ours", "tool_of"]

Answer = dict[str, Any]
Tool = Callable[[Path, gpd.GeoDataFrame], Answer]

LEVEL = 0.5


def ours(path: Path, shapes: gpd.GeoDataFrame) -> Answer:
    """Overlay through the door of the program: card, checks, lazy raster, footprint."""
    return _overlaid(_flood(path), shapes)


def _ours_in_memory(path: Path, shapes: gpd.GeoDataFrame) -> Answer:
    return _overlaid(_loaded(path), shapes)


def _flood(path: Path) -> Any:
    """Open every band as a scenario."""
    import pandas as pd

    from hazardmap.catalog import layer
    from hazardmap.footprint import Footprint, scenario_table
    from hazardmap.stack import stack

    with rasterio.open(path) as file:
        bands = file.count
    names = [f"T{band}" for band in range(1, bands + 1)]
    rasters = [layer({"path": str(path), "units": "m", "band": band}).open() for band in range(1, bands + 1)]
    return Footprint(
        hazard="flood",
        intensity=stack(rasters, names, units="m"),
        units="m",
        levels=(LEVEL,),
        scenarios=scenario_table([{"id": name} for name in names]),
        shares=pd.DataFrame({"source": [0], "origin": ["unknown"], "share": [1.0]}),
    )


@lru_cache(maxsize=1)
def _loaded(path: Path) -> Any:
    """Hold the whole raster in memory."""
    flood = _flood(path)
    blocks = flood.intensity.encoding
    loaded = flood.intensity.load()
    loaded.encoding = blocks
    return replace(flood, intensity=loaded)


def _overlaid(footprint: Any, shapes: gpd.GeoDataFrame) -> Answer:
    from hazardmap import checks
    from hazardmap.coverage import zonal

    checks.require_features(shapes, name="shapes")
    checks.require_same_crs(shapes, footprint.crs, name="shapes", other="the depths")
    found = zonal(shapes.geometry.to_numpy(), footprint, levels=footprint.levels)
    unit = CELL * CELL if shapes.geometry.iloc[0].geom_type == "Polygon" else 1.0
    with np.errstate(invalid="ignore"):
        mean, above = found.total[:, 0] / found.covered[:, 0], found.by_class[:, 0, 0] / found.covered[:, 0]
    return {"mean": mean, "max": found.maximum[:, 0], "sum": found.total[:, 0] / unit, "above": above}


def _digest(path: Path) -> None:
    from hazardmap.files import sha256_of

    sha256_of(path)


def exactextract(path: Path, shapes: gpd.GeoDataFrame) -> Answer:
    """Let exactextract (C++) go through the raster once."""
    from exactextract import exact_extract

    def above(values: Any, coverage: Any) -> float:
        known = coverage * ~np.ma.getmaskarray(values)
        return float((known * (np.ma.getdata(values) >= LEVEL)).sum() / known.sum()) if known.any() else np.nan

    statistics = ["mean", "max", "sum", above]
    found = exact_extract(
        str(path), shapes, statistics, strategy="raster-sequential", output="pandas", include_cols=["id"]
    )
    found = found.iloc[np.argsort(found["id"].to_numpy().astype(int))]
    return {name: found[name].to_numpy(dtype=float) for name in ("mean", "max", "sum", "above")}


def extractrs(path: Path, shapes: gpd.GeoDataFrame) -> Answer:
    """Use extractrs (Rust) on the whole raster in memory."""
    from extractrs import apply_stat, build_cache

    with rasterio.open(path) as file:
        values, bounds = file.read(1).astype(np.float64), file.bounds
    wkb = [shape.wkb for shape in shapes.geometry]
    cache = build_cache(wkb, list(range(len(wkb))), bounds.left, bounds.bottom, bounds.right, bounds.top, CELL, CELL)
    found = {stat: np.asarray(apply_stat(cache, values, NODATA, stat)) for stat in ("mean", "max", "sum")}
    above = np.where(values == NODATA, NODATA, values >= LEVEL)
    return {**found, "above": np.asarray(apply_stat(cache, above, NODATA, "mean"))}


def xvec(path: Path, shapes: gpd.GeoDataFrame) -> Answer:
    """Use xvec, which hands polygons to exactextract (here without the share) and looks points up in the array."""
    import xvec  # noqa: F401  (registers the accessor)

    raster = _opened(path)
    if shapes.geometry.iloc[0].geom_type == "Point":
        found = raster.xvec.extract_points(shapes.geometry, x_coords="x", y_coords="y")
        return {"max": found.to_numpy()}
    found = raster.xvec.zonal_stats(
        shapes.geometry, x_coords="x", y_coords="y", stats=["mean", "max", "sum"], method="exactextract"
    )
    return {name: found.sel(zonal_statistics=name).to_numpy() for name in ("mean", "max", "sum")}


def rioxarray(path: Path, shapes: gpd.GeoDataFrame) -> Answer:
    """Look points up with xarray."""
    import xarray as xr

    raster = _opened(path)
    x, y = (xr.DataArray(values, dims="shape") for values in (shapes.geometry.x, shapes.geometry.y))
    return {"max": raster.sel(x=x, y=y, method="nearest").to_numpy()}


def rasterstats(path: Path, shapes: gpd.GeoDataFrame) -> Answer:
    """Use rasterstats: cells by their centre."""
    from rasterstats import zonal_stats

    share = {"above": lambda values: float((values >= LEVEL).mean()) if values.count() else np.nan}
    found = zonal_stats(shapes, str(path), stats=["mean", "max", "sum"], add_stats=share)
    return {name: np.array([row[name] for row in found], dtype=float) for name in ("mean", "max", "sum", "above")}


def snail(path: Path, shapes: gpd.GeoDataFrame) -> Answer:
    """Use snail: lines split at the cells, then one value for each piece."""
    import pandas as pd
    from snail.intersection import GridDefinition, apply_indices, get_raster_values_for_splits, split_linestrings

    grid = GridDefinition.from_raster(str(path))
    pieces = apply_indices(split_linestrings(shapes, grid), grid)
    with rasterio.open(path) as file:
        value = get_raster_values_for_splits(pieces, file.read(1)).to_numpy()
    known = value != NODATA
    table = pd.DataFrame({"id": pieces["id"], "length": pieces.length, "value": value})[known]
    table["product"] = table["length"] * table["value"]
    found = table.groupby("id").agg({"length": "sum", "product": "sum", "value": "max"}).reindex(shapes["id"])
    return {"mean": (found["product"] / found["length"]).to_numpy(), "max": found["value"].to_numpy()}


def _opened(path: Path) -> Any:
    import rioxarray as opener

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raster: Any = opener.open_rasterio(path, masked=True)
        return raster.squeeze("band", drop=True)


def read(path: Path, threads: int) -> None:
    """Decode every block once and look at nothing: the floor for whoever reads a raster."""
    with rasterio.open(path) as file:
        height, width = file.shape

    def rows(start: int) -> None:
        with rasterio.open(path) as file:
            for row in range(start, height, BLOCK * threads):
                file.read(window=((row, min(row + BLOCK, height)), (0, width)))

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(rows, range(0, BLOCK * threads, BLOCK)))


def _read_one(path: Path, shapes: gpd.GeoDataFrame) -> Answer:  # noqa: ARG001
    read(path, 1)
    return {}


def _read_two(path: Path, shapes: gpd.GeoDataFrame) -> Answer:  # noqa: ARG001
    read(path, 2)
    return {}


KNOWN, IN_MEMORY = "hazardmap, digest known", "hazardmap, in memory"

PREPARED: dict[str, Callable[[Path], Any]] = {KNOWN: _digest, IN_MEMORY: _loaded}
"""What is done before the clock starts."""

FLOOR: dict[str, Tool] = {"reading, 1 thread": _read_one, "reading, 2 threads": _read_two}

TOOLS: dict[str, dict[str, Tool]] = {
    "polygons": {
        "hazardmap": ours,
        KNOWN: ours,
        **FLOOR,
        "exactextract": exactextract,
        "extractrs": extractrs,
        "xvec": xvec,
        "rasterstats": rasterstats,
    },
    "buildings": {
        "hazardmap": ours,
        KNOWN: ours,
        **FLOOR,
        "exactextract": exactextract,
        "extractrs": extractrs,
        "rasterstats": rasterstats,
    },
    "lines": {"hazardmap": ours, KNOWN: ours, **FLOOR, "exactextract": exactextract, "snail": snail},
    "points": {
        "hazardmap": ours,
        KNOWN: ours,
        **FLOOR,
        "rioxarray": rioxarray,
        "xvec": xvec,
        "rasterstats": rasterstats,
    },
}
"""Which tools do which work; the first is ours."""

SLOW: dict[tuple[str, str], int] = {
    ("polygons", "rasterstats"): 10,
    ("buildings", "rasterstats"): 100,
    ("lines", "snail"): 100,
    ("points", "rasterstats"): 1000,
}
"""Tools that need minutes get every n-th shape only, and their time is multiplied by n."""


def tool_of(work: str, tool: str) -> Tool:
    """Return a tool by its name."""
    return _ours_in_memory if tool == IN_MEMORY else TOOLS[work][tool]
