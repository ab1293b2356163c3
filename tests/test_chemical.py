"""Chemical sites: clouds against closed forms, borders, several sites at once, real sites, bad input."""

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
import yaml

import hazardmap as hm
from hazardmap.borders import amounts
from hazardmap.clouds import cloud_shapes
from hazardmap.consequences import Weather, cloud_distance
from hazardmap.errors import HazardmapError, LayerError, TableError
from hazardmap.wind import Sector, sector_shape
from tests.commandline import run

# Metres east and north of a place, within a kilometre of which shapes are true to 1e-6.
PLANE = pyproj.CRS("+proj=laea +lat_0=51 +lon_0=6 +ellps=WGS84")
FAR = 60_000.0


def strips(*edges):
    """Countries side by side: BE, NL, DE, ... cut by straight borders that run north to south."""
    x = [-FAR, *edges, FAR]
    names = ["BE", "NL", "DE", "LU"][: len(x) - 1]
    boxes = [shapely.box(a, -FAR, b, FAR) for a, b in pairwise(x)]
    return gpd.GeoDataFrame({"id": names, "country": names}, geometry=boxes, crs=PLANE)


def sites_at(*places, **columns):
    points = [shapely.Point(place) if isinstance(place, tuple) else place for place in places]
    return gpd.GeoDataFrame(columns, geometry=points, crs=PLANE)


def left_of(border, centre, radius):
    """Area of a circle to the left of a straight line: a circular segment."""
    d = np.clip((border - centre) / radius, -1, 1)
    return radius**2 * (np.arccos(-d) + d * np.sqrt(1 - d**2))


def matrix(result, value="attributed"):
    flows = result.flows()
    flows = flows[(flows["measure"] == "territories") & (flows["unit"] == "km2")]
    return flows.pivot_table(index="origin", columns="territory", values=value, aggfunc="sum", fill_value=0.0)


def test_the_matrix_of_three_countries_is_that_of_circle_segments():
    land = strips(-30.0, 50.0)
    centres = {"BE": (-60.0, -400.0), "NL": (10.0, 0.0), "DE": (90.0, 400.0)}
    footprint = hm.chemical(sites_at(*centres.values()), land, radius_m=150)
    found = matrix(hm.overlay(footprint, land))
    for origin, (x, _) in centres.items():
        west, both = left_of(-30.0, x, 150.0), left_of(50.0, x, 150.0)
        exact = {"BE": west, "NL": both - west, "DE": np.pi * 150.0**2 - both}
        for territory, area in exact.items():
            assert found.loc[origin, territory] * 1e6 == pytest.approx(area, rel=1e-6)


def test_the_rings_of_a_site_add_up_and_nearer_is_worse():
    land = strips(200.0)
    flows = hm.overlay(hm.chemical(sites_at((0, 0)), land, radius_m=[500, 1500]), land).flows()
    by_level = flows.set_index(["level", "territory"])["attributed"] * 1e6
    for territory, side in (("BE", 1), ("NL", -1)):
        inner, outer = (left_of(side * 200.0, 0.0, radius) for radius in (500.0, 1500.0))
        assert by_level[500.0, territory] == pytest.approx(inner, rel=1e-6)
        assert by_level[1500.0, territory] == pytest.approx(outer - inner, rel=1e-6)


