"""Rasters through the door: lazy, with units and CRS, NaN for missing."""

import numpy as np
import pyproj
import pytest
import rasterio
import rioxarray
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import from_origin

from hazardmap import lazy
from hazardmap.catalog import layer
from hazardmap.errors import (
    CoordinatesError,
    CRSMismatchError,
    GridError,
    LayerError,
    MissingCRSError,
    NoOverlapError,
    UnitsError,
)


@pytest.fixture
def tiff(tmp_path):
    def write(values, *, name="depth.tif", transform=None, scale=None, offset=None, units=None, **options):
        array = np.asarray(values)
        bands = array.reshape(-1, *array.shape[-2:])
        profile = {"driver": "GTiff", "crs": "EPSG:3035", **options}
        with rasterio.open(
            tmp_path / name,
            "w",
            count=len(bands),
            height=array.shape[-2],
            width=array.shape[-1],
            dtype=array.dtype,
            transform=transform or from_origin(4_000_000, 3_200_000, 100, 100),
            **profile,
        ) as target:
            target.write(bands)
            target.scales = (scale or 1.0,) * len(bands)
            target.offsets = (offset or 0.0,) * len(bands)
            if units:
                target.units = (units,) * len(bands)
        return tmp_path / name

    return write


def card(path, **keys):
    return layer({"path": str(path), "units": "m", **keys})


def test_nodata_becomes_nan_and_the_type_is_real(tiff):
    depth = card(tiff(np.array([[1, -9], [3, 0]], "int16"), nodata=-9)).open()
    assert depth.dims == ("y", "x")
    assert depth.dtype == "float32"
    np.testing.assert_array_equal(depth.to_numpy(), [[1, np.nan], [3, 0]])
    assert depth.attrs["units"] == "m"
    assert depth.rio.crs.to_epsg() == 3035
    np.testing.assert_array_equal(depth["x"], [4_000_050, 4_000_150])
    np.testing.assert_array_equal(depth["y"], [3_199_950, 3_199_850])


def test_scale_offset_and_nan_in_the_file(tiff):
    path = tiff(np.array([[10, 20], [30, 255]], "uint8"), nodata=255, scale=0.1, offset=1)
    np.testing.assert_allclose(card(path).open().to_numpy(), [[2, 3], [4, np.nan]], rtol=1e-6)
    path = tiff(np.array([[np.nan, 2], [-9999, 4]], "float64"), nodata=-9999)
    np.testing.assert_array_equal(card(path).open().to_numpy(), [[np.nan, 2], [np.nan, 4]])


def test_dry_is_nodata(tiff):
    depth = card(tiff(np.array([[1, -9], [np.nan, 0]], "float32"), nodata=-9), dry_is_nodata=True).open()
    np.testing.assert_array_equal(depth.to_numpy(), [[1, 0], [0, 0]])
    assert any("taken as 0 (dry)" in note for note in depth.attrs["notes"])


def test_codes_stay_as_they_are(tiff):
    path = tiff(np.array([[1, 128], [0, 247]], "uint8"), nodata=247)
    codes = layer({"path": str(path), "integer": True}).open()
    assert codes.dtype == "uint8"
    np.testing.assert_array_equal(codes.to_numpy(), [[1, 128], [0, 247]])
    assert codes.attrs["units"] == "1"
    assert codes.rio.nodata == 247
    with pytest.raises(LayerError, match=r"holds float32 but its card says integer"):
        layer({"path": str(tiff(np.ones((2, 2), "float32"))), "integer": True}).open()


def test_units_come_from_card_or_file_and_agree(tiff):
    path = tiff(np.ones((2, 2), "float32"), units="metre")
    assert layer({"path": str(path)}).open().attrs["units"] == "metre"
    assert card(path).open().attrs["units"] == "m"
    with pytest.raises(UnitsError, match=r"is in 'metre' but its card says 'cm'"):
        card(path, units="cm").open()
    with pytest.raises(UnitsError, match=r"has no units .* add 'units: m'"):
        layer({"path": str(tiff(np.ones((2, 2), "float32")))}).open()


