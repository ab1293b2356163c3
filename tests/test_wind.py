"""Where the wind carries a cloud: sectors, roses, and the probability of lying in a cloud."""

import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import hazardmap as hm
from hazardmap import wind
from hazardmap.consequences import Weather, plume_half_angle_deg, plume_mg_m3
from hazardmap.errors import HazardmapError

D4 = {"speed_ms": 4.0, "stability": "D"}


def even(sectors, **given):
    """A rose in which every direction is as frequent as any other."""
    return wind.wind_rose(
        [{"from_deg": 360 / sectors * k, **D4, "frequency": 1 / sectors, **given} for k in range(sectors)]
    )


@pytest.mark.parametrize("stability", "ABCDEF")
def test_the_half_angle_is_that_of_the_plume_that_reaches_as_far(stability):
    """Whatever is released: the concentration at the end of the sector is the threshold of the outline."""
    weather = Weather(wind_speed_ms=3, stability=stability)
    for rate in (0.1, 10.0):
        threshold = float(plume_mg_m3(4000.0, rate_kg_s=rate, weather=weather))
        outline = plume_half_angle_deg(threshold, rate_kg_s=rate, weather=weather)
        assert wind.half_angle_deg(4000.0, weather) == pytest.approx(outline, rel=0.01)


def test_a_sector_lies_downwind_and_has_its_area():
    sector = wind.sector_shape(wind.Sector(1000.0, 35.0, 55.0))
    assert sector.area == pytest.approx(np.pi * 1e6 * 20 / 360, rel=1e-12)
    assert sector.contains(shapely.Point(600, 600))
    assert not sector.contains(shapely.Point(600, -600))


roses = st.lists(st.integers(0, 9), min_size=8, max_size=8).filter(any)


@settings(max_examples=40)
@given(roses, st.integers(0, 9), st.floats(1.0, 120.0), st.floats(200.0, 3000.0))
def test_probabilities_are_conserved(weights, calm, half, reach):
    """Over all bearings the probability adds up to the width of a cloud, however uneven the rose and however calm."""
    total = sum(weights) + calm
    rows = [{"from_deg": 45 * k, **D4, "frequency": w / total} for k, w in enumerate(weights)]
    rows.append({"from_deg": None, "speed_ms": 0.4, "stability": "F", "frequency": calm / total})
    rose = wind.wind_rose(rows)
    bearing = (np.arange(3600) + 0.5) / 10

    def probability(at):
        return wind.exposure_probability(bearing, at, rose, lambda _: reach, half_angle=lambda *_: half)

    found = probability(reach * 0.9)
    assert found.mean() == pytest.approx(2 * half / 360, rel=1e-9)
    assert ((found >= 0) & (found <= 1 + 1e-12)).all()
    assert (probability(reach * 1.1) == 0).all()
    everywhere = wind.exposure_probability(bearing, 1.0, rose, lambda _: reach, half_angle=lambda *_: 180.0)
    assert everywhere == pytest.approx(np.ones(3600))


def test_a_sector_is_spread_evenly_and_calm_goes_anywhere():
    """All wind from the north, in sectors of 90 degrees: by hand."""
    rows = [{"from_deg": 90 * k, **D4, "frequency": 0.8 if k == 0 else 0.0} for k in range(4)]
    rows.append({"from_deg": None, "speed_ms": 0.0, "stability": "D", "frequency": 0.2})
    rose = wind.wind_rose(rows)
    found = wind.exposure_probability([180, 150, 135, 0], 10.0, rose, lambda _: 100.0, half_angle=lambda *_: 9.0)
    calm = 0.2 * 18 / 360
    whole = 0.8 * 18 / 90
    assert found == pytest.approx([whole + calm, whole + calm, whole / 2 + calm, calm])


