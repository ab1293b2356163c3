"""Seams between two neighbours' maps: the border is known in closed form, and so is where each stretch must end."""

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hazardmap as hm
from hazardmap.errors import FootprintError, LayerError, NoOverlapError
from hazardmap.neighbours.seamlines import NOT_COVERED, ONE_SIDE, PERIODS, STEP, seams
from hazardmap.neighbours.sourcemaps import source_maps

LEFT, TOP = 4_100_000.0, 3_100_000.0
BAND = 1000.0  # metres north to south; four of them, from north to south: alike, a step, dry, missing
EAST_OF_BORDER = [1.0, 1.8, 0.0, np.nan]
GEOD = pyproj.Geod(ellps="WGS84")


def item(layer, country, **described):
    return {"layer": layer, "country": country, "class": "medium", "return_period": 100, **described}


def lands(x_south, x_north, *, crs=3035):
    """Two countries, west and east of a straight border from the south to the north of the four bands."""
    south, north = (LEFT + x_south, TOP - 4 * BAND), (LEFT + x_north, TOP)
    west = [(LEFT - 9000, south[1]), south, north, (LEFT - 9000, north[1])]
    east = [south, (LEFT + 9000, south[1]), (LEFT + 9000, north[1]), north]
    return gpd.GeoDataFrame({"country": ["NL", "DE"]}, geometry=[shapely.Polygon(west), shapely.Polygon(east)], crs=crs)


def bands(raster, values, *, cell, columns=(-40, 40), units="m"):
    """Raster whose depth depends on the band only."""
    per_band = int(BAND / cell)
    field = np.repeat(np.array(values, dtype=float), per_band)[:, None] * np.ones(columns[1] - columns[0])
    return raster(field, left=LEFT + columns[0] * cell, top=TOP, cell=cell, units=units)


def ends(table):
    """Northern and southern end of each stretch, as metres south of the top of the bands."""
    lines = table.to_crs(3035).geometry
    return [sorted(TOP - y for _, y in (line.coords[0], line.coords[-1])) for line in lines]


@pytest.mark.parametrize("x_north", [0.0, 3000.0, -777.0], ids=["straight", "oblique", "oblique the other way"])
@pytest.mark.parametrize("cells", [(100.0, 50.0), (20.0, 100.0)])
def test_a_known_step_a_dry_side_and_a_gap_are_found_to_the_metre(raster, x_north, cells):
    """Stretches end where the border passes 1, 2, 3 and 4 km south of the top, whatever its direction."""
    west = bands(raster, [1.0] * 4, cell=cells[0], columns=(-80, 200))
    east = bands(raster, EAST_OF_BORDER, cell=cells[1], columns=(-80, 200))
    found = seams(source_maps([item(west, "NL"), item(east, "DE")]), lands(0.0, x_north))
    assert found["kind"].tolist() == [NOT_COVERED, ONE_SIDE, STEP]
    by_kind = found.set_index("kind")
    for number, kind in enumerate((STEP, ONE_SIDE, NOT_COVERED), start=1):
        assert ends(found[found["kind"] == kind])[0] == pytest.approx([number * BAND, (number + 1) * BAND], abs=0.2)
        x = [x_north * (1 - south / 4000) for south in (number * BAND, (number + 1) * BAND)]
        corners = gpd.GeoSeries.from_xy(
            [LEFT + each for each in x], [TOP - number * BAND, TOP - (number + 1) * BAND], crs=3035
        ).to_crs(4326)
        true = GEOD.line_length(corners.x, corners.y)
        assert by_kind.loc[kind, "length_m"] == pytest.approx(true, abs=0.3)
        assert GEOD.geometry_length(by_kind.loc[kind, "geometry"]) == pytest.approx(true, abs=0.3)
    assert by_kind.loc[STEP, ["depth_a", "depth_b", "step_m"]].tolist() == pytest.approx([1.0, 1.8, 0.8])
    assert by_kind.loc[ONE_SIDE, ["depth_a", "depth_b"]].tolist() == [1.0, 0.0]
    assert by_kind.loc[NOT_COVERED, "depth_a"] == 1.0
    assert np.isnan(by_kind.loc[NOT_COVERED, "depth_b"])
    assert found[["map_a", "map_b", "country_a", "country_b"]].drop_duplicates().values.tolist() == [["NL", "DE"] * 2]
    assert found.crs == 4326
    assert set(found.geom_type) == {"LineString"}


