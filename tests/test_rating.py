"""Depth and velocity rated together, as the intensity of a flood: cells worked out by hand."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hazardmap as hm
from hazardmap.curves import french_class
from hazardmap.errors import FootprintError, GridError, LayerError, TableError, UnitsError

LEFT, TOP = 4_000_000.0, 3_100_000.0
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def cells(raster):
    """Function that makes a raster of 1 km cells."""
    return lambda values, units="m", **where: raster(
        values, **{"left": LEFT, "top": TOP, "cell": 1000.0, **where}, units=units
    )


@pytest.fixture
def land():
    box = shapely.box(LEFT, TOP - 1000, LEFT + 5000, TOP)
    return gpd.GeoDataFrame({"id": ["X"], "country": ["NL"]}, geometry=[box], crs=3035)


BY_HAND = {
    # depth 0, 0.2, 0.5, 1.0, 1.0 m; velocity missing, 1, 1, 2, missing m/s
    "uk": [0.0, 0.2 * 1.5, 0.5 * 1.5 + 1.0, 1.0 * 2.5 + 1.0, np.nan],
    "uk-pasture": [0.0, 0.3, 0.75, 2.5 + 0.5, np.nan],
    "arr": [0, 1, 2, 5, np.nan],
    "ch": [0, 1, 2, 3, np.nan],
    "fr": [0, 3, 3, 4, np.nan],
}


@pytest.mark.parametrize("name", BY_HAND)
def test_each_rating_by_hand(cells, land, name):
    depth, velocity = cells([[0.0, 0.2, 0.5, 1.0, 1.0]]), cells([[np.nan, 1, 1, 2, np.nan]], "m/s")
    footprint = hm.flood(depth, velocity=velocity, rating=hm.hazard_rating(name))
    assert footprint.intensity.to_numpy()[0, 0] == pytest.approx(BY_HAND[name], nan_ok=True)
    assert footprint.units == footprint.intensity.attrs["units"] == hm.hazard_rating(name).units
    rows = hm.overlay(footprint, land).assets
    assert rows["covered_fraction"].tolist() == pytest.approx([0.8])
    assert rows["affected"].tolist() == pytest.approx([3.0])
    assert any(note.endswith("water of which no velocity is known is not covered") for note in footprint.notes)


def test_levels_are_the_classes_of_the_rating_or_ones_own(cells):
    depth, velocity = cells([[1.0]]), cells([[1.0]], "m/s")
    levels = {
        "uk": (0.0, 0.75, 1.25, 2.0),
        "arr": (1, 2, 3, 4, 5, 6),
        "ch": (1, 2, 3),
        "fr": (1, 2, 3, 4),
    }
    for name, edges in levels.items():
        rating = hm.hazard_rating(name)
        assert hm.flood(depth, velocity=velocity, rating=rating).levels == edges
        assert hm.flood(depth, velocity=velocity, rating=rating, levels=(0.75, 2.5)).levels == (0.75, 2.5)


def test_a_limit_holds_in_the_precision_of_the_raster(cells):
    """0.3 m in float32 is a little more than 0.3, and still within H1."""
    footprint = hm.flood(cells([[0.3, 0.31]]), velocity=cells([[0.1, 0.1]], "m/s"), rating=hm.hazard_rating("arr"))
    assert footprint.intensity.dtype == np.float32
    assert footprint.intensity.to_numpy()[0, 0].tolist() == [1, 2]


def test_indicative_numbers_are_said(cells):
    depth, velocity = cells([[1.0]]), cells([[1.0]], "m/s")
    for layer in (depth, velocity):
        layer.attrs["layer"] = {"name": "x", "status": "official"}
    weak = hm.flood(depth, velocity=velocity, rating=hm.hazard_rating("fr"))
    assert weak.status == "indicative"
    assert any("hazard-rating holds indicative numbers" in note for note in weak.notes)
    read = hm.flood(depth, velocity=velocity, rating=hm.hazard_rating("ch"))
    assert read.status == "official"
    assert not any("indicative numbers" in note for note in read.notes)
    assert {item["name"] for item in read.inputs} == {"x", "hazard-rating"}


def test_one_velocity_for_all_scenarios_or_one_each(cells):
    depths = [{"layer": cells([[d]]), "return_period": t} for d, t in ((0.4, 10), (1.0, 100))]
    speeds = cells([[1.0]], "m/s"), cells([[3.0]], "m/s")
    rating = hm.hazard_rating("ch")

    def classes(depth, **how):
        return hm.flood(depth, rating=rating, **how).intensity.to_numpy().ravel().tolist()

    assert classes(depths, velocity=speeds[0]) == [1, 2]
    each = [{**item, "velocity": speed} for item, speed in zip(depths, speeds, strict=True)]
    assert classes(each) == [1, 3]
    assert classes(depths, velocity=cells([[[1.0]], [[3.0]]], "m/s")) == [1, 3]
    kmh = cells([[3.6]], "km/h")
    assert classes(depths, velocity=kmh) == [1, 2]


def test_maps_of_two_countries_are_rated_each_with_its_own_velocities(cells):
    """NL to the left with 1 m/s, DE to the right with 3 m/s; seams are still those of depths."""
    west, east = (
        {"country": country, "class": "medium", "return_period": 100,
         "layer": cells([[1.0, 1.0]], left=LEFT + x), "velocity": cells([[v, v]], "m/s", left=LEFT + x)}
        for country, x, v in (("NL", 0, 1.0), ("DE", 2000, 3.0))
    )  # fmt: skip
    boxes = [shapely.box(LEFT + x, TOP - 1000, LEFT + x + 2000, TOP) for x in (0, 2000)]
    lands = gpd.GeoDataFrame({"id": ["W", "E"], "country": ["NL", "DE"]}, geometry=boxes, crs=3035)
    footprint = hm.flood([west, east], territories=lands, rating=hm.hazard_rating("ch"))
    assert footprint.intensity.to_numpy()[0, 0].tolist() == [2, 2, 3, 3]
    assert footprint.units == footprint.intensity.attrs["units"] == "CH class"
    assert len(footprint.seams) == 0
    bare = [{key: value for key, value in item.items() if key != "velocity"} for item in (west, east)]
    with pytest.raises(FootprintError, match="one velocity for maps of several countries"):
        hm.flood(bare, territories=lands, velocity=west["velocity"], rating=hm.hazard_rating("ch"))


def test_nothing_is_read_before_it_is_asked_for(cells):
    depth, velocity = cells([[1.0]]), cells([[-1.0]], "m/s")
    footprint = hm.flood(depth, velocity=velocity, rating=hm.hazard_rating("ch"))
    with pytest.raises(LayerError, match="velocity of depth holds a value of -1; expected 0 or more"):
        footprint.intensity.to_numpy()


def test_what_does_not_fit_is_refused(cells):
    depth, velocity, rating = cells([[1.0]]), cells([[1.0]], "m/s"), hm.hazard_rating("uk")
    with pytest.raises(FootprintError, match="velocities but no rating"):
        hm.flood(depth, velocity=velocity)
    with pytest.raises(FootprintError, match="the rating 'uk' but no velocities"):
        hm.flood(depth, rating=rating)
    with pytest.raises(FootprintError, match=r"the rating is 'uk'; expected one of hazardmap\.hazard_rating"):
        hm.flood(depth, velocity=velocity, rating="uk")
    with pytest.raises(GridError, match="velocity of depth lies on"):
        hm.flood(depth, velocity=cells([[1.0]], "m/s", left=LEFT + 500), rating=rating)
    with pytest.raises(UnitsError, match="is in 'm'; expected 'm/s'"):
        hm.flood(depth, velocity=cells([[1.0]]), rating=rating)
    two = [{"layer": depth, "return_period": 10, "velocity": velocity}, {"layer": depth, "return_period": 100}]
    with pytest.raises(LayerError, match="scenario 'T100' has no velocity but others have"):
        hm.flood(two, rating=rating)
    with pytest.raises(FootprintError, match="1 scenarios of depth but 2 of velocity"):
        hm.flood(depth, velocity=cells([[[1.0]], [[3.0]]], "m/s"), rating=rating)
    with pytest.raises(FootprintError, match="velocity is named twice"):
        hm.flood([{"layer": depth, "velocity": velocity}], velocity=velocity, rating=rating)
    with pytest.raises(TableError, match="no hazard rating 'us'; expected one of uk, uk-urban"):
        hm.hazard_rating("us")


def test_depths_in_curves_are_not_ratings(cells, land):
    """Curves of depth are not asked what a rating costs, and no threshold in metres is compared with it."""
    footprint = hm.flood(cells([[1.0] * 5]), velocity=cells([[1.0] * 5], "m/s"), rating=hm.hazard_rating("uk"))
    house = gpd.GeoDataFrame({"id": ["a"], "curve": ["residential"]}, geometry=land.geometry, crs=3035)
    result = hm.overlay(footprint, land, {"houses": house}, damage=hm.damage_tables())
    assert result.assets["damage"].isna().all()
    assert any(note.startswith("no damage: the curves are for depths in m") for note in result.notes)
    with pytest.raises(LayerError, match="the intensity is in 'UK hazard rating'; expected depths in m"):
        hm.loss_of_function(result, "houses")
    with pytest.raises(LayerError, match="expected depths in m"):
        hm.people_range(result, "houses", depths=[0.75])


def test_a_table_of_ones_own(tmp_path):
    header = "scheme,class,depth_m,velocity_ms,product_m2s,value,unit,source,status\n"
    rows = [f"fr-class,x,{d},{v},,{c},1,me,own" for d, v, c in ((0, 0, 1), (0, 1, 2), (1, 0, 2), (1, 1, 3))]
    (tmp_path / "mine.csv").write_text(header + "\n".join(rows) + "\n")
    rating = hm.hazard_rating("fr", table="mine.csv", folder=tmp_path)
    assert rating.levels == (1, 2, 3)
    assert rating.at([0.5, 0.5, 1.0], [0.9, 1.0, 2.0]).tolist() == [1, 2, 3]
    (tmp_path / "mine.csv").write_text(header + "\n".join(rows[:-1]) + "\n")
    with pytest.raises(TableError, match="does not say what fr needs"):
        hm.hazard_rating("fr", table="mine.csv", folder=tmp_path)
    with pytest.raises(TableError, match="has no rows arr-class; expected them for arr"):
        hm.hazard_rating("arr", table="mine.csv", folder=tmp_path)
    with pytest.raises(TableError, match="has no column 'scheme'"):
        hm.hazard_rating("arr", table="loss-of-function")
    for name, rows in (
        ("ch", ["ch-class,x,0,,0,1,1,me,own", "ch-class,x,0.5,,1,2,1,me,own"]),
        ("arr", ["arr-class,x,0.3,2,,1,1,me,own"]),
    ):
        (tmp_path / "mine.csv").write_text(header + "\n".join(rows) + "\n")
        with pytest.raises(TableError, match=f"does not say what {name} needs"):
            hm.hazard_rating(name, table="mine.csv", folder=tmp_path)


@pytest.mark.parametrize("name", ["uk", "arr", "ch", "fr"])
def test_the_order_of_rows_does_not_count(tmp_path, name):
    lines = (Path(__file__).parents[1] / "layers" / "tables" / "hazard-rating.csv").read_text().splitlines()
    (tmp_path / "mine.csv").write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n")
    mine, shipped = hm.hazard_rating(name, table="mine.csv", folder=tmp_path), hm.hazard_rating(name)
    depth, speed = np.meshgrid(np.linspace(0, 5, 26), np.linspace(0, 5, 26))
    assert mine.levels == shipped.levels
    assert (mine.at(depth, speed) == shipped.at(depth, speed)).all()


def test_the_french_matrix_is_that_of_the_table():
    """The whole matrix, just below and at each edge; deeper than 2 m it is very high whatever the speed."""
    depth, speed = np.meshgrid([0.1, 0.5, 0.99, 1.0, 2.0, 9.0], [0.0, 0.19, 0.2, 0.5, 3.0], indexing="ij")
    expected = [[1, 1, 2, 3, 3], [2, 2, 2, 3, 3], [2, 2, 2, 3, 3], [3, 3, 3, 4, 4], [4] * 5, [4] * 5]
    assert french_class(depth, speed).tolist() == expected
    assert hm.hazard_rating("fr").at(depth, speed).tolist() == expected


@FEW
@given(
    depth=st.floats(0.01, 9), deeper=st.floats(0, 3), speed=st.floats(0, 9), faster=st.floats(0, 3),
    name=st.sampled_from(["uk", "uk-woodland", "uk-pasture", "arr", "ch", "fr"]),
)  # fmt: skip
def test_no_rating_falls_with_depth_or_velocity(depth, deeper, speed, faster, name):
    rating = hm.hazard_rating(name)
    low, high = rating.at([depth, depth + deeper], [speed, speed + faster])
    assert high >= low > 0


def test_a_study_names_rating_and_velocity(tmp_path, land):
    profile = {"driver": "GTiff", "width": 5, "height": 1, "count": 1, "dtype": "float32", "crs": "EPSG:3035"}
    profile["transform"] = Affine(1000, 0, LEFT, 0, -1000, TOP)
    for name, values in (("depth", [0.0, 0.2, 0.5, 1.0, 1.0]), ("speed", [0, 1, 1, 2, 3])):
        with rasterio.open(tmp_path / f"{name}.tif", "w", **profile) as file:
            file.write(np.array([values], dtype="float32"), 1)
    land.to_file(tmp_path / "land.gpkg", driver="GPKG")
    west, south, east, north = land.to_crs(4326).total_bounds
    (tmp_path / "study.yaml").write_text(f"""
title: Rated
area: [{west - 0.01}, {south - 0.01}, {east + 0.01}, {north + 0.01}]
territories: {{ path: land.gpkg }}
hazards:
  flood:
    depth:
      - layer: {{ path: depth.tif, units: m }}
        velocity: {{ path: speed.tif, units: m/s }}
        return_period: 100
    rating: arr
outputs:
  csv: tables
""")
    found = hm.Study.from_yaml(tmp_path / "study.yaml").run()["flood"]
    assert found.footprint.intensity.to_numpy().ravel().tolist() == [0, 1, 2, 5, 5]
    assert found.assets["level"].tolist() == [5]
    text = (tmp_path / "study.yaml").read_text().replace("rating: arr", "rating: us")
    (tmp_path / "study.yaml").write_text(text)
    assert "no hazard rating 'us'" in hm.Study.from_yaml(tmp_path / "study.yaml").check()[0]
