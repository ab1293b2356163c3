"""Who is short of water: places on rivers, whose water they take, and land that lives from rain."""

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from hazardmap import checks
from hazardmap.coverage import cell_areas
from hazardmap.errors import LayerError
from hazardmap.exposure.riverside import FROM_RIVER, lives_from_river
from hazardmap.footprint import NO_ORIGIN, Footprint
from hazardmap.indices.aggregation import series_of
from hazardmap.indices.lowflow import flow_quantile, mark_missing
from hazardmap.indices.timeaxis import require_days
from hazardmap.lazy import lazy

__all__ = ["class_area", "river_dependence", "water_shortage"]

DRY, WARM, ENOUGH, UNKNOWN = "too little", "too warm", "enough", "unknown"


def river_dependence(footprint: Footprint, assets: gpd.GeoDataFrame) -> pd.DataFrame:
    """Say from which countries the water comes that places take from a river, in drought or not.

    Parameters
    ----------
    footprint : Footprint
        From :func:`hazardmap.drought` with flow directions.
    assets : GeoDataFrame
        With a column ``from_river``, and perhaps ``id``, ``name``, ``country`` and ``upstream_km2``.

    Returns
    -------
    DataFrame
        One row per asset and origin: ``asset, name, country, distance_m, origin, share, foreign_share``. ``share`` is
        what the footprint says it is a share of (such as upstream area); ``foreign_share`` adds up the known countries
        other than the asset's own, and is NaN where its country is not given. An asset without a river near it has
        the origin ``unknown``.

    Raises
    ------
    LayerError
        When there is no such column, it is no flag, ids are repeated, or the footprint knows no rivers.

    Examples
    --------
    Three quarters of the land above reach 7 lie in Belgium; here every place lives from that reach.

    >>> import rioxarray, shapely, hazardmap as hm
    >>> footprint = Footprint(
    ...     hazard="drought", intensity=xr.DataArray([[[-1.8]]], dims=("scenario", "y", "x")).rio.write_crs(3035),
    ...     units="1", levels=(-1.0,), worse="lower", scenarios=hm.scenario_table([{"label": "2018-07"}]),
    ...     shares=pd.DataFrame({"source": 7, "origin": ["BE", "NL"], "share": [0.75, 0.25]}),
    ...     river=lambda points: pd.DataFrame({"source": 7, "distance_m": 120.0}, index=points.index),
    ... )
    >>> works = gpd.GeoDataFrame({"country": ["NL"], "from_river": True}, geometry=[shapely.Point(6, 51)], crs=4326)
    >>> river_dependence(footprint, works)[["origin", "share", "foreign_share"]].values.tolist()
    [['BE', 0.75, 0.75], ['NL', 0.25, 0.75]]
    """
    if footprint.river is None:
        raise LayerError(f"the {footprint.hazard} footprint knows no rivers; expected one of drought; give it 'origin'")
    _require_columns(assets, [FROM_RIVER], name="assets")
    own = assets[lives_from_river(assets, name="assets")]
    columns = ["asset", "name", "country", "distance_m", "origin", "share", "foreign_share"]
    if own.empty:
        return pd.DataFrame(columns=columns)
    own = own.assign(id=_column(own, "id", own.index.astype(str))).reset_index(drop=True)
    checks.require_unique(own["id"], name="assets")
    found = footprint.river(own.set_geometry(own.geometry.representative_point()))
    table = pd.DataFrame(
        {
            "asset": own["id"],
            "name": _column(own, "name", None),
            "country": _column(own, "country", None),
            "distance_m": found["distance_m"],
            "source": found["source"],
        }
    )
    shares = footprint.shares[(footprint.shares["share"] > 0) & (footprint.shares["origin"] != NO_ORIGIN)]
    table = table.merge(shares, on="source").sort_values(["asset", "share"], ascending=[True, False])
    foreign = table["origin"].str.fullmatch("[A-Z]{2}") & (table["origin"] != table["country"])
    summed = table["share"].where(foreign, 0.0).groupby(table["asset"]).transform("sum")
    return table.assign(foreign_share=summed.where(table["country"].notna()))[columns].reset_index(drop=True)


