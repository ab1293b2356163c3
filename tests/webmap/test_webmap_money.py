"""Damage on the map: figures worked out by hand, rounded, by scenario and per year, in four languages."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

import hazardmap as hm
from hazardmap.curves import Curve, DamageTables
from hazardmap.errors import OutputError
from hazardmap.outputs.webmap import BaseMap, webmap
from hazardmap.outputs.webmap.adapt import page_of
from hazardmap.outputs.webmap.model import LANGUAGES
from hazardmap.outputs.webmap.page import encode_page

LEFT, TOP = 4_000_000.0, 3_100_000.0
TABLES = DamageTables(curves={"ramp": Curve("ramp", (0.0, 2.0), (0.0, 1.0))})


def frame(x, worth):
    points = gpd.points_from_xy(LEFT + 1000 * np.array(x), np.full(len(x), TOP - 500))
    found = gpd.GeoDataFrame(
        {"id": list("abc")[: len(x)], "curve": "ramp", "max_damage": worth}, geometry=points, crs=3035
    )
    found.attrs["units"] = {"max_damage": "EUR2020"}
    return found


@pytest.fixture
def result(raster):
    """Depth 0.5 m once in 10 years and 1 m once in 100, at homes in W, E and nowhere known, and at a mill in W."""

    def made(*, mill="EUR2020", plain=False):
        layers = [raster([[d, d, np.nan]], left=LEFT, top=TOP, cell=1000.0) for d in (0.5, 1.0)]
        flood = hm.flood([{"layer": each, "return_period": t} for each, t in zip(layers, (10, 100), strict=True)])
        boxes = [shapely.box(LEFT + a, TOP - 1000, LEFT + b, TOP) for a, b in ((0, 1000), (1000, 3000))]
        lands = gpd.GeoDataFrame({"id": ["W", "E"], "country": ["BE", "NL"]}, geometry=boxes, crs=3035)
        homes, mills = frame([0.5, 1.5, 2.5], [123456.0, 80.0, 5.0]), frame([0.3], [9e6])
        mills.attrs["units"] = {"max_damage": mill}
        return hm.overlay(flood, lands, {"homes": homes, "mills": mills}, damage=None if plain else TABLES)

    return made


def page(result, **options):
    return page_of([result], title="Test", base=BaseMap(), made=None, **options)


def layer(made, name):
    return next(each for each in made.hazards[0].assets if each.name == name)


def test_damage_of_assets_and_territories_by_hand(result):
    """A quarter of 123,456 is 30,864, shown as 31,000; half of 80 is 40; where nothing is known nothing is said."""
    made = page(result())
    homes = layer(made, "homes")
    assert homes.frame["damage@T10"].tolist() == pytest.approx([31_000, 20, np.nan], nan_ok=True)
    assert homes.frame["damage@T100"].tolist() == pytest.approx([62_000, 40, np.nan], nan_ok=True)
    attribute = next(each for each in homes.attributes if each.name == "damage")
    assert (attribute.units, attribute.digits, attribute.per_scenario) == ("EUR2020", 0, True)
    assert sorted(attribute.title) == sorted(LANGUAGES)
    lands = layer(made, "territories")
    assert lands.frame["damage homes@T100"].tolist() == [62_000, 40]
    assert lands.frame["damage mills@T100"].tolist() == pytest.approx([4_500_000, np.nan], nan_ok=True)
    titles = {each.name: each.title["nl"] for each in lands.attributes if each.name.startswith("damage")}
    assert titles == {"damage homes": "Schade: homes", "damage mills": "Schade: mills"}
    assert not any("annual" in each.name for each in (*homes.attributes, *lands.attributes))


def test_damage_per_year_where_it_is_asked_for(result):
    """Of the home in W: (30,864 + 61,728) / 2 x 0.09 + 61,728 x 0.01 = 4,783.92, shown as 4,800."""
    made = page(result(), annual={"rare_tail": "constant"})
    assert layer(made, "homes").frame["annual_damage"].tolist() == pytest.approx([4_800, 3, np.nan], nan_ok=True)
    assert layer(made, "territories").frame["annual_damage homes"].tolist() == [4_800, 3]
    notes = made.hazards[0].notes
    assert "per year: trapezoid over exceedance probability, rare tail constant" in notes
    assert any(note.startswith("per year: only 2 scenarios have a probability") for note in notes)


def test_several_units_are_not_mixed(result):
    """One layer in euros of 2020, one in francs: each has its own; one layer in both would not be shown."""
    made = page(result(mill="CHF"))
    units = {each.name: each.units for each in layer(made, "territories").attributes if each.name.startswith("damage")}
    assert units == {"damage homes": "EUR2020", "damage mills": "CHF"}
    both = result()
    rows = both.assets
    rows.loc[rows.index[rows["asset"] == "b"], "damage_unit"] = "CHF"
    made = page(both)
    assert not any(each.name == "damage" for each in layer(made, "homes").attributes)
    assert made.hazards[0].notes == ("damage of homes is in several units and is not on the map; it is in the tables",)


def test_without_damage_nothing_is_added(result):
    made = page(result(plain=True), annual={})
    names = {each.name for found in made.hazards[0].assets for each in found.attributes}
    assert not any("damage" in name for name in names)


def test_it_is_in_the_file(result, tmp_path):
    described = encode_page(page(result(), annual={})).description["hazards"][0]["assets"]
    homes = next(each for each in described if each["name"] == "homes")
    assert {each["name"] for each in homes["attributes"]} >= {"damage", "annual_damage"}
    webmap([result()], tmp_path / "map.html", base=BaseMap(), annual={"zero_at": 5})
    assert (tmp_path / "map.html").stat().st_size > 10_000
    with pytest.raises(OutputError, match=r"annual\.rare_tail is 'steep'"):
        webmap([result()], tmp_path / "map.html", base=BaseMap(), annual={"rare_tail": "steep"})
