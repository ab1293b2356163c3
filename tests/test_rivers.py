"""Rivers: laws on small grids, hand-made cases, and published basin areas."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import rioxarray
import shapely
import xarray as xr
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from hazardmap.errors import CRSMismatchError, GridError, LayerError, MissingCRSError, UnitsError
from hazardmap.rivers import (
    at_cells,
    height_above_drainage,
    nearest_gauge,
    reaches,
    screening_depth,
    snap,
    upstream_area,
)
from scripts.pack import flood_depths
from tests.conftest import make_raster

LEFT, TOP, CELL = 4_000_000.0, 3_000_000.0, 1000.0
STEPS = {1: (0, 1), 2: (1, 1), 4: (1, 0), 8: (1, -1), 16: (0, -1), 32: (-1, -1), 64: (-1, 0), 128: (-1, 1)}


def grid(values, units=None):
    """Raster of 1 km cells in an equal-area CRS: a cell has 1 km2."""
    return make_raster(values, left=LEFT, top=TOP, cell=CELL, units=units)


def countries(**boxes):
    """Frame of countries from boxes in cells: west, north, east, south, counted from the top left corner."""
    shapes = [
        shapely.box(LEFT + CELL * w, TOP - CELL * s, LEFT + CELL * e, TOP - CELL * n) for w, n, e, s in boxes.values()
    ]
    return gpd.GeoDataFrame({"country": list(boxes)}, geometry=shapes, crs="EPSG:3035")


def line(link, *cells, **more):
    """One link through cell positions (x, y)."""
    shape = shapely.LineString([(LEFT + CELL * x, TOP - CELL * y) for x, y in cells])
    return {"id": link, "geometry": shape, **more}


def links(*rows):
    return gpd.GeoDataFrame(list(rows), geometry="geometry", crs="EPSG:3035")


def shares_of(found, source):
    rows = found.shares[found.shares["source"] == source]
    return dict(zip(rows["origin"], rows["share"], strict=True))


def next_cell(codes, row, column):
    """Cell downstream, or None: written apart from the code under test."""
    code = int(codes[row, column])
    if code not in STEPS:
        return None
    down, right = STEPS[code]
    there = row + down, column + right
    inside = 0 <= there[0] < codes.shape[0] and 0 <= there[1] < codes.shape[1]
    return there if inside and codes[there] != 247 else None


@st.composite
def directions(draw):
    """Random forest of cells: each drains to some lower neighbour, or is a pit; some cells are unknown."""
    rows, columns = draw(st.integers(2, 6)), draw(st.integers(2, 6))
    order = draw(st.permutations(range(rows * columns)))
    height = np.array(order).reshape(rows, columns)
    codes = np.zeros((rows, columns), dtype=np.uint8)
    for row in range(rows):
        for column in range(columns):
            lower = [0]
            for code, (down, right) in STEPS.items():
                r, c = row + down, column + right
                if 0 <= r < rows and 0 <= c < columns and height[r, c] < height[row, column]:
                    lower.append(code)
            codes[row, column] = draw(st.sampled_from(lower))
    unknown = draw(st.sets(st.sampled_from(range(rows * columns)), max_size=3))
    codes.ravel()[list(unknown)] = 247
    if (codes == 247).all():
        codes[0, 0] = 0
    return codes


# Upstream area


def test_area_of_a_confluence_by_hand():
    codes = grid([[4, 247, 4], [1, 4, 16], [247, 0, 247]])
    area = upstream_area(codes)
    assert area.attrs["units"] == "km2"
    np.testing.assert_allclose(area, [[1, np.nan, 1], [2, 5, 2], [np.nan, 6, np.nan]], rtol=1e-9)


@settings(max_examples=60, deadline=None)
@given(directions())
def test_what_flows_in_flows_out(codes):
    area = upstream_area(grid(codes)).to_numpy()
    known = codes != 247
    inflow = np.where(known, 1.0, 0.0)
    leaving = 0.0
    for row, column in np.argwhere(known):
        there = next_cell(codes, row, column)
        if there is None:
            leaving += area[row, column]
        else:
            inflow[there] += area[row, column]
    np.testing.assert_allclose(area[known], inflow[known], rtol=1e-9)
    assert np.isnan(area[~known]).all()
    assert leaving == pytest.approx(known.sum(), rel=1e-9)


def test_area_in_degrees_is_that_of_the_ellipsoid():
    codes = make_raster([[1, 1, 0]], left=6.0, top=52.0, cell=0.5, crs="EPSG:4326")
    area, _ = pyproj.Geod(ellps="WGS84").geometry_area_perimeter(
        shapely.orient_polygons(shapely.segmentize(shapely.box(6.0, 51.5, 7.5, 52.0), 0.001))
    )
    assert float(upstream_area(codes)[0, -1]) == pytest.approx(area / 1e6, rel=1e-6)


def test_rows_from_south_to_north_give_the_same():
    codes = grid([[4, 4], [4, 4], [1, 0]])
    upside = codes.isel(y=slice(None, None, -1)).rio.write_transform(Affine(CELL, 0, LEFT, 0, CELL, TOP - 3 * CELL))
    xr.testing.assert_allclose(upstream_area(upside), upstream_area(codes))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([[1, 3]], "hold the value 3"),
        ([[1, 16]], "circle"),
        ([[0, 247], [1, 16]], "circle"),
        ([[247, 247]], "known in 0 of 2 cells"),
        ([[0]], "known in 1 of 1 cells"),
    ],
)
def test_bad_directions_are_refused(values, says):
    with pytest.raises(GridError, match=says):
        upstream_area(grid(values))


def test_directions_without_crs_are_refused():
    with pytest.raises(MissingCRSError, match=r"rio\.write_crs"):
        upstream_area(xr.DataArray([[1, 0]], dims=("y", "x")))


# Sources and shares


@settings(max_examples=60, deadline=None)
@given(directions(), st.integers(1, 5))
def test_every_cell_has_the_first_large_river_that_it_drains_to(codes, size):
    area = upstream_area(grid(codes)).to_numpy()
    if np.nanmax(area) < size - 1e-6:
        return
    found = reaches(grid(codes), countries(AA=(0, 0, 9, 9)), min_area_km2=size - 1e-6)
    assert (found.table["area_km2"] >= size - 1e-6).all()
    x, y = found.table["x"].to_numpy(), found.table["y"].to_numpy()
    cell_of = {
        (int((TOP - b) // CELL), int((a - LEFT) // CELL)): source
        for a, b, source in zip(x, y, found.table["source"], strict=True)
    }
    for row, column in np.ndindex(codes.shape):
        here = (row, column) if codes[row, column] != 247 else None
        while here is not None and here not in cell_of:
            here = next_cell(codes, *here)
        assert int(found.source[row, column]) == cell_of.get(here, 0)


@settings(max_examples=60, deadline=None)
@given(
    directions(),
    st.floats(-0.5, 6.5),
    st.floats(-0.5, 6.5),
    st.floats(0.0, 3.0),
)
def test_shares_are_the_covered_land_upstream(codes, tilt, border, gap):
    """Three countries with slanted borders that cross cells anywhere, and a strip that belongs to nobody."""
    corners = [(LEFT, TOP), (LEFT + 6 * CELL, TOP), (LEFT + 6 * CELL, TOP - 6 * CELL), (LEFT, TOP - 6 * CELL)]
    whole = shapely.Polygon(corners)
    cut = shapely.Polygon([corners[0], (LEFT + CELL * tilt, TOP), (LEFT + CELL * border, TOP - 6 * CELL), corners[3]])
    west = shapely.intersection(whole, shapely.make_valid(cut))
    rest = shapely.difference(whole, west)
    middle = shapely.intersection(rest, shapely.box(LEFT, TOP - 3.3 * CELL, LEFT + 9 * CELL, TOP))
    south = shapely.intersection(rest, shapely.box(LEFT, TOP - 9 * CELL, LEFT + 9 * CELL, TOP - (3.3 + gap) * CELL))
    named = {"WW": west, "MM": middle, "SS": south}
    polygons = {name: shapely.union_all([p for p in shapely.get_parts(s) if p.area > 0]) for name, s in named.items()}
    named = {name: shape for name, shape in polygons.items() if shape.area > 0}
    frame = gpd.GeoDataFrame({"country": list(named)}, geometry=list(named.values()), crs="EPSG:3035")
    found = reaches(grid(codes), frame, min_area_km2=0.5)
    totals = found.shares.groupby("source")["share"].sum()
    assert (totals - 1).abs().max() < 1e-12
    pits = [(row, column) for row, column in np.argwhere(codes != 247) if next_cell(codes, row, column) is None]
    land = shapely.union_all(
        [
            shapely.box(LEFT + CELL * c, TOP - CELL * (r + 1), LEFT + CELL * (c + 1), TOP - CELL * r)
            for r, c in np.argwhere(codes != 247)
        ]
    )
    area = found.table.set_index("source")["area_km2"]
    sums = dict.fromkeys([*named, "outside"], 0.0)
    for row, column in pits:
        source = int(found.source[row, column])
        for origin, share in shares_of(found, source).items():
            sums[origin] += share * area[source]
    for name, shape in named.items():
        assert sums[name] == pytest.approx(shapely.intersection(shape, land).area / 1e6, abs=1e-6)
    everywhere = shapely.union_all(list(named.values()))
    assert sums["outside"] == pytest.approx(shapely.difference(land, everywhere).area / 1e6, abs=1e-6)


def test_a_border_off_centre_divides_the_cell_that_it_crosses():
    found = reaches(grid([[1, 1, 0]]), countries(AA=(0, 0, 1.3, 1), BB=(1.3, 0, 3, 1)), min_area_km2=0.5)
    expected = [{"AA": 1.0}, {"AA": 0.65, "BB": 0.35}, {"AA": 1.3 / 3, "BB": 1.7 / 3}]
    for source, shares in enumerate(expected, start=1):
        assert shares_of(found, source) == pytest.approx(shares, abs=1e-12)


def test_land_of_no_country_is_outside_and_unknown_is_a_source_of_its_own():
    found = reaches(grid([[1, 0, 247]]), countries(AA=(0, 0, 0.25, 1)), min_area_km2=1.5)
    assert found.source.to_numpy().tolist() == [[1, 1, 0]]
    assert found.source.dtype == np.int32
    assert shares_of(found, 1) == pytest.approx({"AA": 0.125, "outside": 0.875}, abs=1e-12)
    assert shares_of(found, 0) == {"unknown": 1.0}
    assert found.meaning == "share of upstream area"


def test_provinces_of_one_country_are_one_origin():
    frame = pd.concat([countries(AA=(0, 0, 1, 1)), countries(AA=(1, 0, 2, 1))], ignore_index=True)
    assert shares_of(reaches(grid([[1, 0]]), frame, min_area_km2=1.5), 1) == {"AA": pytest.approx(1.0, abs=1e-15)}


def test_overlapping_countries_divide_the_overlap_and_a_note_says_so():
    found = reaches(grid([[0, 247]]), countries(AA=(0, 0, 1, 1), BB=(0, 0, 1, 1)), min_area_km2=0.5)
    assert shares_of(found, 1) == pytest.approx({"AA": 0.5, "BB": 0.5}, abs=1e-12)
    assert "overlap by 1 km2" in found.notes[0]


def test_runoff_weighs_the_shares():
    rain = make_raster([[300.0, 900.0]], left=LEFT, top=TOP, cell=2 * CELL, units="mm")
    land = countries(AA=(0, 0, 2, 1), BB=(2, 0, 4, 1))
    found = reaches(grid([[1, 1, 1, 0]]), land, min_area_km2=3.5, runoff=rain)
    assert shares_of(found, 1) == pytest.approx({"AA": 0.25, "BB": 0.75}, abs=1e-12)
    assert found.meaning == "share of upstream runoff"


def test_a_river_without_any_runoff_has_no_known_origin():
    rain = make_raster([[0.0, 0.0]], left=LEFT, top=TOP, cell=2 * CELL, units="mm")
    found = reaches(grid([[1, 0]]), countries(AA=(0, 0, 2, 1)), min_area_km2=1.5, runoff=rain)
    assert shares_of(found, 1) == {"unknown": 1.0}


@pytest.mark.parametrize(
    ("values", "says"), [([[300.0, -1.0]], "runoff is -1"), ([[300.0, np.nan]], "misses 50% of the basin")]
)
def test_bad_runoff_is_refused(values, says):
    rain = make_raster(values, left=LEFT, top=TOP, cell=2 * CELL, units="mm")
    with pytest.raises(LayerError, match=says):
        reaches(grid([[1, 1, 1, 0]]), countries(AA=(0, 0, 4, 1)), min_area_km2=1, runoff=rain)


def test_bad_countries_are_refused():
    land = countries(AA=(0, 0, 2, 1))
    with pytest.raises(LayerError, match="no column 'country'"):
        reaches(grid([[1, 0]]), land.drop(columns="country"), min_area_km2=1)
    with pytest.raises(CRSMismatchError, match=r"to_crs\('EPSG:3035'\)"):
        reaches(grid([[1, 0]]), land.to_crs("EPSG:4326"), min_area_km2=1)
    with pytest.raises(LayerError, match="no river drains 50 km2; the largest drains 2;"):
        reaches(grid([[1, 0]]), land)
    with pytest.raises(LayerError, match="above 0"):
        reaches(grid([[1, 0]]), land, min_area_km2=float("nan"))


# Lowland and branches


def test_the_lowland_and_what_drains_to_a_river_in_it_are_unknown():
    low = countries(XX=(2, 0, 4, 1))
    found = reaches(grid([[1, 1, 1, 0]]), countries(AA=(0, 0, 4, 1)), min_area_km2=1.5, lowland=low)
    # source 1 is the second cell; the third and the fourth lie in the lowland
    assert found.source.to_numpy().tolist() == [[1, 1, 0, 0]]
    found = reaches(grid([[1, 1, 1, 0]]), countries(AA=(0, 0, 4, 1)), min_area_km2=2.5, lowland=low)
    assert found.source.to_numpy().tolist() == [[0, 0, 0, 0]]


def test_a_branch_has_the_mix_of_its_parent_where_it_leaves():
    land = countries(AA=(0, 0, 2, 2), BB=(2, 0, 9, 2))
    fork = links(
        line("north", (3.5, 0.5), (3.5, -6), discharge_share=0.25),
        line("further", (3.5, -4), (9, -4), parent="north", discharge_share=0.1),
    )
    found = reaches(
        grid([[1, 1, 1, 1, 0]]),
        land,
        min_area_km2=3.5,
        links=fork,
        link_reach_m=1200,
        lowland=countries(XX=(4, 0, 5, 1)),
    )
    _, _, north, further = found.table["source"]
    assert found.table["branch"].tolist()[-2:] == ["north", "further"]
    assert shares_of(found, north) == shares_of(found, further)
    # the link starts by the cells of 4 and 5 km2: it leaves the larger river of the two
    assert shares_of(found, north) == pytest.approx({"AA": 2 / 5, "BB": 3 / 5}, abs=1e-12)
    assert found.table["discharge_share"].tolist()[-2:] == [0.25, 0.1]
    source = found.source
    at = lambda x, y: int(source.sel(x=LEFT + CELL * x, y=TOP - CELL * y, method="nearest"))  # noqa: E731
    assert at(3.5, -2.5) == north
    assert at(8.5, -4.5) == further
    assert at(3.5, 0.5) == 1  # a cell with a source keeps it
    assert at(4.5, 0.5) == north  # lowland, 1 km from the branch
    assert at(0.5, -4.5) == 0  # too far from any
    assert (found.shares.groupby("source")["share"].sum() - 1).abs().max() < 1e-12


def test_a_widened_grid_keeps_every_cell_where_it_was():
    land = countries(AA=(0, 0, 9, 9))
    codes = grid([[1, 0], [64, 64]])
    plain = reaches(codes, land, min_area_km2=0.5)
    wide = reaches(codes, land, min_area_km2=0.5, links=links(line("far", (0.5, 0.5), (-7, 8))), link_reach_m=500)
    assert wide.source.shape > plain.source.shape
    same = wide.source.sel(x=plain.source.x, y=plain.source.y, method="nearest")
    assert (same.to_numpy() == plain.source.to_numpy()).all()


@pytest.mark.parametrize(
    ("fork", "says"),
    [
        (links(line("far", (50, 50), (60, 60))), "starts .* km from the nearest river"),
        (links(line("a", (0, 0), (5, 5), parent="b")), "link 'a' leaves 'b'"),
        (links(line("a", (0, 0), (5, 5), parent="b"), line("b", (0, 0), (5, 5), parent="a")), "in a circle"),
        (links(line("a", (0, 0), (5, 5)), line("a", (0, 0), (5, 5))), "unique column 'id'"),
        (links({"id": "p", "geometry": shapely.Point(LEFT, TOP)}), "hold a Point"),
    ],
)
def test_bad_links_are_refused(fork, says):
    with pytest.raises(LayerError, match=says):
        reaches(grid([[1, 0]]), countries(AA=(0, 0, 2, 1)), min_area_km2=0.5, links=fork)


# Looked up elsewhere


@pytest.fixture(scope="module")
def scattered():
    """Sources in degrees, one per cell: 40 x 60 cells of 0.01 degrees."""
    codes = make_raster(np.zeros((40, 60)), left=5.0, top=51.0, cell=0.01, crs="EPSG:4326")
    land = gpd.GeoDataFrame({"country": ["AA"]}, geometry=[shapely.box(5, 50, 6, 51)], crs="EPSG:4326")
    return reaches(codes, land, min_area_km2=0.1)


def test_sources_at_cells_of_another_crs_are_those_at_their_centres(scattered):
    x, y = pyproj.Transformer.from_crs(4326, 3035, always_xy=True).transform(4.95, 51.02)
    target = GeoBox((500, 600), Affine(100, 0, x, 0, -100, y), "EPSG:3035")
    found = at_cells(scattered, target).to_numpy()
    columns, rows = np.meshgrid(np.arange(600) + 0.5, np.arange(500) + 0.5)
    lon, lat = pyproj.Transformer.from_crs(3035, 4326, always_xy=True).transform(x + 100 * columns, y - 100 * rows)
    row, column = np.floor((51.0 - lat) / 0.01), np.floor((lon - 5.0) / 0.01)
    inside = (row >= 0) & (row < 40) & (column >= 0) & (column < 60)
    expected = np.where(inside, row * 60 + column + 1, 0)
    differ = found != expected
    assert 0.1 < inside.mean() < 1
    # cell centres are interpolated to within a metre: only those so close to an edge of 700 m cells may differ
    to_edge = 0.5 - np.maximum(np.abs((51.0 - lat) / 0.01 % 1 - 0.5), np.abs((lon - 5.0) / 0.01 % 1 - 0.5))
    assert differ.mean() < 2e-3
    assert (to_edge[differ] < 1.5 / 700).all()


def test_windows_are_lazy_and_agree_with_the_whole(scattered):
    target = GeoBox((300, 400), Affine(150, 0, 3_900_000, 0, -150, 3_150_000), "EPSG:3035")
    lazy = at_cells(scattered, target)
    assert not isinstance(lazy.variable._data, np.ndarray)
    whole = lazy.to_numpy()
    windows = [(slice(r, r + 70), slice(c, c + 90)) for r in range(0, 300, 70) for c in range(0, 400, 90)]
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda window: lazy[window].to_numpy(), windows))
    for window, part in zip(windows, parts, strict=True):
        assert (part == whole[window]).all()
    assert int(lazy[150, 200]) == whole[150, 200]
    assert (lazy[10:200:7, 5].to_numpy() == whole[10:200:7, 5]).all()
    assert lazy.dtype == np.int32
    assert lazy.rio.crs.to_epsg() == 3035


def test_a_grid_of_a_million_rows_costs_nothing_until_it_is_read(scattered):
    target = GeoBox((1_000_000, 1_000_000), Affine(0.1, 0, 3_900_000, 0, -0.1, 3_150_000), "EPSG:3035")
    assert at_cells(scattered, target)[500_000:500_002, 7:9].shape == (2, 2)


def test_snap_takes_the_nearest_source_and_measures_on_the_ellipsoid(scattered):
    points = gpd.GeoDataFrame(
        index=["in", "far"], geometry=[shapely.Point(5.0071, 50.9953), shapely.Point(9.0, 50.0)], crs="EPSG:4326"
    )
    found = snap(points, scattered, radius_m=2000)
    away = pyproj.Geod(ellps="WGS84").inv(5.0071, 50.9953, 5.005, 50.995)[2]
    assert found.loc["in", "source"] == 1
    assert found.loc["in", "distance_m"] == pytest.approx(away, abs=1e-3)
    assert found.loc["far", "source"] == 0
    assert np.isnan(found.loc["far", "distance_m"])
    assert found.index.tolist() == ["in", "far"]


def test_snap_finds_the_river_that_is_meant():
    """A point in a brook's cell, beside a river: the area says which."""
    found = reaches(grid([[1, 1, 1, 1, 0], [247, 247, 247, 1, 64]]), countries(AA=(0, 0, 5, 2)), min_area_km2=0.5)
    point = gpd.GeoDataFrame(geometry=[shapely.Point(LEFT + 3500, TOP - 1400)], crs="EPSG:3035")
    assert snap(point, found)["area_km2"].item() == pytest.approx(1)
    assert snap(point, found, area_km2=4)["area_km2"].item() == pytest.approx(4)
    assert snap(point, found, area_km2=400)["source"].item() == 0
    with pytest.raises(LayerError, match="hold a LineString"):
        snap(links(line("a", (0, 0), (1, 1))), found)


