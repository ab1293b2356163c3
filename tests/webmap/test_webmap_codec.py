"""The payload of features: what goes in comes out."""

import geopandas as gpd
import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from shapely import GeometryCollection, LineString, MultiLineString, MultiPolygon, Point, Polygon, box

from hazardmap.errors import OutputError
from hazardmap.outputs.webmap.codec import Column, decode, encode, varints

# A lattice of 1e-4 degrees: coordinates that 5 digits hold, so that shapes come back vertex by vertex.
steps = st.integers(-1_700_000, 1_700_000)
places = st.tuples(steps, st.integers(-800_000, 800_000)).map(lambda xy: (xy[0] / 1e4, xy[1] / 1e4))


@st.composite
def polygons(draw):
    """A box, perhaps with a hole, perhaps with a second part far away."""
    x, y = draw(places)
    side = draw(st.integers(10, 500)) / 1e4
    hole = (
        [list(box(x + side / 4, y + side / 4, x + side / 2, y + side / 2).exterior.coords)]
        if draw(st.booleans())
        else []
    )
    shape = Polygon(box(x, y, x + side, y + side).exterior.coords, hole)
    return MultiPolygon([shape, box(x + 2, y, x + 2.1, y + 0.1)]) if draw(st.booleans()) else shape


@st.composite
def lines(draw):
    vertices = draw(st.lists(places, min_size=2, max_size=6, unique=True))
    line = LineString(vertices)
    return MultiLineString([line, [(0, 0), (1, 1)]]) if draw(st.booleans()) else line


kinds = st.sampled_from([places.map(Point), lines(), polygons()])
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@st.composite
def frames(draw):
    shape = draw(kinds)
    count = draw(st.integers(1, 12))
    optional = lambda values: st.lists(st.none() | values, min_size=count, max_size=count)  # noqa: E731
    return gpd.GeoDataFrame(
        {
            "text": draw(optional(texts)),
            "fixed": pd.Series(draw(optional(st.integers(-(10**9), 10**9).map(lambda n: n / 100))), dtype=float),
            "exact": pd.Series(draw(optional(st.floats(allow_nan=False, allow_infinity=False))), dtype=float),
            "whole": pd.array(draw(optional(st.integers(-(2**51), 2**51))), dtype="Int64"),
            "flag": pd.array(draw(optional(st.booleans())), dtype="boolean"),
        },
        geometry=draw(optional(shape)),
        crs=4326,
    )


def same(found, expected):
    return all(
        (pd.isna(a) and pd.isna(b)) if pd.isna(a) or pd.isna(b) else a == b
        for a, b in zip(found, expected, strict=True)
    )


@settings(max_examples=150, deadline=None)
@given(frames())
def test_what_goes_in_comes_out(frame):
    columns = [Column("text"), Column("fixed", 2), Column("exact"), Column("whole"), Column("flag")]
    found = decode(encode(frame, columns))
    for name in ("text", "fixed", "exact", "whole", "flag"):
        assert same(found[name], frame[name].astype(object)), name
    ours, theirs = (shapely.normalize(f.geometry.to_numpy()) for f in (found, frame))
    assert (shapely.is_missing(ours) == shapely.is_missing(theirs)).all()
    known = ~shapely.is_missing(ours)
    assert shapely.equals_exact(ours[known], theirs[known], tolerance=1e-5).all()


@given(st.lists(st.floats(-179, 179), min_size=2, max_size=30))
def test_no_vertex_moves_more_than_the_digits_say(longitudes):
    line = LineString([(x, k) for k, x in enumerate(longitudes)])
    found = decode(encode(gpd.GeoDataFrame(geometry=[line], crs=4326), digits=4)).geometry[0]
    assert np.abs(np.asarray(found.coords) - np.asarray(line.coords)).max() <= 0.5e-4 + 1e-9


@given(st.lists(st.lists(st.none() | st.integers(-999, 999), min_size=3, max_size=3), min_size=1, max_size=9))
def test_columns_of_scenarios_come_back_each_by_itself(table):
    names = ["low", "2020-01", "a@b"]
    data = {f"{kind}@{name}": [row[k] for row in table] for kind in "xy" for k, name in enumerate(names)}
    frame = gpd.GeoDataFrame(pd.DataFrame(data, dtype="Int64"), geometry=[Point(0, 0)] * len(table), crs=4326)
    floats = frame.assign(**{name: frame[name].astype(float) / 10 for name in data if name.startswith("y")})
    found = decode(encode(floats, [Column("x", None, tuple(names)), Column("y", 1, tuple(names))]))
    for name, values in floats.drop(columns="geometry").items():
        assert same(found[name], values.astype(object)), name


def test_shapes_that_another_payload_has_are_left_out():
    frame = gpd.GeoDataFrame({"a": [1, 2]}, geometry=[box(0, 0, 1, 1), box(2, 2, 3, 3)], crs=4326)
    found = decode(encode(frame, [Column("a")], shapes=False))
    assert found["a"].tolist() == [1, 2]
    assert found.geometry.isna().all()


def test_numbers_of_any_size_take_seven_bits_a_byte():
    assert varints([0, 127, 128, 300]) == bytes([0, 127, 0x80, 1, 0xAC, 2])


def test_the_same_frame_gives_the_same_bytes():
    frame = gpd.GeoDataFrame({"a": ["x", "y"]}, geometry=[Point(1, 2), Point(3, 4)], crs=4326)
    assert encode(frame, [Column("a")]) == encode(frame.copy(), [Column("a")])


def test_an_empty_layer_stays_empty():
    assert len(decode(encode(gpd.GeoDataFrame(geometry=[], crs=4326)))) == 0


def test_whole_numbers_that_a_browser_cannot_count_travel_as_text():
    frame = gpd.GeoDataFrame({"id": [2**60 + 1]}, geometry=[Point(0, 0)], crs=4326)
    assert decode(encode(frame, [Column("id")]))["id"][0] == str(2**60 + 1)


@pytest.mark.parametrize(
    "shapes", [[Point(0, 0), box(0, 0, 1, 1)], [GeometryCollection([Point(0, 0), box(0, 0, 1, 1)])]]
)
def test_mixed_kinds_are_refused(shapes):
    with pytest.raises(OutputError, match="split it by kind"):
        encode(gpd.GeoDataFrame(geometry=shapes, crs=4326))


def test_infinite_numbers_are_refused():
    frame = gpd.GeoDataFrame({"depth": [np.inf]}, geometry=[Point(0, 0)], crs=4326)
    with pytest.raises(OutputError, match="'depth' holds an infinite number"):
        encode(frame, [Column("depth", 1)])


def test_small_polygons_take_few_bytes():
    rng = np.random.default_rng(1)
    corners = rng.uniform([4, 50], [7, 52], (5000, 2))
    corners = corners[np.lexsort((corners[:, 1].round(1), corners[:, 0].round(1)))]
    shapes = [box(x, y, x + 0.001, y + 0.001) for x, y in corners]
    assert len(encode(gpd.GeoDataFrame(geometry=shapes, crs=4326))) / 5000 < 45 * 3 / 4
