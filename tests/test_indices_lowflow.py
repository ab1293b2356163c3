"""Low flow by hand, by published tables, and of the Rhine."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import hazardmap as hm
from hazardmap.errors import LayerError, TableError, TimeAxisError
from hazardmap.indices import WaterwayRule
from hazardmap.indices.lowflow import _log_pearson


def days(values, start="2001-04-01"):
    values = np.asarray(values, dtype=float)
    return pd.Series(values, index=pd.date_range(start, periods=len(values)))


def years_with_minima(minima, start=2001):
    """Years from April on at 1000 m3/s, each with ten days at its minimum in August."""
    flow = days(np.full(365 * len(minima) + 2 + len(minima) // 4, 1000.0), f"{start}-04-01")
    flow = flow[: f"{start + len(minima)}-03-31"]
    for year, least in enumerate(minima, start=start):
        flow[f"{year}-08-10" : f"{year}-08-19"] = least
    return flow


def test_quantiles_say_how_they_interpolate():
    """1 to 10: a tenth lies below 1.9 (linear) or 1.1 (Weibull, p = i / 11)."""
    flow = days(np.arange(1.0, 11.0))
    assert hm.flow_quantile(flow, 0.9) == pytest.approx(1.9)
    assert hm.flow_quantile(flow, 0.9, interpolation="weibull") == pytest.approx(1.1)
    assert hm.flow_quantile(flow.to_xarray().rename(index="time"), 0.5) == pytest.approx(5.5)
    with pytest.raises(LayerError, match="divide percents by 100"):
        hm.flow_quantile(flow, 95)
    with pytest.raises(LayerError, match="no day of the flow is known"):
        hm.flow_quantile(flow * 0)


def test_a_code_is_never_a_drought():
    flow = days([100.0, 0.0, -999.0, 120.0])
    assert hm.flow_quantile(flow, 0.99) > 100
    assert hm.deficits(flow, 90.0).empty
    dry = days([100.0, 0.0, -999.0, 120.0])  # of a river that does fall dry
    assert hm.deficits(dry, 90.0, missing=(-999.0,))["days"].tolist() == [1]
    with pytest.raises(LayerError, match=r"value is -999.*missing="):
        hm.deficits(dry, 90.0, missing=())


def test_seven_days_in_a_row_count():
    """Six days at 400 among 1000: the least mean over seven is (6 x 400 + 1000) / 7."""
    flow = years_with_minima([1000.0])
    flow["2001-09-01":"2001-09-06"] = 400.0
    assert hm.mam7(flow) == pytest.approx(3400 / 7)
    assert hm.annual_minima(flow, 1).tolist() == [400.0]


def test_the_hydrological_year_does_not_cut_a_winter_drought_in_two():
    """Low from December to January: one year from April on, two by the calendar."""
    flow = days(np.full(731, 1000.0), "2001-04-01")[:"2003-03-31"]
    flow["2001-12-20":"2002-01-20"] = 300.0
    assert hm.annual_minima(flow).to_dict() == {2001: 300.0, 2002: 1000.0}
    by_calendar = hm.annual_minima(flow, first_month=1)
    assert by_calendar.to_dict() == {2002: 300.0}
    assert by_calendar.attrs["left_out"] == [2001, 2003]


def test_years_with_gaps_are_left_out():
    flow = years_with_minima([300.0, 400.0])
    flow["2001-06-01":"2001-06-10"] = np.nan
    assert hm.annual_minima(flow).index.tolist() == [2002]
    assert hm.annual_minima(flow, missing_days=22).index.tolist() == [2001, 2002]
    with pytest.raises(TimeAxisError, match=r"no year of the flow.*missing_days="):
        hm.mam7(flow["2001-05-01":"2001-12-31"])


def test_7q10_by_weibull_ranks():
    """Nine years, 100 to 900: p of the least is 1 / 10. Nineteen years: the second has 2 / 20."""
    assert hm.seven_q_ten(years_with_minima(np.arange(900.0, 0.0, -100.0))) == pytest.approx(100)
    assert hm.seven_q_ten(years_with_minima(np.arange(50.0, 1000.0, 50.0))) == pytest.approx(100)
    # fourteen years: p = 0.1 lies half-way between 1 / 15 and 2 / 15
    assert hm.seven_q_ten(years_with_minima(np.arange(50.0, 750.0, 50.0))) == pytest.approx(75)
    with pytest.raises(LayerError, match=r"has 8 whole years; expected 9 or more.*log-pearson"):
        hm.seven_q_ten(years_with_minima(np.arange(100.0, 900.0, 100.0)))


@pytest.mark.parametrize(("skew", "factor"), [(0.0, -1.28155), (1.0, -1.12762), (-1.0, -1.33990), (2.0, -0.89464)])
def test_log_pearson_by_the_published_frequency_factors(skew, factor):
    """Bulletin 17B of the US Water Resources Council, appendix 3: K for an exceedance of 0.9."""
    from scipy import stats

    p = (np.arange(20_000) + 0.5) / 20_000
    logs = stats.pearson3.ppf(p, skew)
    found = np.log10(_log_pearson(10 ** (2 + 0.1 * logs), 0.1))
    mean, deviation = (2 + 0.1 * logs).mean(), (0.1 * logs).std(ddof=1)
    assert (found - mean) / deviation == pytest.approx(factor, abs=0.004)


def test_log_pearson_needs_a_spread_and_positive_flow():
    minima = [300.0, 400.0, 350.0, 500.0]
    found = hm.seven_q_ten(years_with_minima(minima), method="log-pearson")
    assert 250 < found < 350
    assert hm.seven_q_ten(years_with_minima([300.0] * 3), method="log-pearson") == pytest.approx(300)
    with pytest.raises(LayerError, match="has 2 annual minima"):
        hm.seven_q_ten(years_with_minima([300.0, 400.0]), method="log-pearson")
    with pytest.raises(LayerError, match="the least 0;"):
        hm.seven_q_ten(years_with_minima([300.0, 400.0, 0.0]), method="log-pearson", missing=())
    with pytest.raises(LayerError, match="'weibull' or 'log-pearson'"):
        hm.seven_q_ten(years_with_minima(minima), method="gumbel")


def test_deficits_by_hand():
    flow = days([9, 7, 6, 9, 7, 9, 9, 9, 5, 5])
    found = hm.deficits(flow, 8.0)
    assert found["days"].tolist() == [2, 1, 2]
    assert found["volume_m3"].tolist() == [3 * 86400, 86400, 6 * 86400]
    assert found["least"].tolist() == [6, 7, 5]
    assert found["complete"].tolist() == [True, True, False]
    pooled = hm.deficits(flow, 8.0, pool_days=1, least_days=3)
    assert pooled["days"].tolist() == [4]
    assert pooled["volume_m3"].tolist() == [4 * 86400]
    assert hm.deficits(flow, 8.0, pool_days=3)["days"].tolist() == [9]
    assert list(hm.deficits(flow, 1.0).columns) == list(found.columns)


def test_a_gap_ends_a_deficit_and_is_never_pooled_over():
    flow = days([9, 7, np.nan, 7, 9])
    found = hm.deficits(flow, 8.0, pool_days=5)
    assert found["days"].tolist() == [1, 1]
    assert found["complete"].tolist() == [False, False]
    left_out = flow.drop(flow.index[2])
    pd.testing.assert_frame_equal(hm.deficits(left_out, 8.0, pool_days=5), found)


def test_thresholds_by_month():
    flow = days(np.full(61, 1000.0), "2022-05-01")
    found = hm.deficits(flow, {5: 1400.0})
    assert found["days"].tolist() == [31]
    assert found["volume_m3"].tolist() == pytest.approx([31 * 400 * 86400])


@given(
    st.lists(st.sampled_from([5.0, 9.0, 12.0]), min_size=2, max_size=80),
    st.integers(0, 6),
    st.integers(1, 6),
)
def test_deficits_keep_their_law(values, pool, least):
    """All that was short is in some deficit, pooling loses nothing, and dropping only takes away."""
    flow = days(values)
    plain, pooled = hm.deficits(flow, 10.0), hm.deficits(flow, 10.0, pool_days=pool)
    short = 86_400 * np.maximum(10.0 - flow, 0).sum()
    assert plain["volume_m3"].sum() == pytest.approx(short)
    assert pooled["volume_m3"].sum() == pytest.approx(short)
    assert len(pooled) <= len(plain)
    assert (hm.deficits(flow, 10.0, pool_days=pool, least_days=least)["days"] >= least).all()


def test_only_one_gauge_at_a_time():
    field = xr.DataArray(np.ones((3, 2)), dims=("time", "gauge"), coords={"time": pd.date_range("2000", periods=3)})
    with pytest.raises(TimeAxisError, match="select one gauge"):
        hm.flow_quantile(field)
    with pytest.raises(TimeAxisError, match="not daily"):
        hm.flow_quantile(pd.Series(1.0, index=pd.date_range("2000", periods=9, freq="MS")))


# --- the Rhine ---------------------------------------------------------------------------------------------------


def test_the_low_water_of_2022_at_basel(shared_data):
    table = pd.read_csv(shared_data / "climate" / "basel_rhine_flow_2020_2023.csv", index_col=0, parse_dates=True)
    flow = hm.mark_missing(table["q_m3s"]).to_series()
    assert flow.min() == pytest.approx(437, abs=0.5)
    assert flow.idxmin() == pd.Timestamp("2022-08-15")
    worst = hm.deficits(table["q_m3s"], 500.0, pool_days=5).sort_values("volume_m3").iloc[-1]
    assert worst["start"] <= pd.Timestamp("2022-08-15") <= worst["end"]
    # a level of 0, on two days of March 2021, is a code
    codes = table["level_m"] == 0
    assert codes.sum() == 2
    level = hm.mark_missing(table["level_m"]).to_series()
    assert level[codes].isna().all()
    assert hm.deficits(table["level_m"], 1.0).empty


def test_the_low_water_of_lobith(shared_data):
    flow = pd.read_csv(shared_data / "climate" / "lobith_1991_2007.csv", index_col=0, parse_dates=True)["q"]
    assert (flow == -999).any()
    q95 = hm.flow_quantile(flow)
    assert q95 == pytest.approx(np.percentile(flow[flow > 0], 5))
    assert hm.seven_q_ten(flow) < hm.mam7(flow) < hm.flow_quantile(flow, 0.9)
    assert hm.seven_q_ten(flow, method="log-pearson") == pytest.approx(hm.seven_q_ten(flow), rel=0.1)
    limits = hm.monthly_thresholds(hm.parameters("low-flow-thresholds"), "Lobith")
    worst = hm.deficits(flow, limits, pool_days=5, least_days=5).sort_values("volume_m3").iloc[-1]
    assert worst["start"].year == 2003  # the drought of that summer
    assert worst["least"] < 800


# --- waterways ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rules():
    return hm.waterway_rules(hm.parameters("waterway-gauges"))


def test_the_fairway_at_kaub(rules):
    """At the agreed low water of 78 cm there are 1.90 m; a reading of 178 cm leaves a metre more."""
    found = hm.waterway([178, 129, 78, 59, 29, np.nan], rules["Kaub"], unit="cm")
    np.testing.assert_allclose(found["depth_m"], [2.9, 2.41, 1.9, 1.71, 1.41, np.nan])
    np.testing.assert_allclose(found["draught_m"], found["depth_m"] - 0.3)
    assert found["class"].tolist()[:5] == ["", "load limited", "load limited", "small loads only", "uneconomic"]
    assert found["class"].isna().tolist() == [False] * 5 + [True]
    assert not found.attrs["indicative"]


def test_emmerich_reads_below_zero_and_lobith_in_discharge(rules):
    emmerich = hm.waterway([-3, 80], rules["Emmerich"], unit="cm")
    assert emmerich["depth_m"].tolist() == pytest.approx([1.97, 2.8])
    assert emmerich["class"].tolist() == ["below low water", ""]
    lobith = hm.waterway([900, 1020], rules["Lobith"], unit="m3/s")
    assert lobith["class"].tolist() == ["below low water", ""]
    assert lobith["depth_m"].isna().all()  # without a rating curve nobody knows
    assert lobith.attrs["indicative"]
    assert hm.waterway([-999, 80], rules["Emmerich"], unit="cm", missing=(-999,))["depth_m"].isna().tolist() == [
        True,
        False,
    ]


def test_metres_are_not_centimetres(rules):
    with pytest.raises(LayerError, match="readings of Kaub are in 'm' but its rule in 'cm'"):
        hm.waterway([1.78], rules["Kaub"], unit="m")


def test_bad_rules_are_refused():
    table = hm.parameters("waterway-gauges")
    kaub = table[table["gauge"] == "Kaub"]
    with pytest.raises(TableError, match="0 low waters and 1 depths"):
        hm.waterway_rules(kaub[kaub["quantity"] != "low water"])
    with pytest.raises(TableError, match="mixes units"):
        hm.waterway_rules(kaub.assign(unit=["cm", "m", "m", "cm", "cm"]))
    with pytest.raises(TableError, match="ever lower"):
        WaterwayRule(gauge="x", unit="cm", low_water=1, low_water_depth_m=1, classes=(("a", 1), ("b", 2)))
    limits = hm.parameters("low-flow-thresholds")
    with pytest.raises(TableError, match="no threshold for 'Bonn'; expected one of Lobith, St Pieter"):
        hm.monthly_thresholds(limits, "Bonn")
    with pytest.raises(TableError, match="two thresholds"):
        hm.monthly_thresholds(pd.concat([limits, limits]), "Lobith")
    assert hm.monthly_thresholds(limits, "St Pieter") == dict.fromkeys(range(1, 13), 25.0)