def test_two_overlapping_sites_union_against_sum():
    """A lens: attributed adds up to the union, distinct is the union per country, summed counts the lens twice."""
    land, d, r = strips(5000.0), 1000.0, 800.0
    lens = 2 * r**2 * np.arccos(d / 2 / r) - d / 2 * np.sqrt(4 * r**2 - d**2)
    disc = np.pi * r**2
    own = hm.overlay(hm.chemical(sites_at((0, 0), (d, 0)), land, radius_m=r), land).flows().iloc[0]
    assert own[["attributed", "distinct", "total"]].tolist() == pytest.approx([(2 * disc - lens) / 1e6] * 3, rel=1e-6)
    assert own["summed"] == pytest.approx(2 * disc / 1e6, rel=1e-6)

    two = sites_at((0, 0), (d, 0), country=["BE", "DE"])
    flows = hm.overlay(hm.chemical(two, radius_m=r), land).flows().set_index("origin")
    assert flows["attributed"].tolist() == pytest.approx([(disc - lens / 2) / 1e6] * 2, rel=1e-6)
    assert flows["distinct"].tolist() == pytest.approx([disc / 1e6] * 2, rel=1e-6)
    assert flows["summed"].tolist() == pytest.approx([disc / 1e6] * 2, rel=1e-6)
    assert flows["total"].tolist() == pytest.approx([(2 * disc - lens) / 1e6] * 2, rel=1e-6)


def test_a_place_is_shared_by_those_alone_whose_clouds_lie_over_it():
    """Two sites at one place, whose cloud a third one from abroad just meets: each country keeps what it has alone."""
    result = hm.overlay(
        hm.chemical(sites_at((0, 0), (0, 0), (1000, 0), country=["NL", "NL", "BE"]), radius_m=1000), strips()
    )
    flows = result.flows().set_index("origin")
    disc, lens = np.pi, 2 * left_of(-500, 0, 1000) / 1e6
    assert flows["attributed"].to_dict() == pytest.approx({"BE": disc - lens * 2 / 3, "NL": disc - lens / 3}, rel=1e-4)
    assert (flows["attributed"] <= flows["distinct"]).all()


def test_a_milder_ring_over_a_worse_one_counts_in_the_sum_alone():
    """The outer ring of one site lies wholly within the inner disc of its neighbour."""
    land = strips(9000.0)
    footprint = hm.chemical(sites_at((0, 0), (2000, 0)), land, radius_m=[300.0, 5000.0])
    flows = hm.overlay(footprint, land).flows().set_index("level")
    assert flows.loc[300.0, "summed"] == pytest.approx(2 * np.pi * 0.09, rel=1e-6)
    assert flows.loc[5000.0, "summed"] == pytest.approx(2 * np.pi * (25 - 0.09), rel=1e-6)
    assert flows["attributed"].sum() < flows["summed"].sum()


def test_people_in_two_clouds_count_once_per_country():
    """Ten people between two Belgian and one German site: in BE once, in DE once, twice in the Belgian sum."""
    land = strips(0.0)
    sites = sites_at((-400, 0), (-600, 0), (400, 0), country=["BE", "BE", "DE"])
    village = sites_at((-10, 0), (20_000, 0), id=["near", "far"], value=[10.0, 99.0])
    village.attrs["units"] = {"value": "people"}
    result = hm.overlay(hm.chemical(sites, radius_m=700), land, {"villages": village})
    flows = result.flows().query("unit == 'people in places hit'").set_index("origin")
    assert flows["distinct"].to_dict() == pytest.approx({"BE": 10.0, "DE": 10.0})
    assert flows["summed"].to_dict() == pytest.approx({"BE": 20.0, "DE": 10.0})
    assert flows["attributed"].sum() == pytest.approx(10.0)
    by_source = result.by_source().query("unit == 'people in places hit'")
    assert by_source.set_index("source")["summed"].to_dict() == {1: 10.0, 2: 10.0, 3: 10.0}


def test_a_site_on_the_border_belongs_to_the_first_and_keeps_its_country():
    land = strips(0.0)
    footprint = hm.chemical(sites_at((0, 0)), land, radius_m=1000)
    assert footprint.sites.loc[1, ["country", "neighbour"]].tolist() == ["BE", "NL"]
    assert footprint.sites.loc[1, "border_km"] == 0
    found = matrix(hm.overlay(footprint, land))
    assert found.loc["BE"].to_dict() == pytest.approx({"BE": np.pi / 2, "NL": np.pi / 2}, rel=1e-6)
    area = sites_at(shapely.box(-100, 0, 300, 100))
    footprint = hm.chemical(area, land, radius_m=1000)
    assert footprint.origins() == ["NL"]  # where its larger part lies
    assert any("1 lie in more than one country" in note for note in footprint.notes)


