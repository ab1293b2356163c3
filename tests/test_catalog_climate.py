"""Climate series through the door: units, calendars, bounds of times, rotated poles, Zarr; and months made of them."""

import builtins
import calendar
import itertools
import json
import shutil

import numpy as np
import pandas as pd
import pyproj
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import hazardmap as hm
from hazardmap.catalog import layer
from hazardmap.checks import grid_of, kelvin_offset
from hazardmap.coverage import cell_areas
from hazardmap.errors import FileError, GridError, LayerError, MissingExtraError, TimeAxisError, UnitsError
from hazardmap.lazy import Tiles, lazy

LAT, LON = [52.5, 51.5], [4.5, 5.5, 6.5]
DATED = {name: {"units": "days since 2000-01-01"} for name in ("time", "time_bnds")}
POLE = {
    "grid_mapping_name": "rotated_latitude_longitude",
    "grid_north_pole_latitude": 39.25,
    "grid_north_pole_longitude": -162.0,
}


def series(times, values=1.0, units="mm"):
    """One cell, or two in a row, of the same values."""
    field = np.broadcast_to(np.asarray(values, dtype=float).reshape(-1, 1, 1), (len(times), 1, 2)).copy()
    return xr.DataArray(field, dims=("time", "y", "x"), coords={"time": times}, attrs={"units": units})


def on_file(times, values, units="mm", **attrs):
    coords = {"time": times, "lat": LAT, "lon": LON}
    return xr.DataArray(values, dims=("time", "lat", "lon"), coords=coords, attrs={"units": units, **attrs}, name="pr")


@pytest.fixture
def saved(tmp_path):
    names = itertools.count()

    def save(data, **options):
        path = tmp_path / f"{next(names)}.nc"
        data.to_netcdf(path, engine="h5netcdf", **options)
        return layer({"path": str(path), "status": "synthetic"})

    return save


# Months


@pytest.mark.parametrize(
    ("units", "value"),
    [
        ("mm", 31.0),
        ("m", 0.031),
        ("kg m-2", 31.0),
        ("mm/day", 1.0),
        ("kg m-2 s-1", 1 / 86400),
        ("m s-1", 1e-3 / 86400),
        ("mm/month", 31),
    ],
)
def test_one_millimetre_a_day_in_any_units(units, value):
    january = hm.monthly_amount(series(pd.date_range("2023-01-01", periods=1), value, units))
    assert january.to_numpy().ravel() == pytest.approx([31.0, 31.0])
    assert january.attrs["units"] == "mm"


@pytest.mark.parametrize(("name", "february"), [("standard", 29), ("noleap", 28), ("all_leap", 29), ("360_day", 30)])
def test_a_rate_is_multiplied_by_the_month_of_its_own_calendar(name, february):
    times = xr.date_range("2000-01-01", periods=3, freq="MS", calendar=name, use_cftime=True)
    months = hm.monthly_amount(series(times, 1.0, "mm/day"))
    assert months.to_numpy()[1, 0, 0] == february
    assert str(months["time"].to_numpy()[1])[:10] == "2000-02-01"
    assert (months["time"].dt.calendar, months["time"].dt.days_in_month[1]) == (name, february)


@pytest.mark.parametrize("first", ["0850-01-01", "2300-01-01"])
def test_months_far_from_ours_are_told_right(first):
    """Nanoseconds since 1970 would wrap around there."""
    days = xr.date_range(first, periods=365, calendar="noleap", use_cftime=True)
    months = hm.monthly_amount(series(days, 2.0))
    assert str(months["time"].to_numpy()[-1])[:7].strip() == f"{first[:4]}-12"
    assert months.to_numpy()[:3, 0, 0].tolist() == [62, 56, 62]