def test_crs_comes_from_file_or_card_and_agrees(tiff):
    path = tiff(np.ones((2, 2), "float32"))
    assert card(path, crs="EPSG:3035").open().rio.crs.to_epsg() == 3035
    with pytest.raises(CRSMismatchError, match=r"is in EPSG:3035 but its card says EPSG:28992"):
        card(path, crs="EPSG:28992").open()
    path = tiff(np.ones((2, 2), "float32"), crs=None)
    with pytest.raises(MissingCRSError, match=r"has no CRS in its file or on its card"):
        card(path).open()
    assert card(path, crs="EPSG:3035").open().rio.crs.to_epsg() == 3035
    with pytest.raises(LayerError, match=r"'EPSG:99999999', which is none"):
        card(path, crs="EPSG:99999999").open()


def test_refused_grids(tiff):
    with pytest.raises(CoordinatesError, match=r"latitude of 251"):
        card(tiff(np.ones((2, 2), "float32"), crs="EPSG:4326", transform=from_origin(5, 251.5, 1, 1))).open()
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        path = tiff(np.ones((2, 2), "float32"), transform=rasterio.Affine.identity())
    with pytest.raises(GridError, match=r"does not say where its cells are"):
        card(path).open()
    with pytest.raises(LayerError, match=r"complex64"):
        card(tiff(np.ones((2, 2), "complex64"))).open()


def test_one_band_of_several(tiff):
    path = tiff(np.array([[[1.0]], [[2.0]]]))
    assert card(path, band=2).open().to_numpy() == [[2]]
    with pytest.raises(LayerError, match=r"has 2 bands; expected one; name it"):
        card(path).open()
    with pytest.raises(LayerError, match=r"has 2 bands but its card names band 3"):
        card(path, band=3).open()


def test_nothing_is_read_on_opening(tiff, monkeypatch):
    from hazardmap.catalog import raster

    read = []
    real = raster._read_values
    monkeypatch.setattr(raster, "_read_values", lambda *args: read.append(args[-1]) or real(*args))
    path = tiff(np.arange(10_000, dtype="float32").reshape(100, 100))
    depth = card(path).open((0, 40, 20, 60))
    part = depth[10:20, 30:35]
    assert read == []
    np.testing.assert_array_equal(part.to_numpy(), np.arange(10_000).reshape(100, 100)[10:20, 30:35])
    assert read == [(slice(10, 20), slice(30, 35))]


