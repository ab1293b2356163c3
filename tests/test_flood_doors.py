"""What a flood refuses at its door, each with an error of its own."""

import geopandas as gpd
import numpy as np
import pytest

import hazardmap as hm
from hazardmap.errors import FootprintError, LayerError, UnitsError


@pytest.fixture
def depths(raster):
    """Function that makes one scenario per return period."""
    return lambda *periods: [
        {"layer": raster([[float(k)]]), "return_period": t, "label": f"map {k}"} for k, t in enumerate(periods)
    ]


def test_negative_depths(raster):
    footprint = hm.flood(raster([[1.0, -0.5]]))
    with pytest.raises(LayerError, match=r"depth holds a value of -0\.5; expected 0 or more"):
        footprint.intensity.to_numpy()


def test_depths_without_units_and_in_others(raster):
    with pytest.raises(UnitsError, match="has no units; expected 'm'"):
        hm.flood(raster([[120.0]], units=None))
    with pytest.raises(UnitsError, match="is in 'feet'; expected 'm' or one of"):
        hm.flood(raster([[4.0]], units="feet"))
    assert hm.flood(raster([[120.0]], units="cm")).intensity.item() == pytest.approx(1.2)


def test_return_periods_repeated_or_not_sorted(depths):
    assert list(hm.flood(depths(10, 100, None)).scenarios.index) == ["T10", "T100", "map 2"]
    with pytest.raises(FootprintError, match="the return periods are 10, 100, 10; expected each once"):
        hm.flood([{**each, "id": each["label"]} for each in depths(10, 100, 10)])
    with pytest.raises(
        FootprintError, match="the return periods are 100, 10; expected them from frequent to rare: 10, 100; list"
    ):
        hm.flood(depths(100, None, 10))
    with pytest.raises(FootprintError, match="two scenarios are called 'T10'"):
        hm.flood(depths(10, 10))


def test_depth_classes_below_dry_land(raster):
    """With a class from -1 m on, all dry land would be hit."""
    with pytest.raises(FootprintError, match="levels begin at -1; expected 0 or more"):
        hm.flood(raster([[0.0, 1.0]]), levels=[-1, 1])
    assert hm.flood(raster([[0.0, 1.0]]), levels=[0, 1]).levels == (0.0, 1.0)


def test_a_class_that_is_none(depths):
    with pytest.raises(FootprintError, match="the class 'middle'; expected one of high, medium, low, extreme"):
        hm.flood([{**each, "class": "middle"} for each in depths(10)])


@pytest.mark.parametrize("key", ["layer", "velocity"])
def test_shapes_where_a_raster_belongs(depths, key):
    shapes = gpd.GeoDataFrame(geometry=gpd.points_from_xy([5], [50]), crs=4326)
    with pytest.raises(FootprintError, match=f"the {key} of scenario 1 is a GeoDataFrame; expected a raster"):
        hm.flood([{**each, key: shapes} for each in depths(10)])


@pytest.mark.parametrize("period", [0, -10, np.inf, "HQ100"])
def test_return_periods_that_are_none(depths, period):
    with pytest.raises(FootprintError, match="has a return period of"):
        hm.flood(depths(period))


@pytest.mark.parametrize(("said", "message"), [
    ({"probability": 0}, "a probability of 0; expected a number above 0 and at most 1"),
    ({"probability": 1.5}, "a probability of 1.5; expected a number above 0 and at most 1; a return period in years is"),
    ({"probability": 100}, "a probability of 100; expected"),
    ({"probability": "0.01"}, "a probability of '0.01'; expected a number"),
    ({"probability": np.nan}, "a probability of nan; expected a number"),
    ({"return_period": 0.5}, "a return period of 0.5 years, which is a probability of 2; expected at most 1"),
    ({"return_period": True}, "a return period of True; expected years"),
    ({"return_period": 100, "probability": 0.1}, "100 years and a probability of 0.1; expected 0.01; correct one"),
    ({"probability": 0.1, "probability_kind": "percent"}, "of the kind 'percent'; expected one of exceedance"),
])  # fmt: skip
def test_probabilities_that_are_none(raster, said, message):
    with pytest.raises(FootprintError, match=message):
        hm.flood([{"layer": raster([[1.0]]), "label": "x", **said}])


def test_probabilities_have_an_order_too(raster):
    """1 in 30 may be written as 0.033, and a year as a certainty; a probability counts like its return period."""
    layer = raster([[1.0]])
    table = hm.flood([
        {"layer": layer, "return_period": 1},
        {"layer": layer, "return_period": 30, "probability": 0.033},
        {"layer": layer, "probability": 0.01, "label": "HQ100"},
    ]).scenarios  # fmt: skip
    assert table["probability"].to_dict() == {"T1": 1.0, "T30": 0.033, "HQ100": 0.01}
    rare, often = ({"layer": layer, "probability": p, "label": f"p {p}"} for p in (0.01, 0.1))
    with pytest.raises(FootprintError, match="are 100, 10; expected them from frequent to rare: 10, 100"):
        hm.flood([rare, often])
    with pytest.raises(FootprintError, match="are 10, 10; expected each once"):
        hm.flood([{"layer": layer, "return_period": 10}, often])


def test_a_label_given_twice(raster):
    """Two scenarios that no reader of a map could tell apart; without labels they are named by their periods."""
    items = [{"layer": raster([[1.0]]), "return_period": years, "label": "HQ"} for years in (10, 100)]
    with pytest.raises(FootprintError, match="flood: two scenarios have the label 'HQ'; expected distinct ones"):
        hm.flood(items)
    several = [{**each, "country": "NL", "class": name} for each, name in zip(items, ("high", "medium"), strict=True)]
    with pytest.raises(FootprintError, match="map 'NL': two scenarios have the label 'HQ'"):
        hm.flood(several)


def test_a_failure_that_is_no_yes_or_no(depths):
    """YAML 1.2 reads `failure: no` as text, which Python takes for true."""
    with pytest.raises(FootprintError, match="failure is 'no'; expected true or false"):
        hm.flood([{**depths(10)[0], "failure": "no"}])


def test_a_scenario_without_a_layer_and_none_at_all(depths):
    with pytest.raises(FootprintError, match="scenario 'T10' has no layer; expected a raster of depths"):
        hm.flood([{"return_period": 10}, *depths(100)])
    with pytest.raises(FootprintError, match="flood has no depth raster"):
        hm.flood([])
    with pytest.raises(FootprintError, match="a scenario has the key 'period'"):
        hm.flood([{**depths(10)[0], "period": 10}])


@pytest.mark.parametrize("options", [
    {"levels": "0.1, 0.5"}, {"levels": 5}, {"levels": []}, {"levels": ["deep"]}, {"levels": [1.0, np.nan]},
    {"levels": [1.0, 0.5]}, {"min_upstream_km2": "many"}, {"min_upstream_km2": 0}, {"seam_step_m": "0,5"},
    {"seam_wet_m": np.inf}, {"seam_step_m": True},
], ids=str)  # fmt: skip
def test_options_that_a_study_may_get_wrong(depths, options):
    with pytest.raises(FootprintError, match=r"; expected .*; (correct|sort)") as found:
        hm.flood(depths(10), **options)
    assert "\n" not in str(found.value)
