"""Rasters of the page: values, classes and cells survive."""

import gzip

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
import rioxarray  # noqa: F401  (registers the .rio accessor)
import xarray as xr
from affine import Affine
from hypothesis import given, settings
from pyproj import Transformer
from scipy.ndimage import map_coordinates

from hazardmap.outputs.webmap.raster import encode_raster, origin_codes, zoom_limit

LEVELS = (0.1, 0.5, 1.0, 2.0)


def make(values, *, left=5.0, top=51.0, cell=0.01, crs="EPSG:4326", south_up=False):
    values = np.asarray(values, dtype="float32")
    rows, columns = values.shape[1:]
    y = top - cell * (np.arange(rows) + 0.5)
    transform = Affine(cell, 0, left, 0, -cell, top)
    if south_up:
        values, y, transform = values[:, ::-1], y[::-1], Affine(cell, 0, left, 0, cell, top - rows * cell)
    raster = xr.DataArray(
        values, dims=("scenario", "y", "x"), coords={"y": y, "x": left + cell * (np.arange(columns) + 0.5)}
    )
    return raster.rio.write_crs(crs).rio.write_transform(transform)


def read(encoded):
    """Codes, values and classes of every cell, read by the letter of the description."""
    told = encoded.description
    shape = (told["scenarios"], told["rows"], told["columns"])
    raw = np.frombuffer(gzip.decompress(encoded.payload), dtype=np.uint8).astype(int)
    cells = int(np.prod(shape))
    codes = raw[:cells] + (256 * raw[cells : 2 * cells] if told["bytes"] == 2 else 0)
    codes = codes.reshape(shape)
    if told["coding"] == "difference":
        codes = np.cumsum(codes, axis=0) % 256 ** told["bytes"]
    if told["coding"] == "row":
        codes = np.cumsum(codes, axis=2) % 256 ** told["bytes"]
    values = np.where(codes == 0, np.nan, told["lowest"] + (codes - 1) * told["step"])
    interval = np.searchsorted(told["starts"], codes, side="right") - 1
    classes = np.where(codes == 0, -9, np.asarray(told["classes"])[interval])
    return codes, values, classes


def true_class(values, levels, worse):
    sign = 1 if worse == "higher" else -1
    classes = np.searchsorted(sign * np.asarray(levels), sign * values, side="right") - 1
    return np.where(np.isnan(values), -9, classes)


depths = st.floats(0, 30, width=32) | st.sampled_from([0.0, 0.1, 0.5, 1.0, 2.0, np.nan, 0.04, 0.0999, 1.9999])


@settings(max_examples=200, deadline=None)
@given(st.lists(depths, min_size=6, max_size=6), st.sampled_from([LEVELS, (0.5, 1.0, 2.0, 4.0), (0.3,)]))
def test_rounding_keeps_class_wet_dry_and_missing(values, levels):
    field = np.asarray(values, dtype="float32").reshape(2, 1, 3)
    encoded = encode_raster(make(field), levels=levels, units="m")
    _, found, classes = read(encoded)
    exact = field.astype(float)
    edges = np.asarray(levels)
    assert (classes == true_class(exact, edges, "higher")).all()
    assert (np.isnan(found) == np.isnan(exact)).all()
    assert ((found > 0) == (exact > 0))[~np.isnan(exact)].all()
    assert np.nanmax(np.abs(found - exact), initial=0) <= encoded.description["step"] + 1e-9


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-4, 4, width=32) | st.just(np.nan) | st.sampled_from([-1.0, -1.5]), min_size=4, max_size=4))
def test_where_lower_is_worse_classes_are_kept_too(values):
    field = np.asarray(values, dtype="float32").reshape(1, 2, 2)
    levels = (-1.0, -1.5, -2.0)
    _, _, classes = read(encode_raster(make(field), levels=levels, worse="lower"))
    assert (classes == true_class(field.astype(float), levels, "lower")).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 8, width=32) | st.sampled_from([0.0, 0.5, np.nan]), min_size=6, max_size=6))
def test_a_class_from_zero_holds_what_is_wet_and_nothing_dry(values):
    """National schemes begin at 0 m; 0 itself is dry."""
    field = np.asarray(values, dtype="float32").reshape(2, 1, 3)
    _, found, classes = read(encode_raster(make(field), levels=(0, 0.5, 1.0), units="m"))
    exact = field.astype(float)
    wet = np.where(exact > 0, np.searchsorted([0.5, 1.0], exact, side="right"), -1)
    assert (classes == np.where(np.isnan(exact), true_class(exact, [0.5], "higher"), wet)).all()
    assert ((found > 0) == (exact > 0))[~np.isnan(exact)].all()


