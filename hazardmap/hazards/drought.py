"""Drought: how unusually dry each month is, and whose water the places live from that take it from a river."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from hazardmap import checks, indices, rivers
from hazardmap.climate import common_months, month_of, monthly_amount, monthly_temperature
from hazardmap.errors import FootprintError, LayerError, NoOverlapError
from hazardmap.footprint import (
    NO_ORIGIN,
    NO_SOURCE,
    UNKNOWN_SOURCE,
    Footprint,
    class_edges,
    require_positive,
    scenario_table,
    weakest_status,
)
from hazardmap.indices.evaporation import thornthwaite
from hazardmap.lazy import Tiles, lazy

__all__ = ["drought"]

SHOWN = 12
"""Months that are shown where no first one is named."""

VALUES_AT_ONCE = 8_000_000
"""How many values of all series together are held for one tile."""

_DEW_MM = -20.0
"""Evaporation of a month may be a little negative, by dew; one that is more so has the other sign."""

_METHODS = {"spi": "thom", "spei": "pwm"}


def drought(  # noqa: PLR0913  (layers and options are the keys of a study)
    rain: xr.DataArray,
    temperature: xr.DataArray | None = None,
    evaporation: xr.DataArray | None = None,
    origin: xr.DataArray | None = None,
    territories: gpd.GeoDataFrame | None = None,
    runoff: xr.DataArray | None = None,
    *,
    index: Literal["spi", "spei"] = "spi",
    months: int = 3,
    first: str | None = None,
    last: str | None = None,
    event: bool = False,
    levels: Sequence[float] = (-1.0, -1.5, -2.0),
    calibration: Sequence[int] = indices.WMO_NORMAL,
    method: str | None = None,
    zeros: Literal["center_of_mass", "classic", "mean_zero", "stagge"] = "center_of_mass",
    clip: float = 3.09,
    minimum_years: int = 30,
    min_upstream_km2: float = 500.0,
    river_m: float = 5000.0,
) -> Footprint:
    """Footprint of drought from series of climate rasters: a standardised index for each month.

    A cell of rain deficit has no origin (``none``): nobody held the rain back, and it takes no part in flows. Assets
    that live from a river (those with a true column ``from_river``) take the river reach nearest to them: the share
    of a country is its share of the area, or of the runoff, upstream of it.

    Parameters
    ----------
    rain : DataArray
        Precipitation ``(time, y, x)``, monthly or daily, with ``attrs["units"]``: see
        :func:`hazardmap.climate.monthly_amount`. The whole series, since the index says how unusual a month is.
    temperature : DataArray, optional
        Mean temperature on the same grid, in K or degC. For the SPEI: potential evapotranspiration is then that of
        Thornthwaite.
    evaporation : DataArray, optional
        Potential or reference evapotranspiration on the same grid, in the units of rain; instead of a temperature.
    origin : DataArray, optional
        Flow directions (D8). Without them the origin of the water of a river is ``unknown``.
    territories : GeoDataFrame, optional
        Countries of the whole river basin, with the column ``country``.
    runoff : DataArray, optional
        Mean runoff (any unit of depth): shares are then weighted by it.
    index : {"spi", "spei"}
        Standardised index of precipitation, or of precipitation less evapotranspiration.
    months : int
        Months that are added up, 1 to 48.
    first : str, optional
        First month to show, such as ``2018-04``. By default eleven months before the last one.
    last : str, optional
        Last month to show. By default that of the series.
    event : bool
        Show one scenario: the worst state of each cell in these months.
    levels : sequence of float
        Class edges, from mild to bad; the first says from what value on a cell counts as in drought.
    calibration : sequence of int
        First and last year that the distribution is fitted to.
    method : str, optional
        How it is fitted: ``thom`` (default) or ``ml`` for the SPI, ``pwm`` (default) or ``ml`` for the SPEI.
    zeros : {"center_of_mass", "classic", "mean_zero", "stagge"}
        The SPI of months without any rain; see :func:`hazardmap.spi`.
    clip : float
        Greatest index; the least is ``-clip``.
    minimum_years : int
        Fewest years of calibration; fewer than 30 have to be asked for.
    min_upstream_km2 : float
        A stream with less upstream area is no river that anybody lives from.
    river_m : float
        Distance in metres beyond which an asset has no river.

    Returns
    -------
    Footprint
        The index, one scenario for each month (named ``2018-07``) on the grid of the rain; lower is worse. It is
        computed when it is read, tile by tile.

    Raises
    ------
    UnitsError
        When a raster has no units, or of another kind.
    TimeAxisError
        When the times are out of order, occur twice or leave one out, or the calibration is too short.
    GridError
        When temperature or evaporation lie on another grid.
    FootprintError
        When the index lacks what it needs, or flow directions come without territories.
    NoOverlapError
        When the months to show are not in the series.

    Examples
    --------
    >>> import rioxarray
    >>> time = np.arange("1991-01", "2021-01", dtype="datetime64[M]").astype("datetime64[ns]")
    >>> mm = 10.0 * (1 + np.arange(360) // 12)
    >>> rain = xr.DataArray(mm[:, None, None] * np.ones((1, 1, 2)), dims=("time", "y", "x"), attrs={"units": "mm"})
    >>> rain = rain.assign_coords(time=time, y=[0.5], x=[0.5, 1.5]).rio.write_crs("EPSG:3035")
    >>> footprint = drought(rain, months=1, first="1991-01", last="1991-02")
    >>> print(list(footprint.scenarios.index), footprint.intensity[0].to_numpy().round(2))
    ['1991-01', '1991-02'] [[-2.52 -2.52]]
    """
    options = {"months": months, "calibration": calibration, "clip": clip, "minimum_years": minimum_years}
    recipe = _recipe(index, method, zeros, options)
    require_positive(min_upstream_km2=min_upstream_km2, river_m=river_m)
    edges = class_edges(levels)
    if not isinstance(event, bool):
        raise FootprintError(f"event is {event!r}; expected true or false; correct it")
    series = _series(rain, temperature, evaporation, recipe)
    shown = _window(series.months, first, last)
    # asked of one cell: what a series or an option lacks is said at once, and not when the first tile is read
    said = recipe(series.sample()).attrs
    calibrated = f"{said['long_name']}: {said['method']}; calibrated on {recipe.years[0]} to {recipe.years[1]}"
    given = (series.rain, series.temperature, series.evaporation, origin, territories, runoff)
    layers = [each for each in given if each is not None]
    worst = ["each cell shows the worst of its known months; missing ones take no part"] if event else []
    notes = [
        calibrated,
        *said["notes"],
        *worst,
        *series.notes,
        *(note for layer in layers for note in layer.attrs.get("notes", ())),
    ]
    river = _river(origin, territories, runoff, min_upstream_km2, river_m)
    return Footprint(
        hazard="drought",
        intensity=_intensity(series, recipe, _Shown(shown, event)),
        units="1",
        levels=edges,
        scenarios=scenario_table(_scenarios(series.months[shown], event=event)),
        shares=river.shares,
        source=NO_SOURCE,
        worse="lower",
        meaning=river.meaning,
        status=weakest_status(layers),
        notes=tuple(dict.fromkeys([*notes, *river.notes])),
        inputs=tuple(layer.attrs["layer"] for layer in layers if layer.attrs.get("layer")),
        parameters={
            "index": index,
            "months": months,
            "first": str(series.months[shown][0]),
            "last": str(series.months[shown][-1]),
            "event": event,
            "levels": list(edges),
            "calibration": [int(year) for year in calibration],
            "method": method or _METHODS[index],
            "zeros": zeros if index == "spi" else None,
            "clip": float(clip),
            "minimum_years": minimum_years,
            "evapotranspiration": series.evapotranspiration,
            "min_upstream_km2": float(min_upstream_km2),
            "river_m": float(river_m),
        },
        river=river.source_of,
    )


class _Series(NamedTuple):
    """Monthly series on one grid, over the same months."""

    rain: xr.DataArray
    evaporation: xr.DataArray | None
    temperature: xr.DataArray | None
    climate: tuple[int, int]
    months: npt.NDArray[np.datetime64]
    notes: tuple[str, ...]

    @property
    def evapotranspiration(self) -> str | None:
        """What is taken from the rain."""
        if self.temperature is not None:
            return "Thornthwaite 1948"
        return None if self.evaporation is None else "as given"

    def read(self, rows: slice, columns: slice) -> xr.DataArray:
        """Return rain, or rain less evapotranspiration, of a tile in mm."""
        rain = self.rain[:, rows, columns].load()
        if self.evaporation is not None:
            less = self.evaporation[:, rows, columns].load()
        elif self.temperature is not None:
            less = thornthwaite(self.temperature[:, rows, columns].load(), climate=self.climate)
        else:
            return rain
        return (rain - less.assign_coords(rain.coords)).assign_attrs(units="mm")

    def sample(self) -> xr.DataArray:
        """Return one cell of the series, without values of its own."""
        time = self.rain["time"]
        return xr.DataArray(np.ones((time.size, 1, 1)), dims=self.rain.dims, coords={"time": time}).assign_attrs(
            units="mm"
        )


class _Recipe(NamedTuple):
    """Which index, and its options."""

    name: str
    options: dict[str, Any]

    @property
    def years(self) -> tuple[int, int]:
        """First and last year of the calibration."""
        first, last = self.options["calibration"]
        return first, last

    def __call__(self, series: xr.DataArray) -> xr.DataArray:
        function = indices.spi if self.name == "spi" else indices.spei
        return function(series, **self.options)


class _Shown(NamedTuple):
    """Which months are shown, and whether as one event."""

    window: slice
    event: bool


class _River(NamedTuple):
    """Where the water of rivers comes from, and which river a place lives from."""

    shares: pd.DataFrame
    meaning: str
    notes: tuple[str, ...]
    source_of: Any


def _series(
    rain: xr.DataArray,
    temperature: xr.DataArray | None,
    evaporation: xr.DataArray | None,
    recipe: _Recipe,
) -> _Series:
    """Bring the series to months, and cut them to those that all of them have."""
    notes = []
    if recipe.name == "spi" and (temperature is not None or evaporation is not None):
        notes.append("temperature and evaporation play no part in the SPI; take the index spei for them")
        temperature = evaporation = None
    if recipe.name == "spei" and (temperature is None) == (evaporation is None):
        found = "neither temperature nor evaporation" if temperature is None else "both temperature and evaporation"
        raise FootprintError(f"the SPEI has {found}; expected one of them; name one layer")
    every = {"rain": monthly_amount(rain, name="rain")}
    if temperature is not None:
        every["temperature"] = monthly_temperature(temperature, name="temperature")
    if evaporation is not None:
        every["evaporation"] = monthly_amount(evaporation, name="evaporation", least_mm=_DEW_MM)
    grid = checks.grid_of(rain, name="rain")
    for name, series in every.items():
        checks.require_same_grid(grid, checks.grid_of(series, name=name), name="rain", other_name=name)
    common, months, said = common_months(every)
    notes += said
    if temperature is not None:
        notes.append("evapotranspiration by Thornthwaite (1948): too low in winter, too sensitive to warming")
    return _Series(
        common["rain"], common.get("evaporation"), common.get("temperature"), recipe.years, months, tuple(notes)
    )


def _recipe(index: str, method: str | None, zeros: str, options: dict[str, Any]) -> _Recipe:
    """Check the options that come from a study as they are written there."""
    if index not in tuple(_METHODS):  # a study may say a list
        raise FootprintError(f"index is {index!r}; expected {' or '.join(_METHODS)}; correct it")
    years = options["calibration"]
    whole = isinstance(years, Sequence) and len(years) == 2 and all(type(year) is int for year in years)
    if not whole:
        raise FootprintError(f"calibration is {years!r}; expected its first and last year, such as [1991, 2020]")
    require_positive(clip=options["clip"])
    for key in ("months", "minimum_years"):
        if type(options[key]) is not int:
            raise FootprintError(f"{key} is {options[key]!r}; expected a whole number; correct it")
    options = {**options, "calibration": (years[0], years[1]), "method": method or _METHODS[index]}
    return _Recipe(index, {**options, "zeros": zeros} if index == "spi" else options)


def _window(months: npt.NDArray[np.datetime64], first: str | None, last: str | None) -> slice:
    """Return which months are shown."""
    end = months[-1] if last is None else month_of(last, what="last")
    begin = min(max(end - (SHOWN - 1), months[0]), end) if first is None else month_of(first, what="first")
    if first is not None and begin > end:
        raise FootprintError(f"the months {begin} to {end} run backwards; expected the first one first; swap them")
    if begin < months[0] or end > months[-1]:
        raise NoOverlapError(
            f"the months {begin} to {end} are not all in the series, which goes from {months[0]} to {months[-1]}; "
            "expected months in it; correct first or last"
        )
    return slice(int((begin - months[0]).astype(int)), int((end - months[0]).astype(int)) + 1)


def _scenarios(months: npt.NDArray[np.datetime64], *, event: bool) -> list[dict[str, Any]]:
    if not event:
        return [{"id": str(month), "probability_kind": "time"} for month in months]
    one, other = str(months[0]), str(months[-1])
    return [{"id": f"{one}_{other}", "label": f"worst of {one} to {other}", "probability_kind": "time"}]


def _intensity(series: _Series, recipe: _Recipe, shown: _Shown) -> xr.DataArray:
    """Return the index as a raster that is computed tile by tile."""
    _, rows, columns = series.rain.shape
    tile = _tile(series.rain, count=1 if series.evapotranspiration is None else 2)
    names = [item["id"] for item in _scenarios(series.months[shown.window], event=shown.event)]
    tiles = Tiles((len(names), rows, columns), tile, partial(_compute, series, recipe, shown))
    data = lazy(("scenario", "y", "x"), tiles.shape, "float32", tiles.read)
    coords = {key: series.rain.coords[key] for key in ("y", "x", "spatial_ref") if key in series.rain.coords}
    found = xr.DataArray(data, coords={**coords, "scenario": names}, attrs={"units": "1"})
    found.encoding["preferred_chunks"] = {"y": tile[0], "x": tile[1]}
    return found


def _tile(rain: xr.DataArray, count: int) -> tuple[int, int]:
    """Return rows and columns of a tile: whole blocks of the file, as many as memory allows."""
    time, rows, columns = rain.shape
    cells = max(1, VALUES_AT_ONCE // (time * count))
    chunks = rain.encoding.get("preferred_chunks", {})
    high, wide = min(int(chunks.get("y", 1)), rows), min(int(chunks.get("x", columns)), columns)
    width = min(columns, max(wide, cells // high // wide * wide), cells)
    height = min(rows, max(high, cells // width // high * high), max(1, cells // width))
    return height, width


def _compute(
    series: _Series,
    recipe: _Recipe,
    shown: _Shown,
    rows: slice,
    columns: slice,
) -> npt.NDArray[np.float32]:
    """Return the index of a tile in the months that are shown, or its worst."""
    block = series.read(rows, columns)
    if recipe.name == "spi":
        _require_rain(block, recipe.options["months"])
    found = recipe(block).to_numpy()[shown.window]
    if shown.event:
        return np.asarray(np.fmin.reduce(found, axis=0, keepdims=True), dtype=np.float32)
    return np.array(found, dtype=np.float32)  # a copy, so that the months that are not shown are let go


def _require_rain(rain: xr.DataArray, added: int) -> None:
    """Refuse a tile where it never rains at a time of the year: an index of that would say nothing."""
    values, number = rain.to_numpy(), rain["time"].dt.month.to_numpy()
    by_month = [values[number == month] for month in range(1, 13)]
    known = np.array([(~np.isnan(each)).any() for each in by_month])
    fallen = np.array([np.nansum(each) for each in by_month])
    for month in range(12):
        summed = [(month - k) % 12 for k in range(min(added, 12))]
        if known[summed].all() and not fallen[summed].any():
            raise LayerError(
                f"rain is 0 in all months that end in month {month + 1} ({added} added up), in every year and at "
                f"{values[0].size} cells; expected some; mark missing months as nodata, or add up more months"
            )


def _river(
    origin: xr.DataArray | None,
    territories: gpd.GeoDataFrame | None,
    runoff: xr.DataArray | None,
    min_upstream_km2: float,
    river_m: float,
) -> _River:
    """Find where the water of rivers comes from."""
    nobody = pd.DataFrame({"source": [NO_SOURCE], "origin": [NO_ORIGIN], "share": [1.0]})
    note = (
        "a deficit of rain comes from nowhere (origin none) and takes no part in flows; only assets that live from a "
        "river (column from_river) have an origin"
    )
    if origin is None:
        unknown = pd.DataFrame({"source": [UNKNOWN_SOURCE], "origin": ["unknown"], "share": [1.0]})
        notes = (note, "no flow directions were given, so the origin of the water of rivers is unknown")
        return _River(pd.concat([nobody, unknown]), "share of upstream area", notes, _nowhere)
    if territories is None:
        raise FootprintError("drought has flow directions but no territories; expected both; name a border layer")
    found = rivers.reaches(origin, territories, min_area_km2=min_upstream_km2, runoff=runoff)
    shares = pd.concat([nobody, found.shares], ignore_index=True)
    return _River(shares, found.meaning, (note, *found.notes), partial(_nearest, found, river_m))


def _nowhere(points: gpd.GeoDataFrame) -> pd.DataFrame:
    """Say that no river is known."""
    return pd.DataFrame({"source": UNKNOWN_SOURCE, "distance_m": np.nan}, index=points.index)


def _nearest(found: rivers.Reaches, river_m: float, points: gpd.GeoDataFrame) -> pd.DataFrame:
    """Bring points to the nearest reach; where they say the area upstream of them, to one of that size."""
    area = points["upstream_km2"] if "upstream_km2" in points.columns else None
    return rivers.snap(points, found, area_km2=area, radius_m=river_m)