def places(**at):
    """Points in the middle of cells (column, row)."""
    shapes = [shapely.Point(LEFT + CELL * (x + 0.5), TOP - CELL * (y + 0.5)) for x, y in at.values()]
    return gpd.GeoDataFrame({"gauge": list(at)}, index=list(at), geometry=shapes, crs="EPSG:3035")


@pytest.fixture(scope="module")
def confluence():
    """A river from west to east of 21 cells; a tributary of 9 cells comes in from the north at column 15."""
    codes = np.full((10, 21), 247.0)
    codes[9, :20], codes[9, 20] = 1, 0
    codes[:9, 15] = 4
    return reaches(grid(codes), countries(AA=(0, 0, 21, 10)), min_area_km2=0.5)


def test_a_gauge_is_found_up_and_down_the_river_but_not_beyond_a_large_tributary(confluence):
    """Areas in km2 are column + 1 on the river above column 15, and 10 more from there on; a cell is 1 km."""
    works = places(p=(11, 9), q=(13, 9), r=(18, 9), s=(15, 8), t=(3, 9))
    found = nearest_gauge(works, places(up=(10, 9), down=(14, 9), below=(16, 9)), confluence)
    assert found.loc["p"].tolist() == ["up", pytest.approx(-1, rel=2e-3)]
    assert found.loc["q"].tolist() == ["down", pytest.approx(1, rel=2e-3)]
    assert found.loc["r"].tolist() == ["below", pytest.approx(-2, rel=2e-3)]  # "down" lies above the tributary
    assert found.loc["s", "gauge"] is None  # the mouth of the tributary: the river has three times its area
    assert found.loc["t", "gauge"] is None
    assert np.isnan(found.loc["t", "along_km"])