@pytest.mark.parametrize("x_north", [0.0, 3000.0], ids=["straight", "oblique"])
def test_unlike_return_periods_are_found_to_the_metre(raster, x_north):
    """HQ extrem has no return period: unlike T1000 wherever both maps have a value and one is wet."""
    west, east = (bands(raster, v, cell=50.0, columns=(-80, 80)) for v in ([0.0, 1.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0]))
    both = [
        item(west, "NL"), item(west, "NL", **{"class": "low", "label": "T1000", "return_period": 1000}),
        item(east, "DE"), item(east, "DE", **{"class": "low", "label": "HQ extrem", "return_period": None}),
    ]  # fmt: skip
    found = seams(source_maps(both), lands(0.0, x_north))
    assert found[["scenario", "kind", "label_a", "label_b", "return_period_a"]].values.tolist() == [
        ["low", PERIODS, "T1000", "HQ extrem", 1000.0]
    ]
    assert np.isnan(found["return_period_b"][0])
    assert ends(found)[0] == pytest.approx([BAND, 3 * BAND], abs=0.2)


def test_a_map_in_another_crs_ends_where_its_cells_end(raster):
    """The eastern map lies on UTM cells of 90 m; the truth is where the border meets the outline of its wet cells."""
    there = pyproj.Transformer.from_crs(3035, 25832, always_xy=True)
    x, y = there.transform(LEFT, TOP)
    field = np.zeros((80, 80))
    field[30:52, 25:55] = 2.0
    left, top = x - 3600, y + 1500
    east = raster(field, left=left, top=top, cell=90.0, crs="EPSG:25832")
    west = bands(raster, [0.0] * 4, cell=100.0)
    found = seams(source_maps([item(west, "NL"), item(east, "DE")]), lands(0.0, 700.0))
    border = shapely.segmentize(shapely.LineString([(LEFT, TOP - 4 * BAND), (LEFT + 700, TOP)]), 50)
    carried = shapely.transform(border, there.transform, interleaved=False)
    wet = shapely.intersection(carried, shapely.box(left + 25 * 90, top - 52 * 90, left + 55 * 90, top - 30 * 90))
    assert found["kind"].tolist() == [ONE_SIDE]
    got = np.array(found.to_crs(25832).geometry[0].coords)[[0, -1]]
    truth = np.array(wet.coords)[[0, -1]]
    assert np.sort(got, axis=0) == pytest.approx(np.sort(truth, axis=0), abs=0.2)


def test_territories_in_degrees_give_the_same_seams(raster):
    west = bands(raster, [1.0] * 4, cell=100.0)
    east = bands(raster, EAST_OF_BORDER, cell=50.0)
    maps = source_maps([item(west, "NL"), item(east, "DE")])
    metric = lands(0.0, 600.0)
    degrees = metric.set_geometry(metric.segmentize(50)).to_crs(4326)
    one, other = seams(maps, metric), seams(maps, degrees)
    assert other["kind"].tolist() == one["kind"].tolist()
    assert other["length_m"].tolist() == pytest.approx(one["length_m"].tolist(), abs=0.5)


def test_maps_cut_at_an_oblique_border_have_no_gaps_of_a_cell(raster):
    """Cells whose centre lies abroad are missing in both; the nearest cells inside are compared instead."""
    border = lands(0.0, 2600.0)
    maps = []
    for country, values in (("NL", [1.0] * 4), ("DE", [1.0, 1.8, 0.0, np.nan])):
        field = bands(raster, values, cell=100.0)
        x, y = np.meshgrid(field.x, field.y)
        own = shapely.contains_xy(border.geometry[border["country"] == country].iloc[0], x, y)
        maps.append(item(field.where(own).assign_attrs(units="m"), country))
    found = seams(source_maps(maps), border)
    assert found["kind"].tolist() == [NOT_COVERED, ONE_SIDE, STEP]
    for number, kind in enumerate((STEP, ONE_SIDE, NOT_COVERED), start=1):  # to a cell and its diagonal
        assert ends(found[found["kind"] == kind])[0] == pytest.approx([number * BAND, (number + 1) * BAND], abs=242)


