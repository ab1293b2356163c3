"""Floods that reach chemical sites: depths on areas, floating tanks, the chain of countries, and studies that say so."""

import re
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import yaml
from hypothesis import given
from hypothesis import strategies as st

import hazardmap as hm
from hazardmap import tanks
from hazardmap.errors import HazardmapError
from hazardmap.footprint import Footprint
from tests.commandline import run

LEFT, TOP, CELL = 4_000_000.0, 3_100_000.0, 1000.0


@pytest.fixture
def water(raster):
    """4 x 4 cells of 1 km2. T100 floods the right half with 1 m, the corner with 2 m; T10 wets it by 0.2 m.

    Water of the upper half comes from FR and BE, of the lower from DE; the leftmost column is not modelled.
    """
    depth = np.zeros((2, 4, 4))
    depth[0, :, 2:] = 0.2
    depth[1, :, 2:] = 1.0
    depth[1, 3, 3] = 2.0
    depth[:, :, 0] = np.nan
    field = raster(depth, left=LEFT, top=TOP, cell=CELL)
    source = field[0].copy(data=np.repeat([[1], [1], [2], [2]], 4, axis=1).astype("int32"))
    shares = pd.DataFrame([(1, "FR", 0.25), (1, "BE", 0.75), (2, "DE", 1.0)], columns=["source", "origin", "share"])
    scenarios = hm.scenario_table([{"id": f"T{years}", "return_period": years} for years in (10, 100)])
    return Footprint(
        hazard="flood", intensity=field, units="m", levels=(0.1,), scenarios=scenarios, source=source, shares=shares
    )


@pytest.fixture
def land():
    """BE to the left, NL to the right of the middle; far around the water."""
    x = LEFT + 2 * CELL
    boxes = [
        shapely.box(x - 50_000, TOP - 50_000, x, TOP + 50_000),
        shapely.box(x, TOP - 50_000, x + 50_000, TOP + 50_000),
    ]
    return gpd.GeoDataFrame({"id": ["W", "E"], "country": ["BE", "NL"]}, geometry=boxes, crs=3035)


def box(x, y, width, height):
    """Rectangle in cells from the upper left corner of the water."""
    return shapely.box(LEFT + x * CELL, TOP - (y + height) * CELL, LEFT + (x + width) * CELL, TOP - y * CELL)


def works(*shapes, **columns):
    return gpd.GeoDataFrame({"id": [f"s{k}" for k in range(len(shapes))], **columns}, geometry=list(shapes), crs=3035)


def test_depth_is_that_of_the_area_not_of_its_centre(water, land):
    """One site with a dry centre and a wet corner, one dry, one outside what was modelled."""
    sites = works(box(1.2, 1.2, 0.9, 0.9), box(1.2, 3.2, 0.4, 0.4), box(0.2, 0.2, 0.5, 0.5))
    clouds = hm.chemical(sites, land, radius_m=800)
    assert (clouds.sites.centroid.x < LEFT + 2 * CELL).all()
    table = hm.natech(water, clouds).sites
    assert table["depth_m@T100"].tolist() == pytest.approx([1.0, 0.0, np.nan], nan_ok=True)
    assert table["state@T100"].tolist() == ["fails", "stands", "not covered"]
    assert table["state@T10"].tolist() == ["stands", "stands", "not covered"]
    half = hm.chemical(
        works(box(0.8, 0.2, 0.4, 0.4)), land, radius_m=800
    )  # dry where it is modelled: not known to stand
    assert hm.natech(water, half).sites["state@T100"].tolist() == ["partly covered"]


