"""Lines against shapely and geodesics; points by hand."""

import itertools

import numpy as np
import pyproj
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from hazardmap.coverage import zonal
from tests.coverage.brute import Memory, at, plane, tiles


def of(*shapes):
    return np.array(shapes, dtype=object)


def in_cells(line, reader):
    """Length of a line in each cell, in cells, as shapely sees it; lines that run along an edge are not for this."""
    _, rows, columns = reader.values.shape
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    boxes = shapely.box(x, y, x + 1, y + 1)
    # segment by segment: shapely counts what a line runs twice only once
    ends = np.stack([line.coords[:-1], line.coords[1:]], axis=1)
    return sum(shapely.length(shapely.intersection(segment, boxes)) for segment in shapely.linestrings(ends))


def test_a_line_through_three_cells():
    depths = plane([[1.0, 2.0, np.nan]])
    found = zonal(of(at(depths.grid, shapely.LineString([(0.5, 0.5), (3.5, 0.5)]))), depths, levels=[2])
    unit = found.amount.item() / 3
    assert unit == pytest.approx(10, rel=5e-3)  # metres on the ellipsoid: the projection stretches a little
    assert found.inside.item() == pytest.approx(2.5 * unit)
    assert found.covered.item() == pytest.approx(1.5 * unit)
    assert found.total.item() == pytest.approx((0.5 + 2) * unit)
    assert found.by_class.item() == pytest.approx(unit)


def test_a_line_along_an_edge_belongs_to_one_side_only():
    depths = plane([[1.0, 2.0], [3.0, 4.0]])
    down, right = (at(depths.grid, shapely.LineString(ends)) for ends in ([(1, 0), (1, 2)], [(0, 1), (2, 1)]))
    found = zonal(of(down, right), depths, levels=[0])
    assert found.total[:, 0] / found.covered[:, 0] == pytest.approx([(2 + 4) / 2, (3 + 4) / 2])
    assert found.covered[:, 0] == pytest.approx(found.amount)


def test_backwards_and_through_corners():
    depths = plane(np.arange(9.0).reshape(3, 3))
    forth = at(depths.grid, shapely.LineString([(0, 0), (3, 3)]))
    found = zonal(of(forth, shapely.reverse(forth)), depths, levels=[0])
    assert found.total[:, 0] / found.covered[:, 0] == pytest.approx([4, 4])
    assert found.maximum[:, 0].tolist() == [8, 8]
    assert found.minimum[:, 0].tolist() == [0, 0]


@settings(max_examples=60, deadline=None)
@given(
    ends=st.lists(st.tuples(st.floats(-3, 12), st.floats(-3, 10)), min_size=2, max_size=8, unique=True),
    seed=st.integers(0, 100),
)
def test_random_lines_equal_shapely(ends, seed):
    # numbers no binary fraction makes: where a line runs along an edge, shapely counts it on both sides
    line = shapely.LineString(np.round(ends, 3) + np.array([0.000_314_159, 0.000_271_828]))
    values = np.random.default_rng(seed).normal(size=(1, 7, 9))
    depths = plane(values, windows=tiles(7, 9, 3, 4))
    found = zonal(of(at(depths.grid, line)), depths, levels=[0])
    lengths = in_cells(line, depths)
    unit = 10 * line.length / found.amount.item() if line.length else 1.0
    # over 100 m the scale of the projection is the same everywhere, but not in every direction
    assert found.inside.item() * unit / 10 == pytest.approx(lengths.sum(), rel=1e-2, abs=1e-6)
    touched = values[0][lengths > 1e-6]
    if touched.size:
        assert found.maximum.item() == pytest.approx(touched.max(), abs=0)
        assert found.minimum.item() == pytest.approx(touched.min(), abs=0)


@settings(max_examples=40, deadline=None)
@given(ends=st.lists(st.tuples(st.floats(-3, 12), st.floats(-3, 10)), min_size=2, max_size=6, unique=True))
def test_pieces_of_one_segment_equal_shapely(ends):
    depths = plane(np.arange(63.0).reshape(7, 9), windows=tiles(7, 9, 3, 4))
    for one, other in itertools.pairwise(ends):
        line = shapely.LineString(np.round([one, other], 3) + np.array([0.000_314_159, 0.000_271_828]))
        if line.length < 1e-3:
            continue
        found = zonal(of(at(depths.grid, line)), depths, levels=[0])
        share = in_cells(line, depths) / line.length
        assert found.covered.item() == pytest.approx(found.amount.item() * share.sum(), rel=1e-6, abs=1e-7)
        expected = found.amount.item() * (share * depths.values[0]).sum()
        assert found.total.item() == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3035", "EPSG:28992", "EPSG:3857"])