def test_evapotranspiration_of_a_month_of_thirty_days():
    """At the equator day and night are alike, so that Thornthwaite at 10 degC goes by the length of the month alone."""
    warm = {
        name: hm.monthly_temperature(
            series(xr.date_range("2001-01-01", periods=12, freq="MS", calendar=name, use_cftime=True), 10.0, "degC")
        )
        for name in ("360_day", "noleap")
    }
    water = {name: hm.thornthwaite(each, latitude=0.0)[:, 0, 0].to_numpy() for name, each in warm.items()}
    assert water["360_day"] == pytest.approx(np.full(12, water["noleap"][3]))  # April has 30 days in both
    assert water["360_day"][1] / water["noleap"][1] == pytest.approx(30 / 28)


@given(
    st.dates(pd.Timestamp("1901-01-01").date(), pd.Timestamp("2090-01-01").date()),
    st.integers(60, 900),
    st.sampled_from(["mm", "kg m-2 s-1"]),
)
def test_days_add_up_to_what_the_calendar_says(start, length, units):
    times = pd.date_range(start, periods=length)
    rate = 86400.0 if units == "mm" else 1.0
    months = hm.monthly_amount(series(times, rate / 86400, units))
    by_hand = [calendar.monthrange(t.year, t.month)[1] for t in pd.to_datetime(months["time"].to_numpy())]
    assert months.to_numpy()[:, 0, 0].tolist() == pytest.approx(by_hand, rel=1e-6)
    cut = (times[0].day != 1) + (times[-1].day != calendar.monthrange(times[-1].year, times[-1].month)[1])
    assert len(months.attrs["notes"]) == cut


def test_temperature_is_averaged_and_a_missing_day_makes_a_missing_month():
    times = pd.date_range("2023-01-01", "2023-03-31")
    kelvin = np.where(times.month == 1, 274.15, 280.15)
    kelvin[times == "2023-02-10"] = np.nan
    found = hm.monthly_temperature(series(times, kelvin, "K")).to_numpy()[:, 0, 0]
    np.testing.assert_allclose(found, [1.0, np.nan, 7.0], rtol=1e-5)
    assert kelvin_offset("celsius", name="t") == 0


def test_only_the_window_that_is_asked_for_is_read():
    asked = []
    whole = series(pd.date_range("2023-01-01", "2023-12-31"), 1.0)

    def watch(key):
        asked.append(tuple((part.start, part.stop) for part in key))
        return whole.to_numpy()[key]

    watched = xr.DataArray(lazy(whole.dims, whole.shape, "float64", watch), coords=whole.coords, attrs=whole.attrs)
    months = hm.monthly_amount(watched)
    assert asked == []
    months[1:3, :, 1:].to_numpy()
    assert asked == [((31, 90), (0, 1), (1, 2))]


MONTHS = pd.date_range("2000-01-01", periods=14, freq="MS")
DAYS = pd.date_range("2000-01-01", periods=120)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    {
        "no time axis": (lambda: hm.monthly_amount(series(MONTHS)[0]), TimeAxisError, "dimensions"),
        "unsorted": (lambda: hm.monthly_amount(series(MONTHS[::-1])), TimeAxisError, "back in time"),
        "twice": (lambda: hm.monthly_amount(series(MONTHS.insert(3, MONTHS[3]))), TimeAxisError, "2000-04 twice"),
        "gap": (lambda: hm.monthly_amount(series(MONTHS.delete(3))), TimeAxisError, "lacks 1 "),
        "gap of a day": (lambda: hm.monthly_amount(series(DAYS.delete(40))), TimeAxisError, "28 days of 29 in 2000-02"),
        "gap of months of days": (lambda: hm.monthly_amount(series(DAYS.delete(range(31, 60)))), TimeAxisError, "none in the month after"),
        "few days": (lambda: hm.monthly_amount(series(DAYS[:20])), TimeAxisError, "no whole month"),
        "no units": (lambda: hm.monthly_amount(series(MONTHS, units=None)), UnitsError, "rain has no units"),
        "units of temperature": (lambda: hm.monthly_amount(series(MONTHS, units="K")), UnitsError, "'K'"),
        "days in mm/month": (lambda: hm.monthly_amount(series(DAYS, units="mm/month")), UnitsError, "'mm/month'"),
        "temperature in mm": (lambda: hm.monthly_temperature(series(MONTHS, units="mm")), UnitsError, "'mm'"),
        "kelvins called Celsius": (lambda: hm.monthly_temperature(series(MONTHS, 280.0, "degC")).to_numpy(), UnitsError, "280 degC"),
        "Celsius called kelvins": (lambda: hm.monthly_temperature(series(MONTHS, 7.0, "K")).to_numpy(), UnitsError, "-266"),
        "negative": (lambda: hm.monthly_amount(series(MONTHS, -1.0)).to_numpy(), LayerError, "-1 mm"),
        "infinite": (lambda: hm.monthly_amount(series(MONTHS, np.inf)).to_numpy(), LayerError, "infinite"),
        "metres called mm/day": (lambda: hm.monthly_amount(series(MONTHS, 900.0, "mm/day")).to_numpy(), UnitsError, "at most"),
    }.values(),
)  # fmt: skip
def test_bad_series_are_one_line_errors(make, error, words):
    with pytest.raises(error, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)
    assert str(caught.value).count(";") >= 2


