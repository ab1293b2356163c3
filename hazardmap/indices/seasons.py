"""How much more water evaporated than fell, in the growing season so far."""

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from hazardmap import checks
from hazardmap.errors import LayerError, TimeAxisError
from hazardmap.indices.aggregation import series_of
from hazardmap.indices.fields import over_time
from hazardmap.indices.timeaxis import require_days

__all__ = ["precipitation_deficit"]


def precipitation_deficit(
    rain: xr.DataArray | pd.Series, evaporation: xr.DataArray | pd.Series, *, season: tuple[int, int] = (4, 9)
) -> xr.DataArray:
    """Add up, day by day, what evaporates beyond what falls; the sum begins anew each season and is never below 0.

    This is the continuous potential precipitation deficit of the Royal Netherlands Meteorological Institute, with
    evaporation after Makkink: its greatest value ranks the years.

    Parameters
    ----------
    rain, evaporation : DataArray (time, ...) or Series
        Of each day, in ``attrs["units"]`` such as "mm" or "mm/day"; a Series without units is in mm.
    season : (int, int)
        First and last month.

    Returns
    -------
    DataArray (time, ...)
        mm; NaN outside of the season, from a missing day on to the end of the season, and in a season of which the
        series lacks the beginning.

    Raises
    ------
    TimeAxisError
        When the series is not daily, or days are left out.
    UnitsError
        When an array has no units, or none of water.
    GridError
        When the two differ in place or time.
    LayerError
        When the season is none.

    Examples
    --------
    >>> days = pd.date_range("2022-03-31", periods=6)
    >>> rain = pd.Series([0.0, 0, 9, 0, 0, 1], index=days)
    >>> precipitation_deficit(rain, rain * 0 + 3).to_numpy()
    array([nan,  3.,  0.,  3.,  6.,  8.])
    """
    first, last = season
    if not 1 <= first <= last <= 12:
        raise LayerError(f"the season is {season!r}; expected (first month, last month) within a year; correct it")
    fields = [_in_mm(field, name=name) for field, name in ((rain, "the rain"), (evaporation, "the evaporation"))]
    axis, _ = require_days(fields[0], name="the rain")
    steps = np.diff(fields[0]["time"].to_numpy())
    if len(steps) and steps.max() > 1.5 * steps.min():
        raise TimeAxisError("the rain leaves days out; expected every day; use resample(time='D').asfreq() first")
    within = (axis.month >= first) & (axis.month <= last)
    years = np.where(within, axis.year, -1)
    whole = axis.month[0] == first and int(fields[0]["time"].dt.day[0]) == 1
    if within[0] and not whole:  # what evaporated before the series began is not known
        years[years == axis.year[0]] = -1
    found = over_time(partial(_running, years=years), *fields)
    found.name = "precipitation_deficit"
    found.attrs = {"long_name": "precipitation deficit", "units": "mm", "season": list(season)}
    return found


def _in_mm(data: xr.DataArray | pd.Series, *, name: str) -> xr.DataArray:
    field = series_of(data)
    units = field.attrs.get("units")
    if units is None and isinstance(data, pd.Series):
        return field
    kind = "mm" if str(units) in ("mm", "m", "cm") else "mm/day"
    return field * checks.factor_to(kind, units, name=name)


def _running(rain: Any, evaporation: Any, *, years: npt.NDArray[np.int64]) -> Any:
    """Return the running sum; a year of -1 is out of season."""
    found = np.full(rain.shape, np.nan)
    so_far = np.zeros(rain.shape[1:])
    for day, year in enumerate(years):
        if year >= 0:
            if day == 0 or years[day - 1] != year:
                so_far = np.zeros(rain.shape[1:])
            so_far = np.maximum(so_far + evaporation[day] - rain[day], 0.0)  # NaN stays NaN
            found[day] = so_far
    return found
