"""Dikes: standards as a layer of their own, and land that they keep dry until they fail; cells worked out by hand."""

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine

import hazardmap as hm
from hazardmap.curves import Curve, DamageTables
from hazardmap.curves.damage import LandUse, Price
from hazardmap.dikes import held_back
from hazardmap.errors import FootprintError, LayerError
from hazardmap.exposure.protection import lowest, standards_of

LEFT, TOP = 4_000_000.0, 3_100_000.0
TABLES = DamageTables(curves={"ramp": Curve("ramp", (0.0, 2.0), (0.0, 1.0))})


def boxes(*edges):
    """Boxes of one cell (1 km) in height, from and to some kilometres."""
    return [shapely.box(LEFT + 1000 * a, TOP - 1000, LEFT + 1000 * b, TOP) for a, b in edges]


def frame(geometry, **columns):
    return gpd.GeoDataFrame({"id": [str(k) for k in range(len(geometry))], **columns}, geometry=geometry, crs=3035)


@pytest.fixture
def land():
    return frame(boxes((0, 4)), country="NL")


@pytest.fixture
def scenarios(raster):
    """Four cells of 1 km, all at 0.5, 1 and 2 m deep once in 10, 100 and 1000 years; the last is not modelled."""

    def made(*depths):
        layers = [raster([[d, d, d, np.nan]], left=LEFT, top=TOP, cell=1000.0) for d in depths]
        return [{"layer": layer, "return_period": t} for layer, t in zip(layers, (10, 100, 1000), strict=False)]

    return made


# Land behind dikes


def values(footprint):
    return footprint.intensity.to_numpy()[:, 0].tolist()


def test_dikes_hold_what_is_more_frequent_than_their_standard(scenarios):
    """The second cell is protected up to 1 in 100 years, the third up to 1 in 1000; at the standard water passes."""
    rings = frame(boxes((1, 2), (2, 3)), protection=[100, 1000])
    footprint = hm.flood(scenarios(0.5, 1.0, 2.0), protected=rings)
    expected = [[0.5, 0, 0, np.nan], [1, 1, 0, np.nan], [2, 2, 2, np.nan]]
    assert values(footprint) == pytest.approx(np.array(expected), nan_ok=True)
    notes = [note for note in footprint.notes if note.startswith("protected land")]
    assert notes == [
        "protected land: all dikes hold back T10, so the land behind them is dry there, whatever the depths say",
        "protected land: some of the dikes hold back T100, so the land behind them is dry there, whatever the depths say",
    ]


def test_a_failure_passes_the_dikes(scenarios):
    """Without a standard only the failure counts; what is not modelled is not covered, never dry."""
    items = scenarios(0.5, 1.0)
    items.append({**items[1], "return_period": None, "label": "breach", "failure": True})
    footprint = hm.flood(items, protected=frame(boxes((1, 4))))
    expected = [[0.5, 0, 0, np.nan], [1, 0, 0, np.nan], [1, 1, 1, np.nan]]
    assert values(footprint) == pytest.approx(np.array(expected), nan_ok=True)
    assert "protected land: breach is a failure of the dikes" in footprint.notes
    bare = hm.flood(scenarios(0.5, 1.0), protected=frame(boxes((1, 4))))
    assert any("no scenario is a failure of the dikes" in note for note in bare.notes)


def test_a_failure_may_have_the_return_period_of_a_flood(scenarios):
    items = scenarios(0.5, 1.0)
    failure = {**items[0], "id": "breach", "failure": True}
    assert values(hm.flood([*items, failure], protected=frame(boxes((1, 4)))))[2][:3] == [0.5, 0.5, 0.5]
    with pytest.raises(FootprintError, match="the return periods are 10, 100, 10; expected each once"):
        hm.flood([*items, {**failure, "failure": False}])


def test_a_scenario_without_return_period_is_taken_to_pass_a_standard(scenarios):
    items = [*scenarios(0.5), {**scenarios(2.0)[0], "return_period": None, "label": "HQ extrem"}]
    footprint = hm.flood(items, protected=frame(boxes((1, 2)), protection=[100.0]))
    assert [row[1] for row in values(footprint)] == [0, 2]
    assert any("HQ extrem has no return period to compare with a standard" in note for note in footprint.notes)


def test_where_rings_overlap_the_lower_standard_counts(scenarios):
    """The weaker dike decides, whichever comes first; a ring without a standard only counts where no other does."""
    for order in ([0, 1, 2], [2, 1, 0]):
        rings = frame(boxes((0, 2), (1, 3), (0, 3)), protection=[1000, 50, np.nan]).iloc[order]
        assert values(hm.flood(scenarios(0.5, 1.0), protected=rings))[1][:3] == [0, 1, 1]