def test_decimetres_fit_one_byte():
    encoded = encode_raster(make([[[0, 1.24, 6.5]]]), levels=(0.5, 1, 2), units="m")
    assert encoded.description["step"] == 0.1
    assert encoded.description["bytes"] == 1
    assert np.allclose(read(encoded)[1], [[[0, 1.2, 6.5]]])


def test_south_up_rasters_are_turned():
    field = [[[1, 2], [3, 4]]]
    plain, turned = (encode_raster(make(field, south_up=way), levels=(1,), units="m") for way in (False, True))
    assert plain == turned


def test_blocks_keep_the_worst_and_forget_no_wet_cell():
    field = np.zeros((1, 7, 9))
    field[0, 6, 8] = 3
    field[0, 0, 0] = np.nan
    encoded = encode_raster(make(field), levels=(0.5,), units="m", max_cells=20)
    _, values, _ = read(encoded)
    assert encoded.description["worst_of"] == 2
    assert values.shape == (1, 4, 5)
    assert values[0, 3, 4] == 3
    assert np.nansum(values) == 3


@pytest.mark.parametrize(
    ("crs", "left", "top", "cell", "columns"),
    [
        ("EPSG:3035", 3_930_000, 3_240_000, 100, 3000),
        ("EPSG:28992", 90_000, 440_000, 25, 200),
        ("EPSG:3857", 6e5, 6.6e6, 50, 90),
    ],
)
def test_the_lattice_finds_the_cell_of_a_place(crs, left, top, cell, columns):
    field = np.zeros((1, 500, columns))
    encoded = encode_raster(make(field, left=left, top=top, cell=cell, crs=crs), levels=(1,), units="m")
    lattice, count = encoded.description["lattice"], encoded.description["lattice"]["nodes"]
    nodes = np.frombuffer(gzip.decompress(encoded.payload)[field.size :], dtype="<f4").reshape(2, count, count)
    rng = np.random.default_rng(3)
    column, row = rng.uniform(0, columns, 2000), rng.uniform(0, 500, 2000)
    x, y = Transformer.from_crs(crs, 3857, always_xy=True).transform(left + cell * column, top - cell * row)
    # Web Mercator in [0, 1): the world is 40,075,016.686 m around
    u = (x / 40_075_016.686 + 0.5 - lattice["west"]) / (lattice["east"] - lattice["west"]) * (count - 1)
    v = (0.5 - y / 40_075_016.686 - lattice["north"]) / (lattice["south"] - lattice["north"]) * (count - 1)
    for axis, exact in enumerate((column, row)):
        assert np.abs(map_coordinates(nodes[axis], [v, u], order=1) - exact).max() < 0.06


def test_the_smaller_coding_is_taken():
    rng = np.random.default_rng(0)
    once = rng.integers(0, 100, (1, 50, 50)) / 10
    assert encode_raster(make(np.repeat(once, 3, axis=0)), levels=(1,), units="m").description["coding"] == "difference"
    assert (
        encode_raster(make(rng.integers(0, 100, (3, 50, 50)) / 10), levels=(1,), units="m").description["coding"]
        == "plain"
    )


def test_origins_are_kept_in_whole_per_cent_where_it_is_wet():
    shares = pd.DataFrame({"source": [4, 4, 9], "origin": ["DE", "FR", "BE"], "share": [0.251, 0.749, 1.0]})
    codes, mixes = origin_codes(np.array([[4, 9, 5]], dtype="int32"), shares)
    assert [mixes[code - 1] if code else [] for code in codes[0]] == [[["FR", 75], ["DE", 25]], [["BE", 100]], []]
    encoded = encode_raster(make([[[0, 2, 2]]]), levels=(1,), units="m", origins=codes)
    raw = np.frombuffer(gzip.decompress(encoded.payload), dtype=np.uint8)
    assert raw[-6:-3].tolist() == [0, codes[0, 1], 0]


def test_coarse_rasters_are_hidden_before_they_look_sharp():
    # a cell of 926 m at 51 N measures 24 px at most: 156543 cos(51) / 2^11 = 48 m a pixel, 19 px
    assert zoom_limit(926, 51) == 11
    assert zoom_limit(5000, 51) == 8
    assert zoom_limit(5, 51) >= 18
