"""Maps of several countries as one: every cell is that of the map that owns it, and nothing is made up."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hazardmap as hm
from hazardmap import checks
from hazardmap.errors import FootprintError, GridError, LayerError, NoOverlapError, UnitsError
from hazardmap.neighbours.mosaics import mosaic
from hazardmap.neighbours.sourcemaps import source_maps
from hazardmap.outputs.csv import csv

LEFT, TOP = 4_100_000.0, 3_100_000.0
FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def item(layer, country, **described):
    return {"layer": layer, "country": country, "class": "medium", "return_period": 100, **described}


def lands(at, *, crs=3035, lean=0.0):
    """Two countries on either side of a line from north (at + lean) to south (at), in metres from LEFT."""
    south, north = (LEFT + at, TOP - 50_000), (LEFT + at + lean, TOP + 50_000)
    west = shapely.Polygon([(LEFT - 90_000, south[1]), south, north, (LEFT - 90_000, north[1])])
    east = shapely.Polygon([south, (LEFT + 90_000, south[1]), (LEFT + 90_000, north[1]), north])
    return gpd.GeoDataFrame({"id": ["W", "E"], "country": ["NL", "DE"]}, geometry=[west, east], crs=crs)


def test_by_hand(raster):
    """NL: 2 x 3 cells of 100 m. DE: 1 x 2 cells of 200 m, one cell to the east. The border runs after the third cell."""
    west = raster([[1, 2, 3], [4, 0, np.nan]], left=LEFT, top=TOP, cell=100)
    east = raster([[7, 8], [7, 8]], left=LEFT + 400, top=TOP, cell=200)
    joined = mosaic(source_maps([item(west, "NL"), item(east, "DE", return_period=None, label="HQ100")]), lands(300))
    nan = np.nan
    assert np.array_equal(
        joined.depth.to_numpy()[0],
        [[1, 2, 3, nan, 7, 7, 8, 8], [4, 0, nan, nan, 7, 7, 8, 8], *[[nan] * 4 + [7, 7, 8, 8]] * 2],
        equal_nan=True,
    )
    assert joined.depth["map"].to_numpy().tolist() == [*[[1, 1, 1, 0, 2, 2, 2, 2]] * 2, *[[0] * 4 + [2] * 4] * 2]
    assert joined.scenarios.loc["medium", "label"] == "NL: T100; DE: HQ100"
    assert joined.scenarios[["return_period", "probability"]].isna().all(axis=None)
    assert joined.maps[["number", "map", "label", "return_period"]].fillna(-1).to_numpy().tolist() == [
        [1, "NL", "T100", 100.0], [2, "DE", "HQ100", -1.0],
    ]  # fmt: skip
    assert joined.notes == (
        "laid on the grid of NL (100 m) by nearest cell, so that no depth is made up: DE (200 m)",
        "scenario medium is one class but not one event: NL 100 years, DE without return period",
    )


def test_a_map_counts_only_in_its_own_country(raster):
    """Both rasters cover everything; NL is missing in one of its own cells, and it stays missing."""
    west = raster([[1, 1, 1, 1], [1, np.nan, 1, 1]], left=LEFT, top=TOP, cell=100)
    east = raster([[9, 9, 9, 9], [9, 9, 9, np.nan]], left=LEFT, top=TOP, cell=100)
    joined = mosaic(source_maps([item(west, "NL"), item(east, "DE")]), lands(200))
    assert np.array_equal(joined.depth.to_numpy()[0], [[1, 1, 9, 9], [1, np.nan, 9, np.nan]], equal_nan=True)
    rule = "each counts in its own country, and elsewhere the first that has a value"
    assert joined.notes == (f"the rasters of NL and DE overlap on 0.08 km2; {rule}",)
    assert joined.scenarios.loc["medium", ["label", "return_period", "probability"]].tolist() == ["T100", 100.0, 0.01]


def test_elsewhere_the_first_map_that_has_a_value_counts(raster):
    """Without territories, and for two maps of one country: by order, gaps filled by the second."""
    first = raster([[1, np.nan, np.nan, 0]], left=LEFT, top=TOP, cell=100)
    second = raster([[2, 2, np.nan, 2]], left=LEFT, top=TOP, cell=100)
    both = source_maps([item(first, "DE", map="NRW"), item(second, "DE", map="RLP")])
    for territories in (None, lands(-1000)):
        joined = mosaic(both, territories)
        assert np.array_equal(joined.depth.to_numpy()[0], [[1, 2, np.nan, 0]], equal_nan=True)
        assert joined.depth["map"].to_numpy()[0, [0, 1, 3]].tolist() == [1, 2, 1]
        assert joined.notes == (
            "the rasters of NRW and RLP overlap on 0.04 km2; where both have a value the first counts",
        )


def test_a_territory_that_names_a_map_takes_that_one_only(raster):
    """Two maps of one country reach over each other; the border between them says which counts where."""
    first = raster([[1, 1, 1, 1], [1, np.nan, 1, 1]], left=LEFT, top=TOP, cell=100)
    second = raster([[2, 2, 2, 2], [2, 2, 2, np.nan]], left=LEFT, top=TOP, cell=100)
    both = source_maps([item(first, "DE", map="NRW"), item(second, "DE", map="RLP")])
    named = lands(200).assign(country="DE", map=["NRW", "RLP"])
    joined = mosaic(both, named)
    assert np.array_equal(joined.depth.to_numpy()[0], [[1, 1, 2, 2], [1, np.nan, 2, np.nan]], equal_nan=True)
    rule = "each counts in its own land, and elsewhere the first that has a value"
    assert joined.notes == (f"the rasters of NRW and RLP overlap on 0.08 km2; {rule}",)
    assert mosaic(both, lands(200).assign(country="DE")).depth.to_numpy()[0, 1, 1] == 2


def test_a_class_that_one_map_lacks_is_missing_there(raster):
    field = raster([[1.0, 2.0]], left=LEFT, top=TOP, cell=100)
    east = raster([[3.0]], left=LEFT + 200, top=TOP, cell=100)
    rare = item(field, "NL", **{"class": "extreme", "label": "HQ extreme", "return_period": None})
    joined = mosaic(source_maps([item(field, "NL"), rare, item(east, "DE")]), lands(200))
    assert joined.scenarios.index.tolist() == ["medium", "extreme"]
    assert np.array_equal(joined.depth.to_numpy()[:, 0], [[1, 2, 3], [1, 2, np.nan]], equal_nan=True)
    flood = hm.flood([item(field, "NL"), rare, item(east, "DE")], territories=lands(200))
    assert flood.scenarios_of("DE")["label"].fillna("none").tolist() == ["T100", "none"]
    assert flood.scenarios_of("DE")["return_period"].fillna(-1).tolist() == [100, -1]
    assert "scenario extreme is not mapped by DE: not covered there" in joined.notes


@FEW
@given(st.data())
def test_maps_cut_from_one_field_are_that_field(raster, data):
    """Windows of one field, overlapping or apart, of two countries: the field where a window is, NaN elsewhere."""
    rows, columns = data.draw(st.integers(2, 9)), data.draw(st.integers(2, 9))
    depth = np.random.default_rng(data.draw(st.integers(0, 99))).choice([0, 0.5, 2, np.nan], size=(rows, columns))
    field = raster(depth, left=LEFT, top=TOP, cell=100)
    items, covered = [], np.zeros((rows, columns), dtype=bool)
    for number in range(data.draw(st.integers(1, 3))):
        top, left = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
        window = np.s_[top : data.draw(st.integers(top + 1, rows)), left : data.draw(st.integers(left + 1, columns))]
        covered[window] = True
        part = raster(depth[window], left=LEFT + 100 * left, top=TOP - 100 * top, cell=100)
        items.append(item(part, "DE", map=f"map {number}"))
    if data.draw(st.booleans()):  # north-down, as some files are
        items = [{**each, "layer": upside_down(each["layer"])} for each in items]
    joined = mosaic(source_maps(items)).depth[0]
    there = joined.reindex(x=field.x, y=field.y, method="nearest", tolerance=1.0).to_numpy()
    assert np.array_equal(there, np.where(covered, depth, np.nan).astype("float32"), equal_nan=True)
    assert np.isfinite(joined.to_numpy()).sum() == np.isfinite(depth[covered]).sum()


def upside_down(layer):
    turned = layer[::-1]
    transform = layer.rio.transform()
    flipped = transform * transform.translation(0, layer.sizes["y"]) * transform.scale(1, -1)
    return turned.rio.write_transform(flipped)


@FEW
@given(
    seed=st.integers(0, 999),
    cells=st.tuples(st.sampled_from([60.0, 100.0, 130.0]), st.sampled_from([50.0, 100.0, 170.0])),
    crs=st.sampled_from([3035, 25832, 28992]),
    at=st.integers(-300, 900),
    lean=st.integers(-400_00, 400_00),
)
def test_every_cell_is_that_of_the_map_that_owns_it(raster, seed, cells, crs, at, lean):
    """Each centre is carried into the CRS of its map by PROJ alone: same value; and no land has a stranger's map."""
    random = np.random.default_rng(seed)
    x, y = pyproj.Transformer.from_crs(3035, crs, always_xy=True).transform(LEFT + 300, TOP + 100)
    west = raster(random.choice([0, 1.5, np.nan], size=(9, 8)), left=LEFT, top=TOP, cell=cells[0])
    east = raster(random.choice([0, 2.5, np.nan], size=(8, 9)), left=x, top=y, cell=cells[1], crs=f"EPSG:{crs}")
    land = lands(at, lean=lean)
    maps = source_maps([item(west, "NL"), item(east, "DE")])
    try:
        joined = mosaic(maps, land)
    except NoOverlapError:
        return
    grid = checks.grid_of(joined.depth)
    centres = np.stack(np.meshgrid(joined.depth.x, joined.depth.y), axis=-1).reshape(-1, 2)
    depth, owner = joined.depth[0].to_numpy().ravel(), joined.depth["map"].to_numpy().ravel()
    assert np.isnan(depth[owner == 0]).all()
    for number, each in enumerate(maps, start=1):
        own = owner == number
        there = pyproj.Transformer.from_crs(str(grid.crs), str(each.grid.crs), always_xy=True)
        column, row = ~each.grid.transform * np.array(there.transform(*centres[own].T))
        safe = (np.abs(row - row.round()) > 0.02) & (np.abs(column - column.round()) > 0.02)
        values = each.depth[0].to_numpy()[row[safe].astype(int), column[safe].astype(int)]
        assert np.array_equal(depth[own][safe], values, equal_nan=True)
        in_land = pyproj.Transformer.from_crs(str(grid.crs), 3035, always_xy=True).transform(*centres.T)
        mine = shapely.contains_xy(land.geometry[number - 1].buffer(-0.5), *in_land)
        assert set(owner[mine]) <= {0, number}


