"""The base map: thinned, without false borders, in the reader's language."""

import geopandas as gpd
import numpy as np
import shapely
from shapely import LineString, Point, box

from hazardmap.outputs.webmap import BaseMap, Page, map_of
from hazardmap.outputs.webmap.base import encode_base, pack_base
from hazardmap.outputs.webmap.codec import decode


def encoded(**parts):
    payloads = {}
    told = encode_base(BaseMap(**{name: gpd.GeoDataFrame(data, crs=4326) for name, data in parts.items()}), payloads)
    return told, {name.removeprefix("hm-base-"): decode(content) for name, content in payloads.items()}


def test_the_edge_of_the_window_is_no_coast():
    island, cut = Point(3, 3).buffer(1), box(5, 0, 10, 10)
    _, found = encoded(land={"geometry": [island, cut]})
    coast = shapely.union_all(found["coast"].geometry)
    assert shapely.length(coast) < island.length + 10.1
    assert not coast.intersects(box(9.99, 0, 11, 10))
    assert coast.intersects(box(4.99, 4, 5.01, 5))


def test_borders_are_drawn_where_two_countries_meet_on_land():
    countries = {"country": ["BE", "NL"], "geometry": [box(0, 0, 5, 5), box(0, 5, 5, 10)]}
    told, found = encoded(borders=countries, land={"geometry": [box(2, 0, 5, 10)]})
    line = shapely.union_all(found["borders"].geometry)
    assert np.allclose(line.bounds, (2, 5, 5, 5), atol=0.05)
    assert [(label[0], label[1]) for label in told["countries"]] == [("BE", 2.5), ("NL", 7.5)]


def test_the_greatest_places_come_first_and_other_names_only_where_they_differ():
    places = {
        "name": ["Visé", "Liège"], "name_nl": ["Wezet", "Luik"], "name_fr": ["Visé", "Liège"], "value": [18000, 197000],
        "geometry": [Point(5.7, 50.7), Point(5.57, 50.63)],
    }  # fmt: skip
    _, found = encoded(places=places)
    assert found["places"]["name"].tolist() == ["Liège", "Visé"]
    assert found["places"]["name_nl"].tolist() == ["Luik", "Wezet"]
    assert found["places"]["name_fr"].isna().all()


def test_lines_keep_to_their_tolerance():
    exact = LineString([(x / 1000, 50 + 0.2 * np.sin(x / 200)) for x in range(3000)])
    _, found = encoded(rivers={"rank": [4], "geometry": [exact]})
    drawn = found["rivers"].geometry[0]
    assert shapely.get_num_coordinates(drawn) < 300
    assert shapely.hausdorff_distance(exact, drawn) < 0.003


def test_the_pack_makes_a_small_base_map():
    html = map_of(Page(title="Base", base=pack_base())).get_root().render()
    assert len(html) <= 200_000