def test_a_site_that_one_scenario_does_not_cover_is_told(water, land):
    """Dry in T100, and not modelled in T10."""
    depth = water.intensity.copy()
    depth[0, 0, 1] = np.nan
    found = hm.natech(replace(water, intensity=depth), hm.chemical(works(box(1.2, 0.2, 0.1, 0.1)), land, radius_m=800))
    assert found.sites[["state@T10", "state@T100"]].to_numpy().tolist() == [["not covered", "stands"]]
    assert any("1 of 1 sites are not or only partly covered" in note for note in found.notes)
    known = hm.natech(water, hm.chemical(works(box(1.2, 0.2, 0.1, 0.1)), land, radius_m=800))
    assert not any("partly covered" in note for note in known.notes)


def test_near_a_site_of_which_no_flood_data_tell_nobody_is_called_safe(water, land):
    """s0 fails, s1 stands, of s2 nothing is known; an asset beside each, and one far from all."""
    sites = works(box(2.2, 0.2, 0.1, 0.1), box(1.2, 3.2, 0.1, 0.1), box(0.2, 0.2, 0.1, 0.1))
    places = [box(2.3, 0.3, 0.1, 0.1), box(1.3, 3.3, 0.1, 0.1), box(0.3, 0.3, 0.1, 0.1), box(0.2, 9, 0.1, 0.1)]
    houses = gpd.GeoDataFrame({"id": ["a", "b", "c", "d"]}, geometry=places, crs=3035)
    for crs in (3035, 4326):
        footprint = hm.natech(water, hm.chemical(sites.to_crs(crs), land, radius_m=800))
        rows = hm.overlay(footprint, land.to_crs(crs), {"houses": houses.to_crs(crs)}).assets
        status = rows[(rows["layer"] == "houses") & (rows["scenario"] == "T100")].set_index("asset")["status"]
        assert status.to_dict() == {"a": "hit", "b": "not hit", "c": "not covered", "d": "not hit"}


def test_a_site_that_does_not_fail_sends_no_cloud_and_the_flood_lends_its_period(water, land):
    sites = works(box(2.2, 0.2, 0.1, 0.1), box(1.2, 0.2, 0.1, 0.1))
    footprint = hm.natech(water, hm.chemical(sites, land, radius_m=[200, 800]))
    assert footprint.intensity.groupby("scenario")["site"].agg(set).to_dict() == {"T100": {"s0"}}
    assert footprint.scenarios["return_period"].to_dict() == {"T10": 10.0, "T100": 100.0}
    assert footprint.origins() == ["BE", "NL"]
    assert any("1 of 2 sites fail" in note for note in footprint.notes)
    assert hm.overlay(footprint, land).annual()["total"].gt(0).all()
    toxic = {"effect": "toxic", "substance": "chlorine", "quantity_t": 1}
    two = hm.natech(water, hm.chemical(sites, land, **toxic))
    assert list(two.scenarios.index) == ["T10 D5", "T10 F1.5", "T100 D5", "T100 F1.5"]
    with pytest.raises(HazardmapError, match=r"'T10 D5' and 'T10 F1.5' share .*0.1 a year.* name one weather"):
        hm.overlay(two, land).annual()
    one = hm.natech(water, hm.chemical(sites, land, **toxic, wind_speed=1.5, stability="F"))
    assert hm.overlay(one, land).annual()["total"].gt(0).all()


def test_a_cloud_goes_by_the_flood_at_its_site_not_by_the_maps_of_those_whom_it_reaches(water, land):
    """Maps of BE and NL with other periods: the site lies in NL, its cloud in both, so that neither map fits its rows."""
    maps = pd.DataFrame({"country": ["BE", "NL"], "scenario": "T100", "label": ["once in 50", "once in 200"]}).assign(
        return_period=[50.0, 200.0], probability=[0.02, 0.005]
    )
    clouds = hm.chemical(works(box(2.1, 0.2, 0.2, 0.2)), land, radius_m=700)
    footprint = hm.natech(replace(water, maps=maps), clouds)
    assert footprint.maps is None
    assert footprint.scenarios_of("BE").equals(footprint.scenarios)
    assert any("of maps of several countries" in note for note in footprint.notes)
    assert not any("of maps of several countries" in note for note in hm.natech(water, clouds).notes)