# NetCDF


@pytest.mark.parametrize("name", ["noleap", "360_day", "standard"])
def test_calendars_survive_the_door(saved, name):
    times = xr.date_range("2000-01-01", periods=26, freq="MS", calendar=name, use_cftime=True)
    rain = saved(on_file(times, np.full((26, 2, 3), 1 / 86400), "kg m-2 s-1")).open((4, 51, 6, 53))
    assert rain.shape == (26, 2, 2)
    months = hm.monthly_amount(rain)
    days = {"noleap": 28, "360_day": 30, "standard": 29}[name]
    np.testing.assert_allclose(months.to_numpy()[1], days, rtol=1e-6)


@pytest.mark.parametrize("units", ["months since 1990-01-01", "years since 1990-01-01", "fortnights since 1990-01-01"])
def test_times_that_count_no_days_are_refused_with_the_way_out(saved, units):
    rain = on_file(np.arange(2.0), np.ones((2, 2, 3)))
    rain["time"].attrs["units"] = units
    with pytest.raises(FileError, match=f"'{units}'.*expected 'days since' a date; write them anew") as caught:
        saved(rain).open()
    assert "whole file" not in str(caught.value)


def test_months_of_thirty_days_may_be_counted(saved):
    rain = on_file(np.arange(26.0), np.full((26, 2, 3), 30.0))
    rain["time"].attrs |= {"units": "months since 1990-01-01", "calendar": "360_day"}
    months = hm.monthly_amount(saved(rain).open())
    assert str(months["time"].to_numpy()[25])[:7] == "1992-02"


def test_bounds_say_which_month_a_value_is_for(saved):
    """Values stamped at the end of their month: the bounds put January's back into January."""
    starts = pd.date_range("2000-01-01", periods=12, freq="MS")
    ends = starts + pd.offsets.MonthBegin()
    rain = on_file(ends, np.arange(72.0).reshape(12, 2, 3))
    rain["time"].attrs["bounds"] = "time_bnds"
    data = rain.to_dataset().assign(time_bnds=(("time", "nv"), np.stack([starts, ends], axis=1)))
    opened = saved(data, encoding=DATED).open()
    assert any("bounds" in note for note in opened.attrs["notes"])
    months = hm.monthly_amount(opened)
    assert str(months["time"].to_numpy()[0])[:7] == "2000-01"
    np.testing.assert_array_equal(months.to_numpy()[0].ravel(), np.arange(6))


