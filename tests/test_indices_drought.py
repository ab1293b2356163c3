"""Combined indicator, events, areas, and the droughts that everybody remembers."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import hazardmap as hm
from hazardmap.errors import GridError, LayerError, TimeAxisError, UnitsError
from hazardmap.indices import COMBINED


def along_time(*values, name="time"):
    return xr.DataArray(np.array(values, dtype=float), dims=name, coords={name: range(len(values))})


# SPI-1, SPI-3, soil moisture, fAPAR and the state before -> the state
RULES = [
    (0.0, 0.0, 0.0, 0.0, "none", "none"),
    (0.0, -1.0, -3.0, -3.0, "none", "none"),  # SPI-3 of exactly -1 is no lack of rain
    (0.0, -1.1, 0.0, 0.0, "none", "watch"),
    (-2.1, 0.0, 0.0, 0.0, "none", "watch"),
    (-2.0, 0.0, -2.0, 0.0, "none", "none"),
    (0.0, -1.1, -1.1, 0.0, "none", "warning"),
    (-2.1, 0.0, -1.1, 0.0, "alert", "warning"),
    (0.0, -1.1, 0.0, -1.1, "none", "alert"),  # whatever the soil
    (0.0, -1.1, -1.1, -1.1, "none", "alert"),
    (0.0, 0.0, 0.0, -1.1, "alert", "partial recovery"),
    (0.0, 0.0, -2.0, -1.1, "partial recovery", "partial recovery"),
    (0.0, 0.0, 0.0, 0.0, "partial recovery", "full recovery"),
    (0.0, 0.0, 0.0, 0.0, "watch", "full recovery"),
    (0.0, 0.0, 0.0, 0.0, "full recovery", "none"),
    (0.0, 0.0, 0.0, -1.1, "full recovery", "none"),
]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("dry", ["lower", "higher"])
def test_the_rules_of_the_combined_indicator(rule, dry):
    spi_1, spi_3, soil, fapar, before, after = rule
    fields = [along_time(each) for each in (spi_1, spi_3, soil if dry == "lower" else -soil, fapar)]
    state = hm.combined_indicator(*fields, dry_soil_is=dry, previous=xr.DataArray(COMBINED.index(before)))
    assert COMBINED[int(state[0])] == after
    assert state.attrs["dry_soil_is"] == dry


def test_a_missing_step_has_no_state_and_carries_none_on():
    spi = along_time(-1.5, np.nan, 0.0)
    still = along_time(0.0, 0.0, 0.0)
    state = hm.combined_indicator(still, spi, still, still, dry_soil_is="lower")
    np.testing.assert_array_equal(state, [COMBINED.index("watch"), np.nan, 0])


def test_the_sign_of_the_soil_has_to_be_said():
    still = along_time(0.0)
    with pytest.raises(TypeError, match="dry_soil_is"):
        hm.combined_indicator(still, still, still, still)
    with pytest.raises(LayerError, match=r"'lower' \(moisture\) or 'higher'"):
        hm.combined_indicator(still, still, still, still, dry_soil_is="yes")
    with pytest.raises(GridError, match="differ along time"):
        hm.combined_indicator(still, still, along_time(0.0, 0.0), still, dry_soil_is="lower")


def test_states_in_chunks_are_the_same():
    pytest.importorskip("dask")
    rng = np.random.default_rng(1)
    fields = [
        xr.DataArray(rng.normal(0, 1.5, (60, 5)), dims=("time", "x"), coords={"time": range(60), "x": range(5)})
        for _ in range(4)
    ]
    whole = hm.combined_indicator(*fields, dry_soil_is="lower")
    assert set(np.unique(whole)) == set(range(6))
    lazy = hm.combined_indicator(*(field.chunk({"time": 7, "x": 2}) for field in fields), dry_soil_is="lower")
    np.testing.assert_array_equal(lazy.compute(), whole)


def series(*values, start="2020-01-01"):
    return pd.Series(values, index=pd.date_range(start, periods=len(values), freq="MS"), dtype=float)


def test_events_by_hand():
    """One that ends at 0.1 (0 itself does not end it), one cut by a gap, one that goes on at the end."""
    index = series(-1.0, 0.0, -1.5, 0.1, 0.5, -1.2, np.nan, -0.9, -1.0, -3.0)
    found = hm.events(index)
    assert found["duration"].tolist() == [3, 1, 2]
    assert found["severity"].tolist() == pytest.approx([2.5, 1.2, 4.0])
    assert found["peak"].tolist() == [-1.5, -1.2, -3.0]
    assert found["complete"].tolist() == [False, False, False]
    assert [str(each)[:7] for each in found["start"]] == ["2020-01", "2020-06", "2020-09"]
    assert [str(each)[:7] for each in found["end"]] == ["2020-03", "2020-06", "2020-10"]
    assert hm.events(series(0.5, -1.0, 0.5))["complete"].tolist() == [True]
    assert hm.events(series(0.5, -0.9, 0.5)).empty


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=60), st.floats(-2, 0), st.floats(0, 1))
def test_events_keep_their_law(values, start, more):
    """They do not overlap, hold every month at or below the start, and none above the end."""
    index, end = series(*values), start + more
    found = hm.events(index, start, end)
    inside = pd.Series(0, index=index.index)
    for event in found.itertuples():
        inside[event.start : event.end] += 1
        months = index[event.start : event.end]
        assert months.iloc[0] <= start
        assert (months <= end).all()
        assert event.severity == pytest.approx(-months.sum())
    assert inside.max() <= 1
    assert (inside[index <= start] == 1).all()


def test_events_refuse_what_they_cannot_read():
    with pytest.raises(LayerError, match="end higher"):
        hm.events(series(0.0), start=0.0, end=-1.0)
    with pytest.raises(TimeAxisError, match="select one place"):
        hm.events(xr.DataArray(np.zeros((2, 2)), dims=("time", "x")))
    with pytest.raises(TimeAxisError, match="lacks 1 of its months"):
        hm.events(series(0.0, 0.0, 0.0).drop(pd.Timestamp("2020-02-01")))


def test_area_in_drought_by_country():
    """Two countries share the middle cell; the last cell is unknown in the second month."""
    index = xr.DataArray(
        [[-1.5, -1.0, 0.0], [0.0, -2.0, np.nan]],
        dims=("time", "x"),
        coords={"time": pd.date_range("2022-07-01", periods=2, freq="MS"), "x": [1, 2, 3]},
    )
    at = {"x": [1, 2, 3]}
    areas = {
        "NL": xr.DataArray([100.0, 40.0, 0.0], dims="x", coords=at),
        "DE": xr.DataArray([0.0, 60.0, 300.0], dims="x", coords=at),
    }
    found = hm.affected_area(index, areas).set_index(["time", "country"])
    assert found["affected_km2"].tolist() == [140, 60, 40, 60]
    assert found["known_km2"].tolist() == [140, 360, 140, 60]
    assert found["share"].tolist() == pytest.approx([1, 1 / 6, 2 / 7, 1])
    with pytest.raises(GridError, match="areas of NL"):
        hm.affected_area(index, {"NL": areas["NL"].assign_coords(x=[1, 2, 4])})


def test_the_precipitation_deficit_by_hand():
    """It begins anew in April, never falls below 0, and is unknown after a missing day."""
    days = pd.date_range("2021-03-31", "2022-04-05")
    rain = pd.Series(0.0, index=days)
    rain["2022-04-02"], rain["2022-04-04"] = 10.0, np.nan
    found = hm.precipitation_deficit(rain, rain * 0 + 2).to_series()
    assert found["2021-04-01":"2021-04-02"].tolist() == [2, 4]
    late = hm.precipitation_deficit(rain["2021-09-29":], rain["2021-09-29":] * 0 + 2).to_series()
    assert late[:"2022-03-31"].isna().all()
    assert late["2022-04-01"] == 2
    assert found["2021-10-01":"2022-03-31"].isna().all()
    np.testing.assert_array_equal(found["2022-04-01":], [2, 0, 2, np.nan, np.nan])
    with pytest.raises(TimeAxisError, match="leaves days out"):
        hm.precipitation_deficit(rain.drop(days[3]), rain.drop(days[3]))
    with pytest.raises(LayerError, match="first month, last month"):
        hm.precipitation_deficit(rain, rain, season=(10, 3))
    with pytest.raises(UnitsError, match="no units"):
        hm.precipitation_deficit(rain.to_xarray().rename(index="time"), rain)


@pytest.fixture(scope="module")
def de_bilt(shared_data):
    table = pd.read_csv(shared_data / "climate" / "knmi_debilt_daily.csv", index_col=0, parse_dates=True)
    rain, evaporation = table.filter(like="Prec").iloc[:, 0], table.filter(like="Evap").iloc[:, 0]
    rain.attrs = evaporation.attrs = {"units": "m/day"}
    return rain, evaporation


def test_the_five_driest_seasons_at_de_bilt(de_bilt):
    deficit = hm.precipitation_deficit(*de_bilt).to_series()
    greatest = deficit.groupby(deficit.index.year).max()
    assert set(greatest.nlargest(5).index) == {1976, 2018, 2022, 2003, 2020}
    assert 320 < greatest[1976] < 335


def test_the_index_at_de_bilt_finds_them_too(de_bilt):
    """SPEI-6 of September is among the lowest in the two driest years, and its calibration is standard normal."""
    rain, evaporation = (hm.monthly(each) * 1000 for each in de_bilt)
    balance = (rain - evaporation).assign_attrs(units="mm")
    index = hm.spei(balance, 6).to_series()
    september = index[index.index.month == 9]
    assert {1976, 2018} <= set(september.nsmallest(4).index.year)
    within = index["1991":"2020"]
    assert within.mean() == pytest.approx(0, abs=0.05)
    assert within.std() == pytest.approx(1, abs=0.05)
    events = hm.events(index)
    worst = events.loc[events["severity"].idxmax()]
    assert worst["start"].year in (1975, 1976, 2018, 2019)


def test_classes_of_droughts_come_from_a_table():
    table = hm.parameters("drought-classes").set_index("class")["value"]
    assert table[["moderate drought", "severe drought", "extreme drought"]].tolist() == [-1, -1.5, -2]
