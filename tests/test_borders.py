"""Cutting at borders: pieces add up, nothing counts twice, nothing is lost."""

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from hazardmap import borders
from hazardmap.errors import GeometryError

WEST, EAST = shapely.box(0, 0, 1, 2), shapely.box(1, 0, 2, 2)
BOTH = np.array([WEST, EAST])


def test_a_point_on_a_border_counts_once():
    pieces = borders.cut(np.array([shapely.Point(1, 1), shapely.Point(1.5, 1), shapely.Point(9, 9)]), BOTH)
    assert pieces.shape.tolist() == [0, 1, 2]
    assert pieces.territory.tolist() == [0, 1, borders.OUTSIDE]


def test_a_line_along_a_border_counts_once():
    pieces = borders.cut(np.array([shapely.LineString([(1, 0), (1, 2)])]), BOTH)
    assert shapely.length(pieces.geometry).sum() == 2.0


def test_several_points_on_and_off_a_border_are_shared_out():
    pieces = borders.cut(np.array([shapely.MultiPoint([(1, 1), (0.5, 1), (1.5, 1), (5, 5)])]), BOTH)
    assert pieces.territory.tolist() == [0, 1, borders.OUTSIDE]
    assert shapely.get_num_geometries(pieces.geometry).tolist() == [2, 1, 1]


def test_a_polygon_that_only_touches_a_border_leaves_nothing_there():
    pieces = borders.cut(np.array([shapely.box(0.5, 0.5, 1, 1)]), BOTH)
    assert pieces.territory.tolist() == [0]


def test_what_lies_outside_is_kept():
    pieces = borders.cut(np.array([shapely.box(1.5, 0, 3, 1)]), BOTH)
    assert pieces.territory.tolist() == [1, borders.OUTSIDE]
    assert shapely.area(pieces.geometry).tolist() == [0.5, 1.0]


def test_what_lies_outside_holds_no_sliver_of_the_inside():
    """A disc across an oblique edge: rounding along the cut must not put a part of it back on the other side."""
    land = shapely.affinity.rotate(shapely.box(-5, -5, 0, 5), 33.3, origin=(0, 0))
    for x in np.linspace(-0.5, 0.5, 21):
        pieces = borders.cut(np.array([shapely.Point(x, x / 3).buffer(1, quad_segs=90)]), np.array([land]))
        outside = pieces.geometry[pieces.territory == borders.OUTSIDE]
        assert shapely.get_num_geometries(outside).tolist() == [1]


def test_a_part_without_length_adds_nothing_to_a_line():
    """Some files hold a part whose two ends are one point."""
    point, line = [(6.0, 51.0), (6.0, 51.0)], [(6.0, 51.0), (7.0, 51.0)]
    lines = np.array([shapely.MultiLineString([line, point]), shapely.LineString(line), shapely.LineString(point)])
    moved = borders.to_crs(lines, 4326, 3035)
    assert shapely.length(moved)[0] == shapely.length(moved)[1] > 69_000
    assert borders.amounts(lines, 4326).tolist() == pytest.approx([70_197, 70_197, 0], abs=1)


corner = st.floats(-3, 3, allow_nan=False).map(lambda v: round(v, 3))
size = st.floats(0.01, 4).map(lambda v: round(v, 3))


@given(
    st.lists(st.tuples(corner, corner, size, size, st.floats(0, 90)), min_size=1, max_size=5),
    st.floats(0.2, 0.8),
    st.floats(0.2, 0.8),
)
def test_pieces_add_up_to_the_shape_with_three_countries_in_one_patch(rectangles, at, height):
    """Borders cross in a T, wherever it lies."""
    lands = np.array([shapely.box(-2, -2, at, 2), shapely.box(at, -2, 2, height), shapely.box(at, height, 2, 2)])
    shapes = np.array(
        [shapely.affinity.rotate(shapely.box(x, y, x + w, y + h), turn) for x, y, w, h, turn in rectangles]
    )
    pieces = borders.cut(shapes, lands)
    summed = np.bincount(pieces.shape, weights=shapely.area(pieces.geometry), minlength=len(shapes))
    assert summed == pytest.approx(shapely.area(shapes), rel=1e-9)
    inside = pieces.territory != borders.OUTSIDE
    own = lands[pieces.territory[inside]]
    assert shapely.area(shapely.difference(pieces.geometry[inside], own)) == pytest.approx(0, abs=1e-9)