def test_bad_bounds_and_climatologies_are_refused(saved):
    starts = pd.date_range("2000-01-01", periods=12, freq="MS")
    rain = on_file(starts, np.ones((12, 2, 3)))
    back = np.stack([starts + pd.offsets.MonthBegin(), starts], axis=1)
    rain["time"].attrs["climatology"] = "time_bnds"
    data = rain.to_dataset().assign(time_bnds=(("time", "nv"), back[:, ::-1]))
    with pytest.raises(LayerError, match="climatology"):
        saved(data, encoding=DATED).open()
    del rain["time"].attrs["climatology"]
    rain["time"].attrs["bounds"] = "time_bnds"
    data = rain.to_dataset().assign(time_bnds=(("time", "nv"), back))
    with pytest.raises(LayerError, match="ends before it begins"):
        saved(data, encoding=DATED).open()


def rotated(**mapping):
    values = np.arange(12.0).reshape(3, 4)
    data = xr.DataArray(
        values,
        dims=("rlat", "rlon"),
        coords={
            "rlat": ("rlat", [1.0, 0.5, 0.0], {"standard_name": "grid_latitude", "units": "degrees"}),
            "rlon": ("rlon", [-8.0, -7.5, -7.0, -6.5], {"standard_name": "grid_longitude", "units": "degrees"}),
        },
        attrs={"units": "mm", **({"grid_mapping": "rotated_pole"} if mapping else {})},
        name="pr",
    ).to_dataset()
    return data.assign(rotated_pole=xr.DataArray(0, attrs=mapping)) if mapping else data


def test_a_rotated_pole_is_read_in_its_own_crs(saved):
    """Against PROJ's own rotation of degrees: centres of cells lie where it says, and areas are those on the ground."""
    rain = saved(rotated(**POLE)).open()
    np.testing.assert_array_equal(rain.to_numpy(), np.arange(12.0).reshape(3, 4))
    to_degrees = pyproj.Transformer.from_crs(rain.rio.crs, 4326, always_xy=True)
    truth = pyproj.Transformer.from_crs(pyproj.CRS.from_cf(POLE), 4326, always_xy=True)
    x, y = np.meshgrid(rain["x"], rain["y"])
    expected = truth.transform(*np.meshgrid([-8.0, -7.5, -7.0, -6.5], [1.0, 0.5, 0.0]))
    np.testing.assert_allclose(to_degrees.transform(x, y), expected, atol=1e-7)
    corners = truth.transform([-8.25, -7.75, -7.75, -8.25], [1.25, 1.25, 0.75, 0.75])
    on_ground = abs(pyproj.Geod(ellps="WGS84").polygon_area_perimeter(*corners)[0])
    found = np.broadcast_to(cell_areas(grid_of(rain, name="rain"), (0, 0, 3, 4)), (3, 4))[0, 0]
    assert found == pytest.approx(on_ground, rel=2e-4)


def test_a_rotated_pole_is_cut_to_an_area_in_true_degrees(saved):
    whole = saved(rotated(**POLE)).open()
    to_degrees = pyproj.Transformer.from_crs(whole.rio.crs, 4326, always_xy=True)
    lon, lat = to_degrees.transform(float(whole["x"][2]), float(whole["y"][1]))
    cut = saved(rotated(**POLE)).open((lon - 0.01, lat - 0.01, lon + 0.01, lat + 0.01))
    assert cut.to_numpy().tolist() == [[6.0]]


@pytest.mark.parametrize(
    "missing", [{}, {"grid_mapping_name": "rotated_latitude_longitude", "grid_north_pole_latitude": 39.25}]
)
def test_a_rotated_pole_without_its_pole_is_refused(saved, missing):
    with pytest.raises((GridError, FileError), match=r"rotated pole|no CRS"):
        saved(rotated(**missing)).open()


def test_a_curvilinear_grid_is_refused(saved):
    lat, lon = np.meshgrid(LAT, LON, indexing="ij")
    data = xr.DataArray(
        np.ones((2, 3)),
        dims=("j", "i"),
        coords={"lat": (("j", "i"), lat), "lon": (("j", "i"), lon)},
        attrs={"units": "mm"},
        name="pr",
    )
    with pytest.raises(GridError, match="curvilinear"):
        saved(data).open()


