"""Polygons: by hand, against every cell asked one by one, and against exactextract."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hazardmap.coverage import cell_areas, zonal
from hazardmap.errors import CoordinatesError, GeometryError
from tests.coverage.brute import Memory, at, every_cell, plane, tiles

GRIDS = {
    "equal area": (Affine(10, 0, 4_000_000, 0, -10, 3_000_000), "EPSG:3035"),
    "south up": (Affine(25, 0, 100_000, 0, 25, 500_000), "EPSG:28992"),
    "conformal, large cells": (Affine(1000, 0, 400_000, 0, -1000, 5_900_000), "EPSG:32631"),
    "degrees": (Affine(0.1, 0, 5, 0, -0.1, 52), "EPSG:4326"),
    "degrees, both ways round": (Affine(-0.1, 0, 5, 0, 0.13, 50), "EPSG:4326"),
}


def of(*shapes):
    return np.array(shapes, dtype=object)


def test_a_square_over_quarters_of_four_cells():
    depths = plane([[1.0, 2.0], [3.0, 4.0]])
    found = zonal(of(at(depths.grid, shapely.box(0.5, 0.5, 1.5, 1.5))), depths, levels=[2, 4])
    assert found.amount == pytest.approx([100])
    assert found.covered.item() == pytest.approx(100)
    assert found.total.item() == pytest.approx(25 * (1 + 2 + 3 + 4))
    assert (found.minimum.item(), found.maximum.item()) == (1, 4)
    assert found.by_class == pytest.approx(np.array([[[50, 25]]]))


def test_missing_cells_leave_numerator_and_denominator_but_not_the_extent():
    depths = plane([[1.0, np.nan], [3.0, np.nan]])
    found = zonal(of(at(depths.grid, shapely.box(0, 0, 3, 2))), depths, levels=[2])
    assert found.amount == pytest.approx([600], rel=1e-6)
    assert found.inside == pytest.approx([400])
    assert found.covered.item() == pytest.approx(200)
    assert found.total.item() == pytest.approx(400)


def test_nothing_known_is_nan_and_not_zero():
    depths = plane([[np.nan]])
    found = zonal(of(at(depths.grid, shapely.box(0, 0, 1, 1))), depths, levels=[0])
    assert found.covered.item() == 0
    assert np.isnan([found.minimum.item(), found.maximum.item()]).all()


def test_lower_is_worse():
    index = plane([[-2.5, -1.5, -1.0, 0.0]])
    found = zonal(of(at(index.grid, shapely.box(0, 0, 4, 1))), index, levels=[-1, -2], worse="lower")
    assert found.by_class == pytest.approx(np.array([[[200, 100]]]))


def test_a_level_is_compared_in_the_precision_of_the_raster():
    depths = plane(np.array([[0.7]], dtype=np.float32))
    found = zonal(of(at(depths.grid, shapely.box(0, 0, 1, 1))), depths, levels=[0.7])
    assert found.by_class.item() == pytest.approx(100)


def test_a_hole_and_two_parts():
    depths = plane(np.ones((4, 8)))
    ring = shapely.Polygon(shapely.box(0, 0, 4, 4).exterior, [shapely.box(1, 1, 3, 3).exterior])
    shape = at(depths.grid, shapely.MultiPolygon([ring, shapely.box(6, 1, 7, 2)]))
    assert zonal(of(shape), depths, levels=[1]).total.item() == pytest.approx(100 * (16 - 4 + 1))


@pytest.mark.parametrize("turn", [lambda shape: shape, shapely.reverse, shapely.orient_polygons])
def test_rings_may_turn_either_way(turn):
    depths = plane(np.ones((4, 4)))
    ring = shapely.Polygon(shapely.box(0, 0, 4, 4).exterior, [shapely.box(1, 1, 3, 3).exterior])
    assert zonal(of(turn(at(depths.grid, ring))), depths, levels=[1]).total.item() == pytest.approx(1200)


def test_a_small_building_counts_where_no_cell_centre_sees_it():
    depths = plane([[1.0, 5.0]], cell=25)
    building = at(depths.grid, shapely.box(0.02, 0.02, 0.3, 0.3))
    found = zonal(of(building), depths, levels=[1])
    assert found.total.item() == pytest.approx(0.28 * 0.28 * 625)


def test_shapes_far_smaller_than_a_cell():
    index = Memory(np.full((1, 4, 4), -1.5), Affine(0.25, 0, 5, 0, -0.25, 52), "EPSG:4326")
    square = shapely.box(5.3, 51.6, 5.30001, 51.60001)
    found = zonal(of(square), index, levels=[-1], worse="lower")
    assert found.maximum.item() == -1.5
    area = cell_areas(index.grid, (1, 1, 1, 1)).item() * (1e-5 / 0.25) ** 2
    assert found.amount.item() == pytest.approx(area, rel=1e-6)


def test_edges_and_corners_on_the_grid_lines_touch_no_neighbour():
    depths = plane(np.arange(9.0).reshape(3, 3))
    found = zonal(of(at(depths.grid, shapely.box(1, 1, 2, 2))), depths, levels=[0])
    assert (found.minimum.item(), found.maximum.item(), found.covered.item()) == (4, 4, 100)


def test_larger_than_the_raster_and_beside_it():
    depths = plane(np.ones((2, 2)))
    shapes = [shapely.box(-5, -5, 7, 7), shapely.box(10, 10, 12, 13), shapely.box(-1, -1, 1, 1)]
    found = zonal(of(*(at(depths.grid, shape) for shape in shapes)), depths, levels=[1])
    assert found.inside == pytest.approx([400, 0, 100])
    assert found.amount == pytest.approx([14_400, 600, 400], rel=1e-6)


def test_partly_outside_is_measured_on_the_ellipsoid():
    depths = Memory(np.ones((1, 10, 10)), Affine(0.1, 0, 5, 0, -0.1, 51), "EPSG:4326")
    shape = shapely.box(4.5, 50.2, 5.5, 52.0)
    from pyproj import Geod

    edges = shapely.segmentize(shape, 0.001)
    expected, _ = Geod(ellps="WGS84").geometry_area_perimeter(edges)
    assert zonal(of(shape), depths, levels=[1]).amount.item() == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("crs", ["EPSG:28992", "EPSG:32631", "EPSG:3035"])
def test_outside_a_projected_raster(crs):
    from pyproj import CRS, Transformer

    west, north = Transformer.from_crs(4326, crs, always_xy=True).transform(5.0, 52.0)
    depths = Memory(np.ones((1, 2, 2)), Affine(100, 0, west, 0, -100, north), crs)
    shape = shapely.box(west + 5_000, north - 40_000, west + 30_000, north - 5_000)  # west, south, east, north
    back = Transformer.from_crs(crs, CRS(crs).geodetic_crs, always_xy=True)
    lonlat = shapely.transform(shapely.segmentize(shape, 50), lambda xy: np.column_stack(back.transform(*xy.T)))
    expected = abs(CRS(crs).get_geod().geometry_area_perimeter(lonlat)[0])
    assert zonal(of(shape), depths, levels=[1]).amount.item() == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(
    "shape",
    [
        shapely.Polygon([(1, 1), (3, 1), (2, 1), (1, 1)]),
        shapely.Polygon(),
        shapely.Polygon([(0, 0), (4, 0), (4, 1e-4), (0, 1e-4)]),
        shapely.Polygon([(0, 0), (4, 0), (4, 2), (2, 4), (0, 2), (2, 4), (0, 4)]),
        shapely.Polygon([(0, 0), (2, 0), (2, 2), (1, 1), (0, 2), (1, 1), (0.5, 0.5)]),
        shapely.Polygon([(0, 0), (3, 0), (3, 3), (0, 3)], [[(0, 0), (1, 1), (1, 2)]]),
    ],
    ids=["no area", "empty", "sliver", "spike", "pinched", "hole that touches"],
)
def test_degenerate_shapes_have_the_area_that_they_have(shape):
    depths = plane(np.ones((4, 4)))
    expected = 100 * shapely.make_valid(shape).area
    found = zonal(of(at(depths.grid, shape)), depths, levels=[1])
    assert found.total.item() == pytest.approx(expected, rel=1e-5, abs=1e-9)
    assert found.amount.item() == pytest.approx(expected, rel=1e-5, abs=1e-9)


def test_an_exterior_that_touches_itself_equals_exactextract():
    depths = plane(np.arange(16.0).reshape(4, 4))
    pinched = shapely.Polygon([(0, 0), (4, 0), (4, 4), (0, 4), (0, 3), (2, 3), (2, 1), (1, 2), (2, 3), (0, 3)])
    assert not pinched.is_valid
    found = zonal(of(at(depths.grid, pinched)), depths, levels=[0])
    _, cells = every_cell(shapely.make_valid(at(depths.grid, pinched)), depths, [0])
    assert found.total.item() == pytest.approx(cells[0]["total"], rel=1e-9)


@pytest.mark.parametrize(
    ("shape", "error", "says"),
    [
        (None, GeometryError, "shape 0 is missing"),
        (shapely.GeometryCollection([shapely.Point(0, 0)]), GeometryError, "explode"),
        (shapely.Polygon([(0, 0), (30, 30), (30, 0), (0, 20)]), GeometryError, "make_valid"),
        (shapely.Polygon([(0, 0), (np.inf, 0), (1, 1)]), CoordinatesError, "not finite"),
    ],
    ids=["missing", "collection", "bow tie", "infinite"],
)
def test_what_has_no_meaning_is_refused(shape, error, says):
    depths = Memory(np.ones((1, 4, 4)), Affine(10, 0, 0, 0, -10, 40), "EPSG:3035")
    with pytest.raises(error, match=says):
        zonal(of(shape), depths, levels=[1])


def star(x, y, radius, parts):
    """A polygon around a point: radii in parts of the radius, at even angles."""
    angle = np.linspace(0, 2 * np.pi, len(parts), endpoint=False)
    radii = radius * np.asarray(parts)
    return shapely.Polygon(np.column_stack([x + radii * np.cos(angle), y + radii * np.sin(angle)]))


parts = st.lists(st.floats(0.2, 1.0), min_size=3, max_size=12)
place = st.floats(-2.0, 14.0)


@st.composite
def shapes(draw):
    """A random polygon, perhaps with a hole or a second part, in columns and rows."""
    x, y, radius = draw(place), draw(place), draw(st.floats(0.01, 9.0))
    shape = star(x, y, radius, draw(parts))
    if draw(st.booleans()):
        shape = shape.difference(star(x, y, radius / 2, draw(parts)))
    if draw(st.booleans()):
        shape = shape.union(star(x + radius, y, radius, draw(parts)))
    return shape


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shape=shapes(), seed=st.integers(0, 1000), name=st.sampled_from(sorted(GRIDS)), narrow=st.booleans())
def test_random_polygons_equal_every_cell_asked_one_by_one(shape, seed, name, narrow):
    noise = np.random.default_rng(seed)
    values = noise.normal(size=(2, 11, 13)).astype(np.float32 if narrow else np.float64)
    values[noise.random(values.shape) < 0.1] = np.nan
    reader = Memory(values, *GRIDS[name], source=noise.integers(-2, 3, (11, 13)).astype(np.int32))
    reader._windows = tiles(11, 13, 4, 5)
    shape = at(reader.grid, shape)
    if not isinstance(shape, (shapely.Polygon, shapely.MultiPolygon)) or not shape.is_valid:
        return
    levels = [-0.5, 0.2, 0.9]
    found = zonal(of(shape), reader, levels=levels)
    inside, expected = every_cell(shape, reader, levels)
    scale = max(inside, 1e-6 * found.amount.item())
    assert found.inside.item() == pytest.approx(inside, rel=1e-9, abs=1e-9 * scale)
    for s, cells in enumerate(expected):
        for name_ in ("minimum", "maximum"):
            low, high = cells[name_]
            ours = getattr(found, name_)[0, s]
            assert low <= ours <= high or (np.isnan(ours) and not np.isfinite([low, high]).all())
        for name_ in ("covered", "total", "by_class"):
            assert getattr(found, name_)[0, s] == pytest.approx(cells[name_], rel=1e-9, abs=1e-9 * scale)
    summed = np.zeros_like(found.by_class)
    rows = found.by_source
    np.add.at(summed, (rows["shape"], rows["scenario"], rows["level"]), rows["amount"])
    assert summed == pytest.approx(found.by_class, rel=1e-12)


def test_extremes_equal_exactextract_and_sums_nearly(tmp_path):
    exactextract = pytest.importorskip("exactextract")
    import rasterio

    noise = np.random.default_rng(3)
    reader = plane(noise.normal(size=(60, 80)).astype(np.float32))
    reader.values[:, noise.random((60, 80)) < 0.1] = np.nan
    path = tmp_path / "depth.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=80,
        height=60,
        count=1,
        dtype="float32",
        nodata=np.nan,
        crs="EPSG:3035",
        transform=reader.grid.affine,
    ) as file:
        file.write(reader.values)
    geometry = of(
        *(
            at(reader.grid, star(*noise.uniform(0, 60, 2), noise.uniform(0.2, 12), noise.uniform(0.3, 1, 9)))
            for _ in range(200)
        )
    )
    frame = gpd.GeoDataFrame({"id": range(200)}, geometry=geometry, crs="EPSG:3035")
    expected = exactextract.exact_extract(str(path), frame, ["min", "max", "sum", "mean"], output="pandas")
    found = zonal(geometry, reader, levels=[0])
    with np.errstate(invalid="ignore"):
        mean = found.total[:, 0] / found.covered[:, 0]
    np.testing.assert_array_equal(found.minimum[:, 0], expected["min"].to_numpy(dtype=float))
    np.testing.assert_array_equal(found.maximum[:, 0], expected["max"].to_numpy(dtype=float))
    np.testing.assert_allclose(found.total[:, 0] / 100, expected["sum"], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(mean, expected["mean"].to_numpy(dtype=float), rtol=1e-6, atol=1e-6)


def test_a_partition_adds_up_to_the_raster():
    noise = np.random.default_rng(5)
    affine, crs = GRIDS["degrees"]
    reader = Memory(noise.random((1, 20, 30)), affine, crs, windows=tiles(20, 30, 7, 11))
    seeds = shapely.multipoints(noise.uniform((0, 0), (30, 20), (40, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=shapely.box(0, 0, 30, 20)))
    pieces = shapely.intersection(cells, shapely.box(0, 0, 30, 20))
    found = zonal(at(reader.grid, pieces), reader, levels=[0.3, 0.6])
    areas = cell_areas(reader.grid, (0, 0, 20, 30))
    assert found.covered.sum() == pytest.approx(30 * areas.sum(), rel=1e-12)
    assert found.total.sum() == pytest.approx((reader.values * areas).sum(), rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("crs", "left", "top"), [("EPSG:3035", 4e6, 3e6), ("EPSG:32632", 4e5, 5.9e6)], ids=["one area", "uneven areas"]
)
def test_long_rows_equal_every_cell_asked_one_by_one(crs, left, top, dtype):
    noise = np.random.default_rng(8)
    values = noise.normal(size=(2, 5, 900)).astype(dtype)  # negative ones, too
    values[noise.random(values.shape) < 0.05] = np.nan
    values[0, :, 300:600] = np.nan
    source = (np.arange(5)[:, None] // 2 + np.arange(900) // 130).astype(np.int32)
    reader = Memory(values, Affine(100, 0, left, 0, -100, top), crs, source=source)
    drawn = [
        shapely.box(0, 0, 900, 5),
        shapely.Polygon([(0.3, 0.1), (899.5, 2.2), (700.1, 4.9)]),
        shapely.box(3.5, 1, 880.2, 3).difference(shapely.box(200.5, 1.5, 620.25, 2.5)),
    ]
    shapes = np.array([at(reader.grid, shape) for shape in drawn], dtype=object)
    found = zonal(shapes, reader, levels=[-0.5, 0.0, 1.5])
    for k, shape in enumerate(shapes):
        inside, expected = every_cell(shape, reader, [-0.5, 0.0, 1.5])
        assert found.inside[k] == pytest.approx(inside, rel=1e-9)
        for s, each in enumerate(expected):
            assert found.covered[k, s] == pytest.approx(each["covered"], rel=1e-9)
            assert found.total[k, s] == pytest.approx(each["total"], rel=1e-9)
            assert found.by_class[k, s] == pytest.approx(each["by_class"], rel=1e-9)
            assert each["minimum"][0] <= found.minimum[k, s] <= each["minimum"][1]
            assert each["maximum"][0] <= found.maximum[k, s] <= each["maximum"][1]
    for number in np.unique(source):
        alone = Memory(np.where(source == number, values, np.nan), reader.grid.affine, crs)
        _, expected = every_cell(shapes[1], alone, [-0.5, 0.0, 1.5])
        rows = found.by_source.query("shape == 1 and source == @number")
        amounts = rows.pivot_table("amount", "scenario", "level", "sum").reindex([0, 1]).reindex([0, 1, 2], axis=1)
        assert amounts.fillna(0.0).to_numpy() == pytest.approx(np.array([e["by_class"] for e in expected]), rel=1e-9)


def test_more_runs_than_are_added_up_at_a_time():
    noise = np.random.default_rng(9)
    reader = plane(noise.random((130, 140)), source=(np.arange(130 * 140).reshape(130, 140) % 7).astype(np.int32))
    x, y = np.meshgrid(np.arange(0, 140, 0.9), np.arange(0, 130, 0.9))
    boxes = shapely.box(x, y, np.minimum(x + 0.9, 140), np.minimum(y + 0.9, 130)).ravel()
    found = zonal(at(reader.grid, boxes), reader, levels=[0.3, 0.6])
    assert found.inside == pytest.approx(100 * shapely.area(boxes), rel=1e-12)
    assert found.total.sum() == pytest.approx(100 * reader.values.sum(), rel=1e-12)
    assert found.by_source["amount"].sum() == pytest.approx(100 * (reader.values >= 0.3).sum(), rel=1e-12)
    for number in range(7):
        share = found.by_source.query("source == @number and level == 1")["amount"].sum()
        assert share == pytest.approx(100 * ((reader.values[0] >= 0.6) & (reader.source == number)).sum(), rel=1e-12)


def test_one_shape_of_more_runs_than_are_added_up_at_a_time():
    noise = np.random.default_rng(10)
    reader = plane(noise.random((80, 300)))
    slits = [shapely.box(x + 0.25, 0.5, x + 0.75, 79.5) for x in range(1, 299, 2)]
    grate = shapely.Polygon(shapely.box(0, 0, 300, 80).exterior, [slit.exterior for slit in slits])
    wedge = shapely.Polygon([(0.5, 3.2), (250.3, 1.1), (40.7, 78.9)])  # where the grate has been
    shapes = [at(reader.grid, shape) for shape in (grate, wedge)]
    found = zonal(np.array(shapes, dtype=object), reader, levels=[0.5])
    for k, shape in enumerate(shapes):
        inside, (expected,) = every_cell(shape, reader, [0.5])
        assert inside == pytest.approx(shape.area, rel=1e-12)
        assert found.inside[k] == pytest.approx(inside, rel=1e-12)
        assert found.total[k, 0] == pytest.approx(expected["total"], rel=1e-9)
        assert found.by_class[k, 0] == pytest.approx(expected["by_class"], rel=1e-9)


def test_across_the_antimeridian():
    values = np.arange(8.0).reshape(1, 1, 8)
    atlantic = Memory(values, Affine(45, 0, -180, 0, -10, 5), "EPSG:4326")
    pacific = Memory(np.roll(values, 4, axis=2), Affine(45, 0, 0, 0, -10, 5), "EPSG:4326")
    fiji = shapely.MultiPolygon([shapely.box(170, -5, 180, 5), shapely.box(-180, -5, -160, 5)])
    for reader in (atlantic, pacific):
        found = zonal(of(fiji), reader, levels=[0])
        assert found.inside == pytest.approx(found.amount)
        assert found.total.item() / found.covered.item() == pytest.approx((10 * 7 + 20 * 0) / 30)
    beyond = zonal(of(shapely.box(170, -5, 200, 5)), atlantic, levels=[0])
    assert beyond.total.item() / beyond.covered.item() == pytest.approx(70 / 30)
    with pytest.raises(GeometryError, match="antimeridian"):
        zonal(of(shapely.Polygon([(179, -5), (-179, -5), (-179, 5), (179, 5)])), atlantic, levels=[0])
