"""What cells say of scenarios that do not fit together, and of depths that are none, against plain numpy and geodesy."""

import re

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pyproj import Geod, Transformer

import hazardmap as hm
from hazardmap.exposure import doubts

LEFT, TOP, CELL = 4_000_000.0, 3_100_000.0, 100.0
DEPTHS = st.sampled_from([0.0, 0.005, 0.25, 0.5, 1.0, 2.0, np.nan])


def land_of(raster):
    """One territory that covers a raster."""
    return gpd.GeoDataFrame(
        {"id": ["W"], "country": ["BE"]}, geometry=[shapely.box(*raster.rio.bounds())], crs=raster.rio.crs
    )


def scenarios(raster, *layers, periods=(10, 100, 1000), **options):
    options = {"left": LEFT, "top": TOP, "cell": CELL} | options
    made = [raster(np.asarray(layer), **options) for layer in layers]
    return [{"layer": layer, "return_period": years} for layer, years in zip(made, periods, strict=False)]


def noted(items, word="", **options):
    found = hm.overlay(hm.flood(items, **options), land_of(items[0]["layer"])).notes
    return [note for note in found if note.startswith("T") and word in note]


def seen_in(footprint):
    """Read every block without an overlay."""
    looked, seen = doubts.watched(footprint)
    for window in looked.windows():
        looked.read(window)
    return doubts.notes_of(footprint, seen)


def terrain(seed=5, size=80):
    """Hills of some metres on a plain 40 m above the sea, smooth over ten cells."""
    from scipy.ndimage import gaussian_filter

    return 40 + 60 * gaussian_filter(np.random.default_rng(seed).normal(size=(size, size)), 10, mode="wrap")