def test_lengths_are_those_on_the_ellipsoid(crs):
    known = pyproj.CRS(crs)
    there = pyproj.Transformer.from_crs(known.geodetic_crs, known, always_xy=True)
    back = pyproj.Transformer.from_crs(known, known.geodetic_crs, always_xy=True)
    ends = np.column_stack(there.transform([4.0, 6.5], [50.5, 52.5]))
    line = shapely.LineString(ends)
    course = shapely.transform(
        shapely.segmentize(line, line.length / 5_000), lambda xy: np.column_stack(back.transform(*xy.T))
    )
    expected = known.get_geod().geometry_length(course)
    cell = line.length / 50
    left, top = ends[:, 0].min() - cell, ends[:, 1].max() + cell
    depths = Memory(np.ones((1, 60, 60)), Affine(cell, 0, left, 0, -cell, top), crs)
    found = zonal(of(line), depths, levels=[1])
    assert found.amount.item() == pytest.approx(expected, rel=1e-8)
    assert found.covered.item() == pytest.approx(expected, rel=1e-8)


def test_rings_several_lines_and_lines_without_length():
    depths = plane(np.ones((4, 4)))
    ring = shapely.LinearRing([(1, 1), (3, 1), (3, 3), (1, 3)])
    two = shapely.MultiLineString([[(0, 0.5), (1, 0.5)], [(2, 0.5), (4, 0.5)]])
    nothing = shapely.LineString([(1.5, 1.5), (1.5, 1.5)])
    found = zonal(of(*(at(depths.grid, shape) for shape in (ring, two, nothing))), depths, levels=[1])
    assert found.covered[:, 0] == pytest.approx([80, 30, 0], rel=5e-3)


def test_a_point_belongs_to_the_cell_to_the_south_east():
    values = [[1.0, 2.0], [3.0, np.nan]]
    depths = plane(values)
    shapes = [shapely.Point(xy) for xy in [(0.5, 0.5), (1, 0.5), (0.5, 1), (1, 1), (0, 0), (2, 1), (1, 2), (9, 9)]]
    found = zonal(of(*(at(depths.grid, shape) for shape in shapes)), depths, levels=[2])
    assert found.maximum[:, 0].tolist()[:3] == [1, 2, 3]
    assert found.inside.tolist() == [1, 1, 1, 1, 1, 0, 0, 0]
    assert found.covered[:, 0].tolist() == [1, 1, 1, 0, 1, 0, 0, 0]
    assert found.by_class[:, 0, 0].tolist() == [0, 1, 1, 0, 0, 0, 0, 0]
    assert found.amount.tolist() == [1] * 8


def test_south_up_files_give_the_same_points():
    north = Memory([[1.0, 2.0], [3.0, 4.0]], Affine(10, 0, 0, 0, -10, 20))
    south = Memory([[3.0, 4.0], [1.0, 2.0]], Affine(10, 0, 0, 0, 10, 0))
    points = shapely.points(np.stack(np.meshgrid(np.arange(0, 20, 5.0), np.arange(5, 21, 5.0)), axis=-1).reshape(-1, 2))
    one, other = (zonal(points, reader, levels=[0]) for reader in (north, south))
    np.testing.assert_array_equal(one.maximum, other.maximum)
    assert one.covered.all()


def test_several_points_in_one_shape_and_all_kinds_mixed():
    depths = plane([[1.0, 5.0]], source=np.array([[1, 2]], dtype=np.int32))
    shapes = of(
        at(depths.grid, shapely.MultiPoint([(0.5, 0.5), (1.5, 0.5), (1.6, 0.5)])),
        at(depths.grid, shapely.box(0, 0, 2, 1)),
        at(depths.grid, shapely.LineString([(0.5, 0.5), (1.5, 0.5)])),
    )
    found = zonal(shapes, depths, levels=[0])
    assert found.amount[:2] == pytest.approx([3, 200])
    assert found.total[:2, 0] == pytest.approx([11, 600])
    rows = found.by_source.query("shape == 0")
    assert dict(zip(rows["source"], rows["amount"], strict=True)) == {1: 1, 2: 2}