def test_a_gap_on_both_sides_is_not_covered(raster):
    """Both maps end 300 m before the border, but in a frame of missing cells that reaches over it."""
    west = bands(raster, [1.0] * 4, cell=100.0).copy()
    west[:, 37:] = np.nan  # column 40 starts at the border
    east = bands(raster, [1.0] * 4, cell=100.0).copy()
    east[:, :43] = np.nan
    found = seams(source_maps([item(west, "NL"), item(east, "DE")]), lands(0.0, 0.0))
    assert found["kind"].tolist() == [NOT_COVERED]
    assert found[["depth_a", "depth_b"]].isna().all(axis=None)
    assert ends(found)[0] == pytest.approx([0, 4 * BAND], abs=0.2)


def test_beyond_both_rasters_nothing_is_said(raster):
    """The border runs 4 km; the rasters reach along its northern half only."""
    west, east = (bands(raster, [1.0] * 4, cell=100.0)[:20] for _ in range(2))
    east = east + 2
    east.attrs["units"] = "m"
    found = seams(source_maps([item(west, "NL"), item(east, "DE")]), lands(0.0, 0.0))
    assert found["kind"].tolist() == [STEP]
    assert ends(found)[0] == pytest.approx([0, 2 * BAND], abs=0.2)
    assert found.attrs["notes"] == ["seams, step in depth: medium 2.00 km of 2.0 km of border between the maps"]


def test_a_class_that_one_map_lacks_is_not_covered(raster):
    field = bands(raster, [1.0] * 4, cell=100.0)
    both = [item(field, "NL"), item(field, "NL", **{"class": "low", "return_period": 1000}), item(field, "DE")]
    found = seams(source_maps(both), lands(0.0, 0.0))
    assert found[["scenario", "kind", "label_b"]].values.tolist() == [["low", NOT_COVERED, None]]


def test_the_second_map_of_a_country_takes_over_where_the_first_has_no_value(raster):
    north, south = (bands(raster, v, cell=100.0) for v in ([1.0, 1.0, np.nan, np.nan], [np.nan, 1.0, 1.0, 1.0]))
    east = bands(raster, [2.0] * 4, cell=100.0)
    maps = source_maps([item(north, "DE", map="NRW"), item(south, "DE", map="RLP"), item(east, "NL")])
    border = lands(0.0, 0.0).assign(country=["DE", "NL"])
    found = seams(maps, border)
    assert found[["map_a", "map_b"]].values.tolist() in ([["NRW", "NL"], ["RLP", "NL"]], [["RLP", "NL"], ["NRW", "NL"]])
    assert sorted(ends(found)) == [pytest.approx([0, 2 * BAND], abs=0.2), pytest.approx([2 * BAND, 4 * BAND], abs=0.2)]


def test_a_flood_that_both_maps_end_at_the_border_is_no_seam(raster):
    """A dike along the border: both maps say wet in the west and dry in the east, on both sides."""
    field = bands(raster, [1.0] * 4, cell=100.0).copy()
    field[:, 40:] = 0.0
    found = seams(source_maps([item(field, "NL"), item(field, "DE")]), lands(0.0, 0.0))
    assert found.empty
    assert found.attrs["notes"] == ["seams: none along 4.0 km of border between the maps"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000), st.integers(-3500, 3500), st.sampled_from([50.0, 125.0]))
def test_two_maps_that_are_the_same_have_no_seams(raster, seed, x_north, cell):
    depth = np.random.default_rng(seed).choice([0.0, 0.3, 1.0, 4.0], size=(int(4 * BAND / cell), 160))
    field = raster(depth, left=LEFT - 80 * cell, top=TOP, cell=cell)
    found = seams(source_maps([item(field, "NL"), item(field, "DE")]), lands(0.0, x_north), step_m=0.1)
    assert found["kind"].tolist() == []


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000), st.integers(-3000, 3000))
def test_the_lengths_of_all_pieces_are_the_border(raster, seed, x_north):
    """Depths that always differ, or are missing: every metre has exactly one of three kinds."""
    random = np.random.default_rng(seed)
    west, east = (
        raster(random.choice(values, size=(40, 160)), left=LEFT - 8000, top=TOP, cell=100.0)
        for values in ([1.0, 2.0], [0.0, 9.0, np.nan])
    )
    found = seams(source_maps([item(west, "NL"), item(east, "DE")]), lands(0.0, x_north))
    corners = gpd.GeoSeries.from_xy([LEFT, LEFT + x_north], [TOP - 4 * BAND, TOP], crs=3035).to_crs(4326)
    short = 2.0 * (len(found) + 1)  # stretches under a metre are left out
    assert found["length_m"].sum() == pytest.approx(GEOD.line_length(corners.x, corners.y), abs=short)