@given(
    st.lists(st.lists(st.tuples(corner, corner), min_size=2, max_size=6, unique=True), min_size=1, max_size=4),
    st.floats(0.2, 0.8),
    st.floats(0.2, 0.8),
    st.floats(0, 360),
)
def test_pieces_of_lines_add_up_to_the_line(lines, at, height, turn):
    """Oblique borders, so that the ends of cut lines are rounded; what lies along a border counts once."""
    boxes = [shapely.box(-2, -2, at, 2), shapely.box(at, -2, 2, height), shapely.box(at, height, 2, 2)]
    lands = np.array([shapely.affinity.rotate(land, turn, origin=(0, 0)) for land in boxes])
    along = shapely.affinity.rotate(shapely.LineString([(at, -3), (at, 3)]), turn, origin=(0, 0))
    shapes = np.array([*(shapely.LineString(line) for line in lines), along])
    assume(shapely.is_simple(shapes).all())  # a road that runs back along itself is as long as it is drawn
    pieces = borders.cut(shapes, lands)
    summed = np.bincount(pieces.shape, weights=shapely.length(pieces.geometry), minlength=len(shapes))
    assert summed == pytest.approx(shapely.length(shapes), rel=1e-9)


def test_slivers_of_overlap_go_to_the_first():
    polygons, count = borders.disjoint(np.array([WEST, shapely.box(0.999, 0, 2, 2)]))
    assert count == 1
    assert shapely.area(polygons).tolist() == pytest.approx([2, 2])


def test_two_levels_of_territories_at_once_are_refused():
    with pytest.raises(GeometryError, match=r"overlap by 50 %|overlap by 50%|overlap by 100%"):
        borders.disjoint(np.array([shapely.box(0, 0, 2, 2), WEST]))


def test_a_degree_square_has_its_published_area():
    """7725.70 km2 from 51 to 52 N: the closed form on the ellipsoid."""
    assert borders.amounts(np.array([shapely.box(5, 51, 6, 52)]), 4326)[0] / 1e6 == pytest.approx(7725.70, abs=0.005)


def test_amounts_do_not_depend_on_the_crs():
    """A square in an equal-area CRS; the Lambert azimuthal projection keeps areas to rounding."""
    square = shapely.box(4_000_000, 3_100_000, 4_040_000, 3_160_000)
    assert borders.amounts(np.array([square]), 3035)[0] == pytest.approx(40_000 * 60_000, rel=1e-7)


def test_an_edge_stays_straight_where_it_was_drawn():
    """A long parallel of latitude, straight in degrees, bends in a projected CRS."""
    edge = np.array([shapely.LineString([(4, 51), (8, 51)])])
    moved = borders.to_crs(edge, 4326, 3035)[0]
    middle = shapely.Point(*pyproj.Transformer.from_crs(4326, 3035, always_xy=True).transform(5.987, 51))
    assert moved.distance(middle) < 1.0


def test_a_disc_has_its_radius_on_the_ellipsoid():
    points = gpd.GeoDataFrame({"id": ["a"]}, geometry=gpd.points_from_xy([6], [52]), crs=4326)
    disc = borders.discs(points, 1000.0).geometry.iloc[0]
    geod = pyproj.Geod(ellps="WGS84")
    ring = shapely.get_coordinates(disc)
    _, _, distance = geod.inv(np.full(len(ring), 6.0), np.full(len(ring), 52.0), ring[:, 0], ring[:, 1])
    assert distance == pytest.approx(1000.0, abs=1e-6)
    assert abs(geod.geometry_area_perimeter(disc)[0]) == pytest.approx(np.pi * 1e6, rel=1e-4)
