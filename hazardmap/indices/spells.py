"""Droughts as events: when an index was low, for how long, how much, and where."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from hazardmap.errors import GridError, LayerError, TimeAxisError
from hazardmap.indices.aggregation import series_of
from hazardmap.indices.timeaxis import require_months

__all__ = ["affected_area", "events"]


def events(index: xr.DataArray | pd.Series, start: float = -1.0, end: float = 0.0) -> pd.DataFrame:
    """List the droughts of a place: from where the index falls to ``start`` until it rises above ``end``.

    Parameters
    ----------
    index : DataArray (time) or Series
        Monthly, such as the SPI of a place.
    start : float
        A drought begins with the month in which the index is at or below this (McKee et al. 1993).
    end : float
        It ends before the month in which the index is above this. A missing month ends it, too.

    Returns
    -------
    DataFrame
        One row per drought: ``start, end`` (first and last month), ``duration`` (months), ``severity`` (minus the
        sum of the index), ``peak`` (least index) and ``complete``: whether the months before and after are known.

    Raises
    ------
    TimeAxisError
        When the months are not one after the other, or there is more than one place.
    LayerError
        When ``end`` is below ``start``.

    Examples
    --------
    >>> months = pd.date_range("2020-01-01", periods=6, freq="MS")
    >>> found = events(pd.Series([0.5, -1.0, -2.0, -0.5, 0.2, -0.9], index=months))
    >>> found[["duration", "severity", "peak"]].to_numpy().tolist()
    [[3.0, 3.5, -2.0]]
    """
    if end < start:
        raise LayerError(f"a drought starts at {start:g} and ends above {end:g}; expected the end higher; swap them")
    data = series_of(index)
    if data.dims != ("time",):
        raise TimeAxisError(f"the index has the dimensions {data.dims}; expected ('time',); select one place")
    require_months(data, name="the index")
    values, time = data.to_numpy(), data["time"].to_numpy()
    rows = []
    first: int | None = None
    for k, value in enumerate([*values, np.nan]):  # the end of the series ends a drought like a missing month
        if first is None and value <= start:
            first = k
        elif first is not None and not value <= end:
            during = values[first:k]
            known = first > 0 and k < len(values) and not np.isnan(values[[first - 1, k]]).any()
            rows.append((time[first], time[k - 1], k - first, -during.sum(), during.min(), bool(known)))
            first = None
    return pd.DataFrame(rows, columns=["start", "end", "duration", "severity", "peak", "complete"])


def affected_area(index: xr.DataArray, areas: Mapping[str, xr.DataArray], level: float = -1.0) -> pd.DataFrame:
    """Area in drought by country and time.

    Parameters
    ----------
    index : DataArray (time, ...)
        Such as the SPI of a grid; numpy or dask.
    areas : mapping of str to DataArray (...)
        Area of each cell that lies in a country, in km2, on the grid of the index.
    level : float
        A cell is in drought where the index is at or below this.

    Returns
    -------
    DataFrame
        One row per time and country: ``time, country, affected_km2, known_km2, share``. The share is of the area
        where the index is known, and NaN where it is nowhere.

    Raises
    ------
    GridError
        When an area is not on the grid of the index.

    Examples
    --------
    >>> index = xr.DataArray([[-1.5, 0.0, np.nan]], dims=("time", "x"), coords={"time": [0], "x": [1, 2, 3]})
    >>> one = xr.DataArray([10.0, 30.0, 5.0], dims="x", coords={"x": [1, 2, 3]})
    >>> affected_area(index, {"NL": one}).to_numpy().tolist()
    [[0, 'NL', 10.0, 40.0, 0.25]]
    """
    space = [dim for dim in index.dims if dim != "time"]
    tables = []
    for country, area in areas.items():
        if set(area.dims) != set(space) or not _on_one_grid(area, index):
            raise GridError(
                f"the areas of {country} lie on {dict(area.sizes)} but the index on "
                f"{ {dim: index.sizes[dim] for dim in space} }; expected one grid; make them on that of the index"
            )
        known = xr.dot((index == index).astype(float), area.fillna(0.0), dim=space).to_numpy()  # noqa: PLR0124
        affected = xr.dot((index <= level).astype(float), area.fillna(0.0), dim=space).to_numpy()
        share = np.divide(affected, known, out=np.full(len(known), np.nan), where=known > 0)
        table = {"time": index["time"].to_numpy(), "country": country, "affected_km2": affected, "known_km2": known}
        tables.append(pd.DataFrame({**table, "share": share}))
    return pd.concat(tables, ignore_index=True).sort_values("time", kind="stable", ignore_index=True)


def _on_one_grid(area: xr.DataArray, index: xr.DataArray) -> bool:
    try:
        xr.align(area, index, join="exact", copy=False)
    except ValueError:
        return False
    return True
