"""Potential evapotranspiration from temperature alone."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from hazardmap import checks
from hazardmap.errors import CoordinatesError, LayerError, TimeAxisError, UnitsError
from hazardmap.indices.fields import over_time, real
from hazardmap.indices.timeaxis import daily, require_days, require_months

__all__ = ["daylight_hours", "extraterrestrial_radiation", "hargreaves", "thornthwaite"]

Floats = npt.NDArray[np.float64]

_SOLAR = 0.0820  # MJ m-2 min-1
_BELIEVABLE = (-80.0, 60.0)  # mean of a place, degrees Celsius


def thornthwaite(
    temperature: xr.DataArray,
    *,
    latitude: float | xr.DataArray | None = None,
    climate: tuple[int, int] | None = None,
) -> xr.DataArray:
    """Potential evapotranspiration of each month by its mean temperature (Thornthwaite 1948).

    It underestimates in winters of north-western Europe and reacts too strongly to warming: prefer
    :func:`hargreaves`, or a measured one, where there is a choice.

    Parameters
    ----------
    temperature : DataArray (time, ...)
        Monthly mean, ``attrs["units"]`` "degC" or "K".
    latitude : float or DataArray, optional
        Degrees north. By default read from the coordinates: ``lat`` or ``latitude``, or those of the grid.
    climate : (int, int), optional
        First and last year of the means that the heat index is made of (a month below 0 degC counts as 0). By default
        all.

    Returns
    -------
    DataArray (time, ...)
        mm per month, as lazy as the temperature; 0 at 0 degC and below.

    Raises
    ------
    TimeAxisError
        When the months are not one after the other, or no year is in ``climate``.
    UnitsError
        When the units are missing or none of temperature; or (when it is computed) the mean of a place is beyond
        what they allow, such as 280 degC.
    CoordinatesError
        When no latitude is known, or it is out of range.

    Examples
    --------
    A year that is always at 10 degC; at the equator day and night are as long as each other:

    >>> time = np.arange("2021-01", "2022-01", dtype="datetime64[M]").astype("datetime64[ns]")
    >>> warm = xr.DataArray(np.full(12, 10.0), dims="time", coords={"time": time}, attrs={"units": "degC"})
    >>> print(thornthwaite(warm, latitude=0.0)[:3].round(2).to_numpy())
    [50.52 45.63 50.52]
    """
    axis = require_months(temperature, name="the temperature")
    offset = checks.kelvin_offset(temperature.attrs.get("units"), name="the temperature")
    begin, end = climate or (int(axis.year[0]), int(axis.year[-1]))
    within = (axis.year >= begin) & (axis.year <= end)
    if len(set(axis.month[within])) < 12:
        raise TimeAxisError(
            f"the temperature has no whole year from {begin} to {end}; expected every calendar month; "
            "choose other years with climate="
        )
    steps = _monthly_steps(temperature)
    function = partial(_thornthwaite, months=axis.month, within=within, steps=steps, offset=offset)
    found = over_time(function, temperature, _latitude(temperature, latitude))
    found.attrs = {
        "long_name": "potential evapotranspiration",
        "units": "mm",
        "method": "Thornthwaite 1948",
        "climate": [begin, end],
    }
    return found


def hargreaves(
    tmin: xr.DataArray,
    tmax: xr.DataArray,
    tmean: xr.DataArray | None = None,
    *,
    latitude: float | xr.DataArray | None = None,
) -> xr.DataArray:
    """Potential evapotranspiration by the range of temperature (Hargreaves 1985; FAO-56, equation 52).

    Parameters
    ----------
    tmin, tmax, tmean : DataArray (time, ...)
        Least, greatest and mean temperature of each day, or their monthly means, ``attrs["units"]`` "degC" or "K".
        By default the mean is half-way between the other two.
    latitude : float or DataArray, optional
        As in :func:`thornthwaite`.

    Returns
    -------
    DataArray (time, ...)
        mm per day, or mm per month where the temperatures are monthly. NaN where one of them is missing or the
        least is above the greatest.

    Raises
    ------
    TimeAxisError
        When the steps are neither days nor months in a row.
    UnitsError, CoordinatesError
        As in :func:`thornthwaite`.
    LayerError
        When (as it is computed) most least temperatures are above the greatest ones.

    Examples
    --------
    FAO-56, example 20 (Lyon in July):

    >>> time = np.array(["2015-06-01", "2015-07-01"], dtype="datetime64[ns]")
    >>> low, high = (
    ...     xr.DataArray([t, t], dims="time", coords={"time": time}, attrs={"units": "degC"}) for t in (14.8, 26.6)
    ... )
    >>> print((hargreaves(low, high, latitude=45.72)[1] / 31).round(1).item())
    5.0
    """
    offsets = [
        checks.kelvin_offset(field.attrs.get("units"), name=name)
        for field, name in ((tmin, "tmin"), (tmax, "tmax"), (tmean, "tmean"))
        if field is not None
    ]
    function = partial(_hargreaves, steps=_steps(tmin, name="tmin"), offsets=offsets)
    more = [tmax] if tmean is None else [tmax, tmean]
    found = over_time(function, tmin, _latitude(tmin, latitude), *more)
    found.attrs = {"long_name": "potential evapotranspiration", "units": "mm", "method": "Hargreaves 1985, FAO-56"}
    return found


def daylight_hours(latitude: npt.ArrayLike, day: npt.ArrayLike) -> Floats:
    """Hours from sunrise to sunset (FAO-56, equation 34).

    Parameters
    ----------
    latitude : array_like
        Degrees north.
    day : array_like
        Day of the year, from 1.

    Examples
    --------
    FAO-56, example 9 (20 degrees south, 3 September):

    >>> print(daylight_hours(-20, 246).round(1))
    11.7
    """
    return np.asarray(24 / np.pi * _sunset(np.radians(latitude), _declination(day)))


def extraterrestrial_radiation(latitude: npt.ArrayLike, day: npt.ArrayLike) -> Floats:
    """Radiation on top of the atmosphere, MJ per m2 and day (FAO-56, equation 21).

    Parameters
    ----------
    latitude : array_like
        Degrees north.
    day : array_like
        Day of the year, from 1.

    Examples
    --------
    FAO-56, example 8 (20 degrees south, 3 September):

    >>> print(extraterrestrial_radiation(-20, 246).round(1))
    32.2
    """
    phi, declination = np.radians(np.asarray(latitude, dtype=np.float64)), _declination(day)
    sunset = _sunset(phi, declination)
    near = 1 + 0.033 * np.cos(2 * np.pi / 365 * np.asarray(day))
    height = sunset * np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.sin(sunset)
    return np.asarray(24 * 60 / np.pi * _SOLAR * near * height)


def _declination(day: npt.ArrayLike) -> Floats:
    return np.asarray(0.409 * np.sin(2 * np.pi / 365 * np.asarray(day) - 1.39))


def _sunset(phi: npt.ArrayLike, declination: Floats) -> Floats:
    """Return the hour angle of sunset; 0 in polar night and pi on polar days."""
    return np.asarray(np.arccos(np.clip(-np.tan(phi) * np.tan(declination), -1, 1)))


class _Steps(NamedTuple):
    """Which days of the year each step is made of: the first, and how many."""

    first: Floats
    days: npt.NDArray[np.int64]


def _monthly_steps(data: xr.DataArray) -> _Steps:
    time = data["time"].dt
    return _Steps(_in_365(data, time.dayofyear - time.day + 1), time.days_in_month.to_numpy().astype(np.int64))


def _steps(data: xr.DataArray, *, name: str) -> _Steps:
    """Return the steps of a monthly or a daily axis."""
    if daily(data, name=name):
        require_days(data, name=name)
        return _Steps(_in_365(data, data["time"].dt.dayofyear), np.ones(len(data["time"]), dtype=np.int64))
    require_months(data, name=name)
    return _monthly_steps(data)


def _in_365(data: xr.DataArray, day: xr.DataArray) -> Floats:
    """Return days of the year in the year of the sun; the calendar of some models has 360 of them."""
    return np.asarray(day.to_numpy() * (365 / 360 if data["time"].dt.calendar == "360_day" else 1.0))


def _by_season(
    function: Callable[[Floats, float], Floats], latitude: Floats, steps: _Steps
) -> Iterator[tuple[npt.NDArray[np.bool_], Floats]]:
    """Yield the steps of one season and the mean of a function over its days, for each season there is."""
    for first, days in sorted(set(zip(steps.first.tolist(), steps.days.tolist(), strict=True))):
        total = np.zeros_like(latitude)
        for day in range(days):
            total += function(latitude, first + day)
        yield (steps.first == first) & (steps.days == days), total / days


def _thornthwaite(
    values: npt.NDArray[Any],
    latitude: Floats,
    *,
    months: npt.NDArray[np.int64],
    within: npt.NDArray[np.bool_],
    steps: _Steps,
    offset: float,
) -> npt.NDArray[Any]:
    celsius = _believable(values, offset)
    warm = np.maximum(celsius, 0.0)
    heat = np.zeros(warm.shape[1:])
    for month in range(1, 13):
        heat += (_mean(warm[within & (months == month)]) / 5) ** 1.514
    exponent = 6.75e-7 * heat**3 - 7.71e-5 * heat**2 + 1.792e-2 * heat + 0.49239
    divisor = np.where(heat == 0, 1.0, heat)  # where it never thaws, 0 / 1 is as good as 0 / 0
    for rows, hours in _by_season(daylight_hours, latitude, steps):
        length = steps.days[rows][0]
        warm[rows] = 16 * (hours / 12) * (length / 30) * (10 * warm[rows] / divisor) ** exponent
    return warm.astype(real(values.dtype), copy=False)


def _hargreaves(
    tmin: npt.NDArray[Any],
    latitude: Floats,
    tmax: npt.NDArray[Any],
    tmean: npt.NDArray[Any] | None = None,
    *,
    steps: _Steps,
    offsets: Sequence[float],
) -> npt.NDArray[Any]:
    low, high = _believable(tmin, offsets[0]), _believable(tmax, offsets[1])
    if (high < low).sum() > (high >= low).sum():
        raise LayerError("most of tmin are above tmax; expected the least first; swap them")
    mean = (low + high) / 2 if tmean is None else _believable(tmean, offsets[2])
    with np.errstate(invalid="ignore"):
        found = 0.0023 * (mean + 17.8) * np.sqrt(high - low) * 0.408
    for rows, radiation in _by_season(extraterrestrial_radiation, latitude, steps):
        found[rows] *= radiation * steps.days[rows][0]
    # on days colder than -17.8 degC the formula turns negative
    return np.maximum(found, 0.0).astype(real(tmin.dtype), copy=False)


def _believable(values: npt.NDArray[Any], offset: float) -> Floats:
    """Return temperatures in degrees Celsius; refuse means that cannot be."""
    celsius = values.astype(np.float64) + offset
    mean = _mean(celsius)
    least, most = np.fmin.reduce(mean, axis=None, initial=0), np.fmax.reduce(mean, axis=None, initial=0)
    low, high = _BELIEVABLE
    if not low <= least <= most <= high:
        worst = least if least < low else most
        raise UnitsError(
            f"the temperature has a mean of {worst:.4g} degC; expected {low:g} to {high:g}; "
            "correct its units (K or degC), and mark what is missing as NaN"
        )
    return celsius


def _mean(values: Floats) -> Floats:
    """Return the mean over time of what is not missing."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, values, 0.0).sum(axis=0) / known.sum(axis=0))


