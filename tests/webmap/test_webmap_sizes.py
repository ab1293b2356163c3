"""Layers that are too large: thinned, or a grid of the worst and the worst features, with a file beside the page."""

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from shapely import LineString, Point, Polygon, box

from hazardmap.outputs.webmap import BaseMap, Page, map_of, save, sizes
from hazardmap.outputs.webmap import page as pages
from hazardmap.outputs.webmap import pagelayers as limits
from hazardmap.outputs.webmap.codec import decode
from hazardmap.outputs.webmap.model import Attribute, FeatureLayer, Hazard, Scenario
from hazardmap.outputs.webmap.sizes import reduced, thinned_shapes

HIT, PARTIAL, DRY, NOT_COVERED = 0, 1, 2, 3
SCENARIOS = (Scenario(id="T10", label="T10"), Scenario(id="T100", label="T100"))


def make_layer(shapes, first, second):
    frame = gpd.GeoDataFrame(
        {"name": [f"no {k}" for k in range(len(shapes))], "status@T10": first, "status@T100": second},
        geometry=shapes,
        crs=4326,
    )
    frame[["status@T10", "status@T100"]] = frame[["status@T10", "status@T100"]].astype("Int64")
    attributes = (Attribute(name="name"), Attribute(name="status", kind="code", per_scenario=True, digits=0))
    return FeatureLayer(name="many", title="Many", frame=frame, attributes=attributes, status="status")


def at(grid, x, y):
    """Values of the cell in which a place lies, by scenario."""
    row, column = np.abs(grid.y.to_numpy() - y).argmin(), np.abs(grid.x.to_numpy() - x).argmin()
    return grid.to_numpy()[:, row, column].tolist()


def test_a_cell_shows_the_worst_of_what_lies_in_it():
    layer = make_layer(
        [Point(5, 51), Point(5.00001, 51), Point(5.5003, 51.2003), Point(6, 51.5)],
        [DRY, PARTIAL, NOT_COVERED, DRY],
        [DRY, HIT, NOT_COVERED, None],
    )
    grid = reduced(layer, SCENARIOS).grid
    assert at(grid, 5, 51) == [3, 4]
    assert at(grid, 5.5003, 51.2003) == [2, 2]
    assert at(grid, 6.0005, 51.4995)[0] == 1
    assert np.isnan(at(grid, 6.0005, 51.4995)[1])
    assert np.isfinite(grid.to_numpy()[0]).sum() == 3


def test_no_feature_is_lost_however_small_or_thin():
    rng = np.random.default_rng(3)
    lower = rng.uniform((5, 51), (7, 52), (300, 2))
    tiny = shapely.box(lower[:, 0], lower[:, 1], lower[:, 0] + 1e-5, lower[:, 1] + 1e-5)
    thin = [LineString([(x, y), (x + 0.05, y + 0.02)]) for x, y in lower[:50]]
    for shapes in (tiny, np.array(thin, dtype=object)):
        grid = reduced(make_layer(shapes, HIT, HIT), SCENARIOS).grid
        for x, y in shapely.get_coordinates(shapely.point_on_surface(shapes)):
            assert at(grid, x, y) == [4, 4]


def test_the_worst_features_are_listed_in_their_order(monkeypatch):
    monkeypatch.setattr(sizes, "_MOST_LISTED", 2)
    layer = make_layer([Point(k, 51) for k in range(4)], [DRY, HIT, DRY, DRY], [DRY, HIT, DRY, PARTIAL])
    assert reduced(layer, SCENARIOS).layer.frame["name"].tolist() == ["no 1", "no 3"]


def test_thinning_moves_no_outline_by_more_than_its_tolerance():
    ring = Point(5, 51).buffer(0.1, quad_segs=500)
    thin = thinned_shapes(gpd.GeoDataFrame(geometry=[ring], crs=4326)).geometry[0]
    assert shapely.get_num_coordinates(thin) < shapely.get_num_coordinates(ring) / 10
    assert shapely.hausdorff_distance(ring, thin) < 0.00021


@pytest.mark.parametrize(
    "shapes",
    [
        [box(5, 51, 5.1, 51.1), None, box(8, 53, 8.1, 53.1), box(5.2, 51, 5.3, 51.1), Polygon()],
        [Point(5, 51 + k / 10) for k in (3, 0, 2)],
        [box(5 - k, 51 - k, 5 + k, 51 + k) for k in (0.3, 0.1, 0.2)],
        [Point(5, 51), Point(5, 51)],
        [Point(5, 51)],
        [],
    ],
)
def test_features_keep_their_values_in_whatever_order_they_travel(shapes):
    layer = make_layer(shapes, [k % 4 for k in range(len(shapes))], [None] * len(shapes))
    carried = limits.Carried({}, {}, {})
    limits.encode_layer(layer, "one", carried, scenarios=SCENARIOS)
    found = decode(carried.payloads["one"]).set_index("name")
    assert sorted(found.index) == sorted(layer.frame["name"])
    for _, row in layer.frame.iterrows():
        own = found.loc[row["name"]]
        assert own["status@T10"] == row["status@T10"]
        assert (own.geometry is None) == (row.geometry is None or row.geometry.is_empty)
        assert own.geometry is None or own.geometry.equals(row.geometry)


