"""The pack of open data in layers/: it is what its manifest says, and it agrees with published facts."""

import csv
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
import yaml
from pyproj import Geod

ROOT = Path(__file__).parents[1]
LAYERS = ROOT / "layers"
DATA = LAYERS / "data"
CARDS = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(LAYERS.glob("*.yaml"))}
VECTORS = sorted(name for name, card in CARDS.items() if card["kind"] == "vector")
LANGUAGES = {"en", "nl", "fr", "de"}
WGS84 = Geod(ellps="WGS84")


def test_the_pack_is_there():
    """Everything below goes card by card, and would say nothing about a pack without cards."""
    assert {"borders", "territories", "flow-directions", "elevation", "places", "chemical-parks"} <= set(CARDS)


def read(name):
    return gpd.read_file(DATA / f"{name}.fgb")


def near(frame, longitude, latitude, degrees):
    return frame[shapely.dwithin(frame.geometry.to_numpy(), shapely.Point(longitude, latitude), degrees)]


def area_km2(shape):
    return abs(WGS84.geometry_area_perimeter(shape)[0]) / 1e6


@pytest.fixture(scope="module")
def countries():
    return read("borders").set_index("id")


@pytest.fixture(scope="module")
def territories():
    return read("territories")


# Manifest, cards, licences


