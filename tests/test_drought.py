"""The drought hazard: what it shows, in which months, from whom; and what is no drought study."""

import gc
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import hazardmap as hm
from hazardmap.errors import FootprintError, GridError, LayerError, NoOverlapError, TimeAxisError, UnitsError
from hazardmap.exposure.riverside import lives_from_river
from hazardmap.footprint import Footprint, scenario_table
from hazardmap.lazy import Tiles, lazy
from hazardmap.rivers import nearest_gauge, reaches

LEFT, TOP, CELL = 4_000_000.0, 3_100_000.0, 1000.0
MONTHS = pd.date_range("1991-01-01", "2021-12-01", freq="MS")


def field(values, times=MONTHS, units="mm", cell=CELL):
    """Raster (time, y, x) in EPSG:3035."""
    _, rows, columns = values.shape
    coords = {"time": times, "y": TOP - cell * (np.arange(rows) + 0.5), "x": LEFT + cell * (np.arange(columns) + 0.5)}
    raster = xr.DataArray(values, dims=("time", "y", "x"), coords=coords, attrs={"units": units})
    return raster.rio.write_crs(3035).rio.write_transform(Affine(cell, 0, LEFT, 0, -cell, TOP))


@pytest.fixture(scope="module")
def rain():
    """4 x 4 cells of gamma rain; the western half has a dry year 2020."""
    values = np.random.default_rng(5).gamma(3, 25, (len(MONTHS), 4, 4)).astype("float32")
    values[MONTHS.year == 2020, :, :2] *= 0.25
    return field(values)


@pytest.fixture(scope="module")
def land():
    """West (BE) and east (NL), two columns each."""
    middle, right, bottom = LEFT + 2 * CELL, LEFT + 4 * CELL, TOP - 4 * CELL
    shapes = [shapely.box(LEFT, bottom, middle, TOP), shapely.box(middle, bottom, right, TOP)]
    return gpd.GeoDataFrame({"id": ["W", "E"], "country": ["BE", "NL"]}, geometry=shapes, crs=3035)


@pytest.fixture(scope="module")
def river():
    """Flow directions: each row runs east, then all down the eastern side: its reach at the foot drains all 16 km2."""
    codes = np.full((4, 4), 1, dtype="uint8")
    codes[:, 3] = 4
    codes[3, 3] = 0
    raster = field(codes[None].astype(float), MONTHS[:1])[0].astype("uint8").drop_vars("time")
    raster.attrs = {"units": "1", "_FillValue": np.uint8(247)}
    return raster


def by_scipy(series, months, years=(1991, 2020)):
    """SPI by its definition, one cell, with distribution functions of scipy."""
    sums = pd.Series(series, index=MONTHS).rolling(months).sum()
    found = pd.Series(np.nan, index=MONTHS)
    for month in range(1, 13):
        own = sums[MONTHS.month == month].dropna()
        base = own[(own.index.year >= years[0]) & (own.index.year <= years[1])]
        a = np.log(base.mean()) - np.log(base).mean()
        shape = (1 + np.sqrt(1 + 4 * a / 3)) / (4 * a)
        found[own.index] = stats.norm.ppf(stats.gamma.cdf(own, shape, scale=base.mean() / shape)).clip(-3.09, 3.09)
    return found


# What it shows


def test_each_month_is_a_scenario_with_the_index_of_that_month(rain):
    drought = hm.drought(rain, months=3, first="2020-03", last="2021-02")
    assert list(drought.scenarios.index) == [f"2020-{m:02d}" for m in range(3, 13)] + ["2021-01", "2021-02"]
    assert set(drought.scenarios["probability_kind"]) == {"time"}
    assert (drought.units, drought.worse, drought.origins()) == ("1", "lower", ["none", "unknown"])
    for y, x in [(0, 0), (3, 3), (1, 2)]:
        truth = by_scipy(rain.to_numpy()[:, y, x].astype(float), 3)["2020-03":"2021-02"]
        np.testing.assert_allclose(drought.intensity.to_numpy()[:, y, x], truth, atol=2e-5)
    assert drought.parameters["method"] == "thom"
    assert drought.notes[0].startswith("SPI-3: gamma, Thom; calibrated on 1991 to 2020")