def test_windows_of_a_large_mosaic_agree_with_the_whole(raster):
    """Node by node in another CRS, and block by block: reading in parts gives the same cells."""
    random = np.random.default_rng(4)
    x, y = pyproj.Transformer.from_crs(3035, 25832, always_xy=True).transform(LEFT + 9000, TOP)
    west = raster(random.random((700, 300)), left=LEFT, top=TOP, cell=25)
    east = raster(random.random((300, 200)), left=x, top=y, cell=60, crs="EPSG:25832")
    depth = mosaic(source_maps([item(west, "NL"), item(east, "DE")]), lands(8000)).depth
    whole = depth.to_numpy()
    assert np.isfinite(whole).sum() > 300_000
    for rows, columns in (
        (slice(0, 7), slice(0, 900)),
        (slice(400, 500), slice(290, 410)),
        (slice(690, 691), slice(2, 3)),
    ):
        assert np.array_equal(depth[:, rows, columns].to_numpy(), whole[:, rows, columns], equal_nan=True)


def test_centimetres_are_metres_and_no_units_are_refused(raster):
    field = raster([[120.0]], left=LEFT, top=TOP, cell=100, units="cm")
    assert mosaic(source_maps([item(field, "NL")])).depth.item() == pytest.approx(1.2)
    bare = field.copy()
    bare.attrs.clear()
    with pytest.raises(UnitsError, match=r"map 'NL': T100 has no units; expected 'm'; name them"):
        source_maps([item(bare, "NL")])