def test_the_same_shapes_are_carried_once():
    shapes = [box(5, 51, 5.1, 51.1), box(8, 53, 8.1, 53.1)]
    carried = limits.Carried({}, {}, {})
    layers = [
        limits.encode_layer(make_layer(own, [HIT, DRY], [HIT, HIT]), name, carried, scenarios=SCENARIOS)
        for name, own in (
            ("one", shapes),
            ("two", shapes),
            ("three", shapes[::-1]),
            ("four", [shapes[0], box(8, 53, 8.1, 53.2)]),
        )
    ]
    assert [layer["like"] for layer in layers] == [None, "one", "one", None]
    assert decode(carried.payloads["two"]).geometry.isna().all()
    names = [decode(carried.payloads[name])["name"].tolist() for name in ("one", "three")]
    assert names[0] == names[1][::-1]  # each shape with its own values


@pytest.fixture
def page():
    """Forty squares, the first of which is hit, the others dry."""
    squares = [box(5 + k / 20, 51, 5.02 + k / 20, 51.02) for k in range(40)]
    layer = make_layer(squares, [HIT, *[DRY] * 39], [HIT] * 40)
    hazard = Hazard(name="flood", title="flood", units="m", levels=(0.5,), scenarios=SCENARIOS, assets=(layer,))
    return Page(title="Many", hazards=(hazard,), base=BaseMap())


def test_what_fits_is_left_as_it_is(page):
    told = pages.encode_page(page)
    layer = told.description["hazards"][0]["assets"][0]
    assert (layer["thinned"], layer["grid"], layer["beside"], told.beside) == (False, None, None, {})


@pytest.mark.parametrize(("limit", "value"), [("_THINNED", 39), ("_THINNED_BYTES", 100)])
def test_large_layers_are_thinned(page, monkeypatch, limit, value):
    monkeypatch.setattr(limits, limit, value)
    told = pages.encode_page(page)
    assert told.description["hazards"][0]["assets"][0]["thinned"]
    assert len(decode(told.payloads["hm-hazard-0-assets-0"])) == 40


@pytest.mark.parametrize(("limit", "value"), [("_REDUCED", 39), ("_REDUCED_BYTES", 100)])
def test_huge_layers_become_a_grid_and_a_file(page, monkeypatch, tmp_path, limit, value):
    monkeypatch.setattr(limits, limit, value)
    monkeypatch.setattr(limits, "_THINNED_BYTES", 100)
    monkeypatch.setattr(sizes, "_MOST_LISTED", 10)
    save(map_of(page), tmp_path / "map.html")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["flood-many.gpkg", "map.html"]
    whole = pyogrio.read_dataframe(tmp_path / "flood-many.gpkg")
    assert len(whole) == 40
    assert whole["name"].tolist() == [f"no {k}" for k in range(40)]
    first = (tmp_path / "flood-many.gpkg").read_bytes()
    save(map_of(page), tmp_path / "map.html")
    assert (tmp_path / "flood-many.gpkg").read_bytes() == first
    layer = pages.encode_page(page).description["hazards"][0]["assets"][0]
    assert layer["beside"] == {"file": "flood-many.gpkg", "count": 40, "listed": 10}


@pytest.mark.browser
def test_a_huge_layer_is_drawn_as_cells_that_follow_the_scenario(page, monkeypatch, visit):
    monkeypatch.setattr(limits, "_REDUCED", 39)
    monkeypatch.setattr(sizes, "_MOST_LISTED", 10)
    tab = visit(page, "#lang=en&s=0")
    note = tab.locator("#hm-panel").inner_text()
    assert "cells show the worst of 40; the 10 worst can be clicked" in note
    assert tab.locator('a[download="flood-many.gpkg"]').get_attribute("href") == "flood-many.gpkg"
    red = """() => [...document.querySelectorAll('.leaflet-hm-grid-pane canvas')].reduce((sum, canvas) => {
      const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      for (let i = 0; i < data.length; i += 4) sum += data[i] === 0xd1 && data[i + 1] === 0x49 && data[i + 3] === 255;
      return sum;
    }, 0)"""
    few = tab.evaluate(red)
    assert few > 0
    tab.evaluate("() => hazardmap.showScenario(0, 1)")
    assert tab.evaluate(red) > 20 * few


@pytest.mark.browser
def test_a_large_page_says_so(new_page, monkeypatch, visit):
    monkeypatch.setattr(pages, "_LARGE_MB", 0.001)
    tab = visit(new_page(), "#lang=fr")
    tab.click("#hm-notes summary")
    assert "Mo de données" in tab.locator("#hm-notes li").first.inner_text()