def test_an_event_is_the_worst_state_of_each_cell(rain):
    window = {"months": 1, "first": "2020-05", "last": "2020-09"}
    months, event = hm.drought(rain, **window), hm.drought(rain, **window, event=True)
    assert list(event.scenarios.index) == ["2020-05_2020-09"]
    np.testing.assert_array_equal(event.intensity.to_numpy()[0], months.intensity.to_numpy().min(axis=0))


def test_without_a_window_the_last_twelve_months_are_shown(rain):
    assert list(hm.drought(rain).scenarios.index)[::11] == ["2021-01", "2021-12"]
    assert list(hm.drought(rain, last="2020-06").scenarios.index)[::11] == ["2019-07", "2020-06"]


@settings(max_examples=5)
@given(st.integers(1, 4), st.integers(1, 4), st.booleans())
def test_tiles_and_windows_change_no_value(high, wide, event):
    values = np.random.default_rng(5).gamma(3, 25, (len(MONTHS), 4, 4)).astype("float32")
    plain = hm.drought(field(values), first="2021-01", event=event).intensity.to_numpy()
    cut = field(values)
    cut.encoding["preferred_chunks"] = {"y": high, "x": wide}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hazardmap.hazards.drought.VALUES_AT_ONCE", len(MONTHS) * high * wide)
        found = hm.drought(cut, first="2021-01", event=event)
        np.testing.assert_array_equal(found.intensity[:, 1:3, 1:].to_numpy(), plain[:, 1:3, 1:])
        parts = [found.read(window) for window in found.windows()]
    assert sum(part[1].size for part in parts) == plain.size


def test_nothing_is_read_before_it_is_asked_for(rain):
    """Nor more than a tile of it: the file may be larger than memory."""
    asked = []

    def read(key):
        asked.append(key)
        return rain.to_numpy()[key]

    slow = xr.DataArray(lazy(rain.dims, rain.shape, "float32", read), coords=rain.coords, attrs=rain.attrs)
    slow.encoding["preferred_chunks"] = {"y": 2, "x": 2}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hazardmap.hazards.drought.VALUES_AT_ONCE", 4 * len(MONTHS))
        drought = hm.drought(slow, first="2021-06")
    assert asked == []
    drought.intensity[3, 0, 3].to_numpy()
    drought.intensity[0, 1, 2].to_numpy()
    assert [tuple((part.start, part.stop) for part in key[1:]) for key in asked] == [((0, 2), (2, 4))]


def test_months_that_are_not_shown_are_let_go(rain):
    """A finished tile holds what is shown, and not the series that it was made from."""
    drought = hm.drought(rain, first="2021-12")
    drought.intensity.to_numpy()
    kept = next(each for each in gc.get_objects() if isinstance(each, Tiles) and each.shape == (1, 4, 4) and each._done)
    assert all(tile.base is None or tile.base.nbytes == tile.nbytes for tile in kept._done.values())


def test_spei_takes_evaporation_as_given_or_from_the_temperature(rain):
    season = np.cos(2 * np.pi * (MONTHS.month.to_numpy() - 7) / 12)[:, None, None]
    warm = field((10 + 8 * season + np.zeros((1, 4, 4))).astype("float32"), units="degC")
    by_temperature = hm.drought(rain, warm, index="spei", first="2020-01", last="2020-12")
    pet = hm.monthly_amount(field(np.asarray(_thornthwaite(warm)), units="mm"))
    by_evaporation = hm.drought(rain, evaporation=pet, index="spei", first="2020-01", last="2020-12")
    np.testing.assert_allclose(by_temperature.intensity, by_evaporation.intensity, atol=1e-4)
    assert any("Thornthwaite" in note for note in by_temperature.notes)
    assert by_evaporation.parameters["evapotranspiration"] == "as given"
    # to the SPI a temperature is nothing: neither its status nor its card is carried on
    unused = hm.drought(rain, warm.assign_attrs(layer={"name": "t", "status": "synthetic"}), first="2021-12")
    assert (unused.status, unused.inputs) == ("indicative", ())
    assert any("no part in the SPI" in note for note in unused.notes)
    # a constant yearly cycle of evaporation does not change which month is drier than which
    plain = hm.drought(rain, months=3, first="2020-01", last="2020-12").intensity.to_numpy()
    assert np.corrcoef(plain.ravel(), by_temperature.intensity.to_numpy().ravel())[0, 1] > 0.95