def test_a_negative_depth_is_refused_when_it_is_read(raster):
    joined = mosaic(source_maps([item(raster([[1.0, -3.0]], left=LEFT, top=TOP, cell=100), "NL", label="HQ100")]))
    with pytest.raises(LayerError, match=r"HQ100 holds a value of -3; expected 0 or more"):
        joined.depth.to_numpy()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([{"country": None}], r"the raster 1 of the mosaic \(medium\) belongs to no country; expected one"),
        ([{"country": "nl"}], r"has the country 'nl'; expected two capitals"),
        ([{"class": "T100"}], r"has the class 'T100'; expected one of high, medium, low, extreme"),
        ([{"depth": 1}], r"has the key 'depth'; expected some of layer, country, map"),
        ([{"return_period": 0}], r"map 'NL': scenario 1 has a return period of 0; expected years above 0"),
        ([{"return_period": "HQ100"}], r"map 'NL': scenario 1 has a return period of 'HQ100'; expected years"),
        ([{}, {}], r"map 'NL': two scenarios are called 'medium'"),
        ([{}, {"class": "low"}], r"map 'NL': the return periods are 100, 100; expected each once"),
        (
            [{}, {"class": "low", "return_period": 10}],
            r"map 'NL': the return periods are 100, 10; expected them from frequent to rare: 10, 100",
        ),
        ([{"class": "low"}, {"class": "high", "return_period": 500}], r"map 'NL' lists the classes low, high"),
        ([{"map": "M"}, {"map": "M", "country": "DE"}], r"map 'M' belongs to DE and NL; expected one"),
    ],
)
def test_what_is_wrong_with_a_map_is_one_line(raster, changes, message):
    field = raster([[1.0]], left=LEFT, top=TOP, cell=100)
    with pytest.raises(FootprintError, match=message) as found:
        source_maps([{**item(field, "NL"), **each} for each in changes])
    assert "\n" not in str(found.value)


