"""People and services in water: thresholds, ranges and ratings, against figures worked out by hand."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import hazardmap as hm
from hazardmap.curves import arr_class, speed_in_water, swiss_intensity, uk_rating
from hazardmap.errors import LayerError
from hazardmap.footprint import Footprint, scenario_table
from hazardmap.impacts import sensitivity

LEFT, TOP, CELL = 4_000_000.0, 3_100_000.0, 1000.0


@pytest.fixture
def flood(raster):
    """A row of five cells: dry, 0.2 m, 0.4 m, 1 m, missing; half of that in the more frequent scenario."""
    depth = np.array([[[0.0, 0.1, 0.2, 0.5, np.nan]], [[0.0, 0.2, 0.4, 1.0, np.nan]]])
    return Footprint(
        hazard="flood", intensity=raster(depth, left=LEFT, top=TOP, cell=CELL), units="m", levels=(0.0, 0.1, 0.3, 0.5),
        scenarios=scenario_table([{"return_period": 10}, {"return_period": 100}]), source=1,
        shares=pd.DataFrame({"source": [1], "origin": ["FR"], "share": [1.0]}),
    )  # fmt: skip


@pytest.fixture
def land():
    box = shapely.box(LEFT, TOP - CELL, LEFT + 5 * CELL, TOP)
    return gpd.GeoDataFrame({"id": ["W"], "country": ["BE"]}, geometry=[box], crs=3035)


@pytest.fixture
def sites():
    """One site in each cell."""
    x = LEFT + CELL * (np.arange(5) + 0.5)
    return gpd.GeoDataFrame({"id": list("abcde")}, geometry=gpd.points_from_xy(x, np.full(5, TOP - 500)), crs=3035)


def test_loss_of_function_by_threshold(flood, land, sites):
    result = hm.overlay(flood, land, {"substations": sites})
    lost = hm.loss_of_function(result, "substations")
    assert len(lost) == 5 * 2 * 3
    rare = lost[lost["scenario"] == "T100"].pivot_table("state", "asset", "threshold_m", aggfunc="first")
    assert rare.to_dict("index") == {
        "a": {0.3: "works", 0.6: "works", 1.2: "works"}, "b": {0.3: "works", 0.6: "works", 1.2: "works"},
        "c": {0.3: "lost", 0.6: "works", 1.2: "works"}, "d": {0.3: "lost", 0.6: "lost", 1.2: "works"},
        "e": {0.3: "unknown", 0.6: "unknown", 1.2: "unknown"},
    }  # fmt: skip
    assert lost.loc[lost["default"], "threshold_m"].unique().tolist() == [0.6]
    assert sensitivity(lost)["lost"].to_dict() == {
        ("T10", 0.3): 1, ("T10", 0.6): 0, ("T10", 1.2): 0, ("T100", 0.3): 2, ("T100", 0.6): 1, ("T100", 1.2): 0,
    }  # fmt: skip
    with pytest.raises(
        LayerError, match="no layer 'hospitals' in the result; expected one of territories, substations"
    ):
        hm.loss_of_function(result, "hospitals")
    with pytest.raises(LayerError, match=r"the default is 0\.5 m"):
        hm.loss_of_function(result, "substations", default=0.5)


def test_roads_slow_down_and_close(flood, land):
    """A road through every cell but the last is closed by its deepest metre; one in 0.2 m of water crawls at 12 km/h."""
    lines = [
        shapely.LineString([(LEFT + a, TOP - 500), (LEFT + b, TOP - 500)])
        for a, b in ((0, 3900), (1100, 1900), (100, 900), (4100, 4900))
    ]
    roads = gpd.GeoDataFrame({"id": ["all", "wet", "dry", "unknown"]}, geometry=lines, crs=3035)
    speeds = hm.road_speeds(hm.overlay(flood, land, {"roads": roads}), "roads", free_kmh=100)
    rare = speeds[speeds["scenario"] == "T100"].set_index("asset")["speed_kmh"]
    assert rare["all"] == 0
    assert rare["wet"] == pytest.approx(0.0009 * 200**2 - 0.5529 * 200 + 86.9448, rel=1e-5)
    assert rare["dry"] == 100
    assert np.isnan(rare["unknown"])


def test_the_speed_law_is_cut_and_clamped():
    assert speed_in_water([0.05, 0.29, 0.31, 5.0], 50).tolist() == pytest.approx([50, 2.2938, 0, 0])
    with pytest.raises(ValueError, match=r"impassable_m is 0\.5"):
        speed_in_water(0.1, impassable_m=0.5)


def test_dry_floors(flood, land, sites):
    """Half a storey of 1.3 m is dry at 1 m; one of 0.3 m is not; 0.4 m reach a platform of 0.4 m exactly."""
    houses = sites.assign(storeys=[1, 1, 0.5, 0.1, 1]).set_crs(3035)
    result = hm.overlay(flood, land, {"houses": houses})
    floors = hm.dry_floors(result, "houses", houses)
    rare = floors[floors["scenario"] == "T100"].set_index("asset")["dry_floor"]
    assert rare.to_dict() == {"a": "yes", "b": "yes", "c": "yes", "d": "no", "e": "unknown"}
    exactly = hm.dry_floors(result, "houses", houses.assign(storeys=1.0), storey_m=1.0)
    assert exactly[exactly["scenario"] == "T100"].set_index("asset")["dry_floor"]["d"] == "no"
    with pytest.raises(LayerError, match="no columns id and storeys"):
        hm.dry_floors(result, "houses", sites)


def test_people_as_a_range(flood, land, raster, sites):
    """10 people in each cell: wet at all 30, from 0.1 m on 30, from 0.3 m 20, from 0.5 m 10; 10 where nothing is known."""
    people = raster([[10.0] * 5], left=LEFT, top=TOP, cell=CELL, units="people")
    places = sites.assign(value=[1.0, 2, 3, 4, 5])
    places.attrs["units"] = {"value": "people"}
    result = hm.overlay(flood, land, {"people": people, "places": places})
    found = hm.people_range(result, "people").query("scenario == 'T100'")
    assert found.set_index("depth_m")["people"].to_dict() == pytest.approx({0.0: 30, 0.1: 30, 0.3: 20, 0.5: 10})
    assert found["not_covered"].tolist() == pytest.approx([10.0] * 4)
    of_places = hm.people_range(result, "places", unit="people in places hit").query("scenario == 'T10'")
    with pytest.raises(LayerError, match="places holds no people; expected one of its units"):
        hm.people_range(result, "places")
    assert of_places.set_index("depth_m")["people"].to_dict() == pytest.approx({0.0: 9, 0.1: 9, 0.3: 4, 0.5: 4})
    assert of_places["not_covered"].tolist() == pytest.approx([5.0] * 4)
    with pytest.raises(LayerError, match=r"0\.2 m is no class edge"):
        hm.people_range(result, "people", depths=[0.2])


def test_ratings_say_nothing_of_dry_and_unknown():
    depth, velocity = [0.0, np.nan, 1.0], [1.0, 1.0, np.nan]
    assert np.isnan(uk_rating(depth, velocity)).tolist() == [False, True, True]
    assert arr_class(depth, velocity).tolist() == [0, 0, 0]
    assert swiss_intensity(depth, velocity).tolist() == [0, 0, 0]


def test_ratings_at_their_limits():
    """Each limit of the Australian table, and one centimetre beyond; the Swiss edges are half-open."""
    assert arr_class([0.3, 0.31, 0.5, 0.51, 1.2, 1.21, 2.0, 2.01, 4.0, 4.01], 0.0).tolist() == [
        1,
        2,
        2,
        3,
        3,
        4,
        4,
        5,
        5,
        6,
    ]
    assert arr_class(0.1, [2.0, 2.01, 4.0, 4.01]).tolist() == [1, 5, 5, 6]
    assert arr_class([0.3, 0.3, 1.0, 1.0, 1.0], [1.0, 1.1, 0.6, 0.7, 1.1]).tolist() == [1, 2, 3, 4, 5]
    assert swiss_intensity([0.49, 0.5, 1.99, 2.0], 0.0).tolist() == [1, 2, 2, 3]
    # shallow but fast water carries debris: 0.1 (2.5 + 0.5) + 1
    assert uk_rating(0.1, 2.5) == pytest.approx(1.3)


def test_the_limits_in_the_code_are_those_of_the_table():
    table = hm.parameters("hazard-rating")
    arr = table[table["scheme"] == "arr-class"]
    limits = list(arr[["depth_m", "velocity_ms", "product_m2s"]].itertuples(index=False, name=None))
    depth, velocity = (each.ravel() for each in np.meshgrid(np.arange(0, 5, 0.05), np.arange(0, 5, 0.05)))
    assert (arr_class(depth, velocity, limits=limits) == arr_class(depth, velocity)).all()
    urban = table[(table["scheme"] == "uk-debris") & (table["class"] == "urban")]
    debris = list(urban[["depth_m", "value"]].itertuples(index=False, name=None))
    assert (uk_rating(depth, velocity, debris=debris) == uk_rating(depth, velocity)).all()
    swiss = table.loc[table["scheme"] == "ch-class", "depth_m"].tolist()[1:]
    assert (swiss_intensity(depth, velocity, edges=swiss) == swiss_intensity(depth, velocity)).all()
    speeds = hm.parameters("loss-of-function").set_index("asset")["value"]
    assert speed_in_water(0.1, law=speeds["road-middle"]) == speed_in_water(0.1)
