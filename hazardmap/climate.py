"""Series of climate rasters, daily or monthly, as amounts and means of whole calendar months."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from hazardmap import checks
from hazardmap.errors import LayerError, NoOverlapError, TimeAxisError, UnitsError
from hazardmap.indices.aggregation import first_of_month, from_days
from hazardmap.indices.timeaxis import daily, require_days, require_months
from hazardmap.lazy import lazy

__all__ = ["common_months", "month_of", "monthly_amount", "monthly_temperature"]

Floats = npt.NDArray[np.float64]

VALUES_AT_ONCE = 8_000_000
"""How many values of a daily series are held at once."""

_TINY_MM = 0.01
_MOST_MM = 10_000.0
_YEAR_0 = np.datetime64("0000-01", "M")
_GREGORIAN = {"standard", "gregorian", "proleptic_gregorian"}  # alike since 1582
_COLDEST, _HOTTEST = -100.0, 70.0


def monthly_amount(series: xr.DataArray, *, name: str = "rain", least_mm: float = 0.0) -> xr.DataArray:
    """Amounts of water per month, from amounts or fluxes, daily or monthly; nothing is read yet.

    Parameters
    ----------
    series : DataArray, shape (time, y, x)
        Precipitation or evaporation, with ``attrs["units"]``: an amount per time step (``mm``, ``m``, ``kg m-2``), or
        a rate (``kg m-2 s-1``, ``mm/day``, ``m s-1``), which is multiplied by the length of the day or of the month
        in its own calendar. ``mm/month`` is the amount of each month. Times as numpy or cftime dates (``noleap``,
        ``360_day``), one a month or one a day.
    name : str
        What to call it in errors.
    least_mm : float
        Least amount of a month that can be; a little less counts as that, as packed files hold it.

    Returns
    -------
    DataArray, shape (month, y, x)
        Dimensions ``(time, y, x)``; float32; mm of each month; ``time`` is the first day of the month, in the calendar
        of the series. A month with a missing day is missing. Days before the first and after the last whole month are
        left out, and a note says so.

    Raises
    ------
    UnitsError
        When it has no units, or none of water.
    TimeAxisError
        When it has no times, they are not in order, occur twice, or leave a month or a day out.
    LayerError
        On reading, when an amount is below the least one, infinite, or beyond what falls anywhere on earth.

    Examples
    --------
    >>> import pandas as pd
    >>> times = pd.date_range("2023-01-01", periods=59)
    >>> daily = xr.DataArray(np.full((59, 1, 1), 2.0), dims=("time", "y", "x"), coords={"time": times})
    >>> monthly_amount(daily.assign_attrs(units="mm")).values.ravel().tolist()
    [62.0, 56.0]
    """
    months = _months(series, name=name)
    factor, is_rate = _factor(series, name=name, monthly=months.step == "month")
    weights = np.full(len(months.days), factor)
    if is_rate and months.step == "month":
        weights *= months.days
    return _lazily(series, months, _How(name, weights, 0.0, "sum", least_mm), units="mm")


def monthly_temperature(series: xr.DataArray, *, name: str = "temperature") -> xr.DataArray:
    """Mean temperatures of months, in degrees Celsius, from daily or monthly ones; nothing is read yet.

    Parameters
    ----------
    series : DataArray, shape (time, y, x)
        With ``attrs["units"]`` ``K`` or ``degC``; times as in :func:`monthly_amount`.
    name : str
        What to call it in errors.

    Returns
    -------
    DataArray, shape (month, y, x)
        Dimensions ``(time, y, x)``; float32; degC.

    Raises
    ------
    UnitsError
        When it has no units, or none of temperature; on reading, when a value is outside -100..70 degC, as kelvins
        that are called degrees Celsius are.
    TimeAxisError, LayerError
        As :func:`monthly_amount`.

    Examples
    --------
    A January of 274.15 K, and a February of 10 degrees more:

    >>> import pandas as pd
    >>> times = pd.date_range("2023-01-01", periods=59)
    >>> kelvin = np.where(times.month == 1, 274.15, 284.15)[:, None, None]
    >>> daily = xr.DataArray(kelvin, dims=("time", "y", "x"), coords={"time": times}, attrs={"units": "K"})
    >>> monthly_temperature(daily).values.ravel().round(2).tolist()
    [1.0, 11.0]
    """
    months = _months(series, name=name)
    offset = checks.kelvin_offset(series.attrs.get("units"), name=name)
    return _lazily(series, months, _How(name, np.ones(len(months.days)), offset, "mean", _COLDEST), units="degC")


def common_months(
    series: Mapping[str, xr.DataArray],
) -> tuple[dict[str, xr.DataArray], npt.NDArray[np.datetime64], list[str]]:
    """Cut monthly series, perhaps in several calendars, to the months that all of them have.

    Parameters
    ----------
    series : mapping of str to DataArray, shape (time, y, x)
        From :func:`monthly_amount` and :func:`monthly_temperature`, by name.

    Returns
    -------
    series : dict of str to DataArray
    months : ndarray of datetime64[M]
        The same for all, in whatever calendar they are.
    notes : list of str

    Raises
    ------
    NoOverlapError
        When they have no month in common.
    """
    months = {name: require_months(each, name=name).number for name, each in series.items()}
    start, end = max(each[0] for each in months.values()), min(each[-1] for each in months.values())
    if start > end:
        raise NoOverlapError(f"{' and '.join(series)} have no month in common; expected the same years; correct one")
    common = {
        name: each.isel(time=slice(start - months[name][0], end + 1 - months[name][0])) for name, each in series.items()
    }
    notes = []
    if any(common[name].sizes["time"] < each.sizes["time"] for name, each in series.items()):
        notes.append(f"only the months that all series have are used: {_name(start)} to {_name(end)}")
    calendars = {name: str(each["time"].dt.calendar) for name, each in series.items()}
    if len({"standard" if each in _GREGORIAN else each for each in calendars.values()}) > 1:
        said = ", ".join(f"{name} {calendar}" for name, calendar in calendars.items())
        notes.append(f"the calendars differ ({said}), so that months of the same name differ in length")
    return common, np.arange(start, end + 1) + _YEAR_0, notes


def month_of(text: Any, *, what: str) -> np.datetime64:
    """Return a month written as ``2018-07``.

    Raises
    ------
    LayerError
        When it is none.

    Examples
    --------
    >>> month_of("2018-07", what="first")
    np.datetime64('2018-07')
    """
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", str(text)):
        raise LayerError(f"{what} is {str(text)!r}; expected a month such as 2018-07; correct it")
    return np.datetime64(str(text), "M")


class _Months(NamedTuple):
    """Whole months of a series."""

    start: npt.NDArray[Any]  # (months,) first day, in the calendar of the series
    days: npt.NDArray[np.int64]  # (months,) length in the calendar of the series
    first: npt.NDArray[np.int64]  # (months + 1,) number of the first step of each month, and the end
    step: Literal["month", "day"]
    notes: tuple[str, ...]


class _How(NamedTuple):
    """How values of a month become one."""

    name: str
    weights: Floats
    offset: float
    kind: Literal["sum", "mean"]
    least: float


def _months(series: xr.DataArray, *, name: str) -> _Months:
    """Find the whole months of a series; refuse what is out of order or has gaps."""
    if series.dims != ("time", "y", "x"):
        raise TimeAxisError(
            f"{name} has the dimensions {series.dims}; expected (time, y, x); give a file with a time axis"
        )
    if daily(series, name=name):
        return _whole_months(series, name=name)
    require_months(series, name=name)
    days = series["time"].dt.days_in_month.to_numpy().astype(np.int64)
    return _Months(_starts(series, np.arange(len(days))), days, np.arange(len(days) + 1), "month", ())


def _whole_months(series: xr.DataArray, *, name: str) -> _Months:
    """Find the whole months of a daily series."""
    axis, length = require_days(series, name=name)
    months, first, count = np.unique(axis.number, return_index=True, return_counts=True)
    days, edges = length[first], np.append(first, series.sizes["time"])
    short = count != days
    ends = {0, len(months) - 1}
    gap = next((int(k) for k in np.flatnonzero(short) if k not in ends), None)
    if gap is None and (np.diff(months) > 1).any():
        gap = int(np.flatnonzero(np.diff(months) > 1)[0])
    if gap is not None:
        raise TimeAxisError(
            f"{name} has {count[gap]} days of {days[gap]} in {_name(months[gap])}, or none in the month after it; "
            "expected every day; put missing values where days were left out"
        )
    keep = np.flatnonzero(~short)
    if not len(keep):
        raise TimeAxisError(f"{name} has no whole month; expected years of them; give a longer series")
    notes = tuple(f"{name}: {_name(months[k])} is not complete and left out" for k in np.flatnonzero(short))
    return _Months(_starts(series, first[keep]), days[keep], edges[keep[0] : keep[-1] + 2], "day", notes)


def _name(month: np.int64) -> str:
    return f"{month // 12}-{month % 12 + 1:02d}"


def _starts(series: xr.DataArray, steps: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """First days of the months of some steps."""
    return np.array([first_of_month(date) for date in series["time"].to_numpy()[steps]])


def _factor(series: xr.DataArray, *, name: str, monthly: bool) -> tuple[float, bool]:
    """Factor to mm, or to mm a day; and whether it is a rate."""
    units = series.attrs.get("units")
    for wanted, is_rate in (("mm", False), ("mm/day", True), ("mm/month", False)):
        try:
            factor = checks.factor_to(wanted, units, name=name)
        except UnitsError:
            continue
        if wanted == "mm/month" and not monthly:
            break
        return factor, is_rate
    found = "no units" if units is None or not str(units).strip() else f"the units {units!r}"
    raise UnitsError(
        f"{name} has {found}; expected an amount such as 'mm' or a rate such as 'kg m-2 s-1' or 'mm/day'; "
        "name them on its card"
    )


def _lazily(series: xr.DataArray, months: _Months, how: _How, *, units: str) -> xr.DataArray:
    shape = (len(months.start), *series.shape[1:])
    data = lazy(("time", "y", "x"), shape, "float32", partial(_read, series, months, how))
    coords = {key: series.coords[key] for key in ("y", "x", "spatial_ref") if key in series.coords}
    found = xr.DataArray(data, coords={**coords, "time": months.start}, name=series.name)
    notes = [*series.attrs.get("notes", ()), *months.notes]
    found.attrs = {**series.attrs, "units": units, "notes": notes}
    chunks = {key: size for key, size in series.encoding.get("preferred_chunks", {}).items() if key in ("y", "x")}
    if series.chunks is not None:
        chunks = {str(key): int(series.chunksizes[key][0]) for key in ("y", "x")}
    found.encoding["preferred_chunks"] = chunks
    return found


def _read(series: xr.DataArray, months: _Months, how: _How, key: tuple[slice, ...]) -> npt.NDArray[Any]:
    """Read some months of a window, as many at once as memory allows."""
    asked, rows, columns = key
    cells = max(1, (rows.stop - rows.start) * (columns.stop - columns.start))
    out = np.empty((asked.stop - asked.start, rows.stop - rows.start, columns.stop - columns.start), dtype=np.float32)
    longest = int(np.diff(months.first).max())
    step = max(1, VALUES_AT_ONCE // (cells * longest))
    for start in range(asked.start, asked.stop, step):
        stop = min(start + step, asked.stop)
        first = months.first[start : stop + 1]
        values = series[int(first[0]) : int(first[-1]), rows, columns].to_numpy().astype(np.float64, copy=False)
        if months.step == "day":
            values = from_days(values, starts=first[:-1] - first[0], lengths=np.diff(first), how=how.kind)
        values = values * how.weights[start:stop, None, None] + how.offset
        out[start - asked.start : stop - asked.start] = _believed(values, how)
    return out


def _believed(values: Floats, how: _How) -> Floats:
    """Refuse what cannot be, and take as 0 what packing made a little less."""
    if np.isinf(values).any():
        raise LayerError(f"{how.name} holds infinite values; expected numbers; mark what is missing as nodata")
    least, most = np.fmin.reduce(values, axis=None), np.fmax.reduce(values, axis=None)
    if how.kind == "mean":
        if least < _COLDEST or most > _HOTTEST:
            odd = most if most > _HOTTEST else least
            raise UnitsError(
                f"{how.name} holds {odd:.4g} degC; expected {_COLDEST:g} to {_HOTTEST:g}; "
                "its units are not what it says (kelvins?): correct them in the file"
            )
        return values
    if least < how.least - _TINY_MM:
        raise LayerError(
            f"{how.name} holds {least:.4g} mm in a month; expected {how.least:g} or more; mark what is missing as "
            "nodata, or turn the sign (some count evaporation as negative)"
        )
    if most > _MOST_MM:
        raise UnitsError(
            f"{how.name} holds {most:.4g} mm in a month; expected at most {_MOST_MM:g}; its units are not what it says"
        )
    return np.maximum(values, how.least)