def test_gauges_without_names_or_rivers(confluence):
    lost = places(g=(300, 300))
    assert nearest_gauge(places(p=(11, 9)), lost, confluence)["gauge"].tolist() == [None]
    with pytest.raises(LayerError, match="lack names"):
        nearest_gauge(lost, lost.drop(columns="gauge"), confluence)
    with pytest.raises(LayerError, match="more than once"):
        nearest_gauge(lost, places(g=(1, 9), h=(2, 9)).assign(gauge="g"), confluence)


@given(directions())
def test_water_runs_down_to_larger_rivers_and_ends(codes):
    """Following ``below``, the upstream area grows at each step, and the last cell is a pit or an edge."""
    found = reaches(grid(codes), countries(AA=(0, 0, codes.shape[1], codes.shape[0])), min_area_km2=0.5)
    table = found.table.set_index("source")
    on = table[table["below"] > 0]
    assert (table.loc[on["below"], "area_km2"].to_numpy() > on["area_km2"].to_numpy()).all()


# Screening


def test_height_above_drainage_by_hand():
    codes = grid([[4, 4, 247], [1, 1, 0]])
    level = grid([[300.0, 120.0, 50.0], [110.0, 100.0, 105.0]], units="dm")
    height, area = height_above_drainage(codes, level, min_area_km2=3.5)
    # the river is the two cells with 4 and 5 km2 upstream
    np.testing.assert_allclose(height, [[20, 2, np.nan], [1, 0, 0]])
    np.testing.assert_allclose(area, [[4, 4, np.nan], [4, 4, 5]])
    depth = screening_depth(height, area, coefficient=2.0, exponent=0.5)
    np.testing.assert_allclose(depth, [[0, 2, np.nan], [3, 4, 2 * 5**0.5]])
    assert depth.attrs["units"] == "m"