def water_shortage(
    assets: pd.DataFrame,
    flow: pd.DataFrame,
    *,
    water_temperature: pd.DataFrame | None = None,
    limits: pd.DataFrame | None = None,
    exceeded: float = 0.95,
    reference: tuple[str, str] | None = None,
    missing: Any = "not positive",
) -> pd.DataFrame:
    """Say in which months the river at a place carries too little water, or too warm a one.

    A day is too dry where the flow at the place's gauge is below the flow that is exceeded ``exceeded`` of the time
    (Q95), and too warm where the water is above the limit of its country and use. Both are indicators: whether a
    plant has to throttle depends on its licence.

    Parameters
    ----------
    assets : DataFrame
        Columns ``id`` and ``gauge`` (the gauge at its reach: named, or found by
        :func:`hazardmap.rivers.nearest_gauge`), and perhaps ``name``, ``country`` and ``kind``.
    flow : DataFrame
        Daily discharge in m3/s: dates down, one column per gauge.
    water_temperature : DataFrame, optional
        Daily, in degC, in the same form.
    limits : DataFrame, optional
        Columns ``country``, ``kind``, ``value`` (degC), ``status``; from ``hazardmap.parameters("water-limits")``.
    exceeded : float
        Share of the days on which the threshold is exceeded.
    reference : (str, str), optional
        First and last day that the threshold is made of. By default the whole series.
    missing : "not positive" or tuple of float
        Codes of missing values; see :func:`hazardmap.indices.lowflow.mark_missing`.

    Returns
    -------
    DataFrame
        One row per asset and month (``2022-08``): ``asset, name, gauge, month, state, days_low, days_warm, days_known,
        days, least_m3s, threshold_m3s, warmest_degc, limit_degc, limit_status``. ``days`` are those of
        the whole month, though the series may begin or end within it. ``state`` is ``too little``, ``too warm``,
        ``enough``, or ``unknown`` where a day of the month is not known and no known one is too dry or too warm, and
        in all months where an asset has no gauge.

    Raises
    ------
    LayerError
        When a column is absent, a gauge has no series, or dates are no dates.
    TimeAxisError
        When the series is not daily, or days occur twice or are out of order.

    Examples
    --------
    >>> days = pd.date_range("2022-07-01", "2022-08-31")
    >>> flow = pd.DataFrame({"g": np.where(days.month == 7, 900.0, np.linspace(899, 500, 62))}, index=days)
    >>> plants = pd.DataFrame({"id": ["p"], "gauge": ["g"]})
    >>> water_shortage(plants, flow)[["month", "state", "days_low", "threshold_m3s"]].round(1).to_numpy().tolist()
    [['2022-07', 'enough', 0, 519.9], ['2022-08', 'too little', 4, 519.9]]
    """
    _require_columns(assets, ["id", "gauge"], name="assets")
    if (water_temperature is None) != (limits is None):
        raise LayerError("water temperatures and limits go together; expected both or none; give the other one")
    tables = []
    for row in assets.to_dict("records"):
        daily = _daily(flow, row["gauge"], "flow", missing)
        base = daily if reference is None else daily.loc[reference[0] : reference[1]]
        threshold = np.nan if pd.isna(row["gauge"]) else flow_quantile(base, exceeded, missing=())
        warm, limit, status = None, np.nan, None
        if water_temperature is not None and limits is not None:
            warm = _daily(water_temperature, row["gauge"], "water_temperature", ()).reindex(daily.index)
            limit, status = _limit(limits, row)
        table = _by_month(daily, threshold, warm, limit)
        tables.append(table.assign(asset=str(row["id"]), name=row.get("name"), gauge=row["gauge"], limit_status=status))
    columns = ["asset", "name", "gauge", "month", "state", "days_low", "days_warm", "days_known", "days"]
    columns += ["least_m3s", "threshold_m3s", "warmest_degc", "limit_degc", "limit_status"]
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