def test_nothing_fails_is_a_result_too(water, land):
    footprint = hm.natech(water, hm.chemical(works(box(1.2, 0.2, 0.1, 0.1)), land, radius_m=500))
    result = hm.overlay(footprint, land)
    assert result.flows().empty
    assert hm.chain(result).empty
    assert result.zones.empty
    assert (result.assets["status"] == "not hit").all()


def test_an_uncertain_place_takes_the_deepest_water_around_it(water, land):
    sites = works(shapely.Point(LEFT + 1.5 * CELL, TOP - 1.5 * CELL))
    assert hm.natech(water, hm.chemical(sites, land, radius_m=500)).sites["state@T100"].tolist() == ["stands"]
    sites.attrs["uncertainty_m"] = 600.0
    footprint = hm.natech(water, hm.chemical(sites, land, radius_m=500))
    assert footprint.sites["state@T100"].tolist() == ["fails"]
    assert any("deepest water within 600 m" in note for note in footprint.notes)


def test_the_chain_from_the_water_over_the_site_to_the_cloud(water, land):
    """Upper site: a quarter French and three quarters Belgian water. Site in the middle: half of each mix."""
    sites = works(box(2.1, 0.2, 0.2, 0.2), box(2.1, 1.9, 0.2, 0.2))
    footprint = hm.natech(water, hm.chemical(sites, land, radius_m=700))
    shares = footprint.triggers.set_index(["source", "origin"])["share"]
    assert shares.to_dict() == pytest.approx(
        {(1, "FR"): 0.25, (1, "BE"): 0.75, (2, "FR"): 0.125, (2, "BE"): 0.375, (2, "DE"): 0.5}
    )
    result = hm.overlay(footprint, land)
    chain, flows = hm.chain(result), result.flows()
    keys = ["scenario", "level", "measure", "unit", "origin", "territory"]
    assert chain.groupby(keys)["attributed"].sum().to_dict() == pytest.approx(
        flows.set_index(keys)["attributed"].to_dict()
    )
    assert set(chain["origin"]) == {"NL"}
    assert {"BE", "NL"} == set(chain["country"])
    west = chain[(chain["site"] == "s0") & (chain["territory"] == "W")].set_index("trigger")["attributed"]
    assert west["BE"] == pytest.approx(3 * west["FR"])
    with pytest.raises(HazardmapError, match="set off by no other hazard"):
        hm.chain(hm.overlay(hm.chemical(sites, land, radius_m=700), land))


# Tanks ------------------------------------------------------------------------------------------------------------------


@given(st.floats(0.1, 8.0), st.floats(3.0, 60.0), st.floats(3.0, 20.0), st.floats(600.0, 1500.0))
def test_at_the_critical_fill_tank_and_liquid_weigh_what_the_water_does(depth, diameter, height, density):
    """Archimedes: the weight of the displaced water is that of steel and liquid."""
    mass = tanks.steel_mass_kg(diameter, height, 8)
    fill = float(tanks.critical_fill_m(depth, diameter_m=diameter, mass_kg=mass, liquid_kg_m3=density))
    area = np.pi * diameter**2 / 4
    if fill > 0:
        assert 1000 * area * depth == pytest.approx(mass + density * area * fill)
    else:
        assert 1000 * area * depth <= mass * (1 + 1e-9)