def _thornthwaite(temperature):
    from hazardmap.indices import thornthwaite

    return thornthwaite(temperature, climate=(1991, 2020))


def test_series_of_unlike_length_are_cut_to_what_both_have(rain):
    drought = hm.drought(
        rain, evaporation=field(np.full((360, 4, 4), 40.0), MONTHS[:360]), index="spei", last="2020-12"
    )
    assert drought.scenarios.index[-1] == "2020-12"
    assert any("1991-01 to 2020-12" in note for note in drought.notes)


# From whom


def overlaid(rain, land, river, assets, **options):
    drought = hm.drought(
        rain, origin=river, territories=land, months=1, first="2020-01", last="2020-12", min_upstream_km2=4, **options
    )
    return hm.overlay(drought, land, assets)


@pytest.fixture(scope="module")
def plants():
    """One on the reach at the foot, one at the head of the river's second row, one that lives from rain; one far away."""
    x, y = LEFT + CELL * np.array([3.5, 3.6, 3.5, 300]), TOP - CELL * np.array([3.5, 0.4, 3.4, 3.5])
    return gpd.GeoDataFrame(
        {"id": ["foot", "head", "field", "far"], "country": "NL", "from_river": [True, True, False, True]},
        geometry=gpd.points_from_xy(x, y),
        crs=3035,
    )


def test_only_what_lives_from_a_river_is_in_the_flows(rain, land, river, plants):
    values = rain.to_numpy().copy()
    values[MONTHS.year == 2020] *= 0.1
    result = overlaid(field(values), land, river, {"plants": plants})
    hit = result.assets.query("layer == 'plants' and scenario == '2020-07'").set_index("asset")
    assert hit["status"].to_dict() == {"foot": "hit", "head": "hit", "field": "hit", "far": "not covered"}
    # the foot drains the west and the east alike: 8 km2 each; equal-area cells
    assert hit.loc["foot", "foreign_share"] == pytest.approx(0.5)
    assert np.isnan(hit.loc["field", "foreign_share"])
    flows = result.flows().query("scenario == '2020-07'")
    assert set(flows["measure"]) == {"plants"}
    by_origin = flows.groupby("origin")["attributed"].sum()
    assert by_origin["BE"] + by_origin["NL"] == pytest.approx(2.0)
    assert flows.groupby("origin")["attributed"].sum().sum() == pytest.approx(
        flows.drop_duplicates("level")["total"].sum()
    )
    everything = result.flows(without_origin=True).query("scenario == '2020-07'")
    area = everything.query("measure == 'territories'")
    assert set(area["origin"]) == {"none"}
    assert area["attributed"].sum() == pytest.approx(
        result.assets.query("layer == 'territories' and scenario == '2020-07'")["affected"].sum()
    )
    assert any(
        "3 of its assets live from a river; 2 take the source" in note and "1 have no river" in note
        for note in result.notes
    )
    assert set(result.crossing(0.4).assets["asset"]) == {"foot", "head"}


@settings(max_examples=4)
@given(st.lists(st.booleans(), min_size=3, max_size=3), st.floats(0.05, 1.0))
def test_attributed_adds_up_and_nothing_is_lost(flags, factor):
    """Whatever lives from a river: flows and what has no origin add up to the rows."""
    values = np.random.default_rng(3).gamma(3, 25, (len(MONTHS), 4, 4))
    values[MONTHS.year == 2020] *= factor
    middle = LEFT + 2 * CELL
    shapes = [shapely.box(LEFT, TOP - 4 * CELL, middle, TOP), shapely.box(middle, TOP - 4 * CELL, LEFT + 4 * CELL, TOP)]
    land = gpd.GeoDataFrame({"id": ["W", "E"], "country": ["BE", "NL"]}, geometry=shapes, crs=3035)
    codes = np.array([[1, 1, 1, 4]] * 3 + [[1, 1, 1, 0]], dtype="uint8")
    river = field(codes[None].astype(float), MONTHS[:1])[0].astype("uint8").drop_vars("time")
    river.attrs = {"units": "1", "_FillValue": np.uint8(247)}
    fields = [shapely.box(LEFT + k * CELL, TOP - 3 * CELL, LEFT + (k + 1.5) * CELL, TOP - CELL) for k in (0, 1, 2)]
    assets = gpd.GeoDataFrame({"id": list("abc"), "from_river": flags, "value": 10.0}, geometry=fields, crs=3035)
    result = overlaid(field(values), land, river, {"fields": assets})
    keys = ["scenario", "level", "measure", "unit", "territory"]
    every = result.flows(without_origin=True)
    np.testing.assert_allclose(every.groupby(keys)["attributed"].sum(), every.groupby(keys)["total"].first(), rtol=1e-9)
    rows = result.assets.query("layer == 'fields'")
    area = every.query("measure == 'fields' and unit == 'km2'")
    assert area["attributed"].sum() == pytest.approx(rows["affected"].sum())
    own = rows[rows["asset"].isin([name for name, flag in zip("abc", flags, strict=True) if flag])]
    sent = result.flows()
    assert sent.query("unit == 'km2'")["attributed"].sum() == pytest.approx(own["affected"].sum())
    assert "none" not in set(sent["origin"])