def test_land_without_a_river_is_not_covered_and_low_land_is_no_pit():
    height, area = height_above_drainage(grid([[1, 0, 0]]), grid([[4.0, 5.0, 1.0]], units="m"), min_area_km2=1.5)
    np.testing.assert_allclose(height, [[0, 0, np.nan]])
    np.testing.assert_allclose(area, [[2, 2, np.nan]])


def test_bad_screening_is_refused():
    codes = grid([[1, 0]])
    with pytest.raises(GridError, match="directions lies on"):
        height_above_drainage(codes, grid([[1.0, 0.0, 0.0]], units="m"), min_area_km2=1)
    with pytest.raises(UnitsError, match="elevation has no units"):
        height_above_drainage(codes, codes, min_area_km2=1)
    with pytest.raises(LayerError, match="coefficient is -1"):
        screening_depth(codes, codes, coefficient=-1)


# The Rhine and the Meuse


@pytest.fixture(scope="module")
def pack(tmp_path_factory, shared_data):
    """Depths, lowland and branches, built from the shared rasters."""
    folder = tmp_path_factory.mktemp("layers")
    (folder / "data").mkdir()
    for ours, theirs in (("flow-directions", "rhine_meuse_d8"), ("elevation", "rhine_meuse_elv")):
        (folder / "data" / f"{ours}.tif").symlink_to(shared_data / "river" / f"{theirs}.tif")
    flood_depths.build(folder)
    return folder