def test_a_country_is_a_code_of_two_letters():
    with pytest.raises(LayerError, match="has the country 'Netherlands'; expected a code of two letters"):
        hm.chemical(sites_at((-10, 0), country=["Netherlands"]), strips(0.0), radius_m=100)


def test_what_a_site_says_of_its_country_counts_first():
    footprint = hm.chemical(sites_at((-10, 0), (-20, 0), country=["DE", None]), strips(0.0), radius_m=100)
    assert footprint.sites["country"].tolist() == ["DE", "BE"]
    assert any("1 lie in another country than they say" in note for note in footprint.notes)
    alone = hm.chemical(sites_at((0, 0)), radius_m=100)
    assert alone.origins() == ["unknown"]
    assert any("country of 1 of 1 is unknown" in note for note in alone.notes)


def test_an_uncertain_place_widens_every_distance_and_says_so():
    sites = sites_at((0, 0))
    sites.attrs["uncertainty_m"] = 1000.0
    land = strips(500.0)
    footprint = hm.chemical(sites, land, radius_m=[500, 2000])
    areas = amounts(footprint.intensity.geometry.to_numpy(), PLANE)
    assert areas == pytest.approx(np.pi * np.array([3000.0, 1500.0]) ** 2, rel=1e-6)
    assert footprint.intensity["distance_m"].tolist() == [2000.0, 500.0]
    assert any("every distance is 1,000 m longer" in note for note in footprint.notes)
    assert any("nearer to a border than their place is known" in note for note in footprint.notes)


def test_the_cloud_of_an_area_is_the_cloud_of_each_of_its_points():
    """Around a square: square, four strips and a disc. Downwind of it: the sector from random points of a concave one."""
    square = shapely.box(0, 0, 400, 400)
    disc = cloud_shapes(np.array([square]), [300.0], crs=PLANE)[0]
    assert disc.area == pytest.approx(400**2 + 4 * 400 * 300 + np.pi * 300**2, rel=1e-5)

    corner = shapely.Polygon([(0, 0), (900, 0), (900, 200), (200, 200), (200, 900), (0, 900)])
    sector = Sector(700.0, 20.0, 70.0)
    cloud = cloud_shapes(np.array([corner]), [[sector]], crs=PLANE)[0]
    seed = np.random.default_rng(2)
    inside = [p for p in shapely.points(seed.uniform(0, 900, (200, 2))) if corner.contains(p)]
    moved = [shapely.transform(sector_shape(sector), lambda xy, p=p: xy + np.array([p.x, p.y])) for p in inside]
    assert shapely.covers(shapely.buffer(cloud, 0.5), moved).all()
    missed = shapely.difference(cloud, shapely.union_all([corner, *moved]))
    assert missed.area < 0.1 * cloud.area  # what 40 points leave out, at the edges


def test_one_wind_leaves_a_sector_of_the_disc():
    """From the south-west: to the north-east, as far as the disc, through the site."""
    land = strips(0.0)
    footprint = hm.chemical(sites_at((-10, 0)), land, radius_m=2000, wind_from_deg=225, wind_speed=4)
    cloud = footprint.intensity.geometry.iloc[0]
    assert cloud.contains(shapely.Point(-10 + 1000, 1000))
    assert not cloud.intersects(shapely.Point(-10 - 100, -100))
    assert cloud.bounds[3] < 2001
    assert footprint.scenarios["label"].tolist() == ["D, 4 m/s, 225°"]
    calm = hm.chemical(sites_at((-10, 0)), land, radius_m=2000, wind_from_deg=225, wind_speed=0.5)
    assert calm.intensity.geometry.iloc[0].area == pytest.approx(np.pi * 4e6, rel=1e-4)


