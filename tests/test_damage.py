"""Depth into damage: tables at the door, figures by hand, and two ways to the same figure."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import hazardmap as hm
from hazardmap.csvfile import read_table
from hazardmap.curves import Curve, DamageTables, LandUse, Price
from hazardmap.errors import FileError, FootprintError, LayerError, TableError, UnitsError
from hazardmap.footprint import Footprint, scenario_table

ROOT = Path(__file__).parents[1]
LEFT, TOP, CELL = 4_000_000.0, 3_100_000.0, 1000.0
FOUR = scenario_table([{"return_period": t} for t in (10, 50, 100, 500)])
RAMP = Curve("ramp", (0.0, 2.0), (0.0, 1.0))
HALF = Curve("half", (0.0, 1.0), (0.0, 0.5))
TABLES = DamageTables(
    curves={"ramp": RAMP, "half": HALF},
    prices={
        ("ramp", "BE"): Price(2.0, "EUR/m2"),
        ("ramp", "NL"): Price(3.0, "EUR/m2"),
        ("half", "*"): Price(1.0, "EUR/m2"),
    },
    landuse={1: LandUse("homes", "ramp", 0.2), 2: LandUse("fields", "half", 1.0), 3: LandUse("water", "none", 0.0)},
)


def footprint(intensity, *, levels=(0.5, 1.5), scenarios=FOUR, source=1, shares=((1, "FR", 0.25), (1, "BE", 0.75))):
    return Footprint(
        hazard="flood", intensity=intensity, units="m", levels=levels, scenarios=scenarios, source=source,
        shares=pd.DataFrame(shares, columns=["source", "origin", "share"]),
    )  # fmt: skip


@pytest.fixture
def lands():
    """Belgium is the left column of cells, the Netherlands the rest."""
    x = LEFT + CELL
    boxes = [shapely.box(LEFT, TOP - 2 * CELL, x, TOP), shapely.box(x, TOP - 2 * CELL, LEFT + 3 * CELL, TOP)]
    return gpd.GeoDataFrame({"id": ["W", "E"], "country": ["BE", "NL"]}, geometry=boxes, crs=3035)


@pytest.fixture
def flood(raster):
    """2 x 3 cells of 1 km2. Depth in the first row: d, d, 2 d; second row dry, 0.1 m, missing. d = 0, 0.5, 1, 2."""
    depth = np.zeros((4, 2, 3))
    for k, d in enumerate((0.0, 0.5, 1.0, 2.0)):
        depth[k] = [[d, d, 2 * d], [0.0, 0.1, np.nan]]
    return footprint(raster(depth, left=LEFT, top=TOP, cell=CELL))


def frame(geometry, **columns):
    return gpd.GeoDataFrame({"id": [str(k) for k in range(len(geometry))], **columns}, geometry=geometry, crs=3035)


def rows_of(result, layer, scenario="T50"):
    rows = result.assets[(result.assets["layer"] == layer) & (result.assets["scenario"] == scenario)]
    return rows.set_index(["asset", "territory"])


def test_polygons_lines_and_points_by_hand(flood, lands):
    """At T50 (d = 0.5): half a cell in each country at factor 0.25; the dry half of the line costs nothing."""
    park = frame([shapely.box(LEFT + 500, TOP - CELL, LEFT + 1500, TOP)], curve="ramp")
    road = frame(
        [shapely.LineString([(LEFT + 2500, TOP - 500), (LEFT + 1500, TOP - 500)])], curve="ramp", max_damage=10.0
    )
    road.attrs["units"] = {"max_damage": "EUR/m"}
    site = frame([shapely.Point(LEFT + 2500, TOP - 500)], curve="half", max_damage=800.0)
    site.attrs["units"] = {"max_damage": "EUR"}
    plain = frame([shapely.Point(LEFT + 2500, TOP - 500)])
    result = hm.overlay(flood, lands, {"park": park, "road": road, "site": site, "plain": plain}, damage=TABLES)
    parks = rows_of(result, "park")
    assert parks.loc[("0", "W"), "damage"] == pytest.approx(0.5e6 * 0.25 * 2)
    assert parks.loc[("0", "E"), "damage"] == pytest.approx(0.5e6 * 0.25 * 3)
    # 500 m at 0.5 m and 500 m at 1 m; EPSG:3035 stretches lengths here by less than 1 in 1000
    assert rows_of(result, "road")["damage"].iloc[0] == pytest.approx(500 * 10 * 0.25 + 500 * 10 * 0.5, rel=1e-3)
    assert rows_of(result, "site")["damage"].iloc[0] == pytest.approx(400)
    assert rows_of(result, "site", "T500")["damage_flag"].iloc[0] == "beyond the curve"
    assert any(note.startswith("site: 2 rows are deeper than their curve") for note in result.notes)
    assert rows_of(result, "plain")["damage"].isna().all()
    assert set(rows_of(result, "site")["damage_unit"]) == {"EUR"}


def test_a_price_of_the_whole_asset_is_spread_over_its_pieces(flood, lands):
    park = frame([shapely.box(LEFT, TOP - CELL, LEFT + 3000, TOP)], curve="ramp", max_damage=900.0)
    park.attrs["units"] = {"max_damage": "EUR"}
    rows = rows_of(hm.overlay(flood, lands, {"park": park}, damage=TABLES), "park")
    assert rows["damage"].to_dict() == pytest.approx({("0", "W"): 300 * 0.25, ("0", "E"): 300 * 0.25 + 300 * 0.5})


def test_damage_flows_add_up_even_where_water_is_milder_than_the_first_class(flood, lands):
    """The middle cell of the second row is 0.1 m deep: no class, yet 0.05 x 3 EUR x 1 km2 of damage."""
    park = frame(
        [
            shapely.box(LEFT + 1000, TOP - 2000, LEFT + 2000, TOP - 1000),
            shapely.box(LEFT, TOP - 2000, LEFT + 3000, TOP),
        ],
        curve="ramp",
    )
    result = hm.overlay(flood, lands, {"park": park}, damage=TABLES)
    rows = rows_of(result, "park", "T10")
    assert rows.loc[("0", "E"), "damage"] == pytest.approx(0.05 * 3e6)
    assert rows.loc[("0", "E"), "status"] == "dry"
    assert rows.loc[("0", "E"), "affected"] == 0
    flows = result.flows()
    money = flows[(flows["measure"] == "park") & (flows["unit"] == "EUR")]
    own = result.assets[result.assets["layer"] == "park"]
    expected = own[own["damage"] > 0].groupby(["scenario", "territory"])["damage"].sum()
    assert money.groupby(["scenario", "territory"])["attributed"].sum().to_dict() == pytest.approx(expected.to_dict())
    assert set(money["level"]) <= {0.5, 1.5}
    by_origin = money.groupby("origin")["attributed"].sum()
    assert by_origin["FR"] / by_origin.sum() == pytest.approx(0.25)
    # the amounts are what they are without damage
    bare = hm.overlay(flood, lands, {"park": park}).flows()
    pd.testing.assert_frame_equal(flows[flows["unit"] != "EUR"].reset_index(drop=True), bare)


def test_what_is_not_covered_has_no_damage(flood, lands):
    park = frame([shapely.box(LEFT + 2000, TOP - 2000, LEFT + 3000, TOP - 1000)], curve="ramp")
    rows = rows_of(hm.overlay(flood, lands, {"park": park}, damage=TABLES), "park")
    assert rows["status"].tolist() == ["not covered"]
    assert rows["damage"].isna().all()


def test_a_place_known_to_a_kilometre_is_damaged_as_its_disc_is_on_average(flood, lands):
    """A disc of 100 m within one cell at 0.5 m: factor 0.25 of its price, whichever way it is counted."""
    site = frame([shapely.Point(LEFT + 500, TOP - 500)], curve="ramp", max_damage=800.0)
    site.attrs.update(units={"max_damage": "EUR"}, uncertainty_m=100)
    result = hm.overlay(flood, lands, {"site": site}, damage=TABLES)
    rows = rows_of(result, "site")
    assert rows["amount"].tolist() == [1.0]
    assert rows["damage"].tolist() == pytest.approx([200.0])
    flows = result.flows().query("measure == 'site' and scenario == 'T50'").groupby("unit")["attributed"].sum()
    assert flows.to_dict() == pytest.approx({"count": 1.0, "EUR": 200.0})


def test_curves_of_floods_are_not_for_other_hazards(lands):
    cloud = gpd.GeoDataFrame(
        {"scenario": ["now"], "intensity": [2.0], "source": [1]},
        geometry=[shapely.box(LEFT, TOP - 900, LEFT + 900, TOP)],
        crs=3035,
    )
    chemical = Footprint(
        hazard="chemical", intensity=cloud, units="1", levels=(1.0,), scenarios=scenario_table([{"id": "now"}]),
        shares=pd.DataFrame({"source": [1], "origin": ["BE"], "share": [1.0]}),
    )  # fmt: skip
    park = frame([shapely.box(LEFT, TOP - 500, LEFT + 500, TOP)], curve="no such curve")
    result = hm.overlay(chemical, lands, {"park": park}, damage=TABLES)
    assert result.assets["damage"].isna().all()
    assert result.assets.loc[result.assets["layer"] == "park", "status"].tolist() == ["hit"]


def test_indicative_tables_are_named(flood, lands):
    road = frame([shapely.box(LEFT, TOP - CELL, LEFT + 500, TOP)], curve="roads")
    tables = hm.damage_tables()
    result = hm.overlay(flood, lands, {"road": road}, damage=tables)
    assert "max-damage-jrc-2017 holds indicative numbers (status K or own); verify those you rely on" in result.notes
    assert {item["name"] for item in result.inputs} >= {"damage-curves-jrc-2017", "max-damage-jrc-2017"}
    assert not any("indicative numbers" in note for note in hm.overlay(flood, lands, damage=tables).notes)
    priced = road.assign(max_damage=10.0)
    priced.attrs["units"] = {"max_damage": "EUR/m2"}
    own = hm.overlay(flood, lands, {"road": priced}, damage=tables)
    assert own.assets["damage"].notna().any()
    assert not any(note.startswith("max-damage-jrc-2017") for note in own.notes)


def test_land_use_needs_the_built_share(flood, lands, raster):
    """Homes left and middle, fields right: 1 km2 x 0.2 built x factor x price of the country."""
    use = raster([[1, 1, 2], [3, 3, 3]], left=LEFT, top=TOP, cell=CELL, units="class")
    result = hm.overlay(flood, lands, {"land": use}, damage=TABLES)
    rows = rows_of(result, "land")
    assert rows["damage"].dropna().to_dict() == pytest.approx(
        {("1", "W"): 0.2e6 * 0.25 * 2, ("1", "E"): 0.2e6 * 0.25 * 3, ("2", "E"): 1e6 * 0.5}
    )
    assert rows.loc[("3", "W"), "amount"] == pytest.approx(1.0)
    assert rows.loc[("1", "W"), "name"] == "homes"
    assert set(result.flows().query("measure == 'land'")["unit"]) == {"km2", "EUR"}
    assert result.flows().query("unit == 'EUR' and scenario == 'T50'")["attributed"].sum() == pytest.approx(
        rows["damage"].sum()
    )


def test_the_raster_way_and_the_polygon_way_agree(raster, lands):
    """Land use on cells of 400 m, depths on cells of 1 km, borders off the cells of both: to 1e-9."""
    rng = np.random.default_rng(7)
    depth = raster(rng.uniform(0, 3, (4, 6, 7)), left=LEFT - 350, top=TOP + 450, cell=CELL)
    codes = rng.integers(1, 4, (6, 8))
    use = raster(codes, left=LEFT, top=TOP, cell=400, units="class")
    boxes = {c: [] for c in (1, 2, 3)}
    for (row, column), code in np.ndenumerate(codes):
        x, y = LEFT + 400 * column, TOP - 400 * row
        boxes[code].append(shapely.box(x, y - 400, x + 400, y))
    polygons = frame([shapely.union_all(boxes[c]) for c in (1, 2, 3)], curve=["ramp", "half", "none"]).assign(
        id=["1", "2", "3"]
    )
    found = hm.overlay(footprint(depth), lands, {"cells": use, "shapes": polygons}, damage=TABLES).assets
    keys = ["asset", "territory", "scenario"]
    # what lies outside every territory has no country and no price
    cells, shapes = (
        found[(found["layer"] == each) & (found["territory"] != "outside")].set_index(keys).sort_index()
        for each in ("cells", "shapes")
    )
    share = cells.index.get_level_values("asset").map({"1": 0.2, "2": 1.0, "3": 1.0}).to_numpy()
    assert cells["damage"].notna().sum() == 16
    assert (cells["damage"] / (shapes["damage"] * share)).dropna().to_numpy() == pytest.approx(1.0, rel=1e-9)
    assert cells["affected"].to_numpy() == pytest.approx(shapes["affected"].to_numpy(), rel=1e-9)


def test_damage_of_any_polygon_is_what_another_implementation_gives(raster, lands):
    """exactextract hands out each cell and how much of it is covered; EPSG:3035 is equal-area."""
    exactextract = pytest.importorskip("exactextract")
    rng = np.random.default_rng(3)
    depth = raster(np.sort(rng.gamma(1.0, 1.0, (4, 6, 7)), axis=0), left=LEFT - 900, top=TOP + 800, cell=700)
    centres = np.column_stack([rng.uniform(LEFT, LEFT + 3000, 25), rng.uniform(TOP - 2000, TOP, 25)])
    blobs = [
        shapely.Point(x, y).buffer(r, quad_segs=3) for (x, y), r in zip(centres, rng.uniform(30, 900, 25), strict=True)
    ]
    shapes = frame(
        [shapely.intersection(blob, shapely.box(LEFT, TOP - 2000, LEFT + 3000, TOP)) for blob in blobs],
        curve="ramp",
        max_damage=1.0,
    )
    shapes.attrs["units"] = {"max_damage": "EUR/m2"}
    found = hm.overlay(footprint(depth), lands, {"shapes": shapes}, damage=TABLES).assets.query("layer == 'shapes'")
    ours = found.groupby(["scenario", "asset"])["damage"].sum()
    for k, scenario in enumerate(FOUR.index):
        source = exactextract.raster.NumPyRasterSource(
            depth[k].to_numpy(), *depth.rio.bounds(), srs_wkt=depth.rio.crs.to_wkt()
        )
        cells = exactextract.exact_extract(source, shapes, ["values", "coverage"], output="pandas")
        theirs = [
            (np.minimum(v / 2, 1) * c).sum() * 700**2 for v, c in zip(cells["values"], cells["coverage"], strict=True)
        ]
        assert ours[scenario].loc[shapes["id"]].to_numpy() == pytest.approx(theirs, rel=1e-6)


def test_expected_annual_damage_with_protection(flood, lands):
    """One point in each country, at 0, 0.5, 1 and 2 m: factor 0, .25, .5, 1 of 100 EUR at 1/10, 1/50, 1/100, 1/500.

    12.5 x .08 + 37.5 x .01 + 75 x .008 + 100 x .002 = 2.175; protected up to 1 in 50: 1.175.
    """
    sites = frame(
        [shapely.Point(LEFT + 500, TOP - 500), shapely.Point(LEFT + 1500, TOP - 500)], curve="ramp", max_damage=100.0
    )
    sites.attrs["units"] = {"max_damage": "EUR"}
    lands["protection"] = [np.nan, 50.0]
    result = hm.overlay(flood, lands, {"sites": sites}, damage=TABLES)

    def annual(**how):
        table = result.annual(**how)
        return table[table["unit"] == "EUR"].groupby("territory")["attributed"].sum().to_dict()

    assert annual() == pytest.approx({"W": 2.175, "E": 2.175})
    assert "were not used" in result.annual().attrs["notes"][-1]
    assert annual(protection=50) == pytest.approx({"W": 1.175, "E": 1.175})
    assert annual(protection="column") == pytest.approx({"W": 2.175, "E": 1.175})
    of_assets = result.annual_assets(protection="column").set_index(["layer", "asset"])
    assert of_assets.loc["sites", "damage"].to_dict() == pytest.approx({"0": 2.175, "1": 1.175})
    assert np.isnan(of_assets.loc[("territories", "W"), "damage"])
    # a standard of the asset itself comes before that of its territory
    own = sites.assign(protection=[100.0, np.nan])
    own.attrs = sites.attrs
    result = hm.overlay(flood, lands, {"sites": own}, damage=TABLES)
    assert annual(protection="column") == pytest.approx({"W": 0.6 + 0.2, "E": 1.175})
    method = result.annual(protection=50, counting="poisson", zero_at=5)["method"].iloc[0]
    assert method == (
        "trapezoid over exceedance probability, rare tail constant, nothing at 1 in 5 years, "
        "protected up to 1 in 50 years, return periods of peaks over a threshold"
    )
    with pytest.raises(FootprintError, match="more frequent event"):
        result.annual(zero_at=20)
    with pytest.raises(FootprintError, match="a protection standard is -3"):
        result.annual(protection=-3)


def test_repeated_return_periods_are_refused(flood, lands):
    twice = scenario_table([{"id": k, "return_period": t} for k, t in zip("abcd", (10, 50, 50, 500), strict=True)])
    with pytest.raises(FootprintError, match="share a probability"):
        hm.overlay(footprint(flood.intensity, scenarios=twice), lands).annual()


def test_notes_on_scenarios_that_do_not_fit_together(flood, lands, raster):
    """T100 given the raster of T50, and T500 that of T10."""
    assert not any("milder" in note or "same in every" in note for note in hm.overlay(flood, lands).notes)
    depth = flood.intensity.to_numpy()[[0, 1, 1, 0]]
    notes = hm.overlay(footprint(raster(depth, left=LEFT, top=TOP, cell=CELL)), lands).notes
    assert any(note.startswith("T50 and T100 are the same in every cell") for note in notes)
    assert any(note.startswith("T500 is milder than the more frequent T100 in 3 cells") for note in notes)


def test_a_class_from_zero_begins_above_dry(flood, lands):
    """National classes begin at 0, and dry is no class: 2 km2 are wet at T10 to none, at T50 four cells of five."""
    classes = hm.depth_classes("de-lawa")
    result = hm.overlay(footprint(flood.intensity, levels=classes), lands)
    wet = result.assets.groupby("scenario", sort=False)["affected"].sum()
    assert wet.to_dict() == pytest.approx({"T10": 1.0, "T50": 4.0, "T100": 4.0, "T500": 4.0})
    assert result.zones.groupby("scenario")["area_km2"].sum().to_dict() == pytest.approx(wet.to_dict())
    flows = result.flows().query("scenario == 'T50'")
    assert flows.groupby("level")["attributed"].sum().to_dict() == pytest.approx({0.0: 1.0, 0.5: 2.0, 1.0: 1.0})


BAD_ASSETS = {
    "an unknown curve": ({"curve": "rmap"}, None, TableError, "park has the curve 'rmap'; expected one of half, ramp"),
    "text for a number": ({"curve": "ramp", "max_damage": "1,200"}, {"max_damage": "EUR/m2"}, LayerError, "the column 'max_damage' holds '1,200'"),
    "no units": ({"curve": "ramp", "max_damage": 5.0}, None, UnitsError, "max_damage without units"),
    "per metre of an area": ({"curve": "ramp", "max_damage": 5.0}, {"max_damage": "EUR/m"}, UnitsError, "polygons with a price in 'EUR/m'"),
    "below zero": ({"curve": "ramp", "max_damage": -5.0}, {"max_damage": "EUR/m2"}, LayerError, "max_damage of -5"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_ASSETS, ids=BAD_ASSETS)
def test_assets_that_cannot_be_damaged(flood, lands, case):
    columns, units, error, message = BAD_ASSETS[case]
    park = frame([shapely.box(LEFT, TOP - CELL, LEFT + 500, TOP)], **columns)
    park.attrs["units"] = units
    with pytest.raises(error, match=message):
        hm.overlay(flood, lands, {"park": park}, damage=TABLES)


@pytest.mark.parametrize("column", ["value", "protection"])
def test_numbers_as_text_are_refused(flood, lands, column):
    park = frame([shapely.box(LEFT, TOP - CELL, LEFT + 500, TOP)], **{column: "1,200"})
    with pytest.raises(LayerError, match=f"park: the column '{column}' holds '1,200'"):
        hm.overlay(flood, lands, {"park": park})
    with pytest.raises(LayerError, match="territories: the column 'protection' holds 'high'"):
        hm.overlay(flood, lands.assign(protection="high"))


def test_a_country_without_a_price_and_a_class_without_a_row(flood, lands, raster):
    park = frame([shapely.box(LEFT, TOP - CELL, LEFT + 500, TOP)], curve="ramp")
    lands["country"] = ["LU", "NL"]
    with pytest.raises(TableError, match="park has no price for 'ramp' in LU"):
        hm.overlay(flood, lands, {"park": park}, damage=TABLES)
    use = raster([[1, 7, 2]], left=LEFT, top=TOP, cell=CELL, units="class")
    with pytest.raises(TableError, match="holds the class 7, which the table of land use does not"):
        hm.overlay(flood, lands, {"land": use}, damage=TABLES)
    with pytest.raises(LayerError, match=r"holds the class 1\.5"):
        hm.overlay(flood, lands, {"land": use.copy(data=[[1.0, 1.5, 2.0]])}, damage=TABLES)
    with pytest.raises(TableError, match="no table says what they are"):
        hm.overlay(flood, lands, {"land": use})


# The door


CURVE = "curve,depth_m,value,unit,source,status\nhomes,0,0,1,me,own\nhomes,1,0.5,1,me,own\nhomes,2,1,1,me,own\n"
LANDUSE = "code,name,curve,value,unit,source,status\n1,town,residential,0.2,1,me,own\n"
BAD_TABLES = {
    "a curve that falls": (CURVE.replace("2,1,1", "2,0.4,1"), "curve 'homes' falls from 0.5 to 0.4 at 2 m"),
    "depths out of order": (CURVE.replace("homes,2", "homes,0.5"), "from a depth of 1 to 0.5 m; expected ascending"),
    "a depth twice": (CURVE.replace("homes,2", "homes,1"), "from a depth of 1 to 1 m"),
    "a factor above 1": (CURVE.replace("0.5,1,", "50,1,"), "a factor of 50; expected 0 to 1"),
    "a factor in percent": (CURVE.replace("0.5,1,", "50,%,"), "the unit '%'"),
    "damage where it is dry": (CURVE.replace("homes,0,0", "homes,0,0.1"), "begins with 0.1 at 0 m"),
    "a curve that begins late": (CURVE.replace("homes,0,0,1,me,own\n", ""), "begins with 0.5 at 1 m"),
    "one point": ("\n".join(CURVE.splitlines()[:2]) + "\n", "has 1 points"),
    "text for a number": (CURVE.replace("0.5,1,", '"0,5",1,'), "line 3: the column 'value' holds '0,5'"),
    "a thousands comma": (CURVE.replace("0.5,1,", "1,200,1,"), "line 3 has more or fewer values than the header"),
    "no number": (CURVE.replace("0.5,1,", ",1,"), "line 3: the column 'value' holds ''"),
    "not finite": (CURVE.replace("0.5,1,", "nan,1,"), "holds 'nan'"),
    "no status": (CURVE.replace("status", "state"), "no column 'status'"),
    "a strange status": (CURVE.replace("own", "sure", 1), "line 2: the status is 'sure'"),
    "no curve": (CURVE.replace("curve,", "kurve,"), "no column 'curve'"),
    "no rows": (CURVE.splitlines()[0] + "\n", "has no rows"),
    "not UTF-8": (CURVE.replace("me", "\xe9").encode("latin-1"), "is not UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_TABLES, ids=BAD_TABLES)
def test_tables_that_break_their_rules(tmp_path, case):
    text, message = BAD_TABLES[case]
    (tmp_path / "mine.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises((TableError, FileError)) as caught:
        hm.damage_tables("mine.csv", None, folder=tmp_path)
    assert message in str(caught.value)


def test_tables_of_prices_and_land_use_that_break_their_rules(tmp_path):
    def read(text, **which):
        (tmp_path / "mine.csv").write_text(text)
        return hm.damage_tables(**which, folder=tmp_path)

    assert read(LANDUSE, landuse="mine.csv").landuse[1].built_share == 0.2
    with pytest.raises(TableError, match=r"land use 1 \(town\) has no curve"):
        read(LANDUSE.replace("residential", ""), landuse="mine.csv")
    with pytest.raises(TableError, match=r"land use 1 \(town\) has the curve 'resident'"):
        read(LANDUSE.replace("residential", "resident"), landuse="mine.csv")
    with pytest.raises(TableError, match=r"built share of 20; expected 0 to 1"):
        read(LANDUSE.replace("0.2", "20"), landuse="mine.csv")
    with pytest.raises(TableError, match=r"land use town has the code nan"):
        read(LANDUSE.replace("1,town", ",town"), landuse="mine.csv")
    with pytest.raises(TableError, match=r"land use 1 stands there twice"):
        read(LANDUSE + LANDUSE.splitlines()[1] + "\n", landuse="mine.csv")
    prices = "curve,country,value,unit,source,status\nroads,NL,-3,EUR/m2,me,own\n"
    with pytest.raises(TableError, match="a price is -3"):
        read(prices, prices="mine.csv")
    with pytest.raises(TableError, match="'roads' has two prices in 'NL'"):
        read(prices.replace("-3", "3") + "roads,NL,4,EUR/m2,me,own\n", prices="mine.csv")
    with pytest.raises(FileError, match="there is no table 'damage-curves'; expected one of damage-curves-infra"):
        hm.damage_tables("damage-curves")
    with pytest.raises(TableError, match="no depth classes 'de'; expected one of de-lawa"):
        hm.depth_classes("de")


# The tables that are shipped


@pytest.mark.parametrize("path", sorted((ROOT / "layers" / "tables").glob("*.csv")), ids=lambda path: path.stem)
def test_every_shipped_table_says_source_and_status(path):
    table = read_table(path.stem, ("source", "status"))
    assert (table["source"].str.len() > 5).all()
    assert set(table["status"]) <= {"S", "R", "K"}
    assert path.name in (ROOT / "layers" / "tables" / "README.md").read_text()


def test_jrc_curves_agree_with_another_copy(shared_data):
    other = pd.read_csv(shared_data / "flood" / "jrc_curves_europe.csv", encoding="utf-8-sig", index_col=0)
    names = ["residential", "commercial", "industrial", "agriculture", "transport", "roads"]
    ours = hm.damage_tables().curves
    for name, column in zip(names, other.columns, strict=True):
        assert ours[name].depth == tuple(other.index)
        assert ours[name].factor == tuple(other[column].astype(float))


def test_infrastructure_curves_agree_with_the_database(shared_data):
    """Published rounded to three or four figures."""
    other = pd.read_csv(shared_data / "flood" / "infra_flood_curves.csv")
    ours = hm.damage_tables("damage-curves-infrastructure", None).curves
    pairs = {
        "power-plant": "F1.1",
        "substation": "F2.1",
        "energy-diked-area": "F6.3",
        "water-treatment-small-open": "F14.1",
        "water-well": "F15.1",
    }
    for name, number in pairs.items():
        points = other[other["curve_id"] == number]
        depth = np.array(ours[name].depth)
        expected = np.interp(depth, points["intensity"], points["damage"])
        assert ours[name].at(depth) == pytest.approx(expected, abs=6e-4)


def test_greatest_damages_follow_from_their_factors(shared_data):
    """The formula gives the published construction costs, and from them the totals that are shipped."""
    factors = hm.parameters("max-damage-jrc-2017-factors")
    of_class = factors[factors["country"] == "*"].set_index(["curve", "quantity"])["value"]
    gdp = factors[factors["quantity"] == "gdp_per_capita"].set_index("country")["value"]
    published = pd.read_csv(shared_data / "flood" / "jrc_max_damage_by_country.csv").set_index("ISO A3 code")
    tables = hm.damage_tables()
    for country, code in {"NL": "NLD", "BE": "BEL", "LU": "LUX", "DE": "DEU", "FR": "FRA"}.items():
        assert gdp[country] == pytest.approx(published.loc[code].iloc[-1], abs=0.006)
        for k, name in enumerate(("residential", "commercial", "industrial")):
            f = of_class[name]
            cost = f["a"] * gdp[country] ** f["b"]
            assert cost == pytest.approx(published.loc[code].iloc[1 + k], rel=1e-6)
            total = cost * f["depreciation"] * (1 - f["undamageable"]) * f["material"] * (1 + f["content"])
            assert tables.price(name, country).value == pytest.approx(total, abs=0.006)
            assert tables.price(name, country).unit == "EUR2010/m2"


# Real data


def test_delft_by_municipality(shared_data):
    """EFAS depths (1 in 500 years) with JRC curves: against numpy on the bare array, and the raster way = the polygon way."""
    import rasterio.features
    import rioxarray

    depth = rioxarray.open_rasterio(shared_data / "flood" / "efas_rp500_3035.tif", masked=True).squeeze(
        "band", drop=True
    )
    depth.attrs["units"] = "m"
    places = gpd.read_file(shared_data / "admin" / "netherlands_municipalities.gpkg").to_crs(3035)
    places = (
        places[places.intersects(shapely.box(*depth.rio.bounds()))]
        .rename(columns={"statcode": "id"})
        .assign(country="NL")
    )
    # the cells of the map are dry where they hold no value inside the modelled area; land use is a made-up pattern of blocks
    wet = depth.fillna(0.0)
    wet.attrs["units"] = "m"
    rows, columns = np.indices(depth.shape)
    codes = (1 + (rows // 9 + columns // 13) % 3).astype("float32")
    use = depth.copy(data=codes).assign_attrs(units="class")
    names = {1: "residential", 2: "commercial", 3: "agriculture"}
    tables = hm.damage_tables()
    landuse = {code: LandUse(name, name, 1.0) for code, name in names.items()}
    prices = {**tables.prices, ("agriculture", "*"): Price(1.0, "EUR2010/m2")}
    tables = DamageTables(curves=tables.curves, prices=prices, landuse=landuse)
    traced = rasterio.features.shapes(codes, transform=depth.rio.transform())
    shapes = [(shapely.geometry.shape(outline), int(code)) for outline, code in traced]
    polygons = frame([shape for shape, _ in shapes], curve=[names[code] for _, code in shapes])
    result = hm.overlay(
        hm.flood([{"layer": wet, "label": "EFAS 500", "return_period": 500}], levels=hm.depth_classes("nl-liwo")),
        places, {"cells": use, "shapes": polygons}, damage=tables,
    )  # fmt: skip
    found = result.assets[result.assets["territory"] != "outside"]
    by_place = found.groupby(["layer", "territory"])["damage"].sum()
    assert len(by_place["cells"]) > 10
    assert by_place["cells"].to_numpy() == pytest.approx(
        by_place["shapes"].reindex(by_place["cells"].index).to_numpy(), rel=1e-9, abs=1e-3
    )

    # all cells that lie wholly within the municipalities, straight from the array; EPSG:3035 is equal-area: 10 000 m2
    other = pd.read_csv(shared_data / "flood" / "jrc_curves_europe.csv", encoding="utf-8-sig", index_col=0)
    land = shapely.union_all(places.geometry.to_numpy())
    inner = rasterio.features.rasterize([land.buffer(-150)], depth.shape, transform=depth.rio.transform()) == 1
    edge = rasterio.features.rasterize([land.buffer(150)], depth.shape, transform=depth.rio.transform()) == 1
    cost = np.zeros(depth.shape)
    for code, column, price in ((1, 0, 841.75), (2, 1, 1160.57), (3, 3, 1.0)):
        factor = np.interp(wet.to_numpy(), other.index, other.iloc[:, column].astype(float))
        cost += np.where(codes == code, factor * price * 1e4, 0.0)
    total = by_place["cells"].sum()
    assert cost[inner].sum() * (1 - 1e-6) <= total <= cost[edge].sum() * (1 + 1e-6)
    assert total == pytest.approx(cost[inner].sum(), rel=0.02)
    assert total > 1e9