def _latitude(data: xr.DataArray, given: float | xr.DataArray | None) -> xr.DataArray:
    """Return latitudes in degrees, as a field without time."""
    found = xr.DataArray(float(given)) if isinstance(given, int | float) else given
    if found is None:
        found = next((data.coords[name] for name in ("lat", "latitude") if name in data.coords), None)
    if found is None and {"y", "x"} <= set(data.dims) & set(data.coords):
        found = _of_grid(data)
    if found is None:
        raise CoordinatesError(
            "the temperature has no latitude, neither a coordinate 'lat' nor a grid; expected one; give latitude="
        )
    values = found.to_numpy()
    if not (np.abs(values) <= 90).all():
        raise CoordinatesError(
            f"a latitude is {values[~(np.abs(values) <= 90)].flat[0]:g}; expected -90..90 degrees; check its units"
        )
    found = found.astype(np.float64).reset_coords(drop=True)
    return found.drop_vars([name for name in found.coords if name not in found.dims])


def _of_grid(data: xr.DataArray) -> xr.DataArray:
    """Return the latitude of each row or cell of a grid."""
    crs = checks.require_crs(data, name="the temperature")
    if crs.is_geographic:
        return data["y"]
    from pyproj import Transformer

    x, y = np.meshgrid(data["x"].to_numpy(), data["y"].to_numpy())
    _, latitude = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    return xr.DataArray(latitude, dims=("y", "x"), coords={"y": data["y"], "x": data["x"]})