def test_other_bad_input_is_one_line(raster):
    field = raster([[1.0]], left=LEFT, top=TOP, cell=100)
    other = raster([[1.0]], left=LEFT, top=TOP, cell=50)
    with pytest.raises(FootprintError, match=r"has no layer; expected a raster of depths"):
        source_maps([{"country": "NL", "class": "medium"}])
    with pytest.raises(GridError, match=r"map 'NL': T100 lies on 1 x 1 cells"):
        source_maps([item(field, "NL"), item(other, "NL", **{"class": "low", "return_period": 1000})])
    with pytest.raises(FootprintError, match=r"the mosaic has the maps \[\]; expected at least one"):
        mosaic([])
    with pytest.raises(NoOverlapError, match=r"map 'DE' lies outside the territories of DE; expected"):
        mosaic(source_maps([item(field, "DE")]), lands(500))
    with pytest.raises(NoOverlapError, match=r"a map belongs to BE, but the territories are those of DE, NL"):
        mosaic(source_maps([item(field, "BE")]), lands(500))
    with pytest.raises(FootprintError, match=r"the raster 2 of the mosaic \(T500\) belongs to no country"):
        hm.flood([item(field, "NL"), {"layer": field, "label": "T500", "return_period": 500}])


@pytest.fixture
def neighbours(raster):
    """10 km of border; NL is 1 m deep, DE 2.5 m, on cells of another size, and of another return period."""
    west = raster(np.full((100, 30), 1.0), left=LEFT, top=TOP, cell=100)
    east = raster(np.full((50, 15), 2.5), left=LEFT + 3000, top=TOP, cell=200)
    return [item(west, "NL"), item(east, "DE", label="HQ100", return_period=200)]


def test_a_flood_of_two_maps_is_overlaid_like_any_other(neighbours, tmp_path):
    land = lands(3000)
    flood = hm.flood(neighbours, territories=land)
    assert flood.seams["kind"].tolist() == ["step in depth", "unlike return periods"]
    assert flood.seams["length_m"].tolist() == pytest.approx([10_000] * 2, abs=30)  # LAEA stretches here
    assert [flood.scenarios_of(each).loc["medium", "probability"] for each in ("NL", "DE")] == [0.01, 0.005]
    assert flood.scenarios_of("BE") is flood.scenarios
    assert flood.scenarios["probability"].isna().all()
    result = hm.overlay(flood, land)
    rows = result.assets.set_index("territory")
    assert rows[["mean", "affected"]].loc[["W", "E"]].to_numpy().ravel().tolist() == pytest.approx([1.0, 30, 2.5, 30])
    assert any(note.startswith("seams, step in depth: medium 10.0") for note in result.notes)
    hm.write(result, tmp_path / "a.gpkg")
    layer = gpd.read_file(tmp_path / "a.gpkg", layer="seams")
    assert (layer["kind"].tolist(), layer.crs) == (flood.seams["kind"].tolist(), 4326)
    assert gpd.read_file(tmp_path / "a.gpkg", layer="maps")["label"].tolist() == ["T100", "HQ100"]
    csv([result], tmp_path / "tables")
    table = pd.read_csv(tmp_path / "tables" / "seams.csv")
    assert table[["hazard", "map_a", "map_b", "step_m"]].to_numpy().tolist() == [["flood", "NL", "DE", 1.5]] * 2
    assert pd.read_csv(tmp_path / "tables" / "maps.csv")["return_period"].tolist() == [100, 200]


