"""Land behind dikes: in which scenarios they hold the water back."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from odc.geo.geobox import GeoBox

from hazardmap import borders, checks
from hazardmap.errors import LayerError
from hazardmap.lazy import lazy

__all__ = ["held_back"]

Shapes = npt.NDArray[np.object_]


def held_back(
    intensity: xr.DataArray, scenarios: pd.DataFrame, failure: Sequence[bool], protected: gpd.GeoDataFrame
) -> tuple[xr.DataArray, list[str]]:
    """Take the water out of land behind dikes, in the scenarios that these hold back.

    A dike with a standard holds scenarios that are more frequent than it, and lets all others pass. A dike without a
    standard holds every scenario. A failure passes all dikes, and so does a scenario without a return period where
    there is a standard to compare it with. What no data cover is not covered, whatever the dikes do.

    Parameters
    ----------
    intensity : DataArray, shape (scenario, y, x)
        0 is dry, NaN missing.
    scenarios : DataFrame
        From :func:`hazardmap.footprint.scenario_table`.
    failure : sequence of bool
        Which scenarios are failures of the dikes.
    protected : GeoDataFrame
        Polygons, perhaps with the column ``protection``: a standard in years. Where two overlap the lower one counts,
        and one without a standard counts last. A cell is behind a dike if its centre is.

    Returns
    -------
    intensity : DataArray
        Lazy; 0 where water is held back.
    notes : list of str

    Raises
    ------
    LayerError
        When the polygons are none, or a standard is no number of years above 0.

    Examples
    --------
    >>> import rioxarray, shapely
    >>> from hazardmap.footprint import scenario_table
    >>> coords = {"y": [0.5], "x": [0.5, 1.5], "scenario": ["T10", "T1000"]}
    >>> cells = xr.DataArray([[[1.0, 1.0]], [[2.0, 2.0]]], dims=("scenario", "y", "x"), coords=coords)
    >>> ring = gpd.GeoDataFrame({"protection": [100.0]}, geometry=[shapely.box(1, 0, 2, 1)], crs=3035)
    >>> scenarios = scenario_table([{"return_period": 10}, {"return_period": 1000}])
    >>> held, _ = held_back(cells.rio.write_crs("EPSG:3035"), scenarios, [False, False], ring)
    >>> held.values.tolist()
    [[[1.0, 0.0]], [[2.0, 2.0]]]
    """
    checks.require_features(protected, name="protected land")
    checks.require_dimension(protected, 2, name="protected land")
    years = np.full(len(protected), np.nan)
    if "protection" in protected.columns:
        checks.require_numbers(protected, "protection", name="protected land")
        years = protected["protection"].to_numpy(dtype=float, na_value=np.nan)
    if (years <= 0).any():
        raise LayerError(
            f"protected land has a standard of {np.nanmin(years):g} years; expected more than 0; "
            "leave it out where there is none"
        )
    period = scenarios["return_period"].to_numpy(dtype=float)
    holds = np.isnan(years)[None, :] | (period[:, None] < years[None, :])  # false for NaN
    holds &= ~np.asarray(failure, dtype=bool)[:, None]
    grid = checks.grid_of(intensity)
    shapes = borders.to_crs(protected.geometry.to_numpy(), protected.crs, str(grid.crs))
    order = np.argsort(years, kind="stable")  # NaN last: the lower standard is drawn on top
    land = _Land(intensity, shapes[order], holds[:, order], grid)
    variable = lazy(("scenario", "y", "x"), intensity.shape, intensity.dtype, partial(_read, land))
    found = xr.DataArray(variable, coords=intensity.coords, attrs=intensity.attrs)
    found.encoding["preferred_chunks"] = intensity.encoding.get("preferred_chunks", {})
    return found, _notes(scenarios, holds, failure, years)


class _Land(NamedTuple):
    """Intensity, and the land behind dikes with the scenarios that these hold back, (scenario, shape)."""

    intensity: xr.DataArray
    shapes: Shapes
    holds: npt.NDArray[np.bool_]
    grid: GeoBox


def _read(land: _Land, key: tuple[slice, ...]) -> npt.NDArray[np.floating]:
    wanted, rows, columns = key
    values = land.intensity[key].to_numpy()
    number = borders.drawn(land.shapes, land.grid, rows, columns)
    if not number.any():
        return values
    outside = np.zeros((len(land.holds), 1), dtype=bool)
    dry = np.concatenate([outside, land.holds], axis=1)[wanted][:, number] & (values > 0)
    return np.where(dry, np.zeros(1, dtype=values.dtype), values)


def _notes(
    scenarios: pd.DataFrame, holds: npt.NDArray[np.bool_], failure: Sequence[bool], years: npt.NDArray[np.float64]
) -> list[str]:
    labels = scenarios["label"].astype(str).to_numpy()
    failed = np.asarray(failure, dtype=bool)
    notes = []
    for held, who in ((holds.all(axis=1), "all"), (holds.any(axis=1) & ~holds.all(axis=1), "some of the")):
        if held.any():
            notes.append(
                f"protected land: {who} dikes hold back {', '.join(labels[held])}, so the land behind them is dry "
                "there, whatever the depths say"
            )
    unknown = scenarios["return_period"].isna().to_numpy() & ~failed
    if unknown.any() and not np.isnan(years).all():
        notes.append(
            f"protected land: {', '.join(labels[unknown])} has no return period to compare with a standard; "
            "it is taken to pass the dikes"
        )
    if failed.any():
        notes.append(f"protected land: {', '.join(labels[failed])} is a failure of the dikes")
    elif np.isnan(years).all():
        notes.append("protected land: no scenario is a failure of the dikes, so the land behind them is dry in all")
    return notes