def test_territories_from_two_border_layers_are_said(raster):
    field = bands(raster, [1.0] * 4, cell=100.0)
    border = lands(0.0, 0.0)
    moved = border.set_geometry([border.geometry[0], shapely.affinity.rotate(border.geometry[1], 0.01)])
    found = seams(source_maps([item(field, "NL"), item(field, "DE")]), moved)
    assert any("share no line" in note for note in found.attrs["notes"])


def test_a_country_without_territory_and_a_map_elsewhere_are_refused(raster):
    field = bands(raster, [1.0] * 4, cell=100.0)
    with pytest.raises(NoOverlapError, match=r"a map belongs to FR, but the territories are those of DE, NL; expected"):
        seams(source_maps([item(field, "NL"), item(field, "FR")]), lands(0.0, 0.0))
    far = raster(np.ones((4, 4)), left=LEFT + 90_000, top=TOP, cell=100.0)
    with pytest.raises(NoOverlapError, match=r"map 'DE' lies outside the territories of DE; expected"):
        seams(source_maps([item(field, "NL"), item(far, "DE")]), lands(0.0, 0.0))
    with pytest.raises(LayerError, match=r"territories have no column 'country'"):
        seams(source_maps([item(field, "NL")]), lands(0.0, 0.0).drop(columns="country"))
    with pytest.raises(ValueError, match=r"step_m is 0 and wet_m 0.1; expected depths above 0"):
        seams(source_maps([item(field, "NL")]), lands(0.0, 0.0), step_m=0)


def test_two_maps_of_one_country_have_a_border_where_territories_name_them(raster):
    """NRW and RLP, both DE: without the column there is no border between them, with it the known seams are found."""
    both = [bands(raster, v, cell=100.0) for v in ([1.0] * 4, EAST_OF_BORDER)]
    maps = source_maps([item(layer, "DE", map=name) for layer, name in zip(both, ("NRW", "RLP"), strict=True)])
    border = lands(0.0, 0.0).assign(country="DE")
    plain = seams(maps, border)
    assert plain.attrs["notes"] == ["seams: the maps share no border of the territories, so none was looked for"]
    found = seams(maps, border.assign(map=["NRW", "RLP"]))
    assert found[["kind", "map_a", "country_a", "map_b", "country_b"]].drop_duplicates().values.tolist() == [
        [kind, "NRW", "DE", "RLP", "DE"] for kind in (NOT_COVERED, ONE_SIDE, STEP)
    ]
    by_kind = dict(zip(found["kind"], ends(found), strict=True))
    for k, kind in ((1, STEP), (2, ONE_SIDE), (3, NOT_COVERED)):
        assert by_kind[kind] == pytest.approx([k * BAND, (k + 1) * BAND], abs=0.2)
    # the rest of the country is for its other maps; a map of another country is not for this one
    half = seams(maps, border.assign(map=["NRW", None]))
    assert half["kind"].tolist() == found["kind"].tolist()
    with pytest.raises(LayerError, match="territories of NL name the map 'NRW' of DE"):
        seams(maps, border.assign(country=["NL", "DE"], map=["NRW", "RLP"]))


def test_thresholds_are_options_of_a_flood(raster):
    """A step of 0.8 m is one from 0.5 m on, none from 1 m on; 1 m of water is dry where wet begins at 1.2 m."""
    layers = [bands(raster, v, cell=100.0) for v in ([1.0] * 4, EAST_OF_BORDER)]
    items = [item(layer, country) for layer, country in zip(layers, ("NL", "DE"), strict=True)]
    border = lands(0.0, 0.0)

    def kinds(**how):
        return set(hm.flood(items, territories=border, **how).seams["kind"])

    assert kinds() == {STEP, ONE_SIDE, NOT_COVERED}
    assert kinds(seam_step_m=1.0) == {ONE_SIDE, NOT_COVERED}
    footprint = hm.flood(items, territories=border, seam_wet_m=1.2)
    by_kind = dict(zip(footprint.seams["kind"], ends(footprint.seams), strict=True))
    assert by_kind[ONE_SIDE] == pytest.approx([BAND, 2 * BAND], abs=0.2)
    assert STEP not in by_kind
    assert footprint.parameters["seam_wet_m"] == 1.2
    with pytest.raises(FootprintError, match="seam_step_m is -1; expected a number above 0"):
        kinds(seam_step_m=-1)