@pytest.fixture(scope="module")
def rhine(pack):
    """Reaches of the basin, with lowland and branches; one country, as only areas and links matter here."""
    codes = rioxarray.open_rasterio(pack / "data" / "flow-directions.tif").squeeze("band", drop=True)
    return reaches(
        codes,
        gpd.GeoDataFrame({"country": ["EU"]}, geometry=[shapely.box(2, 45, 13, 54)], crs="EPSG:4326"),
        min_area_km2=500,
        lowland=gpd.read_file(pack / "data" / "diked-lowland.fgb"),
        links=gpd.read_file(pack / "data" / "river-branches.fgb"),
    )


GAUGES = pd.DataFrame(
    [
        ("Lobith", 6.11, 51.84, 160_800),
        ("Cologne", 6.963, 50.937, 144_232),
        ("Kaub", 7.765, 50.085, 103_729),
        ("Cochem", 7.167, 50.143, 27_088),
        ("Borgharen", 5.70, 50.87, 21_301),
    ],
    columns=["gauge", "lon", "lat", "area_km2"],
).set_index("gauge")
"""Published areas: Rijkswaterstaat, and the yearbooks of the German and Dutch water services."""


def source_at(found, lon, lat):
    there = GeoBox((1, 1), Affine(1e-6, 0, lon, 0, -1e-6, lat), "EPSG:4326")
    return int(at_cells(found, there)[0, 0])