# Zarr


@pytest.fixture
def store(tmp_path):
    pytest.importorskip("zarr", reason="the extra 'zarr' is not installed")

    def save(version=3, **encoding):
        path = tmp_path / f"rain{version}.zarr"
        times = pd.date_range("2000-01-01", periods=24, freq="MS")
        data = on_file(times, np.arange(144, dtype="float32").reshape(24, 2, 3)).to_dataset()
        data.to_zarr(path, zarr_format=version, consolidated=False, encoding={"pr": {"chunks": (24, 1, 3), **encoding}})
        return path

    return save


@pytest.mark.parametrize("version", [2, 3])
def test_a_zarr_store_is_read_like_a_file(store, version):
    rain = layer(str(store(version))).open((4, 51, 6, 53))
    np.testing.assert_array_equal(rain.to_numpy(), np.arange(144).reshape(24, 2, 3)[..., :2])
    assert rain.encoding["preferred_chunks"] == {"y": 1, "x": 3}
    assert len(rain.attrs["layer"]["sha256"]) == 64


def test_a_packed_zarr_store_is_read_too(store, tmp_path):
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", store())
    assert float(layer(packed).open().sum()) == np.arange(144).sum()


def test_without_zarr_the_error_names_the_extra(store, monkeypatch):
    path, real = store(), builtins.__import__

    def without(name, *rest, **more):
        if name.split(".")[0] == "zarr":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"hazardmap\[zarr\]"):
        layer(str(path)).open()


def test_hostile_and_broken_stores_are_refused(store, tmp_path):
    linked = store()
    (linked / "out").symlink_to("/etc/hostname")
    with pytest.raises(FileError, match="link"):
        layer(str(linked)).open()
    broken = store(2)
    (broken / "pr" / ".zarray").write_text("{")
    with pytest.raises((FileError, LayerError)):
        layer(str(broken)).open()
    empty = tmp_path / "empty.zarr"
    empty.mkdir()
    with pytest.raises(FileError, match="empty"):
        layer(str(empty)).open()
    with pytest.raises(FileError, match="not there"):
        layer(str(tmp_path / "none.zarr")).open()


def test_pickled_values_are_never_decoded(store):
    path = store(2)
    head = path / "pr" / ".zarray"
    said = json.loads(head.read_text())
    head.write_text(json.dumps({**said, "filters": [{"id": "pickle", "protocol": 5}]}))
    with pytest.raises(FileError, match=r"pickle|Python objects"):
        layer(str(path)).open()


# Tiles


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4), st.integers(1, 4), st.data())
def test_tiles_give_what_the_whole_gives_and_each_is_made_once(rows, columns, height, width, data):
    whole, made = np.arange(2 * rows * columns).reshape(2, rows, columns), []

    def compute(y, x):
        made.append((y.start, x.start))
        return whole[:, y, x]

    tiles = Tiles(whole.shape, (height, width), compute)
    for _ in range(3):
        y = sorted(data.draw(st.lists(st.integers(0, rows), min_size=2, max_size=2, unique=True)))
        x = sorted(data.draw(st.lists(st.integers(0, columns), min_size=2, max_size=2, unique=True)))
        key = (slice(0, 2), slice(*y), slice(*x))
        np.testing.assert_array_equal(tiles.read(key), whole[key])
    assert len(made) == len(set(made))


def test_tiles_forget_when_memory_is_short():
    made = []

    def compute(y, _):
        made.append(y.start)
        return np.zeros((1, 1, 10))

    tiles = Tiles((1, 3, 10), (1, 10), compute, most_bytes=100)
    for row in (0, 0, 1, 0):
        tiles.read((slice(0, 1), slice(row, row + 1), slice(0, 10)))
    assert made == [0, 1, 0]