def test_rings_in_another_crs_and_in_windows(raster):
    """A large grid read in windows is the same as the whole; cells count by their centre."""
    depth = raster(np.ones((300, 400)), left=LEFT, top=TOP, cell=100.0)
    disc = frame([shapely.Point(LEFT + 20_000, TOP - 15_000).buffer(9_000)])
    footprint = hm.flood([{"layer": depth, "return_period": 10}], protected=disc.to_crs(4326))
    whole = footprint.intensity.to_numpy()[0]
    x, y = np.meshgrid(LEFT + 100 * (np.arange(400) + 0.5), TOP - 100 * (np.arange(300) + 0.5))
    off = np.hypot(x - LEFT - 20_000, y - TOP + 15_000)
    # the buffer is a polygon with 64 edges, at most 0.2 % inside its circle
    assert (whole[off < 8_950] == 0).all()
    assert (whole[off > 9_005] == 1).all()
    assert (footprint.intensity[0, 50:170, 111:222].to_numpy() == whole[50:170, 111:222]).all()


def test_maps_of_two_countries_behind_dikes(raster):
    """The class has one return period in common on both sides; a failure is one on all maps."""
    west, east = (
        {"layer": raster([[1.0, 1.0]], left=LEFT + x, top=TOP, cell=1000.0), "country": c, "class": "medium",
         "return_period": 100} for c, x in (("NL", 0), ("DE", 2000))
    )  # fmt: skip
    lands = frame(boxes((0, 2), (2, 4)), country=["NL", "DE"])
    ring = frame(boxes((1, 3)), protection=[200])
    footprint = hm.flood([west, east], territories=lands, protected=ring)
    assert values(footprint) == [[1, 0, 0, 1]]
    assert "map" in footprint.intensity.coords
    failed = [{**each, "failure": True} for each in (west, east)]
    assert values(hm.flood(failed, territories=lands, protected=ring)) == [[1, 1, 1, 1]]
    with pytest.raises(FootprintError, match="'medium' is a failure of dikes on some maps only"):
        hm.flood([failed[0], east], territories=lands, protected=ring)


def test_protected_land_that_is_none_is_refused(scenarios):
    with pytest.raises(LayerError, match="protected land has a standard of -5 years"):
        hm.flood(scenarios(1.0), protected=frame(boxes((1, 2)), protection=[-5]))
    with pytest.raises(LayerError, match="protected land: the column 'protection' holds '1 in 100'"):
        hm.flood(scenarios(1.0), protected=frame(boxes((1, 2)), protection=["1 in 100"]))
    with pytest.raises(LayerError, match="protected land holds points; expected polygons"):
        hm.flood(scenarios(1.0), protected=frame([shapely.Point(LEFT, TOP)]))
    footprint = hm.flood(scenarios(1.0))
    assert held_back(footprint.intensity, footprint.scenarios, [False], frame(boxes((9, 10))))[0].equals(
        footprint.intensity
    )


# Standards as a layer


@pytest.fixture
def houses():
    """A house in each standard, one in both, one half outside, one outside."""
    found = frame(
        boxes((0.1, 0.2), (1.1, 1.2), (0.9, 1.1), (1.9, 2.1), (2.5, 2.6)), curve="ramp", max_damage=[1000.0] * 5
    )
    found.attrs["units"] = {"max_damage": "EUR"}
    return found


@pytest.fixture
def rings():
    return frame(boxes((0, 1), (1, 2)), protection=[50.0, 500.0])


def test_each_row_takes_the_lowest_standard(scenarios, land, houses, rings):
    """Damage of each house: 250, 500 and 1000 EUR; by hand: 250 + 500 x .045, 500 + 1000 x .0045, 1000 x .001."""
    result = hm.overlay(hm.flood(scenarios(0.5, 1.0, 2.0)), land, {"houses": houses}, damage=TABLES, protection=rings)
    rows = result.assets[(result.assets["layer"] == "houses") & (result.assets["scenario"] == "T10")]
    assert rows["protection_years"].tolist() == pytest.approx([50, 500, 50, np.nan, np.nan], nan_ok=True)
    assert [note for note in result.notes if note.startswith("houses: 2 of 5 pieces lie in several protection")]
    annual = result.annual_assets(protection="column").set_index(["layer", "asset"])["damage"]["houses"]
    bare = (250 + 500) / 2 * 0.09 + (500 + 1000) / 2 * 0.009 + 1000 * 0.001
    # the value at 1 in 50 years lies on the line from 500 at 0.01 to 250 at 0.1
    fifty = (500 + (500 - 250 * 0.01 / 0.09)) / 2 * 0.01 + (500 + 1000) / 2 * 0.009 + 1.0
    five_hundred = (1000 + (1000 - 500 * 0.001 / 0.009)) / 2 * 0.001 + 1.0
    assert annual.tolist() == pytest.approx([fifty, five_hundred, fifty, bare, bare])
    unprotected = result.annual()
    assert "standards are known but were not used" in unprotected.attrs["notes"][-1]
    assert result.annual_assets()["damage"].dropna().tolist() == pytest.approx([bare] * 5)