def test_a_toxic_cloud_reaches_as_far_as_the_models_say():
    substance = hm.substance("ammonia")
    weather = Weather(wind_speed_ms=4, stability="D")
    expected = cloud_distance(
        substance.threshold_mg_m3("aegl-3"), molar_mass_g_mol=substance.molar_mass_g_mol, weather=weather,
        rate_kg_s=10_000 / 600, temperature_c=substance.boiling_point_c,
    )  # fmt: skip
    sites = sites_at((0, 0), substance=["7664-41-7"], quantity=[10_000.0], unit=["kg"])
    footprint = hm.chemical(sites, strips(0.0), effect="toxic", wind_speed=4, stability="D")
    table = footprint.intensity.set_index("intensity")
    assert table.loc[3.0, "distance_m"] == pytest.approx(expected.distance_m)
    assert table.loc[3.0, "method"] == expected.method
    assert footprint.levels == (2.0, 3.0)
    assert footprint.units == "AEGL"
    in_ppm = hm.chemical(sites, strips(0.0), effect="toxic", wind_speed=4, thresholds=[1100.0])
    assert in_ppm.units == "ppm"
    assert in_ppm.intensity["distance_m"].iloc[0] == pytest.approx(expected.distance_m, rel=0.02)
    pair = hm.chemical(sites, strips(0.0), effect="toxic")
    assert list(pair.scenarios.index) == ["D5", "F1.5"]


def test_distance_classes_heat_and_overpressure():
    sites = sites_at((0, 0), (5000, 0), substance=["Chlor", "propaan"], quantity=["2 t", "50 t"])
    generic = hm.chemical(sites, strips(0.0))
    assert generic.intensity["distance_m"].tolist() == [1500.0, 200.0]  # KAS-18, classes IV and I
    heat = hm.chemical(sites, strips(0.0), effect="heat", wind_from_deg=90)
    assert set(heat.intensity["site"]) == {"2"}
    assert heat.levels == (3.0, 10.0, 20.0, 35.0)
    assert any("what is needed is not known of chlorine" in note for note in heat.notes)
    assert any("the wind has no part in heat" in note for note in heat.notes)
    assert hm.chemical(sites, strips(0.0), effect="overpressure", thresholds=[10]).units == "kPa"


def test_thresholds_of_a_national_scheme():
    """The French ones of 2005, known but not read in their source; those of the Dutch brigades were read."""
    sites = sites_at((0, 0), substance=["propaan"], quantity=["50 t"])

    def drawn(effect, scheme):
        return hm.chemical(sites, strips(0.0), effect=effect, thresholds=scheme)

    french = drawn("heat", "fr-2005")
    assert french.levels == (3.0, 5.0, 8.0)
    assert any(
        "thresholds of fr-2005 are indicative (SEI 3 kW/m2, SEL 5 kW/m2, SELS 8" in each for each in french.notes
    )
    assert drawn("overpressure", "fr-2005").levels == (2.0, 5.0, 14.0, 20.0)
    read = drawn("heat", "nl-brzo")
    assert read.levels == (1.0, 3.0, 10.0)
    assert not any("indicative" in note for note in read.notes)
    assert drawn("overpressure", None).levels == (2.0, 5.0, 10.0, 30.0)
    with pytest.raises(TableError, match="no thresholds of heat in 'be'; expected one of nl-attention"):
        drawn("heat", "be")


def test_a_wind_rose_gives_the_probability_of_exposure():
    """An even rose: the same everywhere within reach, which is the width of the plume."""
    rose = [{"from_deg": 30 * k, "speed_ms": 4, "stability": "D", "frequency": 1 / 12} for k in range(12)]
    land = strips(0.0)
    footprint = hm.chemical(sites_at((0, 0)), land, radius_m=2000, wind_rose=rose, probabilities=[0.02, 0.05])
    assert footprint.units == "1"
    assert footprint.intensity["intensity"].tolist() == [0.02]  # a plume of D is 3 % of the circle wide
    assert footprint.intensity.geometry.iloc[0].area == pytest.approx(np.pi * 4e6, rel=1e-5)
    with pytest.raises(HazardmapError, match="both a wind rose and one wind"):
        hm.chemical(sites_at((0, 0)), land, radius_m=2000, wind_rose=rose, wind_speed=4)