def class_area(landuse: xr.DataArray, classes: Sequence[int], *, name: str = "land use") -> xr.DataArray:
    """Area of some classes of land use in each cell, such as farmland, to be overlaid like any raster of counts.

    Parameters
    ----------
    landuse : DataArray, shape (y, x)
        Codes of classes; NaN is missing.
    classes : sequence of int
        Codes that count.
    name : str
        What to call it in errors.

    Returns
    -------
    DataArray, shape (y, x)
        km2 on the ellipsoid, 0 where another class is, NaN where none is known; lazy.

    Raises
    ------
    LayerError
        When no class is named.
    GridError, MissingCRSError
        When it is no regular grid with a CRS.

    Examples
    --------
    >>> import rioxarray
    >>> places = {"y": [3001500.0, 3000500.0], "x": [4000500.0, 4001500.0]}
    >>> codes = xr.DataArray([[211.0, 112.0], [np.nan, 231.0]], dims=("y", "x"), coords=places)
    >>> class_area(codes.rio.write_crs("EPSG:3035"), [211, 231]).to_numpy().round(6).tolist()
    [[1.0, 0.0], [nan, 1.0]]
    """
    if not len(classes):
        raise LayerError(f"no class of {name} is named; expected codes such as [211, 231]; name those that count")
    grid = checks.grid_of(landuse, name=name)

    def read(key: tuple[slice, ...]) -> npt.NDArray[Any]:
        rows, columns = key
        values = landuse[rows, columns].to_numpy().astype(np.float64)
        window = (rows.start, columns.start, rows.stop - rows.start, columns.stop - columns.start)
        area = np.broadcast_to(cell_areas(grid, window), values.shape) / 1e6
        return np.where(np.isnan(values), np.nan, np.where(np.isin(values, list(classes)), area, 0.0))

    found = xr.DataArray(lazy(("y", "x"), landuse.shape, "float64", read), coords=landuse.coords)
    found.attrs = {**landuse.attrs, "units": "km2"}
    found.encoding["preferred_chunks"] = landuse.encoding.get("preferred_chunks", {})
    return found


def _require_columns(table: pd.DataFrame, columns: Sequence[str], *, name: str) -> None:
    absent = [column for column in columns if column not in table.columns]
    if absent:
        raise LayerError(f"{name} have no column {absent[0]!r}; expected {', '.join(columns)}; map it on the card")


def _column(table: pd.DataFrame, name: str, other: Any) -> Any:
    return table[name] if name in table.columns else other


def _daily(series: pd.DataFrame, gauge: Any, name: str, missing: Any) -> pd.Series:
    """Return the daily series of a gauge with every day of its months in it; what is missing is NaN.

    Of no gauge, nothing is known on the days of the others.
    """
    if pd.isna(gauge):
        series = series.assign(**{"no gauge": np.nan})
        gauge = "no gauge"
    if gauge not in series.columns:
        raise LayerError(
            f"the gauge {gauge!r} has no {name}; expected one of {', '.join(map(str, series.columns))[:200]}; "
            "correct it"
        )
    if not isinstance(series.index, pd.DatetimeIndex):
        raise LayerError(f"{name} has no dates (its index is {series.index.dtype}); expected days; parse them first")
    one = series[gauge].astype(float).rename_axis("time")
    require_days(series_of(one), name=f"{name} of {gauge!r}")
    if missing != ():
        one = mark_missing(one, missing).to_series()
    one.index = one.index.normalize()
    whole = pd.period_range(one.index[0], one.index[-1], freq="M")
    return one.reindex(pd.date_range(whole[0].start_time, whole[-1].end_time, freq="D", name="time"))


def _limit(limits: pd.DataFrame, row: dict[str, Any]) -> tuple[float, str | None]:
    """Return the limit of the water temperature for an asset, and how far to trust it."""
    fits = (limits["country"] == row.get("country")) & (limits["kind"] == row.get("kind"))
    if not fits.any():
        return np.nan, None
    first = limits[fits].iloc[0]
    return float(first["value"]), str(first["status"])


def _by_month(flow: pd.Series, threshold: float, warm: pd.Series | None, limit: float) -> pd.DataFrame:
    """Count days by month."""
    asked = warm is not None and np.isfinite(limit)
    heat = warm if warm is not None else pd.Series(np.nan, index=flow.index)
    known = flow.notna() & (heat.notna() if asked else True)
    days = pd.DataFrame({"low": flow < threshold, "warm": heat > limit, "known": known, "flow": flow, "heat": heat})
    table = days.groupby(days.index.strftime("%Y-%m")).agg(
        days_low=("low", "sum"),
        days_warm=("warm", "sum"),
        days_known=("known", "sum"),
        days=("known", "size"),
        least_m3s=("flow", "min"),
        warmest_degc=("heat", "max"),
    )
    state = np.select(
        [table["days_low"] > 0, table["days_warm"] > 0, table["days_known"] == table["days"]],
        [DRY, WARM, ENOUGH],
        UNKNOWN,
    )
    table = table.assign(state=state, threshold_m3s=threshold, limit_degc=limit)
    return table.rename_axis("month").reset_index()