def test_shares_may_be_weighted_by_runoff(rain, land, river, plants):
    """Three times as much runs off in the west: it gives three quarters of the water at the foot."""
    runoff = field(np.broadcast_to([[[3.0, 3.0, 1.0, 1.0]]], (1, 4, 4)).copy(), MONTHS[:1])[0].drop_vars("time")
    drought = hm.drought(rain, None, None, river, land, runoff, first="2021-01", min_upstream_km2=4)
    assert drought.meaning == "share of upstream runoff"
    table = hm.river_dependence(drought, plants).query("asset == 'foot'").set_index("origin")
    assert table["share"].to_dict() == pytest.approx({"BE": 0.75, "NL": 0.25})
    assert table["foreign_share"].tolist() == pytest.approx([0.75, 0.75])


def test_dependence_is_known_in_wet_months_too(rain, land, river, plants):
    drought = hm.drought(rain, None, None, river, land, first="2021-01", min_upstream_km2=4)
    table = hm.river_dependence(drought, plants)
    assert table.groupby("asset")["share"].sum().to_dict() == pytest.approx({"foot": 1, "head": 1, "far": 1})
    assert table.set_index("asset").loc["far", "origin"] == "unknown"
    assert "field" not in set(table["asset"])
    assert hm.river_dependence(drought, plants.assign(from_river=False)).empty
    unnamed = hm.river_dependence(drought, plants.drop(columns="id"))
    assert set(unnamed["asset"]) == {"0", "1", "3"}
    with pytest.raises(LayerError, match="more than once"):
        hm.river_dependence(drought, plants.assign(id="same"))
    with pytest.raises(LayerError, match="from_river"):
        hm.river_dependence(drought, plants.drop(columns="from_river"))
    with pytest.raises(LayerError, match="knows no rivers"):
        hm.river_dependence(replace(drought, river=None), plants)


def test_a_place_may_say_how_large_its_river_is(rain, land, river, plants):
    """The head lies nearest to a reach of 4 km2; it says that it lives from one of 16."""
    drought = hm.drought(rain, None, None, river, land, first="2021-01", min_upstream_km2=4)
    told = plants.assign(upstream_km2=[16.0, 16.0, np.nan, np.nan])
    away = hm.river_dependence(drought, told).drop_duplicates("asset").set_index("asset")["distance_m"]
    assert away["head"] > 2000
    assert away["foot"] < 50


def test_flags_are_read_as_they_are_written():
    frame = pd.DataFrame({"from_river": ["true", "False", " 1 ", None, True, np.nan]})
    assert lives_from_river(frame, name="plants").tolist() == [True, False, True, False, True, False]
    with pytest.raises(LayerError, match="'maybe'"):
        lives_from_river(pd.DataFrame({"from_river": ["maybe"]}), name="plants")
    with pytest.raises(LayerError, match="expected true or false"):
        lives_from_river(pd.DataFrame({"from_river": [[True, False]]}), name="plants")


def test_other_hazards_leave_the_column_alone(raster, land, plants):
    depth = raster([[[1.0] * 4] * 4], left=LEFT, top=TOP, cell=CELL)
    flood = Footprint(
        hazard="flood", intensity=depth, units="m", levels=(0.5,), scenarios=scenario_table([{"id": "a"}]),
        shares=pd.DataFrame({"source": [0], "origin": ["DE"], "share": [1.0]}),
    )  # fmt: skip
    assert set(hm.overlay(flood, land, {"plants": plants}).flows()["origin"]) == {"DE"}