def test_the_probability_of_floating_is_the_share_of_fills(water, land):
    """In 2 m of water against draws of the fill; a heavy or full tank stands."""
    mass = tanks.steel_mass_kg(15, 10, 8)
    critical = tanks.critical_fill_m(2.0, diameter_m=15, mass_kg=mass)
    draws = np.random.default_rng(3).uniform(0.01, 0.75, 200_000) * 10
    found = tanks.flotation_probability(critical, height_m=10)
    assert found == pytest.approx((draws < critical).mean(), abs=0.004)
    assert tanks.flotation_probability([0.0, 9.0, np.nan], height_m=10).tolist() == pytest.approx(
        [0, 1, np.nan], nan_ok=True
    )
    assert tanks.flotation_probability(2.0, height_m=10, fill=(0.1, 0.1)) == 1

    corner = works(box(3.2, 3.2, 0.2, 0.2), box(2.2, 0.2, 0.2, 0.2))
    clouds = hm.chemical(corner, land, radius_m=500)
    table = hm.natech(water, clouds, diameter_m=15, height_m=10).sites
    assert table.loc[1, "float@T100"] == pytest.approx(float(found))
    full = hm.natech(water, clouds, diameter_m=15, height_m=10, fill=(0.5, 0.9))
    assert full.intensity.empty
    assert full.sites["state@T100"].tolist() == ["stands", "stands"]
    none = hm.natech(water, clouds)
    assert none.sites["float@T100"].isna().all()
    assert any("no tanks are described" in note for note in none.notes)


def test_buckling_is_experimental_and_no_cloud_hangs_on_it(water, land):
    clouds = hm.chemical(works(box(3.2, 3.2, 0.2, 0.2)), land, radius_m=500)
    footprint = hm.natech(water, clouds, diameter_m=15, height_m=10, buckling=True)
    plain = hm.natech(water, clouds, diameter_m=15, height_m=10)
    # (1100 x 9.81 x 2 - (6950 - 0.199 x 1767)) / (1000 x 9.81 x 10), as a share of fills from 0.01 to 0.75
    critical = (1100 * 9.81 * 2 - (6950 - 0.199 * np.pi * 15**2 / 4 * 10)) / 98_100
    assert footprint.sites["buckling@T100"].tolist() == pytest.approx([(critical - 0.01) / 0.74])
    assert any("experimental" in note for note in footprint.notes)
    assert footprint.intensity.equals(plain.intensity)


def test_the_screening_index_lists_its_three_parts(water, land):
    """30 t of chlorine (lower tier 10 t, upper 25 t): 3 shares, upper tier. 1 m once in 100 years. Border within 1 km."""
    sites = works(
        box(2.2, 0.2, 0.2, 0.2), box(1.2, 0.2, 0.1, 0.1), box(3.2, 3.2, 0.1, 0.1),
        substance=["chlorine", "chlorine", None], quantity=["30 t", "5 t", None],
    )  # fmt: skip
    table = hm.natech(water, hm.chemical(sites, land, radius_m=500)).sites
    assert table.loc[1, ["index_hazard", "index_inventory", "index_reach"]].tolist() == [3 * 0.75, 3.0, 4.0]
    assert table.loc[1, "index"] == pytest.approx(2.25 * 3 * 4 / 64)
    assert table.loc[2, "index"] == 0
    assert np.isnan(table.loc[3, "index_inventory"])
    assert np.isnan(table.loc[3, "index"])
    assert table.loc[3, "index_reach"] == 3
    unknown = hm.natech(water, hm.chemical(sites, radius_m=500)).sites
    assert unknown["index"].isna().all()


def test_water_above_a_tank_lifts_it_no_more(water, land):
    """A tank of 0.8 m in 1 and 2 m of water, of a liquid twice as heavy: its own volume bears half of it."""
    sites = works(box(2.2, 0.2, 0.1, 0.1), box(3.2, 3.2, 0.1, 0.1))
    tank = {"diameter_m": 100, "height_m": 0.8, "shell_mm": 1e-6, "liquid_kg_m3": 2000, "fill": [0, 1]}
    table = hm.natech(water, hm.chemical(sites, land, radius_m=500), **tank).sites
    assert table["float@T100"].tolist() == pytest.approx([0.5, 0.5], abs=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth_m": 0}, "depth_m is 0"),
        ({"diameter_m": 15}, "expected both"),
        ({"diameter_m": -1, "height_m": 10}, "the diameter"),
        ({"diameter_m": 15, "height_m": 10, "fill": [0.9, 0.1]}, "two shares in order"),
        ({"diameter_m": 15, "height_m": 10, "shell_mm": 0}, "shell thickness"),
        ({"diameter_m": 15, "height_m": 10, "liquid_kg_m3": 0}, "density of a liquid"),
        ({"diameter_m": "wide", "height_m": 10}, "the diameter"),
        ({"diameter_m": 15, "height_m": float("inf")}, "the height"),
        ({"diameter_m": 15, "height_m": 10, "shell_mm": "8"}, "shell thickness"),
        ({"fill": 5}, "two shares in order"),
        ({"buckling": True}, "buckling needs tanks"),
    ],
)
def test_what_cannot_be(water, land, options, message):
    clouds = hm.chemical(works(box(3.2, 3.2, 0.2, 0.2)), land, radius_m=500)
    with pytest.raises(HazardmapError, match=message):
        hm.natech(water, clouds, **options)