def branch_at(found, lon, lat):
    source = source_at(found, lon, lat)
    return found.table.set_index("source")["branch"].get(source, "unknown")


def test_published_basin_areas(rhine):
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(GAUGES["lon"], GAUGES["lat"]), index=GAUGES.index, crs=4326)
    found = snap(points, rhine, area_km2=GAUGES["area_km2"])
    assert (found["distance_m"] < 1500).all()
    np.testing.assert_allclose(found["area_km2"], GAUGES["area_km2"], rtol=0.015)


RHINE = pd.DataFrame(
    [
        ("Kaub", 7.765, 50.085, 103_729, 546.3),
        ("Andernach", 7.392, 50.443, 139_549, 613.8),
        ("Bonn", 7.108, 50.737, 140_901, 654.8),
        ("Cologne", 6.963, 50.937, 144_232, 688.0),
        ("Duesseldorf", 6.770, 51.226, 147_680, 744.2),
        ("Ruhrort", 6.727, 51.455, 152_895, 780.8),
        ("Wesel", 6.607, 51.646, 154_210, 814.0),
        ("Rees", 6.396, 51.756, 159_300, 837.4),
        ("Emmerich", 6.246, 51.829, 159_555, 851.9),
    ],
    columns=["gauge", "lon", "lat", "upstream_km2", "km"],
).set_index("gauge", drop=False)
"""Gauges of the Rhine with the kilometre at which its waterway has them."""


