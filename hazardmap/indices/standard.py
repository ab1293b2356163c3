"""Standardised indices of rain (SPI) and of rain less evaporation (SPEI)."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from hazardmap import checks
from hazardmap.coverage.compiled import announce
from hazardmap.errors import LayerError, TimeAxisError
from hazardmap.indices import kernels
from hazardmap.indices.fields import over_time, real
from hazardmap.indices.timeaxis import Months, require_months

__all__ = ["WMO_NORMAL", "Zeros", "spei", "spi"]

Zeros = Literal["center_of_mass", "classic", "mean_zero", "stagge"]

WMO_NORMAL = (1991, 2020)
"""The standard reference period of the World Meteorological Organization."""

WMO_YEARS = 30
"""About as many years of calibration the user guide to the SPI asks for (WMO-No. 1090)."""

_ZEROS = ("center_of_mass", "classic", "mean_zero", "stagge")  # the kernel takes the place in this list
_FEWEST = 4  # values that carry a distribution
_ROUNDING_MM = -0.01  # packed files hold rain of just less than none


def spi(
    rain: xr.DataArray,
    months: int = 3,
    *,
    calibration: tuple[int, int] = WMO_NORMAL,
    method: Literal["thom", "ml"] = "thom",
    zeros: Zeros = "center_of_mass",
    clip: float = 3.09,
    minimum_years: int = 30,
) -> xr.DataArray:
    """Standardised precipitation index: how unusual the rain of some months was, for the place and the season.

    The rain of ``months`` months up to and with each month is summed up, a gamma distribution is fitted per cell and
    calendar month over the calibration years, and the probability of the sum is expressed as a standard normal
    value (McKee et al. 1993; WMO-No. 1090).

    Parameters
    ----------
    rain : DataArray (time, ...)
        Monthly rain, ``attrs["units"]`` a length such as "mm"; numpy, or dask in any chunks. NaN is missing.
    months : int
        Months in a sum, 1 to 48.
    calibration : (int, int)
        First and last year that the distribution is fitted to.
    method : {"thom", "ml"}
        How the gamma distribution is fitted: by the approximation of Thom (1958), or by maximum likelihood.
    zeros : {"center_of_mass", "classic", "mean_zero", "stagge"}
        The index of a sum of 0, where ``m`` of ``n`` sums in the calibration are 0 and ``q = m / n``: the normal
        value of ``q / 2``; of ``q``; the mean of the normal values below that of ``q``, which keeps the mean of the
        index at 0 (Allen and Otero 2024); or that of ``(m + 1) / (2 (n + 1))`` (Stagge et al. 2015). Other sums
        do not depend on it. A sum of 0 where the calibration has none gets ``-clip``.
    clip : float
        Greatest index, up to 5; the least is ``-clip``.
    minimum_years : int
        Fewest years of calibration; the WMO asks for about 30. A cell and month with sums in less than two thirds of
        as many years is missing, and so is one with sums above 0 in less than a third of them, or in less than 4 (see
        the notes).

    Returns
    -------
    DataArray (time, ...)
        Index, as lazy as the rain; float32 where the rain is, otherwise float64. NaN where one of the months summed
        up is missing, and where a calendar month of the calibration has rain in too few years, or always the same.
        ``attrs`` name what was done, and in ``notes`` what is doubtful.

    Raises
    ------
    TimeAxisError
        When the months are not one after the other, or fewer years than ``minimum_years`` lie in the calibration.
    UnitsError
        When the units are missing or no length.
    LayerError
        When an option is none, or (when it is computed) a value is negative.

    Notes
    -----
    The distribution is fitted to the sums above 0 alone, however few those are. Fitted to n of them, the index of an
    event of -1.5 has a standard error of about ``sqrt((1 + 1.5**2 / 2) / n)``: half a unit, the width of a class of
    drought, with n = 10, which is a third of the 30 years of WMO-No. 1090. Fitted to two, the event reads -3. Below 4
    there is no index whatever is asked for, as in R's package SPEI.

    Examples
    --------
    Rain that is 10, 20, ... 300 mm in thirty Januaries, and 50 mm more in each month after:

    >>> time = np.arange("1991-01", "2021-01", dtype="datetime64[M]").astype("datetime64[ns]")
    >>> mm = 10.0 * (1 + np.arange(360) // 12) + 50 * (np.arange(360) % 12)
    >>> rain = xr.DataArray(mm, dims="time", coords={"time": time}, attrs={"units": "mm"})
    >>> index = spi(rain, months=1)
    >>> print(index[[0, 168, 348]].round(2).to_numpy(), index.attrs["method"])
    [-2.52  0.18  1.3 ] gamma, Thom
    """
    checks.factor_to("mm", rain.attrs.get("units"), name="the rain")
    _require_choice(method, ("thom", "ml"), name="method")
    _require_choice(zeros, _ZEROS, name="zeros")
    recipe = _recipe(rain, months, calibration, clip, minimum_years, name="the rain")
    fewest_wet = max(_FEWEST, math.ceil(minimum_years / 3))
    recipe = recipe._replace(likely=method == "ml", zeros=_ZEROS.index(zeros), fewest_wet=fewest_wet)
    announce(kernels.gamma_index)
    index = over_time(partial(_block, recipe=recipe, kernel=_gamma), rain)
    words = {"thom": "gamma, Thom", "ml": "gamma, maximum likelihood"}[method]
    return _named(index, "SPI", recipe, calibration, words, zeros=zeros)


def spei(
    balance: xr.DataArray,
    months: int = 3,
    *,
    calibration: tuple[int, int] = WMO_NORMAL,
    method: Literal["pwm", "ml"] = "pwm",
    clip: float = 3.09,
    minimum_years: int = 30,
) -> xr.DataArray:
    """Standardised index of rain less potential evapotranspiration.

    As :func:`spi`, with a log-logistic distribution of three parameters (Vicente-Serrano et al. 2010), fitted by
    unbiased probability-weighted moments (Begueria et al. 2014).

    Parameters
    ----------
    balance : DataArray (time, ...)
        Monthly rain less potential evapotranspiration, ``attrs["units"]`` a length such as "mm". NaN is missing.
    months : int
        Months in a sum, 1 to 48.
    calibration : (int, int)
        First and last year that the distribution is fitted to.
    method : {"pwm", "ml"}
        Fit by probability-weighted moments or by maximum likelihood (started from them; slower).
    clip : float
        Greatest index, up to 5; the least is ``-clip``.
    minimum_years : int
        Fewest years of calibration; a cell and month with sums in less than two thirds of as many is missing.

    Returns
    -------
    DataArray (time, ...)
        As in :func:`spi`; NaN where the values of a calendar month do not spread.

    Raises
    ------
    TimeAxisError, UnitsError, LayerError
        As in :func:`spi`.

    Examples
    --------
    >>> time = np.arange("1991-01", "2021-01", dtype="datetime64[M]").astype("datetime64[ns]")
    >>> mm = 10.0 * (np.arange(360) // 12) - 50 * (np.arange(360) % 12)
    >>> balance = xr.DataArray(mm, dims="time", coords={"time": time}, attrs={"units": "mm"})
    >>> print(spei(balance, months=1)[[0, 12 * 29]].round(2).to_numpy())
    [-1.58  1.58]
    """
    checks.factor_to("mm", balance.attrs.get("units"), name="the balance")
    _require_choice(method, ("pwm", "ml"), name="method")
    recipe = _recipe(balance, months, calibration, clip, minimum_years, name="the balance")
    recipe = recipe._replace(likely=method == "ml")
    announce(kernels.logistic_index)
    index = over_time(partial(_block, recipe=recipe, kernel=_logistic), balance)
    words = {"pwm": "log-logistic, unbiased PWM", "ml": "log-logistic, maximum likelihood"}[method]
    return _named(index, "SPEI", recipe, calibration, words)


def _block(values: npt.NDArray[Any], *, recipe: kernels.Recipe, kernel: Callable[..., None]) -> npt.NDArray[Any]:
    """Return the index of a block (time, ...)."""
    rows = np.ascontiguousarray(values, dtype=real(values.dtype)).reshape(len(values), -1)
    out = np.empty_like(rows)
    kernel(rows, out, recipe)
    return out.reshape(values.shape)


def _gamma(rows: npt.NDArray[Any], out: npt.NDArray[Any], recipe: kernels.Recipe) -> None:
    least = np.fmin.reduce(rows, axis=None, initial=0.0)
    if least < _ROUNDING_MM:
        raise LayerError(f"the rain holds a value of {least:g}; expected 0 or more; mark what is missing as NaN")
    kernels.gamma_index(rows, out, recipe, kernels.tables())


def _logistic(rows: npt.NDArray[Any], out: npt.NDArray[Any], recipe: kernels.Recipe) -> None:
    kernels.logistic_index(rows, out, recipe, kernels.tables())


def _recipe(
    data: xr.DataArray, months: int, calibration: tuple[int, int], clip: float, minimum_years: int, *, name: str
) -> kernels.Recipe:
    axis = require_months(data, name=name)
    if not isinstance(months, int) or not 1 <= months <= 48:
        raise LayerError(f"months is {months!r}; expected a whole number from 1 to 48; correct it")
    if not 0 < clip <= kernels.GREATEST_CLIP:
        raise LayerError(f"clip is {clip!r}; expected more than 0 and at most {kernels.GREATEST_CLIP:g}; correct it")
    if minimum_years < _FEWEST:
        raise LayerError(f"minimum_years is {minimum_years}; expected {_FEWEST} or more; fewer carry no distribution")
    first, last = _calibration_rows(axis, calibration, minimum_years, name=name)
    return kernels.Recipe(
        months,
        float(clip),
        likely=False,
        zeros=0,
        fewest=max(_FEWEST, math.ceil(2 * minimum_years / 3)),
        fewest_wet=0,
        first=first,
        last=last,
    )


def _calibration_rows(
    axis: Months, calibration: tuple[int, int], minimum_years: int, *, name: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the first row of the calibration and the one after it, per calendar month from the first step on."""
    begin, end = calibration
    if begin > end:
        raise TimeAxisError(f"the calibration is {begin} to {end}; expected the first year first; swap them")
    within = (axis.year >= begin) & (axis.year <= end)
    years = int(within.sum()) // 12
    if years < minimum_years:
        raise TimeAxisError(
            f"{name} has {years} whole years in the calibration {begin} to {end} (it goes from {axis.year[0]} to "
            f"{axis.year[-1]}); expected {minimum_years} or more; choose other years with calibration=, or accept "
            f"fewer with minimum_years={years}"
        )
    rows = [np.flatnonzero(within[month::12]) for month in range(12)]
    return (
        np.array([each[0] if each.size else 0 for each in rows]),
        np.array([each[-1] + 1 if each.size else 0 for each in rows]),
    )


def _require_choice(value: str, choices: tuple[str, ...], *, name: str) -> None:
    if value not in choices:
        raise LayerError(f"{name} is {value!r}; expected one of {', '.join(choices)}; correct it")


def _named(
    index: xr.DataArray, name: str, recipe: kernels.Recipe, calibration: tuple[int, int], method: str, **more: Any
) -> xr.DataArray:
    index.name = f"{name.lower()}_{recipe.months}"
    index.attrs = {
        "long_name": f"{name}-{recipe.months}",
        "units": "1",
        "method": method,
        "months": recipe.months,
        "calibration": list(calibration),
        "clip": recipe.clip,
        **more,
        "notes": _notes(f"{name}-{recipe.months}", recipe),
    }
    return index


def _notes(name: str, recipe: kernels.Recipe) -> list[str]:
    """Say what is doubtful about the calibration."""
    years, notes = int((recipe.last - recipe.first).min()), []
    if years < WMO_YEARS:
        notes.append(
            f"{name}: only {years} years of calibration, the WMO asks for {WMO_YEARS}; rare classes are unsure"
        )
    if recipe.fewest_wet:
        notes.append(f"{name}: missing where and when it rained in fewer than {recipe.fewest_wet} years of calibration")
    return notes