def test_natech_asks_for_depths_and_for_sites(water, land):
    clouds = hm.chemical(works(box(3.2, 3.2, 0.2, 0.2)), land, radius_m=500)
    with pytest.raises(HazardmapError, match="as its flood"):
        hm.natech(clouds, clouds)
    with pytest.raises(HazardmapError, match="without sites"):
        hm.natech(water, water)


# Through a study --------------------------------------------------------------------------------------------------------


EXAMPLE = Path(__file__).parents[1] / "examples" / "border_chemistry" / "study.yaml"


def test_the_example_follows_the_chain(tmp_path):
    """Around Namur and Charleroi: water from France on a Belgian park."""
    changes = ("area=[4.3, 50.2, 5.0, 50.7]", "assets={places: places}", "outputs={csv: tables}")
    done = run(
        "run", EXAMPLE, *(each for change in changes for each in ("--set", change)), "--out", tmp_path, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    chain = pd.read_csv(tmp_path / "tables" / "chain.csv")
    assert {("FR", "BE"), ("BE", "BE")} <= set(zip(chain["trigger"], chain["origin"], strict=True))
    assert set(chain["hazard"]) == {"natech"}
    flows = pd.read_csv(tmp_path / "tables" / "flows.csv").query("hazard == 'natech' and measure == 'territories'")
    linked = chain.query("measure == 'territories'")["attributed"].sum()
    assert linked == pytest.approx(flows["attributed"].sum())
    sites = pd.read_csv(tmp_path / "tables" / "hazard_sites.csv").query("hazard == 'natech'").set_index("name")
    assert "fails" in sites.loc["Jemeppe-sur-Sambre", [c for c in sites if c.startswith("state@")]].tolist()
    notices = pd.read_csv(tmp_path / "tables" / "notices.csv")
    assert {"chemical", "natech"} == set(notices["hazard"])


@pytest.mark.parametrize(
    ("hazards", "message"),
    [
        ({"natech": {"flood": "flod", "chemical": "chemical"}}, r"natech.flood is 'flod'; .*did you mean 'flood'"),
        ({"natech": {"flood": "flood"}}, r"natech needs 'chemical'"),
        ({"natech": {"flood": "natech", "chemical": "chemical"}}, r"needs 'natech' itself"),
        ({"natech": {"flood": "flood", "chemical": "chemical", "deepth_m": 1}}, r"did you mean 'depth_m'"),
        ({"natech": {"flood": "flood", "chemical": "chemical", "depth_m": "deep"}}, r"depth_m is 'deep'"),
    ],
)
def test_a_study_refuses_what_is_not_there(tmp_path, hazards, message):
    data = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    data["hazards"].pop("natech")
    data["hazards"] = {**hazards, **data["hazards"]}  # the order in the file does not count
    data |= {"area": [5.5, 50.8, 5.9, 51.0], "assets": {}, "outputs": {"csv": "tables"}}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    done = run("run", "study.yaml", cwd=tmp_path)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert re.search(message, last), last
    assert not (tmp_path / "output").exists()
