"""What a flood refuses at its door, each with an error of its own."""

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
    with pytest.raises(FootprintError, match="repeat a return period: 10, 100, 10; expected each once"):
        hm.flood([{**each, "id": each["label"]} for each in depths(10, 100, 10)])
    with pytest.raises(FootprintError, match="the return periods 100, 10; expected them from frequent to rare"):
        hm.flood(depths(100, None, 10))
    with pytest.raises(FootprintError, match="two scenarios are called 'T10'"):
        hm.flood(depths(10, 10))


@pytest.mark.parametrize("period", [0, -10, np.inf, "HQ100"])
def test_return_periods_that_are_none(depths, period):
    with pytest.raises(FootprintError, match="has a return period of"):
        hm.flood(depths(period))


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
