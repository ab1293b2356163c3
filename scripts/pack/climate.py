"""Invented rain and temperature, by month: a series to try drought on where none may be passed on freely.

Nothing here was measured. Fields are sums of a few waves with random heights that remember the month before, made
into amounts and degrees around a plain yearly cycle; one long dry spell was put in by hand.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SEED: Final = 1540
YEARS: Final = (1991, 2025)
CELL: Final = 0.25
WINDOW: Final = (2.0, 48.0, 9.0, 53.0)
"""West, south, east, north in degrees."""

WAVES: Final = 16
MEMORY: Final = 0.25
"""Correlation of a month with the month before."""

SHAPE: Final = 4.0
"""Shape of the gamma distribution that monthly amounts follow (by the cube of a normal value: Wilson and Hilferty)."""

DRY: Final = ("2025-03", "2025-10", 1.3)
"""First and last month of the dry spell, and by how many standard deviations it is drier where it is worst."""


def build(layers: Path) -> None:
    """Write both series."""
    print("invented rain and temperature")
    random = np.random.default_rng(SEED)
    months = pd.date_range(f"{YEARS[0]}-01-01", f"{YEARS[1]}-12-01", freq="MS")
    west, south, east, north = WINDOW
    lon = np.arange(west + CELL / 2, east, CELL)
    lat = np.arange(north - CELL / 2, south, -CELL)
    wet = _fields(random, len(months), lat, lon) - _spell(months, lat, lon)
    warm = 0.8 * _fields(random, len(months), lat, lon) - 0.4 * wet
    season = np.cos(2 * np.pi * (months.month.to_numpy() - 1) / 12)[:, None, None]  # 1 in January, -1 in July
    hills = np.clip((lon[None, :] - 4.5) / 4.5, 0, 1) * np.clip((52.0 - lat[:, None]) / 3.0, 0, 1)
    mean = (66 + 30 * hills) * (1 - 0.1 * season)
    rain = mean * np.maximum(1 - 1 / (9 * SHAPE) + wet / np.sqrt(9 * SHAPE), 0) ** 3
    degrees = 10.3 - 7.6 * season - 2.5 * hills + 1.5 * warm
    _write(rain, (months, lat, lon), layers / "data" / "rain-synthetic.nc", "mm", 1.0)
    _write(degrees, (months, lat, lon), layers / "data" / "temperature-synthetic.nc", "degC", 0.1)


def _fields(random: np.random.Generator, months: int, lat: Floats, lon: Floats) -> Floats:
    """Standard normal fields, smooth in space, that remember the month before."""
    angle, turns, phase = random.uniform(0, 2 * np.pi, WAVES), random.uniform(0.03, 0.25, WAVES), random.random(WAVES)
    x, y = np.meshgrid(lon, lat)
    where = 2 * np.pi * (turns[:, None, None] * (np.cos(angle)[:, None, None] * x + np.sin(angle)[:, None, None] * y))
    sines = np.stack(
        [np.cos(where + 2 * np.pi * phase[:, None, None]), np.sin(where + 2 * np.pi * phase[:, None, None])]
    )
    heights = random.standard_normal((months, 2, WAVES))
    for month in range(1, months):
        heights[month] = MEMORY * heights[month - 1] + np.sqrt(1 - MEMORY**2) * heights[month]
    return np.asarray(np.einsum("tkw,kwyx->tyx", heights, sines) / np.sqrt(WAVES))


def _spell(months: pd.DatetimeIndex, lat: Floats, lon: Floats) -> Floats:
    """How much drier the dry spell is, worst between the Meuse and the Rhine."""
    first, last, depth = DRY
    when = (months >= pd.Timestamp(first)) & (months <= pd.Timestamp(last))
    far = np.hypot((lon[None, :] - 6.0) * 0.63, lat[:, None] - 51.0)
    return np.where(when, 1.0, 0.0)[:, None, None] * depth * np.exp(-((far / 2.2) ** 2))


def _write(values: Floats, axes: tuple[pd.DatetimeIndex, Floats, Floats], path: Path, units: str, step: float) -> None:
    """Write a series as NetCDF, in whole steps."""
    months, lat, lon = axes
    name = path.stem.removesuffix("-synthetic")
    bounds = np.stack([months.to_numpy(), (months + pd.offsets.MonthBegin()).to_numpy()], axis=1)
    data = xr.Dataset(
        {
            name: (("time", "lat", "lon"), values, {"units": units, "long_name": f"{name} (invented)"}),
            "time_bounds": (("time", "edge"), bounds),
        },
        coords={
            "time": ("time", months.to_numpy(), {"standard_name": "time", "bounds": "time_bounds"}),
            "lat": ("lat", lat, {"standard_name": "latitude", "units": "degrees_north"}),
            "lon": ("lon", lon, {"standard_name": "longitude", "units": "degrees_east"}),
        },
        attrs={"Conventions": "CF-1.11", "comment": "Invented. Not for use."},
    )
    packed = {"dtype": "int16", "scale_factor": step, "_FillValue": np.int16(-32768), "zlib": True, "complevel": 9}
    days = {"units": f"days since {YEARS[0]}-01-01", "dtype": "int32"}
    encoding: dict[str, dict[str, Any]] = {
        name: {**packed, "shuffle": True, "chunksizes": values.shape},
        "time": days,
        "time_bounds": {**days, "_FillValue": None},
        "lat": {"_FillValue": None},
        "lon": {"_FillValue": None},
    }
    data.to_netcdf(path, engine="h5netcdf", encoding=encoding)