def test_the_drawn_area_is_where_the_probability_is_reached():
    """Two kinds of wind that reach unlike distances, against the probability at random places."""
    rows = []
    for k, share in enumerate([1, 5, 9, 2, 0, 3, 7, 1]):
        rows.append({"from_deg": 45 * k, "speed_ms": 5.0, "stability": "D", "frequency": share / 56})
        rows.append({"from_deg": 45 * k, "speed_ms": 1.5, "stability": "F", "frequency": 1 / 16})
    rose = wind.wind_rose(rows)

    def reach(weather):
        return 2000.0 if weather.stability == "D" else 5000.0

    edges = (0.005, 0.01, 0.05)
    areas = [
        shapely.union_all([wind.sector_shape(sector) for sector in sectors])
        for sectors in wind.sectors_of_rose(rose, reach, edges)
    ]
    seed = np.random.default_rng(1)
    bearing, distance = seed.integers(0, 360, 400) + 0.5, np.round(seed.uniform(50, 5500, 400)) + 7.5
    x, y = distance * np.sin(np.radians(bearing)), distance * np.cos(np.radians(bearing))
    probability = wind.exposure_probability(bearing, distance, rose, reach)
    assert 0 < (probability >= 0.01).sum() < 400
    for edge, area in zip(edges, areas, strict=True):
        assert (shapely.contains_xy(area, x, y) == (probability >= edge)).all()


def test_a_rose_from_components():
    """Wind towards the east is wind from the west; missing hours are left out."""
    u = xr.DataArray([[2.0, 4.0, np.nan], [0.0, 0.0, 0.2]], dims=("time", "station"))
    v = xr.DataArray([[0.0, 0.0, 1.0], [-3.0, -3.0, 0.0]], dims=("time", "station"))
    rose = hm.rose_of_components(u, v, stability="C", sectors=4, speeds_ms=(1, 3.5))
    some = rose[rose["frequency"] > 0].set_index(["from_deg", "speed_ms"])["frequency"]
    assert some.loc[270.0].tolist() == pytest.approx([0.2, 0.2])
    assert some.loc[270.0].index.tolist() == pytest.approx([8 / 3, 4.0])
    assert rose["frequency"].sum() == pytest.approx(1)
    assert set(rose["stability"]) == {"C"}
    assert rose.loc[rose["from_deg"].isna(), "frequency"].tolist() == pytest.approx([0.2])
    with pytest.raises(HazardmapError, match="u has the shape"):
        hm.rose_of_components([1.0], [1.0, 2.0])
    with pytest.raises(HazardmapError, match="hold no wind"):
        hm.rose_of_components([np.nan], [1.0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"from_deg": 400.0}, "wind direction is 400"),
        ({"stability": "G2"}, "stability is 'G2'"),
        ({"speed_ms": -1.0}, "wind speed is -1"),
        ({"frequency": -0.25}, "negative"),
        ({"frequency": 0.9}, "add up to 1.65"),
        ({"from_deg": None}, "without a direction"),
        ({"from_deg": 17.0}, "equal steps"),
        ({"frequency": "often"}, "'often' under frequency"),
    ],
)
def test_what_is_no_rose(change, message):
    rows = [{"from_deg": 90.0 * k, **D4, "frequency": 0.25} for k in range(4)]
    rows[2] |= change
    with pytest.raises(HazardmapError, match=message):
        hm.wind_rose(rows)


@pytest.mark.parametrize("table", [5, "rose", {"from_deg": 1}])
def test_what_is_no_table_is_no_rose(table):
    with pytest.raises(HazardmapError, match="the wind rose is"):
        hm.wind_rose(table)


def test_a_frequency_comes_before_a_value():
    rows = [{"from_deg": 90 * k, "speed_ms": 4, "stability": "D", "frequency": 25, "value": 1} for k in range(4)]
    assert hm.wind_rose(rows)["frequency"].tolist() == [0.25] * 4


def test_a_rose_needs_its_columns():
    with pytest.raises(HazardmapError, match="no column 'stability'"):
        hm.wind_rose(pd.DataFrame({"from_deg": [0.0], "speed_ms": [3.0], "value": [1.0]}))
