"""The laws of the overlay, on grids that a person can check by hand and on generated borders."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hazardmap as hm
from hazardmap.errors import FootprintError, GeometryError, LayerError, MissingCRSError, UnitsError
from hazardmap.footprint import Footprint, scenario_table

LEFT, TOP, CELL = 4_000_000.0, 3_100_000.0, 1000.0
TWO = scenario_table([{"return_period": 10, "label": "HQ10"}, {"return_period": 100, "label": "HQ100"}])


def footprint(intensity, source, shares, *, levels=(0.5, 1.5), scenarios=TWO):
    return Footprint(
        hazard="flood",
        intensity=intensity,
        units="m",
        levels=levels,
        scenarios=scenarios,
        source=source,
        shares=pd.DataFrame(shares, columns=["source", "origin", "share"]),
    )


def lands(at, height, *, left=LEFT, top=TOP, cell=CELL, crs=3035):
    """Three countries that meet in a T: ``at`` and ``height`` in cells, so off the centre of cells."""
    x, y, far = left + at * cell, top - height * cell, 50 * cell
    boxes = [
        shapely.box(left - far, top - far, x, top + far),
        shapely.box(x, y, left + far, top + far),
        shapely.box(x, top - far, left + far, y),
    ]
    return gpd.GeoDataFrame({"id": ["W", "NE", "SE"], "country": ["BE", "NL", "DE"]}, geometry=boxes, crs=crs)


@pytest.fixture
def by_hand(raster):
    """4 x 4 cells of 1 km2. T10: the middle four at 1 m. T100: all at 2 m but one missing. Sources: left half, right half."""
    depth = np.zeros((2, 4, 4))
    depth[0, 1:3, 1:3] = 1.0
    depth[1] = 2.0
    depth[1, 0, 0] = np.nan
    field = raster(depth, left=LEFT, top=TOP, cell=CELL)
    source = field[0].copy(data=np.repeat([[1, 1, 2, 2]], 4, axis=0).astype("int32"))
    return footprint(field, source, [(1, "FR", 0.25), (1, "BE", 0.75), (2, "NL", 1.0)])


@pytest.fixture
def two_lands():
    """The border runs 1.3 cells from the left edge of the grid."""
    x = LEFT + 1.3 * CELL
    boxes = [shapely.box(LEFT, TOP - 4 * CELL, x, TOP), shapely.box(x, TOP - 4 * CELL, LEFT + 4 * CELL, TOP)]
    return gpd.GeoDataFrame({"id": ["W", "E"], "country": ["BE", "NL"]}, geometry=boxes, crs=3035)


def test_areas_of_a_border_across_cells(by_hand, two_lands):
    """T10 in the west: 0.3 of two cells = 0.6 km2, all from source 1; in the east 0.7 x 2 + 2 = 3.4 km2, 1.4 from source 1."""
    result = hm.overlay(by_hand, two_lands)
    rows = result.assets.set_index(["territory", "scenario"])
    assert rows.loc[("W", "T10"), "affected"] == pytest.approx(0.6)
    assert rows.loc[("E", "T10"), "affected"] == pytest.approx(3.4)
    assert rows.loc[("W", "T100"), "covered_fraction"] == pytest.approx(4.2 / 5.2)
    assert rows.loc[("W", "T10"), "foreign_share"] == pytest.approx(0.25)
    assert rows.loc[("E", "T10"), "foreign_share"] == pytest.approx(1.4 / 3.4)
    flows = result.flows().set_index(["scenario", "territory", "origin"])
    assert flows.loc[("T10", "E", "BE"), "attributed"] == pytest.approx(1.4 * 0.75)
    assert flows.loc[("T10", "E", "BE"), "distinct"] == pytest.approx(1.4)
    assert flows.loc[("T10", "E", "BE"), "total"] == pytest.approx(3.4)


@pytest.mark.parametrize("names", [["territories"], ["Zones"], ["shares"], ["places", "Places"], [""], [" "]])
def test_names_of_layers_that_cannot_be_told_apart(by_hand, two_lands, names):
    """A layer called 'territories' would take their place; one called 'zones' that of a table in a file."""
    with pytest.raises(LayerError, match=r"is called .*, as is (the layer|a table)|has no name"):
        hm.overlay(by_hand, two_lands, dict.fromkeys(names, two_lands))


def test_the_state_of_points(by_hand, two_lands):
    """One flooded, one dry, one on a missing cell in T100, one off the grid."""
    x, y = np.array([1.5, 0.5, 20]) * CELL + LEFT, TOP - np.array([1.5, 0.5, 1]) * CELL
    plants = gpd.GeoDataFrame(
        {"id": ["a", "b", "c"], "value": [5.0, 2.0, 3.0]}, geometry=gpd.points_from_xy(x, y), crs=3035
    )
    plants.attrs["units"] = {"value": "MW"}
    result = hm.overlay(by_hand, two_lands, {"plants": plants})
    rows = result.assets[result.assets["layer"] == "plants"].set_index(["asset", "scenario"])
    assert rows["status"].to_dict() == {
        ("a", "T10"): "hit", ("a", "T100"): "hit", ("b", "T10"): "dry", ("b", "T100"): "not covered",
        ("c", "T10"): "not covered", ("c", "T100"): "not covered",
    }  # fmt: skip
    assert rows.loc[("c", "T10"), "territory"] == "outside"
    flows = result.flows()
    megawatts = flows[(flows["measure"] == "plants") & (flows["unit"] == "MW") & (flows["scenario"] == "T10")]
    assert megawatts.set_index("origin")["attributed"].to_dict() == pytest.approx({"BE": 3.75, "FR": 1.25})


def test_a_line_and_a_polygon_are_shared_by_length_and_area(by_hand, two_lands):
    """A road along the second row (y = 1.5 cells): km 1 to 3 flooded in T10, cut at km 1.3. A park over 4 cells, half of it flooded."""
    road = gpd.GeoDataFrame(
        {"id": ["r"]}, geometry=[shapely.LineString([(LEFT, TOP - 1500), (LEFT + 4000, TOP - 1500)])], crs=3035
    )
    park = gpd.GeoDataFrame(
        {"id": ["p"], "value": [400.0]}, geometry=[shapely.box(LEFT + 2000, TOP - 2000, LEFT + 4000, TOP)], crs=3035
    )
    park.attrs["units"] = "jobs"
    result = hm.overlay(by_hand, two_lands, {"road": road, "park": park})
    rows = result.assets[result.assets["scenario"] == "T10"].set_index(["layer", "territory"])
    # EPSG:3035 stretches lengths here by less than 1 in 1000
    assert rows.loc[("road", "W"), "affected_fraction"] == pytest.approx(0.3 / 1.3, rel=1e-6)
    assert rows.loc[("road", "E"), "affected_fraction"] == pytest.approx(1.7 / 2.7, rel=1e-6)
    assert rows.loc[("road", "E"), "amount"] == pytest.approx(2.7, rel=1e-3)
    assert rows.loc[("park", "E"), "affected"] == pytest.approx(1.0)
    flows = result.flows()
    jobs = flows[(flows["unit"] == "jobs") & (flows["scenario"] == "T10")]
    assert jobs["attributed"].tolist() == pytest.approx([100.0])
    counted = flows[(flows["measure"] == "road") & (flows["unit"] == "count") & (flows["scenario"] == "T10")]
    assert counted.groupby("territory")["attributed"].sum().to_dict() == pytest.approx({"E": 1.0, "W": 1.0})


def test_people_on_another_grid_are_conserved(by_hand, two_lands, raster):
    """8 x 8 cells of 0.5 km with 10 people each: 208 of 640 in the west, 24 of them on 0.6 km2 of flooded land."""
    people = raster(np.full((8, 8), 10.0), left=LEFT, top=TOP, cell=500, units="people")
    result = hm.overlay(by_hand, two_lands, {"people": people})
    rows = result.assets[result.assets["layer"] == "people"].set_index(["territory", "scenario"])
    assert rows.groupby("scenario")["amount"].sum().tolist() == pytest.approx([640, 640])
    assert rows.loc[("W", "T10"), "affected"] == pytest.approx(24)
    assert rows.loc[("E", "T10"), "affected"] == pytest.approx(136)
    assert rows.loc[("E", "T100"), "affected"] == pytest.approx(432)


def test_a_place_known_to_a_kilometre_is_a_disc(by_hand, two_lands):
    """200 m outside the flooded middle: dry as a point, perhaps hit as a disc of 1 km."""
    park = gpd.GeoDataFrame({"id": ["p"]}, geometry=gpd.points_from_xy([LEFT + 2000], [TOP - 800]), crs=3035)
    sharp = hm.overlay(by_hand, two_lands, {"parks": park})
    park.attrs["uncertainty_m"] = 1000
    wide = hm.overlay(by_hand, two_lands, {"parks": park})
    status = [r.assets.query("layer == 'parks' and scenario == 'T10'")["status"].iloc[0] for r in (sharp, wide)]
    assert status == ["dry", "hit"]
    assert any("1,000 m" in note for note in wide.notes)
    counted = wide.flows().query("measure == 'parks' and scenario == 'T10'")
    assert counted.groupby("territory")["total"].first().to_dict() == {"E": 1.0, "W": 1.0}


def test_crossing_keeps_rows_unscaled(by_hand, two_lands):
    result = hm.overlay(by_hand, two_lands)
    kept = result.crossing(min_share=0.4)
    assert kept.assets.set_index(["territory", "scenario"]).index.tolist() == [("E", "T10")]
    assert kept.assets["affected"].tolist() == pytest.approx([3.4])
    assert kept.flows()["attributed"].sum() == pytest.approx(3.4)
    with pytest.raises(ValueError, match="min_share is 0"):
        result.crossing(0)


def test_expected_area_per_year_by_hand(by_hand, two_lands):
    """West: 0.6 km2 at 1/10 and 4.2 at 1/100: (0.6 + 4.2) / 2 x 0.09 + 4.2 x 0.01."""
    annual = hm.overlay(by_hand, two_lands).annual()
    west = annual[annual["territory"] == "W"]
    assert west["attributed"].sum() == pytest.approx(0.216 + 0.042)
    assert "only 2 scenarios" in annual.attrs["notes"][0]
    assert set(annual["method"]) == {"trapezoid over exceedance probability, rare tail constant"}


def test_annual_leaves_out_what_has_no_probability(by_hand, two_lands):
    table = scenario_table([{"return_period": 10}, {"label": "HQ extreme"}])
    half = footprint(by_hand.intensity, by_hand.source, by_hand.shares.to_numpy().tolist(), scenarios=table)
    annual = hm.overlay(half, two_lands).annual(rare_tail="none")
    assert annual["attributed"].sum() == 0.0
    assert "HQ extreme" in annual.attrs["notes"][0]
    shares_of_time = table.assign(probability_kind="time")
    with pytest.raises(FootprintError, match="shares of time"):
        hm.overlay(footprint(by_hand.intensity, 1, [(1, "BE", 1.0)], scenarios=shares_of_time), two_lands).annual()


def test_drought_is_worse_downwards(raster, two_lands):
    field = raster([[[-0.5, -1.0, -1.6, 0.2]] * 4], left=LEFT, top=TOP, cell=CELL, units="1")
    dry = Footprint(
        hazard="drought", intensity=field, units="1", levels=(-1.0, -1.5), worse="lower",
        scenarios=scenario_table([{"id": "2022-08"}]), shares=pd.DataFrame({"source": [0], "origin": ["none"], "share": [1.0]}),
    )  # fmt: skip
    rows = hm.overlay(dry, two_lands).assets.set_index("territory")
    # West: 0.3 of the second column (-1.0, class from -1.0) in four rows
    assert rows.loc["W", "affected"] == pytest.approx(1.2)
    assert rows.loc["E", "affected"] == pytest.approx(4 * (0.7 + 1))
    assert rows["level"].to_dict() == {"W": -1.0, "E": -1.5}
    assert rows["foreign_share"].isna().all()  # what comes from nowhere is nobody's share


def cloud(x, y, radius, source, intensity, scenario="now"):
    return {
        "scenario": scenario,
        "intensity": intensity,
        "source": source,
        "geometry": shapely.Point(x, y).buffer(radius, quad_segs=90),
    }


def test_overlapping_clouds_count_once_per_origin_and_add_up(two_lands):
    """Two equal squares that overlap by half: attributed adds up to the union, distinct counts each cloud in full."""
    square = [
        shapely.box(LEFT + 2000, TOP - 2000, LEFT + 3000, TOP - 1000),
        shapely.box(LEFT + 2500, TOP - 2000, LEFT + 3500, TOP - 1000),
    ]
    clouds = gpd.GeoDataFrame({"scenario": "now", "intensity": [2.0, 2.0], "source": [1, 2]}, geometry=square, crs=3035)
    chemical = Footprint(
        hazard="chemical", intensity=clouds, units="1", levels=(1.0,), scenarios=scenario_table([{"id": "now"}]),
        shares=pd.DataFrame({"source": [1, 2], "origin": ["BE", "DE"], "share": [1.0, 1.0]}),
    )  # fmt: skip
    flows = hm.overlay(chemical, two_lands).flows().set_index("origin")
    assert flows["attributed"].tolist() == pytest.approx([0.75, 0.75])
    assert flows["distinct"].tolist() == pytest.approx([1.0, 1.0])
    assert flows["total"].tolist() == pytest.approx([1.5, 1.5])


def test_nested_clouds_are_classed_by_the_worst(two_lands):
    """Rings of one source: 2 km2 at level 1 minus 0.5 km2 at level 3, from two shapes."""
    shapes = [
        shapely.box(LEFT + 2000, TOP - 1000, LEFT + 4000, TOP),
        shapely.box(LEFT + 2000, TOP - 1000, LEFT + 2500, TOP),
    ]
    clouds = gpd.GeoDataFrame({"scenario": "now", "intensity": [1.0, 3.0], "source": [1, 1]}, geometry=shapes, crs=3035)
    chemical = Footprint(
        hazard="chemical", intensity=clouds, units="1", levels=(1.0, 2.0, 3.0), scenarios=scenario_table([{"id": "now"}]),
        shares=pd.DataFrame({"source": [1], "origin": ["BE"], "share": [1.0]}),
        modelled=shapely.box(LEFT, TOP - 2000, LEFT + 4000, TOP),
    )  # fmt: skip
    result = hm.overlay(chemical, two_lands)
    assert result.flows().set_index("level")["attributed"].to_dict() == pytest.approx({1.0: 1.5, 3.0: 0.5})
    assert result.zones.groupby("level")["area_km2"].sum().to_dict() == pytest.approx({1.0: 1.5, 3.0: 0.5})
    # half of the east is outside what was modelled
    assert result.assets.set_index("territory").loc["E", "covered_fraction"] == pytest.approx(0.5, rel=1e-5)


depths = st.lists(st.sampled_from([0.0, 0.3, 0.7, 1.5, 2.5, float("nan")]), min_size=60, max_size=60)
sources = st.lists(st.integers(0, 3), min_size=30, max_size=30)
weights = st.lists(st.integers(1, 9), min_size=9, max_size=9)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(depths, sources, weights, st.floats(0.1, 5.9), st.floats(0.1, 4.9), st.booleans())
def test_laws_on_generated_borders_and_footprints(raster, values, source, weight, at, height, degrees):
    """Three countries in one patch, borders off the centre of cells, projected and geographic grids."""
    grid = (
        {"left": 5.0, "top": 51.0, "cell": 0.01, "crs": 4326}
        if degrees
        else {"left": LEFT, "top": TOP, "cell": CELL, "crs": 3035}
    )
    field = raster(np.reshape(values, (2, 5, 6)), **{**grid, "crs": f"EPSG:{grid['crs']}"})
    number = field[0].copy(data=np.reshape(source, (5, 6)).astype("int32"))
    parts = np.reshape(weight, (3, 3)) / np.reshape(weight, (3, 3)).sum(axis=1, keepdims=True)
    shares = [(0, "unknown", 1.0)] + [
        (s + 1, o, parts[s, k]) for s in range(3) for k, o in enumerate(("BE", "DE", "FR"))
    ]
    result = hm.overlay(footprint(field, number, shares), lands(at, height, **grid))
    rows, flows, zones = result.assets, result.flows(), result.zones

    # attributed flows add up to the rows they come from, and to the total beside them
    from_flows = flows.groupby(["scenario", "territory"])["attributed"].sum()
    from_rows = rows[rows["affected"] > 0].groupby(["scenario", "territory"])["affected"].sum()
    assert from_flows.to_dict() == pytest.approx(from_rows.to_dict(), rel=1e-9)
    by_total = flows.groupby(["scenario", "level", "territory"]).agg({"attributed": "sum", "total": "first"})
    assert by_total["attributed"].to_numpy() == pytest.approx(by_total["total"].to_numpy(), rel=1e-9)

    # zones add up to the exact area of the cells of their class, whatever the border does
    cells = exact_cell_areas(grid)
    for scenario, name in enumerate(("T10", "T100")):
        found = field.to_numpy()[scenario]
        for low, high in ((0.5, 1.5), (1.5, np.inf)):
            exact = (cells * ((found >= low) & (found < high))).sum() / 1e6
            zone = zones.loc[(zones["scenario"] == name) & (zones["level"] == low), "area_km2"].sum()
            assert zone == pytest.approx(exact, rel=1e-9, abs=1e-12)

    # not covered stays not covered, and no share is invented
    assert rows.loc[rows["covered_fraction"] == 0, "status"].isin(["not covered"]).all()
    assert not (rows["status"] == "dry").any()  # every territory reaches beyond the grid
    touched = set(
        number.to_numpy()[np.nanmax(field.to_numpy(), axis=0, initial=0.0, where=~np.isnan(field.to_numpy())) >= 0.5]
    )
    allowed = {origin for s, origin, _ in shares if s in touched}
    assert set(flows["origin"]) == allowed
    assert result.shares.groupby("row")["share"].sum().to_numpy() == pytest.approx(1.0, abs=1e-12)


def exact_cell_areas(grid):
    """Closed form on lon/lat (Snyder 1987, eq. 3-12), and the square of the cell in an equal-area CRS."""
    if grid["crs"] == 3035:
        return np.full((5, 1), CELL**2)
    a, f = 6378137.0, 1 / 298.257223563
    e = np.sqrt(f * (2 - f))
    s = np.sin(np.radians(51.0 - 0.01 * np.arange(6)))
    q = (1 - e**2) * (s / (1 - (e * s) ** 2) - np.log((1 - e * s) / (1 + e * s)) / (2 * e))
    return (a**2 / 2 * np.radians(0.01) * -np.diff(q))[:, None]


def test_the_door_of_the_overlay(by_hand, two_lands, raster):
    points = gpd.GeoDataFrame({"id": ["a", "a"]}, geometry=gpd.points_from_xy([LEFT, LEFT], [TOP, TOP]), crs=3035)
    with pytest.raises(LayerError, match="'a' more than once"):
        hm.overlay(by_hand, two_lands, {"plants": points})
    with pytest.raises(MissingCRSError, match="plants has no CRS"):
        hm.overlay(by_hand, two_lands, {"plants": points.set_crs(None, allow_override=True)})
    with pytest.raises(LayerError, match="plants is empty"):
        hm.overlay(by_hand, two_lands, {"plants": points[:0]})
    with pytest.raises(LayerError, match="expected id and country"):
        hm.overlay(by_hand, two_lands.drop(columns="country"))
    with pytest.raises(GeometryError, match="overlap"):
        hm.overlay(by_hand, pd.concat([two_lands, two_lands.assign(id=["x", "y"])]))
    with pytest.raises(UnitsError, match="people has no units"):
        hm.overlay(by_hand, two_lands, {"people": raster([[1.0]], left=LEFT, top=TOP, units=None)})
    with pytest.raises(LayerError, match="a count of -1"):
        hm.overlay(by_hand, two_lands, {"people": raster([[-1.0]], left=LEFT, top=TOP, units="people")})


def test_the_law_of_a_footprint(by_hand):
    with pytest.raises(FootprintError, match=r"sum to 0\.9"):
        footprint(by_hand.intensity, 1, [(1, "BE", 0.9)])
    with pytest.raises(FootprintError, match="negative"):
        footprint(by_hand.intensity, 1, [(1, "BE", 1.1), (1, "DE", -0.1)])
    with pytest.raises(FootprintError, match="sort them"):
        footprint(by_hand.intensity, 1, [(1, "BE", 1.0)], levels=(1.0, 0.5))
    with pytest.raises(FootprintError, match="2 scenarios"):
        footprint(by_hand.intensity, 1, [(1, "BE", 1.0)], scenarios=TWO[:1])
    with pytest.raises(FootprintError, match="called 'T10'"):
        scenario_table([{"return_period": 10}, {"return_period": 10}])
    with pytest.raises(FootprintError, match="return period of -5"):
        scenario_table([{"return_period": -5}])


@pytest.mark.parametrize("units", ["m", "cm", "km/h", "mm/day", "degC"])
def test_a_raster_of_intensities_is_no_asset(by_hand, two_lands, raster, units):
    """Metres of water added up over cells are nothing."""
    depth = raster(np.ones((4, 4)), left=LEFT, top=TOP, cell=CELL, units=units)
    with pytest.raises(UnitsError, match=rf"depth is a raster in '{units}', .*; expected how much .*; name it under"):
        hm.overlay(by_hand, two_lands, {"depth": depth})


@pytest.mark.parametrize("units", ["people", "count", "EUR", "t", "MW"])
def test_a_raster_of_amounts_is_an_asset_in_its_own_unit(by_hand, two_lands, raster, units):
    stock = raster(np.full((4, 4), 3.0), left=LEFT, top=TOP, cell=CELL, units=units)
    rows = hm.overlay(by_hand, two_lands, {"stock": stock}).assets.query("layer == 'stock' and scenario == 'T10'")
    assert set(rows["unit"]) == {units}
    assert rows["amount"].sum() == pytest.approx(16 * 3)
    assert rows["affected"].sum() == pytest.approx(4 * 3)