def test_the_gauges_of_the_rhine_are_found_as_its_kilometres_have_them(rhine):
    """Kaub is nearer to Andernach than Cologne, but lies above the Moselle, which brings a third more water."""
    every = gpd.GeoDataFrame(RHINE, geometry=gpd.points_from_xy(RHINE["lon"], RHINE["lat"]), crs=4326)
    known = ["Kaub", "Cologne", "Ruhrort", "Wesel", "Emmerich"]
    found = nearest_gauge(every.drop(known), every.loc[known], rhine)
    assert found["gauge"].to_dict() == {
        "Andernach": "Cologne", "Bonn": "Cologne", "Duesseldorf": "Ruhrort", "Rees": "Emmerich",
    }  # fmt: skip
    along = RHINE.loc[found["gauge"], "km"].to_numpy() - RHINE.loc[found.index, "km"].to_numpy()
    np.testing.assert_allclose(found["along_km"], along, rtol=0.2)  # cells go round corners, the river in bends


def test_the_delta_has_what_the_links_give_and_nothing_else(rhine):
    table = rhine.table.set_index("branch")
    assert table.loc[["waal", "nederrijn", "ijssel"], "area_km2"].between(158_000, 161_500).all()
    assert 28_000 < table.loc["maas", "area_km2"] < 31_000
    assert table.loc[["waal", "nederrijn", "ijssel"], "discharge_share"].sum() == pytest.approx(1)
    assert branch_at(rhine, 5.91, 51.978) == "nederrijn"  # Arnhem
    assert branch_at(rhine, 5.43, 51.888) == "waal"  # Tiel
    assert branch_at(rhine, 6.16, 52.252) == "ijssel"  # Deventer, far beyond the grid
    assert branch_at(rhine, 5.14, 51.73) == "maas"  # Heusden
    assert source_at(rhine, 4.40, 51.22) == 0  # Antwerp
    assert source_at(rhine, 4.36, 52.01) == 0  # Delft