def test_own_standards_come_first_and_those_of_territories_last(scenarios, land, houses, rings):
    own = houses.assign(protection=[10.0, np.nan, np.nan, np.nan, np.nan])
    own.attrs = houses.attrs
    result = hm.overlay(hm.flood(scenarios(1.0)), land.assign(protection=7.0), {"houses": own}, protection=rings)
    rows = result.assets[result.assets["layer"] == "houses"]
    assert rows["protection_years"].tolist() == [10, 500, 50, 7, 7]


def test_rasters_are_counted_by_the_standard_of_each_place(scenarios, raster, land):
    """Ten people a cell, evenly spread; water in three of four cells, once in 10 years and rarer.

    By hand: 5 people protected to 1 in 50, 7.5 to 1 in 500, 17.5 not at all, and 10 of whom nothing is known.
    """
    people = raster([[10.0] * 4], left=LEFT, top=TOP, cell=1000.0, units="people")
    rings = frame(boxes((0, 0.5), (0.5, 1.25)), protection=[50.0, 500.0])
    flood = hm.flood(scenarios(1.0, 1.0, 1.0))
    result = hm.overlay(flood, land, {"people": people}, protection=rings)
    rows = result.assets[(result.assets["layer"] == "people") & (result.assets["scenario"] == "T10")].set_index("asset")
    assert rows["amount"].to_dict() == pytest.approx(
        {"people (1 in 50 years)": 5, "people (1 in 500 years)": 7.5, "people (no standard)": 27.5}
    )
    assert rows["protection_years"].tolist() == pytest.approx([50, 500, np.nan], nan_ok=True)
    assert rows["affected"].tolist() == pytest.approx([5, 7.5, 17.5])
    annual = result.annual(protection="column").set_index("measure")["attributed"]["people"]
    assert annual == pytest.approx(5 * 0.02 + 7.5 * 0.002 + 17.5 * 0.1)
    assert not any(note.startswith("people") and "several protection standards" in note for note in result.notes)
    flows = result.flows()
    assert flows.loc[(flows["measure"] == "people") & (flows["scenario"] == "T10"), "total"].tolist() == pytest.approx(
        [30]
    )
    # the same, with the land of each standard as a territory
    apart = frame(boxes((0, 0.5), (0.5, 1.25), (1.25, 4)), country="NL", protection=[50.0, 500.0, np.nan])
    other = hm.overlay(flood, apart, {"people": people}).annual(protection="column").set_index("measure")["attributed"]
    assert other["people"].sum() == pytest.approx(annual, rel=1e-6)


def test_land_use_is_counted_by_the_standard_of_each_place(scenarios, raster, land, rings):
    """Half of every m2 that is wet is lost (1 m deep, 3 EUR/m2, half built); two cells lie behind dikes."""
    tables = DamageTables(
        curves=TABLES.curves, prices={("ramp", "NL"): Price(3.0, "EUR/m2")}, landuse={1: LandUse("homes", "ramp", 0.5)}
    )
    use = raster([[1.0] * 4], left=LEFT, top=TOP, cell=1000.0, units="class")
    result = hm.overlay(hm.flood(scenarios(1.0, 1.0)), land, {"use": use}, damage=tables, protection=rings)
    annual = result.annual_assets(protection="column").query("layer == 'use'").set_index("asset")["damage"]
    cell = 1e6 * 0.5 * 3.0 * 0.5
    assert annual.to_dict() == pytest.approx(
        {"1 (1 in 50 years)": cell * 0.02, "1 (1 in 500 years)": cell * 0.002, "1 (no standard)": cell * 0.1}
    )


def test_what_lies_outside_of_territories_has_no_standard(scenarios, raster, rings):
    people = raster([[10.0] * 4], left=LEFT, top=TOP, cell=1000.0, units="people")
    inner = frame(boxes((0.5, 1)), country="NL")
    result = hm.overlay(hm.flood(scenarios(1.0)), inner, {"people": people}, protection=rings)
    rows = result.assets[result.assets["layer"] == "people"].set_index("territory")
    assert rows["amount"].to_dict() == pytest.approx({"0": 5, "outside": 35})
    assert rows["protection_years"].to_dict() == pytest.approx({"0": 50, "outside": np.nan}, nan_ok=True)


