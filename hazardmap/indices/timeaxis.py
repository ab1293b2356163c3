"""The questions asked of a time axis, and the one cure that may be asked for."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from hazardmap.errors import TimeAxisError

__all__ = ["Months", "daily", "fill_months", "require_days", "require_months"]

Ints = npt.NDArray[np.int64]


class Months(NamedTuple):
    """Months without a gap.

    Parameters
    ----------
    year, month : ndarray of int
        Of each step; January is 1.
    """

    year: Ints
    month: Ints

    @property
    def number(self) -> Ints:
        """Months since January of the year 0, the same in every calendar."""
        return 12 * self.year + self.month - 1


def require_months(data: xr.DataArray, *, name: str) -> Months:
    """Return year and month of every step; refuse an axis that is not one month after the other.

    Any calendar will do (dates of numpy or of cftime): only year and month are read.

    Raises
    ------
    TimeAxisError
        When there is no axis of dates, or months are unsorted, there twice, left out, or the data are daily.
    """
    year, month = _parts(data, ("year", "month"), name=name)
    count = 12 * year + month - 1
    _require_sorted(count, name=name)
    step = np.diff(count)
    if (step == 0).any():
        if daily(data, name=name):
            raise TimeAxisError(
                f"{name} has {len(count)} steps in {len(np.unique(count))} months; expected one value a month; "
                "use monthly() first"
            )
        raise TimeAxisError(
            f"{name} has the month {_name(count[:-1][step == 0][0])} twice; expected each once; drop one"
        )
    if (step > 1).any():
        raise TimeAxisError(
            f"{name} lacks {int((step - 1).sum())} of its months, the first after {_name(count[:-1][step > 1][0])}; "
            "expected every month; use fill_months() to mark them as missing"
        )
    return Months(year, month)


def require_days(data: xr.DataArray, *, name: str) -> tuple[Months, Ints]:
    """Return year and month, and the days in its month, of every step of a daily axis.

    Days may be left out; how many missing days a month may have is a question for whoever adds them up.

    Raises
    ------
    TimeAxisError
        When there is no axis of dates, days are unsorted or there twice, or the data are not daily.
    """
    year, month, day, length = _parts(data, ("year", "month", "day", "days_in_month"), name=name)
    count = 372 * year + 31 * month + day
    _require_sorted(count, name=name)
    step = np.diff(count)
    if (step == 0).any():
        raise TimeAxisError(f"{name} has a day twice; expected one value a day; drop one, or aggregate to days first")
    if len(step) and np.median(step) > 1:
        raise TimeAxisError(f"{name} is not daily (most steps are longer); expected one value a day; check its dates")
    return Months(year, month), length


def daily(data: xr.DataArray, *, name: str) -> bool:
    """Whether most months on the axis of dates have more than three steps."""
    year, month = _parts(data, ("year", "month"), name=name)
    return len(year) > 3 * len(np.unique(12 * year + month))


def fill_months(data: xr.DataArray, *, name: str = "the data") -> xr.DataArray:
    """Put NaN where months were left out, so that every month is there.

    Parameters
    ----------
    data : DataArray (time, ...)
        Monthly values, sorted, each month at most once.
    name : str
        What errors call it.

    Returns
    -------
    DataArray
        With the months from the first to the last; dates that were there stay as they are, new ones get the day of
        the first one (or the last of a shorter month).

    Raises
    ------
    TimeAxisError
        When the axis has other faults.

    Examples
    --------
    >>> dates = np.array(["2020-01-01", "2020-04-01"], dtype="datetime64[ns]")
    >>> fill_months(xr.DataArray([1.0, 4.0], dims="time", coords={"time": dates})).to_numpy()
    array([ 1., nan, nan,  4.])
    """
    year, month = _parts(data, ("year", "month"), name=name)
    count = 12 * year + month - 1
    _require_sorted(count, name=name)
    if (np.diff(count) == 0).any():
        require_months(data, name=name)
    every = np.arange(count[0], count[-1] + 1)
    dates = data["time"].to_numpy()
    filled = np.empty(len(every), dtype=dates.dtype)
    filled[count - count[0]] = dates
    for k in np.setdiff1d(every, count) - count[0]:
        filled[k] = _date(dates[0], int(every[k]))
    return data.reindex(time=filled)


def _date(like: Any, count: int) -> Any:
    """Return a date in a month, with the day and the calendar of another date."""
    year, month = divmod(count, 12)
    if isinstance(like, np.datetime64):
        start = np.datetime64(f"{year:04d}-{month + 1:02d}", "M")
        offset = like - like.astype("datetime64[M]").astype(like.dtype)
        return min(start.astype(like.dtype) + offset, (start + 1).astype(like.dtype) - np.timedelta64(1, "D"))
    try:
        return like.replace(year=year, month=month + 1)
    except ValueError:  # the 31st of a shorter month
        return like.replace(year=year, month=month + 1, day=28)


def _parts(data: xr.DataArray, names: tuple[str, ...], *, name: str) -> tuple[Ints, ...]:
    if "time" not in data.dims:
        raise TimeAxisError(
            f"{name} has no time axis, its dimensions are {data.dims}; expected one called 'time'; rename it"
        )
    if "time" not in data.coords:
        raise TimeAxisError(f"{name} has a time axis without dates; expected dates; assign a coordinate 'time'")
    time = data["time"]
    if not len(time):
        raise TimeAxisError(f"{name} has no time steps; expected at least one; check the period it was cut to")
    if time.isnull().any():
        raise TimeAxisError(f"{name} has steps without a date; expected a date each; drop them")
    try:
        return tuple(getattr(time.dt, each).to_numpy().astype(np.int64) for each in names)
    except (AttributeError, TypeError):
        raise TimeAxisError(
            f"{name} has {time.dtype} on its time axis; expected dates; decode them (xarray.decode_cf)"
        ) from None


def _require_sorted(count: Ints, *, name: str) -> None:
    if (np.diff(count) < 0).any():
        raise TimeAxisError(f"{name} goes back in time; expected ascending dates; use sortby('time')")


def _name(count: int) -> str:
    return f"{count // 12}-{count % 12 + 1:02d}"
