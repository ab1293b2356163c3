"""Potential evapotranspiration against climate_indices, FAO-56 and by hand."""

import logging
import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import hazardmap as hm
from hazardmap.errors import CoordinatesError, GridError, LayerError, TimeAxisError, UnitsError
from hazardmap.indices import daylight_hours, extraterrestrial_radiation


@pytest.fixture(scope="module")
def eto():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = pytest.importorskip("climate_indices.eto", reason="climate-indices is not installed (extra bench)")
        import structlog

        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    return module


def warm(years=12, start="1995-01-01", rows=3, seed=4):
    """Monthly temperature from some frost to summer, by latitude."""
    time = pd.date_range(start, periods=12 * years, freq="MS")
    season = 11 * np.sin(2 * np.pi * (np.arange(len(time)) - 3) / 12)
    noise = np.random.default_rng(seed).normal(0, 2, (len(time), rows))
    return xr.DataArray(
        9 + season[:, None] + noise,
        dims=("time", "y"),
        coords={"time": time, "lat": ("y", np.linspace(49.0, 53.0, rows))},
        attrs={"units": "degC"},
    )


def test_thornthwaite_equals_climate_indices(eto):
    temperature = warm()
    ours = hm.thornthwaite(temperature)
    for row in range(3):
        theirs = eto.eto_thornthwaite(temperature[:, row].to_numpy(), float(temperature.lat[row]), 1995)
        np.testing.assert_allclose(ours[:, row], theirs, rtol=0, atol=1e-10)
    assert ours.attrs["units"] == "mm"
    assert float(ours.min()) == 0.0  # frost
    np.testing.assert_allclose(hm.thornthwaite((temperature + 273.15).assign_attrs(units="K")), ours, atol=1e-9)


def test_the_heat_index_may_come_from_other_years(eto):
    temperature = warm()
    ours = hm.thornthwaite(temperature[:, 0], climate=(1995, 1998))
    theirs = eto.eto_thornthwaite(temperature[:48, 0].to_numpy(), 49.0, 1995)
    np.testing.assert_allclose(ours[:48], theirs, rtol=0, atol=1e-10)
    with pytest.raises(TimeAxisError, match="no whole year from 2020 to 2021"):
        hm.thornthwaite(temperature, climate=(2020, 2021))


def test_where_it_never_thaws_nothing_evaporates():
    cold = warm().copy(data=np.full((144, 3), -5.0))
    assert (hm.thornthwaite(cold) == 0).all()


def test_missing_months_stay_missing():
    temperature = warm().copy()
    temperature[7, 1] = np.nan
    found = hm.thornthwaite(temperature)
    assert np.argwhere(np.isnan(found.to_numpy())).tolist() == [[7, 1]]


def test_hargreaves_equals_climate_indices(eto):
    """In a leap year, which is what their years are."""
    time = pd.date_range("2020-01-01", "2020-12-31")
    rng = np.random.default_rng(2)
    low = rng.normal(6, 4, 366)
    high = low + rng.uniform(2, 14, 366)
    mean = low + 0.4 * (high - low)
    fields = [
        xr.DataArray(each, dims="time", coords={"time": time}, attrs={"units": "degC"}) for each in (low, high, mean)
    ]
    theirs = eto.eto_hargreaves(low, high, mean, 51.5)
    np.testing.assert_allclose(hm.hargreaves(*fields, latitude=51.5), np.maximum(theirs, 0), rtol=0, atol=1e-10)


def test_hargreaves_of_a_month_is_near_the_sum_of_its_days():
    days = pd.date_range("2021-01-01", "2021-12-31")
    season = 10 + 8 * np.sin(2 * np.pi * (days.day_of_year.to_numpy() - 110) / 365)
    low, high = (
        xr.DataArray(season + shift, dims="time", coords={"time": days}, attrs={"units": "degC"}) for shift in (-4, 5)
    )
    daily = hm.monthly(hm.hargreaves(low, high, latitude=52.0))
    monthly = hm.hargreaves(hm.monthly(low, "mean"), hm.monthly(high, "mean"), latitude=52.0)
    np.testing.assert_allclose(monthly, daily, rtol=0.01)
    assert monthly.attrs["units"] == "mm"


def test_radiation_and_daylight_of_fao_56():
    """Examples 8 and 9; annex 2, table 2.6: 50 degrees north, 15 June 41.5 MJ, 15 December 8.3 MJ (a tenth either way)."""
    assert extraterrestrial_radiation(-20, 246) == pytest.approx(32.2, abs=0.05)
    assert daylight_hours(-20, 246) == pytest.approx(11.7, abs=0.05)
    assert daylight_hours(0, np.arange(1, 366)) == pytest.approx(12)
    assert daylight_hours(80, 172) == pytest.approx(24)  # the sun does not set
    assert daylight_hours(80, 355) == pytest.approx(0)
    assert extraterrestrial_radiation(80, 355) == pytest.approx(0, abs=1e-12)


def test_a_model_year_of_360_days_has_the_same_sun():
    temperature = warm(years=4)
    dates = xr.date_range("1995-01-01", periods=48, freq="MS", calendar="360_day", use_cftime=True)
    found = hm.thornthwaite(temperature.assign_coords(time=dates))
    days = temperature.time.dt.days_in_month
    np.testing.assert_allclose(found / 30, hm.thornthwaite(temperature) / days, rtol=0.03, atol=0.02)