def test_the_depths_of_the_pack_keep_to_the_valleys(pack):
    """Covered where they should be, deeper with rarity, small, and no plain under water."""
    depths = {
        key: rioxarray.open_rasterio(pack / "data" / f"flood-depth-{key}.tif", masked=True).squeeze()
        for key in ("t10", "t100", "t1000", "extreme")
    }
    at = lambda field, lon, lat: float(field.sel(x=lon, y=lat, method="nearest"))  # noqa: E731
    for key, depth in depths.items():
        assert (pack / "data" / f"flood-depth-{key}.tif").stat().st_size < 300_000
        known = np.isfinite(depth)
        assert 0.04 < float((depth > 0).sum() / known.sum()) < 0.12
        for lon, lat in ((5.91, 51.978), (4.36, 52.0), (4.4, 51.22), (5.43, 51.88), (5.3, 51.69), (5.87, 51.86)):
            assert np.isnan(at(depth, lon, lat))  # Arnhem, Delft, Antwerp, Tiel, Den Bosch, Nijmegen
        assert at(depth, 6.23, 51.83) > 0  # the Rhine at Emmerich, just above Lobith
        assert at(depth, 6.43, 51.19) == 0  # Moenchengladbach, on the plain
        assert at(depth, 6.08, 50.775) == 0  # Aachen
        values = depth.to_numpy()[known.to_numpy()]
        np.testing.assert_allclose(values, np.round(values, 1), atol=1e-6)
    ordered = list(depths.values())
    for milder, rarer in pairwise(ordered):
        assert bool((rarer >= milder).where(np.isfinite(milder), other=True).all())
        assert float(rarer.sum()) > float(milder.sum())


def test_the_pack_is_built_to_the_same_bytes(pack, tmp_path):
    (tmp_path / "data").mkdir()
    for name in ("flow-directions.tif", "elevation.tif"):
        (tmp_path / "data" / name).symlink_to((pack / "data" / name).resolve())
    flood_depths.build(tmp_path)
    made = sorted(path.relative_to(pack) for path in pack.rglob("*") if path.is_file() and not path.is_symlink())
    assert len(made) == 12
    for path in made:
        assert (tmp_path / path).read_bytes() == (pack / path).read_bytes(), path
