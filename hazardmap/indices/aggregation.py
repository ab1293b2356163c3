"""Days put together to months."""

from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from hazardmap.errors import LayerError
from hazardmap.indices.fields import over_time, real
from hazardmap.indices.timeaxis import fill_months, require_days

__all__ = ["first_of_month", "from_days", "monthly", "series_of"]

How = Literal["sum", "mean", "min", "max"]

_RATES = {"mm/day": "mm", "mm/d": "mm", "mm day-1": "mm", "mm d-1": "mm", "m/day": "m", "m/d": "m", "m d-1": "m"}


def monthly(daily: xr.DataArray | pd.Series, how: How = "sum", *, missing_days: int = 0) -> xr.DataArray:
    """Put days of anything together to months; of rain and temperature on a grid, see :func:`hazardmap.monthly_amount`.

    Parameters
    ----------
    daily : DataArray (time, ...) or Series
        Daily values, any calendar; NaN is missing, and so is a day that is left out.
    how : {"sum", "mean", "min", "max"}
    missing_days : int
        A month with more missing days than this is missing. A sum over fewer days is scaled up to the whole month.

    Returns
    -------
    DataArray (time, ...)
        One step per month, at its first day; months without any day in between are NaN. A sum of mm/day is in mm.

    Raises
    ------
    TimeAxisError
        When the days are unsorted or there twice, or the steps are no days.
    LayerError
        When ``how`` is none of these.

    Examples
    --------
    >>> rain = pd.Series(2.0, index=pd.date_range("2020-01-31", "2020-03-30"))
    >>> rain.iloc[5] = np.nan
    >>> monthly(rain, missing_days=1).to_numpy()
    array([nan, 58., 62.])
    """
    if how not in ("sum", "mean", "min", "max"):
        raise LayerError(f"how is {how!r}; expected one of sum, mean, min, max; correct it")
    data = series_of(daily)
    axis, lengths = require_days(data, name="the series")
    starts = np.flatnonzero(np.diff(axis.number, prepend=axis.number[0] - 1))
    dates = [first_of_month(date) for date in data["time"].to_numpy()[starts]]
    time = xr.DataArray(np.array(dates), dims="time", name="time")
    function = partial(from_days, starts=starts, lengths=lengths[starts], how=how, missing_days=missing_days)
    found = over_time(function, data, time=time)
    found.attrs = dict(data.attrs)
    if how == "sum" and "units" in data.attrs:
        found.attrs["units"] = _RATES.get(data.attrs["units"], data.attrs["units"])
    return fill_months(found).assign_attrs(found.attrs)


def series_of(data: xr.DataArray | pd.Series) -> xr.DataArray:
    """Return a series of pandas, indexed by dates, as an array along ``time``; an array as it is."""
    if isinstance(data, xr.DataArray):
        return data
    index = data.index.to_timestamp() if isinstance(data.index, pd.PeriodIndex) else data.index
    values = data.to_numpy(dtype=np.float64, na_value=np.nan)
    return xr.DataArray(values, dims="time", coords={"time": index.to_numpy()}, attrs=dict(data.attrs))


def first_of_month(date: Any) -> Any:
    """Return the first day of the month of a date of numpy, or of cftime in its own calendar."""
    if isinstance(date, np.datetime64):
        return date.astype("datetime64[M]").astype(date.dtype)
    return date.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def from_days(
    values: npt.NDArray[Any],
    *,
    starts: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.int64],
    how: How,
    missing_days: int = 0,
) -> npt.NDArray[Any]:
    """Put days (time, ...) together to months that begin at ``starts`` and have ``lengths`` days in their calendar."""
    known = ~np.isnan(values)
    days = np.add.reduceat(known, starts, axis=0, dtype=np.int64)
    whole = lengths.reshape(-1, *[1] * (values.ndim - 1))
    if how in ("min", "max"):
        found = (np.fmin if how == "min" else np.fmax).reduceat(values.astype(np.float64), starts, axis=0)
    else:
        total = np.add.reduceat(np.where(known, values, 0.0), starts, axis=0, dtype=np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            found = total / days if how == "mean" else total * (whole / days)
    return np.where((whole - days > missing_days) | (days == 0), np.nan, found).astype(real(values.dtype))
