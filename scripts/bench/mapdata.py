"""The data of the benchmark of the map, the same in every run: many features, and a study of everything at once."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from affine import Affine
from scipy.ndimage import gaussian_filter

import hazardmap as hm
from hazardmap.footprint import Footprint, scenario_table

__all__ = ["AREA", "combined", "points", "polygons"]

AREA = (4.6, 49.9, 7.4, 52.0)
"""West, south, east and north of the combined study: that of the demo."""

SEED = 20260101
WIDE = (2.0, 48.0, 9.0, 54.0)
YEARS = (10, 25, 50, 100, 500, 1000)
LAYERS = ("municipalities", "plants", "sites", "substations")


def polygons(count: int, area: tuple[float, float, float, float] = WIDE, seed: int = 1) -> gpd.GeoDataFrame:
    """Polygons of 8 vertices, a few hundred metres wide, in rows from south to north."""
    rng = np.random.default_rng(seed)
    middles = _in_rows(rng.uniform(area[:2], area[2:], (count, 2)), 20)
    angle = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    radius = rng.uniform(0.001, 0.004, (count, 8))
    ring = np.stack([middles[:, :1] + radius * np.cos(angle), middles[:, 1:] + 0.6 * radius * np.sin(angle)], axis=2)
    return _described(shapely.polygons(ring), rng)


def points(count: int) -> gpd.GeoDataFrame:
    """Points in rows from south to north."""
    rng = np.random.default_rng(2)
    return _described(shapely.points(_in_rows(rng.uniform(WIDE[:2], WIDE[2:], (count, 2)), 50)), rng)


def combined(features: int = 20_000, months: int = 60) -> list[Any]:
    """Two results over the same four layers: six floods in cells of 200 x 310 m, and months of drought in 7 x 11 km.

    Every layer is laid over every scenario and month, as a study does it. Invented, with the textures that make such
    data hard to pack: rough depths along winding channels, months that follow one another.
    """
    lands = hm.layer("territories").open(area=AREA)
    rng = np.random.default_rng(SEED)
    assets = {
        name: polygons(features // len(LAYERS), AREA, seed).drop(columns=["depth", "status"]).assign(id=_numbers)
        for seed, name in enumerate(LAYERS)
    }
    return [hm.overlay(footprint, lands, assets) for footprint in (_floods(rng), _drought(rng, months))]


def _numbers(frame: gpd.GeoDataFrame) -> Any:
    return [f"{k:05d}" for k in range(len(frame))]


def _floods(rng: np.random.Generator) -> Footprint:
    rows, columns = _shape(1 / 360)
    relief = gaussian_filter(rng.normal(size=(rows, columns)), 25)
    above = 12 * np.abs(relief / relief.std()) + rng.normal(0, 0.15, relief.shape)  # metres above the next channel
    depth = _raster(np.stack([np.clip(stage - above, 0, None) for stage in (1, 1.5, 2, 2.6, 3.2, 4)]), 1 / 360, "m")
    east = np.indices((rows, columns))[1] > columns / 2
    return Footprint(
        hazard="flood",
        intensity=depth,
        units="m",
        levels=(0.1, 0.5, 1, 2, 4),
        scenarios=scenario_table([{"return_period": years, "label": f"HQ{years}"} for years in YEARS]),
        source=depth[0].copy(data=np.where(east, 2, 1).astype("int32")),
        shares=pd.DataFrame({"source": [1, 2, 2], "origin": ["BE", "DE", "NL"], "share": [1.0, 0.7, 0.3]}),
        meaning="share of upstream area",
        status="synthetic",
    )


def _drought(rng: np.random.Generator, months: int) -> Footprint:
    rows, columns = _shape(0.1)
    index = np.zeros((months, rows, columns))
    for month in range(months):
        new = gaussian_filter(rng.normal(size=(rows + 20, columns + 20)), 3)[10:-10, 10:-10]
        index[month] = 0.8 * index[month - 1] + 0.6 * new / new.std()
    names = [f"{2021 + month // 12}-{month % 12 + 1:02d}" for month in range(months)]
    return Footprint(
        hazard="drought",
        intensity=_raster(index + rng.normal(0, 0.15, index.shape), 0.1, "1"),
        units="1",
        levels=(-1.0, -1.5, -2.0),
        worse="lower",
        scenarios=scenario_table([{"id": name, "label": name, "probability_kind": "time"} for name in names]),
        source=0,
        shares=pd.DataFrame({"source": [0], "origin": ["none"], "share": [1.0]}),
        status="synthetic",
    )


def _shape(cell: float) -> tuple[int, int]:
    west, south, east, north = AREA
    return round((north - south) / cell), round((east - west) / cell)


def _raster(values: Any, cell: float, units: str) -> xr.DataArray:
    import rioxarray  # noqa: F401  (registers the .rio accessor)

    west, _, _, north = AREA
    rows, columns = values.shape[1:]
    coords = {"y": north - cell * (np.arange(rows) + 0.5), "x": west + cell * (np.arange(columns) + 0.5)}
    raster = xr.DataArray(values.astype("float32"), dims=("scenario", "y", "x"), coords=coords, attrs={"units": units})
    placed: xr.DataArray = raster.rio.write_crs(4326).rio.write_transform(Affine(cell, 0, west, 0, -cell, north))
    return placed


def _in_rows(places: Any, per_degree: int) -> Any:
    """Order as files often have it: from south to north in rows, within a row from west to east."""
    return places[np.lexsort((places[:, 0], (places[:, 1] * per_degree).astype(int)))]


def _described(shapes: Any, rng: np.random.Generator) -> gpd.GeoDataFrame:
    names = np.char.add("Area ", rng.integers(0, 500, len(shapes)).astype(str))
    depth = rng.gamma(1.5, 0.8, len(shapes)).round(2)
    status = 2 - np.digitize(depth, [0.5, 1.5])
    return gpd.GeoDataFrame({"name": names, "depth": depth, "status": status}, geometry=shapes, crs=4326)
