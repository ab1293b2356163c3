"""Low flow of a river from its daily discharge."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from hazardmap.errors import LayerError, TimeAxisError
from hazardmap.indices.aggregation import series_of
from hazardmap.indices.timeaxis import require_days

__all__ = ["annual_minima", "deficits", "flow_quantile", "mam7", "mark_missing", "runs", "seven_q_ten"]

Flow: TypeAlias = xr.DataArray | pd.Series
Missing: TypeAlias = Literal["not positive"] | tuple[float, ...]
Interpolation: TypeAlias = Literal["linear", "weibull", "hazen", "median_unbiased"]

APRIL = 4


def mark_missing(data: Flow, missing: Missing = "not positive") -> xr.DataArray:
    """Turn codes for missing values into NaN, so that none of them reads as a drought.

    Parameters
    ----------
    data : DataArray or Series
    missing : "not positive" or tuple of float
        0 and everything below; or these values, such as ``(-999.0,)`` where a river does fall dry. ``()`` is none.

    Returns
    -------
    DataArray
        The same values; a Series becomes an array along ``time``.

    Raises
    ------
    LayerError
        When a value is negative and not among the codes.

    Examples
    --------
    >>> mark_missing(pd.Series([12.0, 0.0, -999.0])).to_numpy()
    array([12., nan, nan])
    """
    field = series_of(data)
    if missing == "not positive":
        return field.where(field > 0)
    known = field.where(~field.isin(list(missing)))
    if bool((known < 0).any()):
        raise LayerError(
            f"a value is {float(known.min()):g}; expected 0 or more, or a code; name the code with missing="
        )
    return known


def flow_quantile(
    flow: Flow, exceeded: float = 0.95, *, interpolation: Interpolation = "linear", missing: Missing = "not positive"
) -> float:
    """Flow that is exceeded for a share of the time: Q95 for 0.95, Q90 for 0.9.

    Parameters
    ----------
    flow : DataArray (time) or Series
        Daily discharge.
    exceeded : float
        Share of the days, between 0 and 1.
    interpolation : {"linear", "weibull", "hazen", "median_unbiased"}
        Between two ranked days: types 7, 6, 5 and 8 of Hyndman and Fan (1996).
    missing : "not positive" or tuple of float
        As in :func:`mark_missing`.

    Returns
    -------
    float
        In the units of the flow.

    Raises
    ------
    LayerError
        When the share is out of range, no day is known, or as in :func:`mark_missing`.
    TimeAxisError
        When the series is not daily.

    Examples
    --------
    >>> days = pd.date_range("2020-01-01", periods=101)
    >>> flow_quantile(pd.Series(np.arange(100.0, 201.0), index=days))
    105.0
    """
    if not 0 < exceeded < 1:
        raise LayerError(f"exceeded is {exceeded!r}; expected a share between 0 and 1; divide percents by 100")
    values = _daily(flow, missing).to_numpy()
    values = values[~np.isnan(values)]
    if not values.size:
        raise LayerError("no day of the flow is known; expected at least one; check the codes in missing=")
    return float(np.quantile(values, 1 - exceeded, method=interpolation))


def annual_minima(
    flow: Flow,
    days: int = 7,
    *,
    first_month: int = APRIL,
    missing: Missing = "not positive",
    missing_days: int = 10,
) -> pd.Series:
    """Least mean flow over some days in a row, for each year.

    Parameters
    ----------
    flow : DataArray (time) or Series
        Daily discharge.
    days : int
        Days in a mean. Where one is missing, so is the mean.
    first_month : int
        Month in which the year begins. April does not cut the low flow of the Rhine and the Meuse in two.
    missing : "not positive" or tuple of float
        As in :func:`mark_missing`.
    missing_days : int
        A year in which more means than this are missing is left out: its least flow may not be known.

    Returns
    -------
    Series
        By the calendar year in which the year begins; ``attrs["left_out"]`` lists the years left out.

    Raises
    ------
    LayerError
        As in :func:`mark_missing`.
    TimeAxisError
        When the series is not daily, or no year is whole.

    Examples
    --------
    Two years from April on, at 100 m3/s but for a week of 40 and a week of 60:

    >>> flow = pd.Series(100.0, index=pd.date_range("2019-04-01", "2021-03-31"))
    >>> flow["2019-08-01":"2019-08-07"], flow["2020-09-01":"2020-09-07"] = 40.0, 60.0
    >>> annual_minima(flow).round(6).to_dict()
    {2019: 40.0, 2020: 60.0}
    """
    daily = _daily(flow, missing).to_series()
    daily = daily.reindex(pd.date_range(daily.index[0], daily.index[-1]))
    means = daily.rolling(days).mean()
    year = means.index.year - (means.index.month < first_month)
    known = means.groupby(year).count()
    whole = pd.Series({y: _days_from(y, first_month) for y in known.index})
    good = whole - known <= missing_days
    if not good.any():
        raise TimeAxisError(
            f"no year of the flow from month {first_month} on has all but {missing_days} days; "
            "expected at least one; allow more with missing_days="
        )
    minima = means.groupby(year).min()[good].rename("minimum")
    minima.attrs["left_out"] = [int(y) for y in known.index[~good]]
    return minima


def mam7(flow: Flow, *, first_month: int = APRIL, missing: Missing = "not positive", missing_days: int = 10) -> float:
    """Mean of the annual minima of the mean flow over seven days.

    Parameters
    ----------
    flow : DataArray (time) or Series
        Daily discharge.
    first_month : int
        Month in which the year begins.
    missing : "not positive" or tuple of float
        As in :func:`mark_missing`.
    missing_days : int
        A year in which more means than this are missing is left out.

    Returns
    -------
    float
        In the units of the flow.

    Raises
    ------
    TimeAxisError, LayerError
        As in :func:`annual_minima`.

    Examples
    --------
    Two years from April on, at 100 m3/s but for a week of 40 and a week of 60:

    >>> flow = pd.Series(100.0, index=pd.date_range("2019-04-01", "2021-03-31"))
    >>> flow["2019-08-01":"2019-08-07"], flow["2020-09-01":"2020-09-07"] = 40.0, 60.0
    >>> mam7(flow)
    50.0
    """
    minima = annual_minima(flow, first_month=first_month, missing=missing, missing_days=missing_days)
    return float(minima.mean())


def seven_q_ten(
    flow: Flow,
    *,
    return_period: float = 10.0,
    method: Literal["weibull", "log-pearson"] = "weibull",
    first_month: int = APRIL,
    missing: Missing = "not positive",
    missing_days: int = 10,
) -> float:
    """Least mean flow over seven days that is undershot once in ten years on average.

    Parameters
    ----------
    flow : DataArray (time) or Series
        Daily discharge.
    return_period : float
        Years.
    method : {"weibull", "log-pearson"}
        Plotting positions ``i / (n + 1)``, linear in between; or a Pearson distribution of type III through the
        moments of the logarithms (skew corrected for bias).
    first_month : int
        Month in which the year begins.
    missing : "not positive" or tuple of float
        As in :func:`mark_missing`.
    missing_days : int
        A year in which more means than this are missing is left out.

    Returns
    -------
    float
        In the units of the flow.

    Raises
    ------
    LayerError
        When the method is unknown, the years are too few for the plotting positions (fewer than the return period
        less one) or for a skew (fewer than three), a minimum is 0 where logarithms are asked for, or as in
        :func:`mark_missing`.
    TimeAxisError
        As in :func:`annual_minima`.

    Examples
    --------
    Nine years with minima of 10, 20, ... 90 m3/s: the least one has the plotting position 1 / 10.

    >>> flow = pd.Series(100.0, index=pd.date_range("2001-04-01", "2010-03-31"))
    >>> for year in range(2001, 2010):
    ...     flow[f"{year}-08-01":f"{year}-08-07"] = 10.0 * (year - 2000)
    >>> round(seven_q_ten(flow), 6), round(seven_q_ten(flow, return_period=5), 6)
    (10.0, 20.0)
    """
    minima = annual_minima(flow, first_month=first_month, missing=missing, missing_days=missing_days).to_numpy()
    if method == "weibull":
        return _plotted(minima, 1 / return_period)
    if method != "log-pearson":
        raise LayerError(f"method is {method!r}; expected 'weibull' or 'log-pearson'; correct it")
    return _log_pearson(minima, 1 / return_period)


def deficits(
    flow: Flow,
    threshold: float | Mapping[int, float],
    *,
    pool_days: int = 0,
    least_days: int = 1,
    missing: Missing = "not positive",
) -> pd.DataFrame:
    """List the times below a threshold: when, for how long, and how much water was short.

    Parameters
    ----------
    flow : DataArray (time) or Series
        Daily discharge in m3/s.
    threshold : float or mapping of int to float
        m3/s; or per calendar month, where a month without one has no deficit.
    pool_days : int
        Times that at most so many days at or above the threshold lie between are one (5 is usual); what is above
        does not make up for what was short.
    least_days : int
        Shorter times are left out (5 is usual), after pooling.
    missing : "not positive" or tuple of float
        As in :func:`mark_missing`. A missing day ends a deficit.

    Returns
    -------
    DataFrame
        One row per deficit: ``start, end`` (first and last day), ``days``, ``volume_m3``, ``least`` and
        ``complete``: whether known days at or above the threshold stand before and after it.

    Raises
    ------
    LayerError
        As in :func:`mark_missing`.
    TimeAxisError
        When the series is not daily.

    Examples
    --------
    >>> flow = pd.Series([9, 7, 6, 9, 7, 9.0], index=pd.date_range("2022-08-01", periods=6))
    >>> deficits(flow, 8.0)[["days", "volume_m3"]].to_numpy().tolist()
    [[2.0, 259200.0], [1.0, 86400.0]]
    >>> deficits(flow, 8.0, pool_days=1)[["days", "volume_m3"]].to_numpy().tolist()
    [[4.0, 345600.0]]
    """
    daily = _daily(flow, missing).to_series()
    daily = daily.reindex(pd.date_range(daily.index[0], daily.index[-1]))
    month = pd.Series(daily.index.month, index=daily.index)
    level = month.map(dict(threshold)).astype(float) if isinstance(threshold, Mapping) else month * 0.0 + threshold
    short = (level - daily).where(level.notna(), 0.0).to_numpy()
    rows = []
    for first, last in _pooled(short, pool_days):
        if last - first + 1 >= least_days:
            around = short[max(first - 1, 0) : last + 2]
            rows.append(
                {
                    "start": daily.index[first],
                    "end": daily.index[last],
                    "days": last - first + 1,
                    "volume_m3": 86_400.0 * np.maximum(short[first : last + 1], 0.0).sum(),
                    "least": daily.iloc[first : last + 1].min(),
                    "complete": bool(first > 0 and last + 1 < len(short) and not np.isnan(around).any()),
                }
            )
    return pd.DataFrame(rows, columns=["start", "end", "days", "volume_m3", "least", "complete"])


def runs(inside: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the first and the last place of each run of true values.

    Examples
    --------
    >>> runs(np.array([True, False, True, True]))
    [(0, 0), (2, 3)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8)))
    return [(int(first), int(after) - 1) for first, after in zip(edges[::2], edges[1::2], strict=True)]


def _pooled(short: npt.NDArray[np.float64], pool_days: int) -> list[tuple[int, int]]:
    """Return runs of positive values; those with few days in between, none of them missing, as one."""
    found: list[tuple[int, int]] = []
    for first, last in runs(short > 0):
        if found:
            before = found[-1][1]
            if first - before - 1 <= pool_days and not np.isnan(short[before:first]).any():
                found[-1] = (found[-1][0], last)
                continue
        found.append((first, last))
    return found


def _daily(flow: Flow, missing: Missing) -> xr.DataArray:
    field = series_of(flow)
    if field.dims != ("time",):
        raise TimeAxisError(f"the flow has the dimensions {field.dims}; expected ('time',); select one gauge")
    require_days(field, name="the flow")
    return mark_missing(field, missing).rename("flow")


def _days_from(year: int, month: int) -> int:
    return int((pd.Timestamp(year + 1, month, 1) - pd.Timestamp(year, month, 1)).days)


def _plotted(minima: npt.NDArray[np.float64], probability: float) -> float:
    n = len(minima)
    positions = np.arange(1, n + 1) / (n + 1)
    if not positions[0] <= probability <= positions[-1]:
        raise LayerError(
            f"the flow has {n} whole years; expected {int(np.ceil(1 / probability)) - 1} or more for a plotting "
            "position of that return period; use method='log-pearson' or a shorter one"
        )
    return float(np.interp(probability, positions, np.sort(minima)))


def _log_pearson(minima: npt.NDArray[np.float64], probability: float) -> float:
    from scipy.stats import pearson3

    n = len(minima)
    if n < 3 or not (minima > 0).all():
        raise LayerError(
            f"the flow has {n} annual minima, the least {minima.min():g}; expected three or more, all above 0, "
            "for their logarithms; use method='weibull'"
        )
    logs = np.log10(minima)
    mean, deviation = logs.mean(), logs.std(ddof=1)
    if deviation == 0:
        return float(minima[0])
    skew = n / ((n - 1) * (n - 2)) * (((logs - mean) / deviation) ** 3).sum()
    return float(10 ** (mean + deviation * pearson3.ppf(probability, skew)))