@settings(max_examples=40)
@given(arrays.arrays("float32", (2, 5, 7), elements=DEPTHS))
def test_every_milder_cell_is_counted(raster, depth):
    """Counts, area (EPSG:3035 keeps areas: 0.01 km2 a cell), the largest drop and its place, from the plain arrays."""
    often, rare = depth
    notes = seen_in(hm.flood(scenarios(raster, often, rare)))
    drop = np.where(np.isnan(depth).any(axis=0), 0, often - rare)
    milder = np.argwhere(drop > 0.01)
    said = [note for note in notes if "is milder" in note]
    assert len(said) == bool(len(milder))
    if said:
        count, km2, most, lat, lon = re.match(
            r"T100 is milder than the more frequent T10 in (\d+) cells? \((.*) km2\), by up to (.*) m at (.*) N (.*) E;",
            said[0],
        ).groups()
        assert (int(count), float(km2)) == (len(milder), pytest.approx(0.01 * len(milder), rel=5e-3))
        assert float(most) == pytest.approx(drop.max(), rel=5e-3)
        x, y = Transformer.from_crs(4326, 3035, always_xy=True).transform(float(lon), float(lat))
        place = int((TOP - y) // CELL), int((x - LEFT) // CELL)
        assert drop[place] == drop.max()
    bare = int((np.isnan(rare) & (often > 0)).sum())
    assert [note for note in notes if "has no value" in note] == [
        (f"T100 has no value in {bare} cell{'s' * (bare > 1)} ({0.01 * bare:.3g} km2) where the more frequent T10 is wet; nothing is "
        "known there; check whether it marks dry land or water as nodata")
    ] * bool(bare)  # fmt: skip
    same = np.array_equal(often, rare, equal_nan=True) and (often > 0).any()
    assert len([note for note in notes if "are the same in every cell" in note]) == same


def test_one_file_given_twice(raster):
    depth = [[0.0, 0.4, np.nan], [1.0, 2.0, 3.0]]
    assert noted(scenarios(raster, depth, depth)) == [
        "T10 and T100 are the same in every cell, of which 4 cells (0.04 km2) are wet; one raster may have been given twice"
    ]
    other = np.array(depth) + 0.1
    assert noted(scenarios(raster, depth, other)) == []


def test_a_part_that_is_copied(raster):
    """The western half of T100 is that of T10."""
    often = terrain() - 38
    often = np.where(often > 0, often, 0.0)
    rare = often + np.where(np.arange(80) < 40, 0.0, 0.3)
    wet, same = (often > 0).sum(), (often[:, :40] > 0).sum()
    said = noted(scenarios(raster, often, rare), "exactly like")
    assert bool(said) == (same * 2 >= wet)
    assert noted(scenarios(raster, often, np.where(np.arange(80) < 60, often, rare)), "exactly like") == [
        (
            f"T100 is exactly like the more frequent T10 in {(often[:, :60] > 0).sum():,} cells "
            f"({0.01 * (often[:, :60] > 0).sum():.3g} km2) of {wet:,} wet cells; part of one raster may have been given twice"
        )
    ]


def test_areas_are_those_of_the_ellipsoid(raster):
    """Three cells of a degree in a file that runs in degrees: geodesic polygons, drawn finely along the parallels."""
    often = np.zeros((4, 6))
    often[1, 2:5] = 1.0
    said = noted(scenarios(raster, often, often * 0.5, left=4.0, top=54.0, cell=1.0, crs="EPSG:4326"))
    ring = shapely.segmentize(shapely.box(6, 52, 9, 53), 0.001)
    area = abs(Geod(ellps="WGS84").geometry_area_perimeter(ring)[0]) / 1e6
    assert f"in 3 cells ({area:.3g} km2), by up to 0.5 m at 52.50000 N 6.50000 E" in said[0]


def test_failures_and_scenarios_without_a_period_are_not_compared(raster):
    """A breach floods one place only; an extreme without a return period has no place in the order."""
    items = scenarios(raster, [[1.0, 1.0]], [[0.5, 0.5]], [[2.0, 2.0]])
    items[1]["failure"] = True
    assert noted(items) == []
    items[1] = {"layer": items[1]["layer"], "label": "extreme"}
    assert noted(items) == []
    assert "2 cells" in noted([{**items[0]}, {**items[1], "return_period": 50}])[0]


def test_classes_of_several_maps_are_compared_without_return_periods(raster):
    def item(values, left, country, name):
        return {"layer": raster([values], left=LEFT + left, top=TOP, cell=CELL), "country": country, "class": name}

    items = [item([1.0, 2.0], 0, "NL", "medium"), item([1.5, 1.0], 0, "NL", "low"), item([1.0], 200, "DE", "medium")]
    footprint = hm.flood(items)
    land = gpd.GeoDataFrame(
        {"id": ["W"], "country": ["NL"]}, geometry=[shapely.box(LEFT, TOP - CELL, LEFT + 300, TOP)], crs=3035
    )
    notes = hm.overlay(footprint, land).notes
    assert any(
        note.startswith("low is milder than the more frequent medium in 1 cell (0.01 km2), by up to 1 m")
        for note in notes
    )
    assert any(
        note.startswith("low has no value in 1 cell (0.01 km2) where the more frequent medium is wet") for note in notes
    )


def test_ratings_are_compared_too(raster):
    items = scenarios(raster, [[1.0, 0.0]], [[0.5, 0.0]])
    speed = raster([[1.0, 0.0]], left=LEFT, top=TOP, cell=CELL, units="m/s")
    said = noted(items, velocity=speed, rating=hm.hazard_rating("uk"))
    # urban: 1.0 x 1.5 + 1 against 0.5 x 1.5 + 1
    assert "by up to 0.75" in said[0]


def test_depths_in_cm_and_water_levels_are_doubted(raster):
    """A basin is flooded to a level: depth is level less ground. Both cm and the level itself stand out."""
    ground = terrain()
    level = np.quantile(ground, 0.5)
    depth = np.where(ground < level, level - ground, 0.0)
    assert noted(scenarios(raster, depth)) == []
    wet = int((depth > 0).sum())
    in_cm = noted(scenarios(raster, depth * 100))
    share = (depth * 100 > 6).sum() / wet
    assert in_cm[0].startswith(
        f"T10: {share:.0%} of the wet cells are deeper than 6 m, the deepest {depth.max() * 100:,.4g} m at "
    )
    assert "cm or mm that are called m" in in_cm[0]
    assert noted(scenarios(raster, depth * 100, units="cm")) == []
    levels = noted(scenarios(raster, np.where(depth > 0, level, 0.0)))
    assert levels[0].startswith("T10: 100% of the wet cells are deeper than 6 m")
    assert "water levels above a datum" in levels[0]
    low = noted(scenarios(raster, np.where(depth > 0, 2.5, 0.0)))
    assert low == [
        (
            "T10: 0.0% of the wet cells are shallower than 1 m, though a flood has a rim; these may be water levels above a datum "
            "instead of depths; check the raster"
        )
    ]


def test_a_mark_for_missing_is_no_depth(raster):
    assert noted(scenarios(raster, [[0.5, 9999.0, 1.0]]))[0].startswith(
        "T10: 1 cell of more than 100 m, the deepest 9,999 m at "
    )


def test_deep_water_in_few_cells_is_no_doubt(raster):
    """A reservoir of 20 m, and a map too small to say anything."""
    assert noted(scenarios(raster, [[0.5, 20.0, 30.0]])) == []


def test_real_depths_are_not_doubted(shared_data):
    """EFAS at Delft, 1 in 500 years: not as it is, but in cm; ten cells made shallower are found."""
    depth = hm.layer({"path": str(shared_data / "flood" / "efas_rp500_3035.tif"), "units": "m"}).open()
    assert noted([{"layer": depth, "return_period": 500}]) == []
    values = depth.to_numpy()
    wet = np.argwhere(values > 1)[:10]
    milder = depth.copy(data=values)
    milder.data[tuple(wet.T)] -= 0.5
    said = noted([{"layer": depth, "return_period": 500}, {"layer": milder, "return_period": 1000}], "is milder")
    assert said[0].startswith("T1000 is milder than the more frequent T500 in 10 cells (0.1 km2), by up to 0.5 m at ")
    assert "cm or mm" in noted([{"layer": (depth * 100).assign_attrs(depth.attrs), "return_period": 500}])[0]


def test_every_block_is_looked_at_once(raster, monkeypatch):
    """Many windows, a territory that reaches all of them, assets that read them again: the counts stay."""
    monkeypatch.setattr("hazardmap.coverage.blocks.VALUES_AT_ONCE", 200)
    often = np.ones((40, 30))
    items = scenarios(raster, often, often * 0.5)
    footprint = hm.flood(items)
    assert len(footprint.windows()) > 10
    land = land_of(items[0]["layer"])
    houses = gpd.GeoDataFrame({"id": ["a"]}, geometry=[shapely.box(*land.total_bounds)], crs=3035)
    notes = hm.overlay(footprint, land, {"houses": houses}).notes
    assert any(note.startswith("T100 is milder than the more frequent T10 in 1,200 cells (12 km2)") for note in notes)


def test_rows_alone_say_it_where_other_machines_read(raster):
    items = scenarios(raster, [[1.0, 1.0]], [[0.5, 0.5]], [[0.5, 0.5]])
    footprint = hm.flood(items)
    rows = hm.overlay(footprint, land_of(items[0]["layer"])).assets
    assert doubts.row_notes(rows, footprint) == [
        "T100 is milder than the more frequent T10 in 1 of 1 rows; check which raster is which",
        "T100 and T1000 are the same in every row; one raster may have been given twice",
    ]