def test_expected_values_go_by_the_return_periods_of_each_country(raster):
    """NL floods 2 km2 once in 10 years and 4 km2 once in 100; DE the same once in 20 and 200; BE says no periods.

    By hand: NL (2 + 4) / 2 x 0.09 + 4 x 0.01 = 0.31 km2 a year; DE (2 + 4) / 2 x 0.045 + 4 x 0.005 = 0.155.
    """
    often, rare = [[1, 1, 0, 0]], [[1, 1, 1, 1]]
    maps = []
    for number, (country, periods) in enumerate({"NL": (10, 100), "DE": (20, 200), "BE": (None, None)}.items()):
        for values, name, years in zip((often, rare), ("high", "medium"), periods, strict=True):
            layer = raster(values, left=LEFT + 4000 * number, top=TOP, cell=1000)
            maps.append(
                {
                    "layer": layer,
                    "country": country,
                    "class": name,
                    "label": f"{country} {name}",
                    "return_period": years,
                }
            )
    boxes = [shapely.box(LEFT + 4000 * k, TOP - 1000, LEFT + 4000 * (k + 1), TOP) for k in range(3)]
    land = gpd.GeoDataFrame({"id": ["W", "M", "E"], "country": ["NL", "DE", "BE"]}, geometry=boxes, crs=3035)
    result = hm.overlay(hm.flood(maps, territories=land), land)
    annual = result.annual()
    assert annual.set_index("territory")["attributed"].to_dict() == pytest.approx({"W": 0.31, "M": 0.155})
    assert any(note.startswith("BE: no scenario has a probability") for note in annual.attrs["notes"])
    assert set(result.annual_assets()["territory"]) == {"W", "M"}


def test_a_study_names_the_country_of_each_raster(neighbours, tmp_path):
    """The map of neighbours as files, and a study that says no more than that."""
    for number, each in enumerate(neighbours):
        each["layer"].rio.to_raster(tmp_path / f"{number}.tif")
    lands(3000).to_file(tmp_path / "lands.gpkg")
    card = "licence: CC0-1.0, attribution: test, source: test, status: synthetic, units: m"
    land = f"{{path: lands.gpkg, kind: vector, {card}, name: lands}}"
    described = [
        f"{{layer: {{path: {number}.tif, kind: raster, name: map{number}, {card}}}, "
        f"country: {each['country']}, class: medium, return_period: {each['return_period']}}}"
        for number, each in enumerate(neighbours)
    ]
    (tmp_path / "study.yaml").write_text(
        f"title: t\narea: [6.8, 50.8, 7.1, 51.0]\nterritories: {land}\n"
        f"hazards:\n  flood:\n    territories: {land}\n    depth:\n      - {described[0]}\n      - {described[1]}\n"
        "outputs:\n  csv: tables\n"
    )
    study = hm.Study.from_yaml(tmp_path / "study.yaml")
    assert study.check() == []
    study.run()
    table = pd.read_csv(tmp_path / "output" / "tables" / "seams.csv")
    assert table["kind"].tolist() == ["step in depth", "unlike return periods"]
    assert table["label_b"].tolist() == ["T200", "T200"]


def test_maps_without_seams_are_written_too(neighbours, tmp_path):
    alike = [neighbours[0], {**neighbours[1], "label": "T100", "return_period": 100}]
    alike[1]["layer"] = (alike[1]["layer"] * 0 + 1).assign_attrs(units="m")
    land = lands(3000)
    result = hm.overlay(hm.flood(alike, territories=land), land)
    assert any(note.startswith("seams: none along 10.0") for note in result.notes)
    hm.write(result, tmp_path / "a.gpkg")
    assert "seams" not in gpd.list_layers(tmp_path / "a.gpkg")["name"].tolist()
    csv([result], tmp_path / "tables")
    assert len(pd.read_csv(tmp_path / "tables" / "seams.csv")) == 0
