"""The questions asked at the door: each error shows what was found, what was expected, and what to do."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from affine import Affine

from hazardmap import checks
from hazardmap.errors import CoordinatesError, CRSMismatchError, GridError, LayerError, MissingCRSError, UnitsError


def points(*places, crs=4326):
    return gpd.GeoDataFrame(geometry=[shapely.Point(place) for place in places], crs=crs)


def test_crs_name():
    assert checks.crs_name("EPSG:28992") == "EPSG:28992"
    assert checks.crs_name(None) == "no CRS"
    assert len(checks.crs_name("+proj=laea +lat_0=52 +lon_0=10")) <= 40


def test_require_crs(raster):
    assert checks.require_crs(raster([[1]]), name="a").to_epsg() == 3035
    with pytest.raises(MissingCRSError, match=r"sites has no CRS; .* use sites\.set_crs"):
        checks.require_crs(points((5, 52), crs=None), name="sites")
    with pytest.raises(MissingCRSError, match=r"use depth\.rio\.write_crs"):
        checks.require_crs(raster([[1]]).drop_vars("spatial_ref"), name="depth")


def test_the_order_of_axes_is_no_other_crs(raster):
    """A GeoTIFF of 1990s software names the axes of EPSG:3035 the other way round."""
    swapped = pyproj.CRS.from_wkt(raster([[1]]).rio.crs.to_wkt())
    assert checks.same_crs(swapped, 3035)
    checks.require_same_crs(points((5, 52), crs=3035), swapped, name="a", other="b")
    with pytest.raises(
        CRSMismatchError, match=r"a is in EPSG:4326 but b is in EPSG:3035; use a\.to_crs\('EPSG:3035'\)"
    ):
        checks.require_same_crs(points((5, 52)), swapped, name="a", other="b")


@pytest.mark.parametrize(
    ("frame", "error", "message"),
    [
        (points(), LayerError, "a is empty"),
        (points((5, 251)), CoordinatesError, "latitude of 251"),
        (points((5, -91)), CoordinatesError, "latitude of -91"),
        (points((361, 5)), CoordinatesError, "longitude of 361"),
        (points((5, np.inf)), CoordinatesError, "not finite"),
        (gpd.GeoDataFrame(geometry=[None, shapely.Point(5, 5)], crs=4326), LayerError, "1 features without geometry"),
        (points((5, 52), crs=None), MissingCRSError, "has no CRS"),
    ],
)
def test_require_features(frame, error, message):
    with pytest.raises(error, match=message):
        checks.require_features(frame, name="a")


def test_metres_have_no_range():
    checks.require_features(points((5_000_000, 251), crs=3035), name="a")
    checks.require_features(points((-180, 90), (360, -90)), name="a")


def test_grid_of(raster):
    grid = checks.grid_of(raster([[1, 2, 3], [4, 5, 6]], left=10, top=20, cell=5))
    assert grid.shape == (2, 3)
    assert grid.transform == Affine(5, 0, 10, 0, -5, 20)
    with pytest.raises(GridError, match=r"dimensions"):
        checks.grid_of(raster([[1, 2], [3, 4]]).transpose("x", "y"))
    with pytest.raises(GridError, match=r"no cells"):
        checks.grid_of(raster([[1, 2], [3, 4]])[:0])
    with pytest.raises(GridError, match=r"rotated"):
        checks.grid_of(raster([[1, 2], [3, 4]]).rio.write_transform(Affine.rotation(10)))
    uneven = raster([[1, 2, 3]])
    with pytest.raises(GridError, match=r"unlike size along x"):
        checks.grid_of(uneven.assign_coords(x=[0, 1, 5]))


def test_require_same_grid(raster):
    here = checks.grid_of(raster([[1, 2], [3, 4]], cell=100))
    nearly = checks.grid_of(raster([[1, 2], [3, 4]], cell=100, left=0.05))
    checks.require_same_grid(here, nearly, name="a", other_name="b")
    for other in ({"left": 50}, {"crs": 28992}, {"cell": 50}):
        grid = checks.grid_of(raster([[1, 2], [3, 4]], **{"cell": 100, **other}))
        with pytest.raises(GridError, match=r"a lies on 2 x 2 cells .* but b lies on 2 x 2 cells"):
            checks.require_same_grid(here, grid, name="a", other_name="b")


def test_require_range(raster):
    checks.require_range(raster([[1, 2]], crs=4326, left=5, top=52), name="a")
    checks.require_range(raster([[1, 2]], top=252), name="a")
    with pytest.raises(CoordinatesError, match=r"latitude of 251\.5"):
        checks.require_range(raster([[1, 2]], crs=4326, left=5, top=252), name="a")


@pytest.mark.parametrize(
    "area",
    [None, 5, "2,48,9,54", [2, 48, 9], [2, 48, 9, float("nan")], [9, 48, 2, 54], [2, 54, 9, 48], [2, 48, 9, 251]],
)
def test_require_area(area):
    with pytest.raises(CoordinatesError, match=r"the area is .*; expected \[west, south, east, north\]"):
        checks.require_area(area)


def test_factor_to_and_same_units():
    assert checks.factor_to("m", "cm", name="a") == 0.01
    assert checks.factor_to("mm", "m", name="a") == 1000
    assert checks.factor_to("m3/s", "m3/s", name="a") == 1
    for found, message in (("", "has no units"), (None, "has no units"), ("ft", "is in 'ft'; expected 'm' or one of")):
        with pytest.raises(UnitsError, match=message):
            checks.factor_to("m", found, name="a")
    assert checks.same_units("people", "inhabitants")
    assert checks.same_units("ft", "ft")
    assert not checks.same_units("ft", "m")
    assert not checks.same_units("ft", "feet")


def test_require_numbers():
    table = pd.DataFrame({"n": [1.0, np.nan], "text": ["1,200", None], "flag": [True, False], "inf": [1, np.inf]})
    checks.require_numbers(table, "n", name="a")
    for column, message in (("text", "'1,200'"), ("flag", "True"), ("inf", "infinity"), ("m", "no column 'm'")):
        with pytest.raises(LayerError, match=message):
            checks.require_numbers(table, column, name="a")


def test_require_unique_and_dimension():
    checks.require_unique(pd.Series(["a", "b"]), name="x")
    with pytest.raises(LayerError, match=r"the id 'b' more than once"):
        checks.require_unique(pd.Series(["a", "b", "b"]), name="x")
    with pytest.raises(LayerError, match=r"1 rows without an id"):
        checks.require_unique(pd.Series(["a", None]), name="x")
    assert checks.require_dimension(points((5, 52)), 0, name="x") == 0
    with pytest.raises(LayerError, match=r"holds points; expected polygons"):
        checks.require_dimension(points((5, 52)), 2, name="x")
    mixed = gpd.GeoDataFrame(geometry=[shapely.Point(5, 52), shapely.box(5, 52, 6, 53)], crs=4326)
    with pytest.raises(LayerError, match=r"points and polygons; expected one kind"):
        checks.require_dimension(mixed, None, name="x")