def test_latitudes_of_a_grid(raster):
    """Rows of degrees, cells of a projection, a coordinate or a number: all the same place."""
    time = pd.date_range("2000-01-01", periods=24, freq="MS")
    degrees = raster(np.full((2, 2), 10.0), left=6.0, top=51.0, cell=0.5, crs="EPSG:4326", units="degC")
    field = degrees.expand_dims(time=time).copy()
    found = hm.thornthwaite(field)
    np.testing.assert_allclose(found[:, 0, 0], hm.thornthwaite(field, latitude=50.75)[:, 0, 0])
    projected = raster(np.full((2, 2), 10.0), left=4_321_000, top=3_210_000, cell=1000, units="degC")
    near = hm.thornthwaite(projected.expand_dims(time=time))
    np.testing.assert_allclose(near[:, 0, 0], hm.thornthwaite(field, latitude=52.0)[:, 0, 0], rtol=1e-3)
    assert near[6, 0, 0] != near[6, 1, 0]


def test_chunks_do_not_change_a_number():
    pytest.importorskip("dask")
    temperature = warm(rows=6)
    whole = hm.thornthwaite(temperature)
    low, high = temperature - 3, temperature + 3
    low.attrs = high.attrs = {"units": "degC"}
    other = hm.hargreaves(low, high)
    for chunks in ({"time": -1, "y": 4}, {"time": 10, "y": 2}):
        np.testing.assert_array_equal(hm.thornthwaite(temperature.chunk(chunks)).compute(), whole)
        np.testing.assert_array_equal(hm.hargreaves(low.chunk(chunks), high).compute(), other)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda t: t.assign_attrs(units="degC") + 273.15, UnitsError, "mean of 28.* degC; expected -80 to 60"),
        (lambda t: t.drop_attrs(), UnitsError, "no units"),
        (lambda t: t.assign_attrs(units="mm"), UnitsError, "'mm'; expected 'K', 'degC'"),
        (lambda t: t.drop_vars("lat"), CoordinatesError, "no latitude.*latitude="),
        (lambda t: t.assign_coords(lat=t.lat * 100), CoordinatesError, "latitude is 4900"),
        (lambda t: t[:, 0].drop_vars("time"), TimeAxisError, "without dates"),
    ],
)
def test_bad_temperatures_are_refused(change, error, message):
    with xr.set_options(keep_attrs=True), pytest.raises(error, match=message):
        hm.thornthwaite(change(warm()))


def test_hargreaves_refuses_what_does_not_fit():
    low = warm()
    high = (low + 8).assign_attrs(units="degC")
    with pytest.raises(LayerError, match=r"tmin are above tmax.*swap"):
        hm.hargreaves(high, low)
    with pytest.raises(GridError, match="differ along time"):
        hm.hargreaves(low, high[1:])
    with pytest.raises(TimeAxisError, match=r"lacks 1 of its months"):
        hm.hargreaves(*(each.isel(time=np.delete(np.arange(144), 5)) for each in (low, high)))


def test_days_to_months():
    days = pd.date_range("2020-01-01", "2020-04-15")
    rain = xr.DataArray(np.ones(len(days)), dims="time", coords={"time": days}, attrs={"units": "mm/day"})
    total = hm.monthly(rain)
    assert total.attrs["units"] == "mm"
    assert total.to_numpy().tolist()[:3] == [31, 29, 31]
    assert np.isnan(total[3])  # fifteen days of April
    gappy = rain.copy()
    gappy[[3, 4, 40]] = np.nan
    np.testing.assert_allclose(hm.monthly(gappy, missing_days=1), [np.nan, 29, 31, np.nan])
    np.testing.assert_allclose(hm.monthly(gappy, missing_days=2), [31, 29, 31, np.nan])
    np.testing.assert_allclose(hm.monthly(gappy, "mean", missing_days=15), [1, 1, 1, 1])
    rain[10] = 5
    np.testing.assert_array_equal(hm.monthly(rain, "max"), [5, 1, 1, np.nan])
    np.testing.assert_array_equal(hm.monthly(-rain, "min"), [-5, -1, -1, np.nan])


def test_a_month_without_a_day_is_there_and_missing():
    days = pd.date_range("2020-01-01", "2020-03-31")
    series = pd.Series(1.0, index=days)[lambda s: s.index.month != 2]
    found = hm.monthly(series)
    np.testing.assert_array_equal(found, [31, np.nan, 31])
    assert [str(each)[:10] for each in found.time.to_numpy()] == ["2020-01-01", "2020-02-01", "2020-03-01"]


def test_days_to_months_in_chunks_and_in_other_calendars():
    pytest.importorskip("dask")
    dates = xr.date_range("2000-01-01", periods=720, freq="D", calendar="360_day", use_cftime=True)
    values = np.random.default_rng(1).gamma(1, 3, (720, 4))
    field = xr.DataArray(values, dims=("time", "x"), coords={"time": dates})
    expected = values.reshape(24, 30, 4).sum(axis=1)
    np.testing.assert_allclose(hm.monthly(field), expected)
    lazy = hm.monthly(field.chunk({"time": 50, "x": 3}))
    assert lazy.chunks is not None
    np.testing.assert_allclose(lazy.compute(), expected)


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (["2020-01-02", "2020-01-01", "2020-01-03"], "goes back in time"),
        (["2020-01-01", "2020-01-01", "2020-01-02"], "day twice"),
        (["2020-01-01", "2020-02-01", "2020-03-01"], "not daily"),
    ],
)
def test_days_that_are_none_are_refused(dates, message):
    with pytest.raises(TimeAxisError, match=message):
        hm.monthly(pd.Series(1.0, index=pd.to_datetime(dates)))
    with pytest.raises(LayerError, match="one of sum, mean"):
        hm.monthly(pd.Series(1.0, index=pd.date_range("2020-01-01", periods=9)), "median")