def test_heat_has_no_wind_whatever_rose_is_given():
    rose = [{"from_deg": 30 * k, "speed_ms": 4, "stability": "D", "frequency": 1 / 12} for k in range(12)]
    held = {"effect": "heat", "substance": "propane", "quantity_t": 20}
    land = strips(10_000)
    with_rose, without = (hm.chemical(sites_at((0, 0)), land, **held, wind_rose=each) for each in (rose, None))
    assert with_rose.units == without.units == "kW/m2"
    assert with_rose.intensity.geometry.geom_equals_exact(without.intensity.geometry, 1e-6).all()
    assert any("no part in heat" in note for note in with_rose.notes)


def test_a_wind_below_1_m_s_has_no_direction():
    land = strips(10_000)
    calm = hm.chemical(sites_at((0, 0)), land, radius_m=2000, wind_from_deg=225, wind_speed=0.5)
    assert calm.intensity.area.sum() == pytest.approx(np.pi * 2000**2, rel=1e-5)
    assert not calm.scenarios["label"].str.contains("225").any()
    assert any("no direction" in note for note in calm.notes)
    blown = hm.chemical(sites_at((0, 0)), land, radius_m=2000, wind_from_deg=225, wind_speed=4)
    assert any("dense cloud is wider" in note for note in blown.notes)


@pytest.mark.parametrize("lon", [179.99, -179.99])
def test_a_cloud_across_the_antimeridian_stays_in_one_piece(lon):
    shape = cloud_shapes(np.array([shapely.Point(lon, -20)]), [5000.0], crs=4326)
    west, _, east, _ = shape[0].bounds
    assert (west + east) / 2 == pytest.approx(lon)
    assert amounts(shape, 4326)[0] == pytest.approx(np.pi * 5000**2, rel=1e-5)


def test_without_territories_no_border_is_known():
    footprint = hm.chemical(sites_at((0, 0), country=["NL"]), radius_m=2000)
    assert any("no border is known" in note for note in footprint.notes)


def test_whom_to_notify():
    """Site at 300 m from a straight border and 9.7 km from the next: cloud at home and abroad, criterion beyond."""
    land = strips(0.0, 10_000.0, 20_000.0)
    footprint = hm.chemical(sites_at((-300, 0), name=["works"]), land, radius_m=[200, 1000])
    result = hm.overlay(footprint, land)
    told = hm.notify(result)
    clouds = told[told["reason"] == "cloud"].set_index("territory")
    assert clouds["level"].to_dict() == {"BE": 200.0, "NL": 1000.0}
    assert clouds["abroad"].to_dict() == {"BE": False, "NL": True}
    assert clouds["distance_km"].to_dict() == pytest.approx({"BE": 0.0, "NL": 0.3}, rel=1e-6)
    assert clouds.loc["NL", "area_km2"] * 1e6 == pytest.approx(np.pi * 1e6 - left_of(0.0, -300.0, 1000.0), rel=1e-6)
    others = told[told["reason"] == "air criterion"].set_index("territory")
    assert others["distance_km"].to_dict() == pytest.approx({"NL": 0.3, "DE": 10.3}, rel=1e-6)
    assert footprint.sites["air_criterion"].tolist() == [True]
    near = hm.chemical(sites_at((-300, 0)), land, radius_m=200, air_criterion_km=0.2)
    assert near.sites["air_criterion"].tolist() == [False]
    doubtful = sites_at((-300, 0))
    doubtful.attrs["uncertainty_m"] = 150.0  # may lie at 150 m
    wide = hm.chemical(doubtful, land, radius_m=200, air_criterion_km=0.2)
    assert wide.sites["air_criterion"].tolist() == [True]
    assert "air criterion" in hm.notify(hm.overlay(wide, land))["reason"].tolist()
    assert (hm.notify(hm.overlay(near, land))["reason"] == "cloud").all()