def test_rasters_take_the_standard_of_their_territory(scenarios, raster, rings):
    people = raster([[10.0] * 4], left=LEFT, top=TOP, cell=1000.0, units="people")
    lands = frame(boxes((0, 1), (1, 2), (2, 4)), country="NL")
    result = hm.overlay(hm.flood(scenarios(1.0)), lands, {"people": people}, protection=rings)
    rows = result.assets[result.assets["layer"] == "people"].set_index("territory")
    assert rows["protection_years"].to_dict() == pytest.approx({"0": 50, "1": 500, "2": np.nan}, nan_ok=True)
    assert not any("several protection standards" in note for note in result.notes)


def test_slivers_between_two_layers_say_nothing(rings):
    """A house that reaches 1 m of 100 m out of its ring is in it; one that reaches 2 m is not."""
    x = LEFT + 2000
    near, far = (shapely.box(x - 100 + d, TOP - 600, x + d, TOP - 500) for d in (0.9, 2))
    years, several = lowest(gpd.GeoSeries([near, far], crs=3035).to_crs(4326), standards_of(rings))
    assert years.tolist() == pytest.approx([500, np.nan], nan_ok=True)
    assert several.tolist() == [False, True]


def test_lines_points_and_overlaps(rings):
    """In the overlap of two standards the lower one holds, so a point there takes it."""
    wide = frame([*rings.geometry, *boxes((0.5, 1.5))], protection=[50, 500, 100])
    places = [shapely.Point(LEFT + 250, TOP - 500), shapely.Point(LEFT + 1250, TOP - 500)]
    road = shapely.LineString([(LEFT + 1100, TOP - 500), (LEFT + 1900, TOP - 500)])
    years, _ = lowest(gpd.GeoSeries([*places, road], crs=3035).to_crs(4326), standards_of(wide))
    assert years.tolist() == [50, 100, 100]


def test_a_line_without_length_is_a_place(rings):
    place = (LEFT + 250, TOP - 500)
    years, _ = lowest(gpd.GeoSeries([shapely.LineString([place, place])], crs=3035).to_crs(4326), standards_of(rings))
    assert years.tolist() == [50]


def test_layers_of_standards_that_are_none_are_refused(scenarios, land, rings):
    flood = hm.flood(scenarios(1.0))
    for bad, message in (
        (rings.drop(columns="protection"), "protection has no column 'protection'"),
        (rings.assign(protection="1,000"), "the column 'protection' holds '1,000'"),
        (rings.assign(protection=0.0), "a standard is 0 years"),
        (rings.set_geometry(rings.centroid), "protection holds points; expected polygons"),
    ):
        with pytest.raises(LayerError, match=message):
            hm.overlay(flood, land, protection=bad)


def test_a_study_names_both(tmp_path, land, rings):
    profile = {"driver": "GTiff", "width": 4, "height": 1, "count": 1, "dtype": "float32", "crs": "EPSG:3035"}
    profile["transform"] = Affine(1000, 0, LEFT, 0, -1000, TOP)
    for name, depth in (("often", 1.0), ("rare", 2.0)):
        with rasterio.open(tmp_path / f"{name}.tif", "w", **profile) as file:
            file.write(np.full((1, 1, 4), depth, dtype="float32"))
    land.to_file(tmp_path / "land.gpkg", driver="GPKG")
    rings.to_file(tmp_path / "rings.gpkg", driver="GPKG")
    west, south, east, north = land.to_crs(4326).total_bounds
    (tmp_path / "study.yaml").write_text(f"""
title: Behind dikes
area: [{west - 0.01}, {south - 0.01}, {east + 0.01}, {north + 0.01}]
territories: {{ path: land.gpkg }}
protection: {{ path: rings.gpkg }}
hazards:
  flood:
    protected: {{ path: rings.gpkg }}
    depth:
      - {{ layer: {{ path: often.tif, units: m }}, return_period: 100 }}
      - {{ layer: {{ path: rare.tif, units: m }}, label: breach, failure: true }}
outputs:
  csv: {{ path: tables, annual: {{ protection: column }} }}
""")
    study = hm.Study.from_yaml(tmp_path / "study.yaml")
    assert study.check() == []
    found = study.run()["flood"]
    assert values(found.footprint) == [[1, 0, 1, 1], [2, 2, 2, 2]]
    assert {item["name"] for item in found.inputs} >= {"rings"}
    assert "protected up to the standard of each row" in (tmp_path / "output" / "tables" / "annual.csv").read_text()