def test_an_origin_is_none_alone_or_not_at_all(raster):
    shares = pd.DataFrame({"source": [0, 0], "origin": ["none", "DE"], "share": [0.5, 0.5]})
    with pytest.raises(FootprintError, match="in part"):
        Footprint(
            hazard="x", intensity=raster([[[1.0]]]), units="m", levels=(0.5,), scenarios=scenario_table([{"id": "a"}]), shares=shares
        )  # fmt: skip


def test_what_a_drought_costs_a_year_is_not_asked(rain, land):
    result = hm.overlay(hm.drought(rain, first="2021-06"), land)
    with pytest.raises(FootprintError, match="shares of time"):
        result.annual()


# Bad input


@pytest.mark.parametrize(
    ("change", "error", "words"),
    {
        "short calibration": ({"calibration": [1992, 2020]}, TimeAxisError, "29 whole years"),
        "calibration": ({"calibration": 1991}, FootprintError, "first and last year"),
        "index": ({"index": "spx"}, FootprintError, "spi or spei"),
        "spei alone": ({"index": "spei"}, FootprintError, "neither temperature nor evaporation"),
        "months": ({"months": 60}, LayerError, "1 to 48"),
        "method": ({"method": "pwm"}, LayerError, "thom"),
        "clip": ({"clip": "3"}, FootprintError, "clip is '3'"),
        "half a year": ({"minimum_years": 29.5}, FootprintError, "minimum_years is 29.5"),
        "months as a flag": ({"months": True}, FootprintError, "months is True"),
        "event": ({"event": "no"}, FootprintError, "event is 'no'"),
        "list": ({"index": ["spi"]}, FootprintError, "spi or spei"),
        "radius": ({"river_m": "far"}, FootprintError, "river_m is 'far'"),
        "one level": ({"levels": -1}, FootprintError, "levels are -1"),
        "levels as words": ({"levels": ["a", "b"]}, FootprintError, "class edges"),
        "before": ({"last": "1980-01"}, NoOverlapError, "1991-01 to 2021-12"),
        "first": ({"first": "2020"}, LayerError, "such as 2018-07"),
        "window": ({"first": "2030-01", "last": "2030-02"}, NoOverlapError, "1991-01 to 2021-12"),
        "backwards": ({"first": "2020-05", "last": "2020-01"}, FootprintError, "backwards"),
        "levels": ({"levels": [-2, -1]}, FootprintError, "levels"),
    }.values(),
)
def test_bad_options_are_one_line_errors(rain, change, error, words):
    with pytest.raises(error, match=words) as caught:
        hm.drought(rain, **change)
    assert "\n" not in str(caught.value)


def test_fewer_years_have_to_be_asked_for(rain):
    assert (
        hm.drought(rain, calibration=[1992, 2020], minimum_years=29, first="2021-12").parameters["minimum_years"] == 29
    )


def test_rain_that_never_falls_is_refused(rain):
    dry = rain.copy(data=np.where((MONTHS.month == 7)[:, None, None], 0, rain))
    with pytest.raises(LayerError, match="end in month 7"):
        hm.drought(dry, months=1, first="2021-01").intensity.to_numpy()
    assert np.isfinite(hm.drought(dry, months=3, first="2021-01").intensity.to_numpy()).all()


def test_missing_months_stay_missing(rain):
    gap = rain.copy(data=np.where((MONTHS == "2020-06-01")[:, None, None], np.nan, rain))
    found = hm.drought(gap, months=3, first="2020-05", last="2020-09").intensity.to_numpy()
    assert np.isnan(found).all(axis=(1, 2)).tolist() == [False, True, True, True, False]


def test_layers_have_to_agree(rain, river):
    with pytest.raises(GridError, match="one grid"):
        hm.drought(rain, evaporation=field(np.ones((len(MONTHS), 4, 4)), cell=500.0), index="spei")
    later = pd.date_range("2030-01-01", periods=12, freq="MS")
    with pytest.raises(NoOverlapError, match="no month in common"):
        hm.drought(rain, evaporation=field(np.ones((12, 4, 4)), later), index="spei")
    with pytest.raises(FootprintError, match="no territories"):
        hm.drought(rain, origin=river)
    with pytest.raises(UnitsError, match="no units"):
        hm.drought(rain.assign_attrs(units=None))