def test_a_hazard_without_sites_notifies_nobody(raster):
    depth = raster([[1.0]], left=4_000_000, top=3_000_000, cell=1000)
    land = gpd.GeoDataFrame(
        {"id": ["A"], "country": ["BE"]}, geometry=[shapely.box(4e6, 2.999e6, 4.001e6, 3e6)], crs=3035
    )
    result = hm.overlay(hm.flood(depth), land)
    with pytest.raises(HazardmapError, match="flood comes from no sites"):
        hm.notify(result)


# Real sites -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def municipalities(shared_data):
    """Dutch and Belgian municipalities with their people; those of Belgium from the national table."""
    admin = shared_data / "admin"
    dutch = gpd.read_file(admin / "netherlands_municipalities.gpkg")
    belgian = gpd.read_file(admin / "belgium_municipalities.gpkg")
    people = pd.read_csv(shared_data / "population" / "belgium_population_by_municipality.csv", dtype=str)
    return dutch, belgian, people


def test_people_within_5_and_15_km_of_flemish_sites_on_the_other_side(shared_data, municipalities):
    """Against a count by other means: buffers in EPSG:3035, areas in the plane, people spread evenly."""
    dutch, _, _ = municipalities
    sites = gpd.read_file(shared_data / "industry" / "seveso_flanders_polygons.gpkg")
    dutch = dutch.to_crs(3035)
    dutch["id"] = dutch.index.astype(str)
    column = next(name for name in dutch.columns if dutch[name].dtype.kind in "if" and dutch[name].sum() > 1.7e7)
    south = dutch[dutch.distance(sites.union_all()) < 20_000].rename(columns={column: "value"})
    south = south[["id", "value", "geometry"]].assign(geometry=shapely.make_valid(south.geometry.to_numpy()))
    south.attrs["units"] = {"value": "people"}
    near = sites[sites.distance(south.union_all()) < 16_000][["geometry"]]
    borders = hm.layer("borders").open()
    footprint = hm.chemical(near, borders, radius_m=[5000, 15_000])
    assert footprint.origins() == ["BE"]
    assert any("layer 'borders'" in note for note in footprint.notes)
    assert "borders" in {item["name"] for item in footprint.inputs}
    assert (footprint.sites["neighbour"] == "NL").all()

    land = gpd.GeoDataFrame({"id": ["NL"], "country": ["NL"]}, geometry=[south.union_all()], crs=3035)
    flows = hm.overlay(footprint, land, {"people": south}).flows().query("unit == 'people'")
    found = flows.groupby("level")["distinct"].sum()
    for radius, people in ((5000.0, found[5000.0]), (15_000.0, found.sum())):
        zone = near.buffer(radius, quad_segs=90).union_all()
        share = south.geometry.intersection(zone).area / south.area
        expected = float((share * south["value"]).sum())
        assert expected > 1000
        assert people == pytest.approx(expected, rel=1e-3)  # EPSG:3035 stretches distances by up to 3e-4 there


def test_belgians_near_dutch_parks_and_pipelines(shared_data, municipalities):
    """Parks are points, pipelines lines; each keeps its country across the border."""
    _, belgian, _ = municipalities
    file = shared_data / "industry" / "chemical_parks_pipelines.gpkg"
    borders = hm.layer("borders").open()
    parks = gpd.read_file(file, layer="chemical_parks")[["geometry"]]
    footprint = hm.chemical(parks, borders, radius_m=15_000)
    people = belgian
    column = next(name for name in people.columns if people[name].dtype.kind in "if" and people[name].sum() > 1.1e7)
    people = gpd.GeoDataFrame(
        {"id": people.index.astype(str), "value": people[column].astype(float)},
        geometry=shapely.make_valid(people.geometry.to_numpy()), crs=people.crs,
    )  # fmt: skip
    people.attrs["units"] = {"value": "people"}
    land = gpd.GeoDataFrame({"id": ["BE"], "country": ["BE"]}, geometry=[people.union_all()], crs=people.crs)
    flows = hm.overlay(footprint, land, {"people": people}).flows().query("unit == 'people'").set_index("origin")
    dutch = footprint.sites[footprint.sites["country"] == "NL"]
    zone = shapely.union_all(dutch.to_crs(3035).buffer(15_000, quad_segs=90).to_numpy())
    near = people.to_crs(3035)
    expected = float((near.intersection(zone).area / near.area * near["value"]).sum())
    assert expected > 10_000
    assert flows.loc["NL", "distinct"] == pytest.approx(expected, rel=1e-3)

    lines = gpd.read_file(file, layer="pipeline_ethylene")[["geometry"]]
    strip = hm.chemical(lines, borders, radius_m=100)
    length = amounts(lines.geometry.to_numpy(), lines.crs)
    width = amounts(strip.intensity.geometry.to_numpy(), lines.crs) / length
    assert (width > 195).all()
    assert np.median(width) < 230