def test_every_file_is_the_one_that_the_manifest_lists():
    with (LAYERS / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        content = (LAYERS / row["file"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (int(row["bytes"]), row["sha256"]), row["file"]
        assert row["licence"] == CARDS[row["layer"]]["licence"]
        assert CARDS[row["layer"]]["sha256"] == row["sha256"]
        assert row["registry"] in {"pypi", "npm", "debian", "derived"}
    assert {row["file"] for row in rows} == {path.relative_to(LAYERS).as_posix() for path in DATA.iterdir()}
    assert {row["layer"] for row in rows} == set(CARDS)


def test_the_pack_stays_small():
    sizes = {path.name: path.stat().st_size for path in DATA.iterdir()}
    assert max(sizes.values()) < 2e6, sizes
    assert sum(sizes.values()) < 7e6


@pytest.mark.parametrize("name", CARDS)
def test_a_card_says_what_its_layer_is_and_whose(name):
    card = CARDS[name]
    assert set(card["title"]) == LANGUAGES
    assert all(card["title"].values())
    assert re.fullmatch(r"[A-Za-z0-9.-]+", card["licence"])
    assert card["attribution"]
    assert card["source"]
    assert card["note"]
    assert card["status"] in {"official", "indicative", "synthetic"}
    assert f"| {name} | {card['licence']} | {card['attribution']} |" in (LAYERS / "LICENSES.md").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("name", VECTORS)
def test_a_vector_layer_has_unique_ids_and_sound_shapes_in_degrees(name):
    frame = gpd.read_file(LAYERS / CARDS[name]["path"])
    assert frame.crs.to_epsg() == 4326
    assert frame["id"].is_unique
    assert frame["id"].notna().all()
    assert frame.geometry.is_valid.all()
    assert not frame.geometry.is_empty.any()
    if "covers" in CARDS[name]:
        assert frame.intersects(shapely.box(*CARDS[name]["covers"])).all()


def test_check_tells_a_changed_file(tmp_path):
    pack = tmp_path / "layers"
    shutil.copytree(LAYERS, pack)
    command = [sys.executable, "-m", "scripts.pack", "--check", "--out", str(pack)]
    good = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (good.returncode, good.stderr) == (0, "")
    with (pack / "data" / "lakes.fgb").open("ab") as file:
        file.write(b"x")
    bad = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert bad.returncode == 1
    assert bad.stderr.startswith("lakes.fgb: found SHA-256 ")
    assert "Traceback" not in bad.stderr


def test_the_pack_names_packages_and_no_addresses():
    texts = [*LAYERS.glob("*.yaml"), *LAYERS.glob("*.md"), *LAYERS.glob("*.csv"), *(ROOT / "scripts/pack").glob("*.py")]
    assert [path.name for path in texts if b"://" in path.read_bytes()] == []


# Borders and territories


def test_territories_partition_their_countries(countries, territories):
    assert shapely.coverage_is_valid(countries.geometry.to_numpy())
    assert shapely.coverage_is_valid(territories.geometry.to_numpy())
    for code, part in territories.groupby("country"):
        whole = countries.geometry[code]
        assert sum(map(area_km2, part.geometry)) == pytest.approx(area_km2(whole), rel=1e-9)
        assert shapely.symmetric_difference(shapely.coverage_union_all(part.geometry.to_numpy()), whole).area < 1e-12


def test_countries_leave_no_gap_between_them(countries):
    union = shapely.coverage_union_all(countries.geometry.to_numpy())
    assert [part for part in shapely.get_parts(union) if len(part.interiors)] == []


def test_territories_are_the_provinces_that_one_expects(territories):
    counts = territories.groupby("country").size()
    assert counts[["NL", "BE", "LU", "CH", "AT", "LI", "IT"]].to_dict() == {
        "NL": 12, "BE": 11, "LU": 1, "CH": 1, "AT": 1, "LI": 1, "IT": 1,
    }  # fmt: skip
    names = territories.set_index("id")
    assert names.loc["DE-NW", ["name_nl", "name_fr", "name_de", "name_en"]].tolist() == [
        "Noordrijn-Westfalen", "Rhénanie-du-Nord-Westphalie", "Nordrhein-Westfalen", "North Rhine-Westphalia",
    ]  # fmt: skip
    assert territories[["name", "name_nl", "name_fr", "name_de", "name_en"]].notna().all(axis=None)


@pytest.mark.parametrize(
    ("code", "published_km2", "share"),
    [("LU", 2586.4, 0.005), ("LI", 160.5, 0.005), ("CH", 41285.0, 0.005)],
)
def test_a_country_without_sea_has_its_published_area(countries, code, published_km2, share):
    assert area_km2(countries.geometry[code]) == pytest.approx(published_km2, rel=share)


def test_inland_provinces_have_about_their_published_area(territories):
    # Statistics Belgium and the German statistical offices; Natural Earth's inner lines are good to a few per cent.
    published = {"DE-NW": 34112, "DE-SL": 2571, "BE-WLX": 4440, "BE-WNA": 3666, "BE-VLI": 2422, "BE-WLG": 3857}
    shapes = territories.set_index("id").geometry
    for code, km2 in published.items():
        assert area_km2(shapes[code]) == pytest.approx(km2, rel=0.04), code


@pytest.mark.parametrize(
    ("place", "longitude", "latitude", "country", "province"),
    [
        ("De Bilt", 5.178, 52.110, "NL", "NL-UT"),
        ("Maastricht", 5.689, 50.848, "NL", "NL-LI"),
        ("Lobith", 6.118, 51.862, "NL", "NL-GE"),
        ("Aachen", 6.084, 50.776, "DE", "DE-NW"),
        ("Emmerich", 6.245, 51.832, "DE", "DE-NW"),
        ("Liege", 5.568, 50.634, "BE", "BE-WLG"),
        ("Eupen", 6.036, 50.630, "BE", "BE-WLG"),
        ("'s-Gravenvoeren", 5.761, 50.759, "BE", "BE-VLI"),
        ("Baarle-Hertog", 4.930, 51.438, "BE", "BE-VAN"),
        ("Baarle-Nassau", 4.927, 51.449, "NL", "NL-NB"),
        ("Luxembourg", 6.130, 49.611, "LU", "LU"),
        ("Metz", 6.176, 49.119, "FR", "FR-57"),
        ("Vaduz", 9.521, 47.141, "LI", "LI"),
        ("Basel", 7.588, 47.559, "CH", "CH"),
        ("Büsingen", 8.690, 47.697, "DE", "DE-BW"),
        ("Bregenz", 9.747, 47.503, "AT", "AT"),
    ],
)
def test_a_place_lies_in_its_country_and_province(territories, place, longitude, latitude, country, province):
    found = territories[territories.contains(shapely.Point(longitude, latitude))]
    assert found[["country", "id"]].to_numpy().tolist() == [[country, province]], place


def test_land_borders_agree_with_an_independent_map(countries, shared_data):
    # Belgian municipalities of another source (Statbel), dissolved: the country without its sea.
    municipalities = gpd.read_file(shared_data / "admin" / "belgium_municipalities.gpkg")
    theirs = shapely.union_all(municipalities.geometry.to_numpy(), grid_size=1e-6)
    ours = countries.geometry["BE"]
    # Theirs is drawn to about 100 m, over 1,400 km of border.
    assert area_km2(shapely.difference(theirs, ours)) < 0.005 * area_km2(theirs)
    inland = shapely.box(3.5, 49, 7, 52)
    assert area_km2(shapely.intersection(shapely.difference(ours, theirs), inland)) < 0.005 * area_km2(theirs)


def test_the_largest_enclave_of_baarle_has_its_published_area(countries):
    areas = sorted(map(area_km2, shapely.get_parts(countries.geometry["BE"])), reverse=True)
    assert areas[1] == pytest.approx(1.5365, rel=0.02)  # enclave H1: 153.65 ha


# Water and heights


def test_flow_directions_mark_what_is_missing_and_have_one_outlet():
    with rasterio.open(DATA / "flow-directions.tif") as file:
        codes, nodata = file.read(1), file.nodata
        assert file.crs.to_epsg() == 4326
        outlet = file.xy(*np.argwhere(codes == 0)[0])
    assert nodata == 247
    assert set(np.unique(codes)) == {0, 1, 2, 4, 8, 16, 32, 64, 128, 247}
    assert (codes == 0).sum() == 1
    assert outlet == pytest.approx((4.046, 51.829), abs=0.01)


def test_elevation_lies_on_the_grid_of_the_flow_directions():
    with rasterio.open(DATA / "flow-directions.tif") as directions, rasterio.open(DATA / "elevation.tif") as heights:
        assert (directions.shape, directions.transform) == (heights.shape, heights.transform)
        values = heights.read(1, masked=True)
        assert (values.mask == (directions.read(1) == directions.nodata)).all()
        row, column = heights.index(7.588, 47.559)  # the Rhine at Basel flows at about 245 m
    assert 235 < values[row, column] < 300


def test_the_drainage_network_carries_the_published_upstream_areas():
    lines = read("drainage-network")
    # Rhine at Lobith 160,800 km2, at Cologne 144,232 km2: on a 5 km grid within 2 %.
    for longitude, latitude, km2 in [(6.11, 51.84, 160_800), (6.97, 50.94, 144_232)]:
        assert near(lines, longitude, latitude, 0.1)["upstream_km2"].max() == pytest.approx(km2, rel=0.02)


def test_rivers_have_names_in_four_languages():
    rivers = read("rivers").set_index("name")
    assert rivers.loc["Rhein", ["name_nl", "name_fr", "name_en"]].tolist() == ["Rijn", "Rhin", "Rhine"]
    assert rivers.loc["Maas", "name_fr"] == "Meuse"
    assert {"Waal", "Mosel", "IJssel", "Schelde"} <= set(rivers.index)


# Assets


def test_places_lie_in_the_country_that_they_name(countries):
    places = read("places")
    for code, part in places.groupby("country"):
        # A place at the border may stand across it: coordinates are those of a point somewhere in the town.
        assert shapely.contains_xy(countries.geometry[code], part.geometry.x, part.geometry.y).mean() > 0.99, code
    assert places["value"].min() >= 1000


def test_places_count_nobody_twice():
    people = read("places").groupby("country")["value"].sum()
    # Inhabitants of Belgium and the Netherlands in 2024; villages under 1000 people are missing, never counted twice.
    assert 0.8 < people["BE"] / 11_763_650 < 1
    assert 0.8 < people["NL"] / 17_942_942 < 1


def test_power_plants_include_those_that_everybody_knows():
    plants = read("power-plants")
    for longitude, latitude, fuel, megawatts in [(5.27, 50.53, "Nuclear", 1000), (6.61, 51.04, "Lignite", 2000)]:
        assert near(plants[plants["fuel"] == fuel], longitude, latitude, 0.03)["value"].sum() > megawatts
    assert set(plants["country"]) == {"BE", "DE", "FR", "LU", "NL"}


def test_every_grid_line_ends_at_two_buses():
    buses = read("power-grid-de-buses").set_index("id").geometry
    lines = read("power-grid-de-lines")
    ends = np.stack([buses[lines[end]].to_numpy() for end in ("bus0", "bus1")], axis=1)
    assert shapely.equals_exact(
        lines.geometry.to_numpy(), shapely.linestrings(shapely.get_coordinates(ends).reshape(-1, 2, 2)), 1e-9
    ).all()


def test_chemical_parks_are_marked_as_indicative_and_lie_in_their_country(countries):
    parks = read("chemical-parks")
    assert (CARDS["chemical-parks"]["status"], CARDS["chemical-parks"]["uncertainty_m"]) == ("indicative", 1000)
    assert 25 <= len(parks) <= 40
    for park in parks.itertuples():
        assert countries.geometry[park.country].contains(park.geometry), park.name
