"""NetCDF through the door: one variable on a regular grid, with or without times."""

import itertools

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from hazardmap.catalog import layer
from hazardmap.errors import CoordinatesError, CRSMismatchError, GridError, LayerError, MissingCRSError, UnitsError

LAT, LON = [52.5, 51.5], [4.5, 5.5, 6.5]
VALUES = np.array([[1, 2, 3], [4, np.nan, 6]], "float32")


def grid(values=VALUES, dims=("lat", "lon"), coords=None, **attrs):
    coords = {"lat": LAT, "lon": LON} if coords is None else coords
    return xr.DataArray(values, dims=dims, coords=coords, attrs={"units": "mm", **attrs}, name="rain")


@pytest.fixture
def written(tmp_path):
    names = itertools.count()

    def write(data, **options):
        data = data.to_dataset() if isinstance(data, xr.DataArray) else data
        path = tmp_path / f"{next(names)}.nc"
        data.to_netcdf(path, **{"engine": "h5netcdf", **options})
        return layer({"path": str(path)})

    return write


@pytest.mark.parametrize("options", [{}, {"engine": "scipy", "format": "NETCDF3_64BIT"}])
def test_degrees_and_nan(written, options):
    rain = written(grid(), **options).open()
    assert rain.dims == ("y", "x")
    np.testing.assert_array_equal(rain.to_numpy(), VALUES)
    assert rain.rio.crs.to_epsg() == 4326
    assert rain.attrs["units"] == "mm"
    np.testing.assert_allclose(rain.rio.bounds(), (4, 51, 7, 53))
    assert any("taken as WGS 84" in note for note in rain.attrs["notes"])


def test_series_of_times_in_any_order_of_dimensions(written):
    times = pd.date_range("2020-01-01", periods=4, freq="MS")
    values = np.arange(24, dtype="float32").reshape(3, 2, 4)
    data = grid(values, dims=("lon", "lat", "date"), coords={"lat": LAT, "lon": LON, "date": times})
    rain = written(data, encoding={"rain": {"chunksizes": (2, 1, 4)}}).open((5.2, 51, 7, 53))
    assert rain.dims == ("time", "y", "x")
    np.testing.assert_array_equal(rain.to_numpy(), values.transpose(2, 1, 0)[..., 1:])
    assert list(rain["time"].to_numpy()) == list(times.to_numpy())
    assert rain.encoding["preferred_chunks"] == {"y": 1, "x": 2}


def test_packed_values_and_dry_nodata(written):
    encoding = {"rain": {"dtype": "int16", "scale_factor": 0.5, "add_offset": 1.0, "_FillValue": -9}}
    made = written(grid(), encoding=encoding)
    np.testing.assert_array_equal(made.open().to_numpy(), VALUES)
    dry = layer({"path": made.path, "dry_is_nodata": True}).open()
    np.testing.assert_array_equal(dry.to_numpy(), np.nan_to_num(VALUES))


def test_codes_stay_integers(written):
    made = written(grid(np.array([[1, 2, 4], [8, 16, -1]], "int16")), encoding={"rain": {"_FillValue": -1}})
    codes = layer({"path": made.path, "integer": True}).open()
    assert codes.dtype == "int16"
    assert codes.to_numpy()[1, 2] == -1
    assert codes.rio.nodata == -1


def test_grid_mapping_says_the_crs(written):
    x = xr.Variable("x", [4_000_050.0, 4_000_150], {"standard_name": "projection_x_coordinate", "units": "m"})
    y = xr.Variable("y", [3_200_050.0, 3_200_150], {"standard_name": "projection_y_coordinate", "units": "m"})
    data = xr.DataArray(np.ones((2, 2)), dims=("y", "x"), coords={"x": x, "y": y}, name="rain", attrs={"units": "mm"})
    made = written(data.rio.write_crs("EPSG:3035"))
    assert made.open().rio.crs.to_epsg() == 3035
    with pytest.raises(CRSMismatchError):
        layer({"path": made.path, "crs": "EPSG:28992"}).open()
    made = written(data)
    with pytest.raises(MissingCRSError, match=r"has no CRS"):
        made.open()
    assert layer({"path": made.path, "crs": "EPSG:3035"}).open().rio.crs.to_epsg() == 3035
    data.encoding["grid_mapping"] = "crs"
    broken = data.to_dataset().assign_coords(crs=((), 0, {"crs_wkt": "PROJCS[" * 5000}))
    with pytest.raises(LayerError, match=r"describes its CRS in 35,000 characters"):
        written(broken).open()


def test_refused_grids(written):
    rotated = xr.Variable("rlat", [1.0, 2.0], {"standard_name": "grid_latitude", "units": "degrees"})
    columns = xr.Variable("rlon", [1.0, 2.0, 3.0], {"standard_name": "grid_longitude", "units": "degrees"})
    with pytest.raises(GridError, match=r"rotated pole"):
        written(grid(dims=("rlat", "rlon"), coords={"rlat": rotated, "rlon": columns})).open()
    curved = {"lat": (("j", "i"), np.ones((2, 3))), "lon": (("j", "i"), np.ones((2, 3)))}
    with pytest.raises(GridError, match=r"curvilinear grid"):
        written(grid(dims=("j", "i"), coords=curved)).open()
    with pytest.raises(GridError, match=r"none with coordinates along x"):
        written(grid(dims=("j", "i"), coords={})).open()
    with pytest.raises(GridError, match=r"cells of unlike size along x"):
        written(grid(coords={"lat": LAT, "lon": [4, 5, 8]})).open()
    with pytest.raises(GridError, match=r"2 x 1 cells"):
        written(grid(VALUES[:, :1], coords={"lat": LAT, "lon": [4]})).open()
    with pytest.raises(CoordinatesError, match=r"latitude of 251"):
        written(grid(coords={"lat": [251, 250], "lon": LON})).open()


def test_refused_variables(written):
    with pytest.raises(UnitsError, match=r"has no units"):
        written(grid(units="")).open()
    two = xr.Dataset({"rain": grid(), "snow": grid()})
    made = written(two)
    with pytest.raises(LayerError, match=r"2 variables on a grid \(rain, snow\)"):
        made.open()
    assert layer({"path": made.path, "variable": "snow"}).open().shape == (2, 3)
    with pytest.raises(LayerError, match=r"no variable 'snwo' \(did you mean 'snow'\?\)"):
        layer({"path": made.path, "variable": "snwo"}).open()
    with pytest.raises(LayerError, match=r"dimensions .*level.* expected \(y, x\) or \(time, y, x\)"):
        written(grid(np.ones((2, 2, 3)), dims=("level", "lat", "lon"))).open()
    one = written(grid(np.ones((1, 2, 3)), dims=("level", "lat", "lon"))).open()
    assert one.dims == ("y", "x")
    assert any("only level" in note for note in one.attrs["notes"])