@pytest.mark.parametrize("calendar", ["noleap", "360_day"])
def test_a_calendar_without_leap_years_has_no_leap_years(calendar):
    """Always as warm, each month evaporates the same in every year; and what is the same takes no part in an index.

    With the months of the standard calendar, a February of 29 days would evaporate more.
    """
    times = xr.date_range("1991-01-01", periods=360, freq="MS", calendar=calendar, use_cftime=True)
    mm = field(np.random.default_rng(5).gamma(3, 25, (360, 2, 2)), MONTHS[:360]).assign_coords(time=times)
    warm = mm.copy(data=np.full(mm.shape, 12.0)).assign_attrs(units="degC")
    drought = hm.drought(mm, warm, index="spei", months=1, first="1991-01", last="2020-12")
    alone = hm.spei(mm, 1)
    np.testing.assert_allclose(drought.intensity.to_numpy(), alone.to_numpy(), atol=2e-5)  # in single precision
    assert not any("calendars differ" in note for note in drought.notes)


def test_few_years_are_noted(rain):
    few = hm.drought(rain, calibration=[2001, 2012], minimum_years=12).notes
    assert any("only 12 years of calibration, the WMO asks for 30" in note for note in few)
    assert any("fewer than 4 years" in note for note in few)
    usual = hm.drought(rain).notes
    assert not any("WMO" in note for note in usual)
    assert any("fewer than 10 years" in note for note in usual)


def test_two_calendars_are_noted(rain):
    other = xr.date_range(str(MONTHS[0])[:10], periods=len(MONTHS), freq="MS", calendar="360_day", use_cftime=True)
    warm = rain.copy(data=np.full(rain.shape, 12.0)).assign_attrs(units="degC")
    said = [
        [note for note in hm.drought(rain, each, index="spei").notes if "calendars differ" in note]
        for each in (warm, warm.assign_coords(time=other))
    ]
    assert said[0] == []
    assert "temperature 360_day" in said[1][0]


# Low water, and land that lives from rain


def test_real_low_water_at_basel(shared_data):
    """Basel, 2020 to 2023: the least day is 437 m3/s, on 15 August 2022."""
    table = pd.read_csv(shared_data / "climate" / "basel_rhine_flow_2020_2023.csv")
    days = pd.to_datetime(table["date"])
    flow = pd.DataFrame({"basel": table["q_m3s"].to_numpy(dtype=float)}, index=days).groupby(level=0).mean()
    short = hm.water_shortage(pd.DataFrame({"id": ["p"], "gauge": ["basel"]}), flow).set_index("month")
    assert short["least_m3s"].min() == pytest.approx(437, abs=1)
    assert short["least_m3s"].idxmin() == "2022-08"
    assert short.loc["2022-08", "state"] == "too little"
    known = flow["basel"][flow["basel"] > 0]
    assert short["threshold_m3s"].iloc[0] == pytest.approx(np.quantile(known, 0.05))


def test_days_that_are_low_warm_or_unknown_are_counted():
    days = pd.date_range("2022-07-01", "2022-09-30")
    flow = pd.DataFrame({"g": np.where(days.month == 8, 400.0, 1000.0)}, index=days)
    flow.loc["2022-09-10", "g"] = 0  # a code, no drought
    heat = pd.DataFrame({"g": np.where(days == "2022-07-20", 29.0, 21.0)}, index=days)
    plants = pd.DataFrame({"id": ["a", "b"], "gauge": "g", "country": ["DE", "LU"], "kind": "power station"})
    limits = hm.parameters("water-limits")
    table = hm.water_shortage(plants, flow, water_temperature=heat, limits=limits, exceeded=0.3).set_index(
        ["asset", "month"]
    )
    assert table["state"].to_dict() == {
        ("a", "2022-07"): "too warm", ("a", "2022-08"): "too little", ("a", "2022-09"): "unknown",
        ("b", "2022-07"): "enough", ("b", "2022-08"): "too little", ("b", "2022-09"): "unknown",
    }  # fmt: skip
    assert table.loc[("a", "2022-08"), "days_low"] == 31
    assert table.loc[("a", "2022-07"), ["days_warm", "limit_degc", "limit_status"]].tolist() == [1, 28.0, "K"]
    assert np.isnan(table.loc[("b", "2022-07"), "limit_degc"])