def test_the_national_table_of_belgium_agrees_with_the_municipalities(municipalities):
    """A trap of the table: it holds country, regions and provinces too."""
    _, belgian, people = municipalities
    column = next(name for name in belgian.columns if belgian[name].dtype.kind in "if" and belgian[name].sum() > 1.1e7)
    total = next(name for name in people.columns if name.lower().startswith("tot"))
    assert pd.to_numeric(people[total]).max() == pytest.approx(belgian[column].sum(), rel=2e-3)


# Through a study --------------------------------------------------------------------------------------------------------


ROW = {"id": "1", "name": "works", "lon": 5.8, "lat": 50.97, "substance": "chlorine", "quantity": 5, "unit": "t"}


@pytest.fixture
def study(tmp_path):
    """Function that writes a study of one site, with changes to the site and to the hazard."""

    def make(site=(), hazard=(), *, drop=()):
        row = {key: value for key, value in {**ROW, **dict(site)}.items() if key not in drop}
        pd.DataFrame([row]).to_csv(tmp_path / "sites.csv", index=False)
        chosen = {"sites": {"path": "sites.csv", "status": "synthetic"}, "territories": "borders", "effect": "toxic"}
        text = {
            "title": "One site",
            "area": [5.6, 50.8, 6.0, 51.1],
            "territories": "borders",
            "hazards": {"chemical": {**chosen, **dict(hazard)}},
            "outputs": {"csv": "tables"},
        }
        (tmp_path / "study.yaml").write_text(yaml.safe_dump(text), encoding="utf-8")
        return tmp_path

    return make


def test_a_study_of_one_site_writes_whom_to_notify(study):
    folder = study(hazard={"wind_from_deg": 90, "wind_speed": 4})
    done = run("run", "study.yaml", cwd=folder)
    assert done.returncode == 0, done.stderr
    tables = folder / "output" / "tables"
    told = pd.read_csv(tables / "notices.csv")
    assert {"NL", "BE"} <= set(told["country"])
    assert pd.read_csv(tables / "hazard_sites.csv")["substance"].tolist() == ["chlorine"]
    assert not (tables / "chain.csv").exists()


