"""SPI and SPEI against climate_indices, closed forms, and the laws that they keep."""

import logging
import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import hazardmap as hm
from hazardmap.errors import LayerError, TimeAxisError, UnitsError
from hazardmap.indices import kernels

YEARS = 60


def months(start="1961-01", count=12 * YEARS):
    first = np.datetime64(start, "M")
    return (first + np.arange(count)).astype("datetime64[ns]")


def monthly_field(values, time=None, units="mm"):
    values = np.asarray(values, dtype=float)
    dims = ("time", "y", "x")[: values.ndim]
    coords = {"time": months(count=len(values)) if time is None else time}
    return xr.DataArray(values, dims=dims, coords=coords, attrs={"units": units})


def random_rain(cells=24, seed=0, gaps=0.01):
    """Gamma rain of many shapes, with up to a half of dry months, and gaps."""
    rng = np.random.default_rng(seed)
    shape = rng.uniform(0.3, 8, cells)
    rain = rng.gamma(shape, 60 / shape, (12 * YEARS, cells))
    rain[rng.random(rain.shape) < np.linspace(0, 0.5, cells)] = 0
    rain[rng.random(rain.shape) < gaps] = np.nan
    return monthly_field(rain.reshape(-1, cells // 4, 4))


@pytest.fixture(scope="module")
def reference():
    """The independent implementation, silent."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        indices = pytest.importorskip(
            "climate_indices.indices", reason="climate-indices is not installed (extra bench)"
        )
        import structlog

        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))

    def call(name, *fields, months, calibration, **options):
        gamma = indices.Distribution.gamma if name == "spi" else indices.Distribution.loglogistic
        arrays = [field.to_numpy().copy() for field in fields]
        start = int(fields[0].time.dt.year[0])
        named = {
            "scale": months,
            "distribution": gamma,
            "data_start_year": start,
            "calibration_year_initial": calibration[0],
            "calibration_year_final": calibration[1],
            "periodicity": indices.compute.Periodicity.monthly,
            "spatial_time_major": True,
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return getattr(indices, name)(*arrays, **named, **options)

    return call


WINDOWS = [(1991, 2020), (1961, 1990), (1965, 2019)]


@pytest.mark.parametrize("calibration", WINDOWS)
@pytest.mark.parametrize("count", [1, 2, 3, 6, 9, 12, 24, 48])
def test_spi_equals_climate_indices(reference, count, calibration):
    rain = random_rain(seed=count, gaps=0.01 if count < 24 else 0.002)
    for zeros in ("center_of_mass", "classic", "mean_zero"):
        ours = hm.spi(rain, count, calibration=calibration, zeros=zeros, minimum_years=6)
        theirs = reference("spi", rain, months=count, calibration=calibration, zero_handling=zeros)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-7)
        assert np.isfinite(ours).mean() > 0.5


@pytest.mark.parametrize("calibration", WINDOWS)
@pytest.mark.parametrize("count", [1, 2, 3, 6, 9, 12, 24, 48])
def test_spei_equals_climate_indices(reference, count, calibration):
    rain, evaporation = random_rain(seed=count, gaps=0.002), random_rain(seed=count + 1, gaps=0.0)
    balance = (rain - evaporation).assign_attrs(units="mm")
    ours = hm.spei(balance, count, calibration=calibration, minimum_years=6)
    theirs = reference("spei", rain, evaporation, months=count, calibration=calibration)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)
    assert np.isfinite(ours).mean() > 0.5


def test_the_gamma_table_against_scipy():
    """Shapes from 0.06 to a hundred thousand, far out to either side."""
    rng, tables, row = np.random.default_rng(3), kernels.tables(), np.empty(kernels.NODES)
    for shape in np.geomspace(0.06, 1e5, 60):
        assert kernels._fill_row(row, tables.quantiles, np.log(shape))
        z = rng.uniform(-3.5, 5, 20)
        values = stats.gamma.isf(stats.norm.sf(z), shape)
        z, values = z[values > 1e-250], values[values > 1e-250]
        found = np.log(values)
        kernels._look_up(row, found, np.empty(len(found), dtype=np.int64))
        np.testing.assert_allclose(found, z, rtol=0, atol=4e-7)


def test_the_most_likely_gamma_shape_is_that_of_scipy():
    rain = random_rain(cells=8, seed=5, gaps=0)
    index = hm.spi(rain, 1, method="ml", calibration=(1961, 1990))
    for month in range(4):
        values = rain[month::12, 0, 0].to_numpy()
        shape, _, scale = stats.gamma.fit(values[:30], floc=0)
        expected = stats.norm.ppf(stats.gamma.cdf(values, shape, scale=scale)).clip(-3.09, 3.09)
        np.testing.assert_allclose(index[month::12, 0, 0], expected, atol=1e-6)


def test_the_most_likely_log_logistic_is_at_least_as_likely_as_that_of_scipy():
    rng = np.random.default_rng(8)
    for _ in range(5):
        sample = np.sort(rng.gumbel(50, 20, 40))
        first = kernels._moments_fit(sample)
        found = kernels._likeliest(sample, *first)
        ours = kernels._scores(sample, np.array(found))[0]
        theirs = stats.fisk.logpdf(sample, *stats.fisk.fit(sample)).sum()
        assert ours >= max(theirs - 1e-6, kernels._scores(sample, np.array(first))[0])
        # the same likelihood, in the words of scipy: a log-logistic with the shape turned over
        place, scale, shape = found
        if shape < 0:
            fisk = stats.fisk.logpdf(sample, -1 / shape, loc=place + scale / shape, scale=-scale / shape)
            assert ours == pytest.approx(fisk.sum(), abs=1e-8)


def test_l_moments_of_a_sample_in_closed_form():
    """1, 2, ..., n is symmetric: no skew, place at the mean, and a second L-moment of (n + 1) / 6."""
    for n in (5, 30):
        place, scale, shape = kernels._moments_fit(np.arange(1.0, n + 1))
        assert place == pytest.approx((n + 1) / 2)
        assert scale == pytest.approx((n + 1) / 6)
        assert shape == pytest.approx(0, abs=1e-12)
    # 0, 0, 0, 1 by hand: l1 = 1/4, l2 = 1/4, l3 = 1/4, so that the skew is 1 and no logistic fits
    assert kernels._moments_fit(np.array([0.0, 0, 0, 1]))[2] == pytest.approx(-1)


ZERO_PLACES = {
    "center_of_mass": stats.norm.ppf(0.1),
    "classic": stats.norm.ppf(0.2),
    "mean_zero": -stats.norm.pdf(stats.norm.ppf(0.2)) / 0.2,
    "stagge": stats.norm.ppf(7 / 62),
}


@pytest.mark.parametrize("zeros", ZERO_PLACES)
def test_the_place_of_a_dry_month(zeros):
    """Six dry Januaries of thirty: q is 0.2."""
    rain = np.repeat(np.arange(1.0, 31), 12)
    rain[: 6 * 12 : 12] = 0
    index = hm.spi(monthly_field(rain, months("1991-01", 360)), 1, zeros=zeros)
    assert index[0].item() == pytest.approx(ZERO_PLACES[zeros], abs=1e-9)
    assert index.attrs["zeros"] == zeros
    others = hm.spi(monthly_field(rain, months("1991-01", 360)), 1, zeros="classic")
    np.testing.assert_array_equal(index[72:], others[72:])


def test_months_that_are_always_dry_or_always_the_same_have_no_index():
    rain = np.tile(np.arange(12.0), 30) + np.where(np.arange(360) % 12 > 1, np.arange(360) / 10, 0)
    index = hm.spi(monthly_field(rain, months("1991-01", 360)), 1)
    assert np.isnan(index[::12]).all()  # January: 0 mm each year
    assert np.isnan(index[1::12]).all()  # February: 1 mm each year
    assert np.isfinite(index[2::12]).all()


def test_a_missing_month_stays_missing_in_every_sum_it_is_part_of():
    rain = random_rain(cells=4, gaps=0)
    rain[100, 0, 0] = np.nan
    index = hm.spi(rain, 3)
    assert np.flatnonzero(np.isnan(index[:, 0, 0])).tolist() == [0, 1, 100, 101, 102]
    assert np.isfinite(index[2:, 0, 1]).all()


def test_too_few_values_in_the_calibration_are_no_distribution():
    rain = random_rain(cells=4, gaps=0).copy()
    rain[:, 0, 0] = rain[:, 0, 0].where(rain.time.dt.year > 2001)  # 19 of 30
    rain[:, 0, 1] = rain[:, 0, 1].where(rain.time.dt.year > 2000)  # 20 of 30
    index = hm.spi(rain, 1)
    assert np.isnan(index[:, 0, 0]).all()
    assert np.isfinite(index[-12:, 0, 1]).all()


@pytest.mark.parametrize(("minimum_years", "fewest"), [(30, 10), (20, 7), (12, 4), (6, 4)])
def test_rain_in_too_few_years_is_no_distribution(minimum_years, fewest):
    """Januaries with rain in as many years as it takes, and in one less."""
    rain = np.zeros((30, 12, 2)) + np.arange(1.0, 31)[:, None, None]
    rain[fewest:, 0, 0] = 0
    rain[fewest - 1 :, 0, 1] = 0
    field = monthly_field(rain.reshape(360, 1, 2), months("1991-01", 360))
    index = hm.spi(field, 1, minimum_years=minimum_years)
    assert np.isfinite(index[::12, 0, 0]).all()
    assert np.isnan(index[::12, 0, 1]).all()
    assert np.isfinite(index[1::12]).all()


def test_ten_sums_tell_an_event_to_half_a_unit():
    """A true -1.5 by the index of ten years: theory has a standard error of 0.46, and two sums would have -3."""
    rng = np.random.default_rng(2)
    rain = rng.gamma(2.0, 30.0, (132, 1, 2000))
    rain[120:] = stats.gamma.ppf(stats.norm.cdf(-1.5), 2.0, scale=30.0)
    index = hm.spi(monthly_field(rain, months("1991-01", 132)), 1, calibration=(1991, 2000), minimum_years=10)
    event = index[120].to_numpy()
    assert np.median(event) == pytest.approx(-1.5, abs=0.2)
    assert event.std() == pytest.approx(np.sqrt((1 + 1.5**2 / 2) / 10), rel=0.25)


@given(st.integers(1, 12), st.integers(0, 3), st.sampled_from(["thom", "ml"]), st.integers(0, 10**6))
def test_more_rain_is_a_higher_index_within_a_month(count, place, method, seed):
    rain = random_rain(cells=4, seed=seed, gaps=0)[:, 0, [place]]
    index = hm.spi(
        rain,
        count,
        method=method,
        calibration=(1961, 2020),
        zeros=["classic", "center_of_mass", "mean_zero", "stagge"][place],
    )
    total = rain.rolling(time=count).sum()
    for month in range(12):
        one, other = total[month::12, 0].to_numpy(), index[month::12, 0].to_numpy()
        known = ~np.isnan(one) & ~np.isnan(other)
        order = np.argsort(one[known])
        assert (np.diff(other[known][order]) >= -1e-9).all()


@given(st.floats(0.01, 1000), st.integers(1, 24))
def test_the_index_does_not_depend_on_the_units_of_rain(factor, count):
    rain = random_rain(cells=4, seed=2)
    np.testing.assert_allclose(hm.spi(rain, count), hm.spi((rain * factor).assign_attrs(units="mm"), count), atol=1e-7)


@given(st.floats(-500, 500), st.integers(1, 24))
def test_spei_does_not_depend_on_a_shift(shift, count):
    rain = random_rain(cells=4, seed=2, gaps=0)
    np.testing.assert_allclose(hm.spei(rain, count), hm.spei((rain + shift).assign_attrs(units="mm"), count), atol=1e-6)


def test_chunks_do_not_change_a_number():
    pytest.importorskip("dask")
    rain = random_rain(cells=64, seed=11)
    whole = {"spi": hm.spi(rain, 3), "spei": hm.spei(rain, 6)}
    for chunks in ({"time": -1, "y": 5, "x": 3}, {"time": 7, "y": 16, "x": 4}, {"time": 100, "y": 1, "x": 1}, {}):
        lazy = rain.chunk(chunks)
        for name, count in (("spi", 3), ("spei", 6)):
            found = getattr(hm, name)(lazy, count)
            assert found.chunks is not None
            np.testing.assert_array_equal(found.compute(scheduler="synchronous"), whole[name])
    # cells that stand beside others do not change either, nor do dimensions in another order
    np.testing.assert_array_equal(hm.spi(rain[:, 3:4, 1:2], 3), whole["spi"][:, 3:4, 1:2])
    turned = hm.spi(rain.transpose("x", "time", "y"), 3)
    assert turned.dims == ("x", "time", "y")
    np.testing.assert_array_equal(turned.transpose("time", "y", "x"), whole["spi"])


def test_single_precision_stays_single():
    rain = random_rain(cells=8)
    single = hm.spi(rain.astype("float32"), 3)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, hm.spi(rain, 3), atol=1e-5)


def test_what_was_done_stands_in_the_result():
    index = hm.spi(random_rain(cells=4), 6, calibration=(1961, 1990), method="ml", zeros="classic", clip=2.5)
    assert index.name == "spi_6"
    assert index.attrs == {
        "long_name": "SPI-6",
        "units": "1",
        "method": "gamma, maximum likelihood",
        "months": 6,
        "calibration": [1961, 1990],
        "clip": 2.5,
        "zeros": "classic",
        "notes": ["SPI-6: missing where and when it rained in fewer than 10 years of calibration"],
    }
    assert float(abs(index).max()) == 2.5


def test_the_series_may_begin_in_any_month():
    """The same years of calibration, with and without the months before."""
    rain = random_rain(cells=4, gaps=0)
    np.testing.assert_array_equal(hm.spi(rain[17:], 3)[5:], hm.spi(rain, 3)[22:])


@pytest.mark.parametrize("calendar", ["360_day", "noleap"])
def test_calendars_of_models(calendar):
    rain = random_rain(cells=4, gaps=0)
    dates = xr.date_range("1961-01-01", periods=720, freq="MS", calendar=calendar, use_cftime=True)
    np.testing.assert_array_equal(hm.spi(rain.assign_coords(time=dates), 3), hm.spi(rain, 3))


def bad(field, **changes):
    return field.assign_coords(**changes)


RAIN = random_rain(cells=4, gaps=0)
FAULTS = {
    "no time axis": (RAIN.rename(time="month"), TimeAxisError, "no time axis.*rename"),
    "no dates": (RAIN.drop_vars("time"), TimeAxisError, "without dates"),
    "numbers for dates": (bad(RAIN, time=np.arange(720)), TimeAxisError, "int64 on its time axis.*decode"),
    "a date is missing": (
        bad(RAIN, time=np.r_[RAIN.time[:-1], [np.datetime64("NaT", "ns")]]),
        TimeAxisError,
        "without a date",
    ),
    "twice": (bad(RAIN, time=np.r_[RAIN.time[:1], RAIN.time[:-1]]), TimeAxisError, "month 1961-01 twice"),
    "unsorted": (RAIN[::-1], TimeAxisError, "goes back in time.*sortby"),
    "gap": (
        RAIN.drop_sel(time=RAIN.time[5:8]),
        TimeAxisError,
        "lacks 3 of its months, the first after 1961-05.*fill_months",
    ),
    "daily": (
        bad(RAIN, time=pd.date_range("2000-01-01", periods=720)),
        TimeAxisError,
        r"720 steps in 24 months.*monthly\(\)",
    ),
    "empty": (RAIN[:0], TimeAxisError, "no time steps"),
    "units missing": (RAIN.drop_attrs(), UnitsError, "no units; expected 'mm'"),
    "units wrong": (RAIN.assign_attrs(units="K"), UnitsError, "'K'; expected 'mm'"),
    "negative": (RAIN - 20, LayerError, "holds a value of -20"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_bad_rain_is_refused(fault):
    field, error, message = FAULTS[fault]
    if "units" not in fault:
        field = field.assign_attrs(units="mm")
    with pytest.raises(error, match=message):
        hm.spi(field, 3)


OPTIONS = {
    "29 years": ({"calibration": (1992, 2020)}, TimeAxisError, "29 whole years.*minimum_years=29"),
    "years outside": ({"calibration": (2021, 2050)}, TimeAxisError, "0 whole years.*1961 to 2020"),
    "years swapped": ({"calibration": (2020, 1991)}, TimeAxisError, "first year first"),
    "no months": ({"months": 0}, LayerError, "1 to 48"),
    "half a month": ({"months": 1.5}, LayerError, "1 to 48"),
    "method": ({"method": "guess"}, LayerError, "one of thom, ml"),
    "zeros": ({"zeros": "half"}, LayerError, "one of center_of_mass"),
    "clip": ({"clip": 9}, LayerError, "at most 5"),
    "two years": ({"minimum_years": 2}, LayerError, "4 or more"),
}


@pytest.mark.parametrize("option", OPTIONS)
def test_bad_options_are_refused(option):
    options, error, message = OPTIONS[option]
    with pytest.raises(error, match=message):
        hm.spi(RAIN, **options)


def test_29_years_are_enough_where_that_is_said():
    assert np.isfinite(hm.spi(RAIN, calibration=(1992, 2020), minimum_years=29)[2:]).all()


def test_gaps_are_filled_where_that_is_asked_for():
    gappy = RAIN.drop_sel(time=RAIN.time[5:8])
    filled = hm.fill_months(gappy)
    assert len(filled) == 720
    assert np.isnan(filled[5:8]).all()
    np.testing.assert_array_equal(filled[8:], RAIN[8:])
    np.testing.assert_array_equal(filled.time, RAIN.time)
    ends = xr.DataArray([1.0, 3.0], dims="time", coords={"time": np.array(["2020-01-31", "2020-03-31"], "M8[ns]")})
    assert [str(day)[:10] for day in hm.fill_months(ends).time.to_numpy()] == ["2020-01-31", "2020-02-29", "2020-03-31"]
    with pytest.raises(TimeAxisError, match="twice"):
        hm.fill_months(bad(RAIN, time=np.r_[RAIN.time[:1], RAIN.time[:-1]]))


def test_rain_just_below_none_is_none():
    """Packed files hold such values."""
    rain = RAIN.copy()
    rain[7, 0, 0] = 0.0
    packed = rain.copy()
    packed[7, 0, 0] = -1e-4
    np.testing.assert_array_equal(hm.spi(packed, 1), hm.spi(rain, 1))