def test_a_month_that_the_series_has_in_part_is_not_known():
    days = pd.date_range("2022-07-15 12:00", "2022-09-10 12:00")
    short = hm.water_shortage(
        pd.DataFrame({"id": ["p"], "gauge": ["g"]}), pd.DataFrame({"g": 900.0}, index=days)
    ).set_index("month")
    assert short["state"].tolist() == ["unknown", "enough", "unknown"]
    assert short[["days", "days_known"]].to_numpy().tolist() == [[31, 17], [31, 31], [30, 10]]


def test_a_plant_finds_the_gauge_of_its_river_and_without_one_nothing_is_known(river, land):
    """The foot drains 16 km2; the cell above it 12, too little to be the same river; the brook 1."""
    found = reaches(river, land, min_area_km2=0.5)
    places = gpd.points_from_xy(LEFT + np.array([3.5, 3.5, 0.5]) * CELL, TOP - np.array([3.5, 2.5, 0.5]) * CELL)
    plants = gpd.GeoDataFrame({"id": ["foot", "above", "brook"]}, geometry=places, crs=3035)
    gauges = plants.iloc[:1].rename(columns={"id": "gauge"})
    plants["gauge"] = nearest_gauge(plants, gauges, found)["gauge"]
    assert plants["gauge"].tolist() == ["foot", None, None]
    flow = pd.DataFrame({"foot": [5.0] * 30 + [1.0]}, index=pd.date_range("2022-07-01", "2022-07-31"))
    short = hm.water_shortage(plants, flow).set_index("asset")
    assert short["state"].to_dict() == {"foot": "too little", "above": "unknown", "brook": "unknown"}
    assert short["days_known"].tolist() == [31, 0, 0]


@pytest.mark.parametrize(
    ("flow", "plants", "words"),
    [
        (pd.DataFrame({"g": [1.0]}), pd.DataFrame({"id": ["a"], "gauge": ["g"]}), "no dates"),
        (
            pd.DataFrame({"g": [1.0]}, index=[pd.Timestamp("2022-01-01")]),
            pd.DataFrame({"id": ["a"], "gauge": ["h"]}),
            "'h' has no flow",
        ),
        (pd.DataFrame({"g": [1.0]}, index=[pd.Timestamp("2022-01-01")]), pd.DataFrame({"id": ["a"]}), "'gauge'"),
        (
            pd.DataFrame({"g": [1.0, 2.0]}, index=[pd.Timestamp("2022-01-01")] * 2),
            pd.DataFrame({"id": ["a"], "gauge": ["g"]}),
            "twice",
        ),
        (
            pd.DataFrame({"g": 1.0}, index=pd.date_range("2022-01-01", periods=48, freq="h")),
            pd.DataFrame({"id": ["a"], "gauge": ["g"]}),
            "aggregate to days",
        ),
    ],
)
def test_bad_gauges_are_one_line_errors(flow, plants, words):
    with pytest.raises(LayerError, match=words):
        hm.water_shortage(plants, flow)


def test_farmland_of_a_land_use_raster_is_counted_in_km2(rain, land, raster):
    codes = np.array([[211, 112], [231, np.nan]] * 2 + [[211, 211]] * 4, dtype=float)[:4]
    use = raster(np.tile(codes, (1, 2)), left=LEFT, top=TOP, cell=CELL, units="class")
    farmland = hm.class_area(use, [211, 231])
    values = rain.to_numpy().copy()
    values[MONTHS.year == 2020] *= 0.05
    result = hm.overlay(
        hm.drought(field(values), months=1, first="2020-07", last="2020-07"), land, {"farmland": farmland}
    )
    rows = result.assets.query("layer == 'farmland'").set_index("country")
    by_hand = np.isin(codes, [211, 231]).sum()
    assert rows["amount"].to_dict() == pytest.approx({"BE": by_hand, "NL": by_hand}, rel=1e-6)
    assert rows["affected"].to_dict() == pytest.approx({"BE": by_hand, "NL": by_hand}, rel=1e-6)
    with pytest.raises(LayerError, match="no class"):
        hm.class_area(use, [])