@pytest.mark.parametrize(
    ("site", "hazard", "drop", "message"),
    [
        ({"substance": "chlorin"}, {}, (), r"'chlorin' is not known.*chlorine"),
        ({"substance": "7782-50-6"}, {}, (), r"7782-50-6.*check digit"),
        ({"quantity": -5}, {}, (), r"-5 t.*0 or more"),
        ({}, {"wind_from_deg": 400}, (), r"wind direction is 400.*0 to 360"),
        ({}, {"stability": "G2"}, (), r"stability is 'G2'"),
        ({}, {}, ("unit",), r"'5' without a unit"),
        ({"lon": 0.2, "lat": 50.2}, {}, (), r"outside every territory, first 'works'"),
        ({}, {}, ("quantity", "unit"), r"'works' has no quantity"),
        ({}, {}, ("substance",), r"'works' names no substance"),
        ({}, {"wind_speed": "fast"}, (), r"wind speed is 'fast'"),
        ({}, {"effect": "noise"}, (), r"effect is 'noise'"),
        ({}, {"radius_m": 500}, (), r"radius_m is given for the effect 'toxic'"),
        ({}, {"effect": "distance", "radius_m": [0]}, (), r"radius_m is \[0\]"),
        ({}, {"thresholds": ["AEGL-7"]}, (), r"thresholds are \['AEGL-7'\]"),
        ({}, {"release_min": -1}, (), r"release_min is -1"),
        ({}, {"quantity_t": 0}, (), r"quantity_t is 0"),
        ({}, {"air_criterion_km": "wide"}, (), r"air_criterion_km is 'wide'"),
        ({}, {"terrain": "sea"}, (), r"terrain is 'sea'"),
        ({}, {"wind_rose": [{"from_deg": 0}]}, (), r"wind rose has no column 'speed_ms'"),
        ({"quantity": 0}, {}, (), r"nothing reaches a threshold"),
        (
            {},
            {
                "probabilities": [2],
                "wind_rose": [
                    {"from_deg": 120 * k, "speed_ms": 3, "stability": "D", "frequency": 33.3} for k in range(3)
                ],
            },
            (),
            r"probabilities are \[2\]",
        ),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(study, site, hazard, drop, message):
    folder = study(site, hazard, drop=drop)
    done = run("run", "study.yaml", cwd=folder)
    assert done.returncode == 1
    lines = done.stderr.strip().splitlines()
    assert re.search(message, lines[-1]), lines[-1]
    assert lines[-1].startswith("hazardmap: ")
    assert "Traceback" not in done.stderr
    assert not (folder / "output").exists()


def test_a_wind_rose_may_be_a_table(study):
    folder = study(hazard={"wind_rose": "rose.csv", "thresholds": ["AEGL-3"]})
    lines = ["from_deg,speed_ms,stability,value,unit,source,status"]
    lines += [f"{90 * k},4,D,{0.2 if k else 0.3},1,invented,own" for k in range(4)] + [",0.5,F,0.1,1,invented,own"]
    (folder / "rose.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = run("run", "study.yaml", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert set(pd.read_csv(folder / "output" / "tables" / "flows.csv")["scenario"]) == {"AEGL-3"}


EXAMPLE = Path(__file__).parents[1] / "examples" / "border_chemistry"
SMALL = ("--set", "area=[5.5, 50.7, 6.1, 51.1]", "--set", "outputs={csv: tables}", "--set", "assets={}")


def test_the_example_answers_a_what_if_from_the_command_line(tmp_path):
    plain = ("run", EXAMPLE / "study.yaml", *SMALL, "--set", "hazards={chemical: " + CHEMICAL + "}")
    for name, change in (("discs", ()), ("wind", ("wind_from_deg=225", "wind_speed=4"))):
        changes = [each for key in change for each in ("--set", f"hazards.chemical.{key}")]
        done = run(*plain, *changes, "--out", tmp_path / name, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    discs, wind = (pd.read_csv(tmp_path / name / "tables" / "flows.csv") for name in ("discs", "wind"))
    area = [each.query("measure == 'territories'").groupby("scenario")["attributed"].sum() for each in (discs, wind)]
    assert set(area[0].index) == {"D5", "F1.5"}
    assert area[1].index.tolist() == ["D4-225"]
    assert area[1].max() < 0.5 * area[0].max()
    notes = pd.read_csv(tmp_path / "discs" / "tables" / "notes.csv")["note"]
    assert notes.str.contains("every distance is 1,000 m longer").any()
    assert notes.str.contains("a what-if, not what they hold").any()


CHEMICAL = "{sites: chemical-parks, territories: borders, effect: toxic, substance: chlorine, quantity_t: 1}"


def test_the_analyst_script_runs(tmp_path):
    done = subprocess.run(
        [sys.executable, EXAMPLE / "analyst.py", tmp_path], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "people in places hit" in done.stdout
    assert (tmp_path / "map.html").exists()