# xarray itself fails on a slice that runs backwards over nothing, so it never reaches us.
slices = st.slices(7).filter(lambda each: len(range(7)[each]) > 0)
key = st.integers(-7, 6) | slices | st.lists(st.integers(0, 6), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(key, key)
def test_lazy_indexing_is_that_of_numpy(rows, columns):
    import xarray as xr

    values = np.arange(49).reshape(7, 7)
    part = xr.DataArray(lazy.lazy(("y", "x"), (7, 7), values.dtype, lambda key: values[key]))
    found = part.isel(y=rows).isel(x=columns)
    np.testing.assert_array_equal(found.to_numpy(), values[rows][..., columns])


def test_an_area_keeps_the_cells_that_touch_it(tiff):
    values = np.arange(100, dtype="float32").reshape(10, 10)
    path = tiff(values, crs="EPSG:4326", transform=from_origin(5, 52, 0.1, 0.1))
    cut = card(path).open((5.25, 51.45, 5.4, 51.6))
    np.testing.assert_array_equal(cut.to_numpy(), values[4:6, 2:4])
    np.testing.assert_allclose(cut.rio.bounds(), (5.2, 51.4, 5.4, 51.6))
    np.testing.assert_allclose(cut.rio.bounds(recalc=True), (5.2, 51.4, 5.4, 51.6))
    assert card(path).open((0, 40, 20, 60)).shape == (10, 10)
    with pytest.raises(NoOverlapError, match=r"lies at 5\.\.6 E, 51\.\.52 N, outside the area 10\.\.11 E"):
        card(path).open((10, 51, 11, 52))
    with pytest.raises(CoordinatesError, match=r"west < east"):
        card(path).open((6, 51, 5, 52))


def test_an_area_in_another_crs_and_rows_that_run_north(tiff):
    """Every cell whose centre is inside the area is there, and no row or column is wholly outside of it."""
    values = np.arange(60 * 60, dtype="float32").reshape(60, 60)
    area = (4.36, 52.0, 4.39, 52.02)
    forward = rasterio.Affine(100, 0, 80_000, 0, -100, 452_000)
    for transform in (forward, forward * rasterio.Affine(1, 0, 0, 0, -1, 60)):
        path = tiff(values, crs="EPSG:28992", transform=transform)
        whole, cut = card(path).open(), card(path).open(area)
        to_degrees = pyproj.Transformer.from_crs(28992, 4326, always_xy=True)
        lon, lat = to_degrees.transform(*np.meshgrid(whole["x"], whole["y"]))
        inside = (lon > area[0]) & (lon < area[2]) & (lat > area[1]) & (lat < area[3])
        assert inside.sum() > 100
        assert set(whole.to_numpy()[inside]) <= set(cut.to_numpy().ravel())
        there = np.isin(whole.to_numpy(), cut.to_numpy())
        near = shapely.box(*area).buffer(0.002)
        assert shapely.contains_xy(near, lon[there], lat[there]).any()
        assert cut.size < 1.4 * inside.sum() + 200


def test_blocks_cover_the_raster_once_in_the_order_of_the_file(tiff):
    values = np.random.default_rng(1).random((3000, 3000)).astype("float32")
    path = tiff(values, tiled=True, blockxsize=512, blockysize=512, compress="deflate")
    seen = np.full(values.shape, np.nan)
    windows = []
    for (row, column, height, width), block in card(path).blocks():
        assert row % 512 == 0
        assert column % 512 == 0
        assert np.isnan(seen[row : row + height, column : column + width]).all()
        seen[row : row + height, column : column + width] = block
        windows.append((row, column))
    np.testing.assert_array_equal(seen, values)
    assert windows == sorted(windows)
    assert len(windows) > 1
    with pytest.raises(LayerError, match=r"holds features; expected a raster"):
        next(layer({"path": "a.gpkg"}).blocks())


def test_what_a_raster_does_not_cover(tiff):
    path = tiff(np.ones((10, 10), "float32"), crs="EPSG:4326", transform=from_origin(5, 52, 0.1, 0.1))
    assert card(path).not_covered((5.2, 51.2, 5.8, 51.8)) is None
    rest = card(path).not_covered((5.5, 51, 7, 52))
    assert rest.equals(shapely.box(6, 51, 7, 52)) or rest.area == pytest.approx(1)
    assert card(path, covers=[5, 51, 5.5, 52]).not_covered((5, 51, 6, 52)).area == pytest.approx(0.5)


def test_provenance_travels(tiff):
    import hashlib

    path = tiff(np.ones((2, 2), "float32"))
    depth = card(
        path, title={"en": "Depth", "nl": "Diepte"}, licence="CC0-1.0", status="synthetic", uncertainty_m=5, note="Toy."
    ).open()
    assert depth.attrs["layer"] == {
        "name": "depth",
        "title": {"en": "Depth", "nl": "Diepte"},
        "licence": "CC0-1.0",
        "attribution": None,
        "source": None,
        "date": None,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "status": "synthetic",
        "redistribute": True,
    }
    assert depth.attrs["notes"] == ["Toy.", "depth: locations are known to 5 m"]
    assert depth.attrs["uncertainty_m"] == 5


def test_real_files_are_as_rioxarray_reads_them(shared_data):
    for name in ("flood/efas_rp500_3035.tif", "river/rhine_meuse_elv.tif", "river/meuse1200m_dem.tif"):
        ours = card(shared_data / name).open()
        theirs = rioxarray.open_rasterio(shared_data / name, masked=True)[0]
        np.testing.assert_array_equal(ours.to_numpy(), theirs.to_numpy())
        np.testing.assert_allclose(ours["x"], theirs["x"])
        np.testing.assert_allclose(ours["y"], theirs["y"])
        assert ours.rio.crs == theirs.rio.crs
