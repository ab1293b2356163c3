"""Windows, threads, sources, functions, other rasters, areas, clusters: laws rather than numbers."""

import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox

from hazardmap.coverage import Block, Curves, cell_areas, cells, windows_of, zonal
from hazardmap.errors import CoordinatesError, GridError, HazardmapError
from tests.coverage.brute import Memory, at, every_cell, plane, tiles

FIELDS = ("amount", "inside", "covered", "total", "minimum", "maximum", "by_class")


@pytest.fixture(scope="module")
def scene():
    """A raster of three scenarios with sources, and shapes of all kinds over it."""
    noise = np.random.default_rng(11)
    values = noise.normal(size=(3, 50, 70))
    values[noise.random(values.shape) < 0.1] = np.nan
    source = (np.arange(50)[:, None] // 6 * 100 + np.arange(70) // 5).astype(np.int32)
    reader = plane(values, source=source)
    places = noise.uniform((0, 0), (70, 50), (60, 2))
    discs = shapely.buffer(shapely.points(places[:30]), noise.uniform(0.1, 15, 30))
    lines = shapely.linestrings(places[:40].reshape(10, 4, 2))
    shapes = np.concatenate([discs, lines, shapely.points(places)])
    return reader, np.array([at(reader.grid, shape) for shape in shapes], dtype=object)


def bytes_of(found):
    return [getattr(found, name).tobytes() for name in FIELDS] + [found.by_source.to_numpy().tobytes()]


def test_threads_do_not_change_a_bit(scene):
    reader, shapes = scene
    many = Memory(reader.values, reader.grid.affine, source=reader.source, windows=tiles(50, 70, 8, 9))
    runs = [bytes_of(zonal(shapes, many, levels=[0, 1], threads=threads)) for threads in (1, 2, 2, 5)]
    assert all(run == runs[0] for run in runs)


def test_windows_change_nothing_but_the_last_digits(scene):
    reader, shapes = scene
    whole = zonal(shapes, reader, levels=[0, 1])
    many = Memory(reader.values, reader.grid.affine, source=reader.source, windows=tiles(50, 70, 8, 9))
    parts = zonal(shapes, many, levels=[0, 1])
    for name in FIELDS:
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-9, atol=1e-9)
    keys = ["shape", "scenario", "level", "source"]
    a, b = (found.by_source.set_index(keys)["amount"] for found in (whole, parts))
    assert (a - b).abs().max() < 1e-6
    assert set(a[a > 1e-6].index) <= set(b.index)


def test_many_scenarios_say_what_each_says_alone(scene):
    """Many are looked up cell by cell, few scenario by scenario: two ways through the kernels."""
    reader, shapes = scene
    noise = np.random.default_rng(5)
    values = noise.normal(size=(40, 50, 70)).astype("float32")
    values[noise.random(values.shape) < 0.1] = np.nan
    many = Memory(values, reader.grid.affine, source=reader.source, windows=tiles(50, 70, 20, 30))
    together = zonal(shapes, many, levels=[1, 0, -1], worse="lower", function=((-1, 1), (1, 0)))
    for s in (0, 17, 39):
        alone = zonal(
            shapes,
            Memory(values[s], reader.grid.affine, source=reader.source, windows=many.windows()),
            levels=[1, 0, -1],
            worse="lower",
            function=((-1, 1), (1, 0)),
        )
        for name in (*FIELDS[2:], "integral"):
            one, other = getattr(together, name)[:, s], getattr(alone, name)[:, 0]
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-6, err_msg=name)
        own = together.by_source.query("scenario == @s").drop(columns="scenario")
        np.testing.assert_allclose(own, alone.by_source.drop(columns="scenario"), rtol=1e-9)


def test_many_scenarios_equal_every_cell_asked_one_by_one():
    noise = np.random.default_rng(8)
    values = noise.normal(size=(24, 12, 15)).astype("float32")
    values[noise.random(values.shape) < 0.2] = np.nan
    reader = plane(values)
    shape = at(reader.grid, shapely.Point(7.3, 5.9).buffer(5.1).difference(shapely.box(5, 5, 8.5, 6.2)))
    found = zonal(np.array([shape], dtype=object), reader, levels=[0, 1])
    amount, expected = every_cell(shape, reader, [0, 1])
    assert found.inside.item() == pytest.approx(amount, rel=1e-9)
    for s, each in enumerate(expected):
        assert found.covered[0, s] == pytest.approx(each["covered"], rel=1e-9)
        assert found.total[0, s] == pytest.approx(each["total"], rel=1e-9)
        assert found.minimum[0, s] in each["minimum"]
        assert found.maximum[0, s] in each["maximum"]
        assert found.by_class[0, s] == pytest.approx(each["by_class"], rel=1e-9, abs=1e-6)


def test_windows_may_come_in_any_order_and_size(scene):
    reader, shapes = scene
    odd = [(30, 0, 20, 70), (0, 40, 30, 30), (0, 0, 10, 40), (10, 20, 20, 20), (10, 0, 5, 20), (15, 0, 15, 20)]
    mixed = Memory(reader.values, reader.grid.affine, source=reader.source, windows=odd)
    whole, parts = zonal(shapes, reader, levels=[0, 1]), zonal(shapes, mixed, levels=[0, 1])
    for name in FIELDS:
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-9, atol=1e-9)


def test_what_no_shape_touches_is_not_read():
    reader = plane(np.ones((40, 40)), windows=tiles(40, 40, 10, 10))
    corner = at(reader.grid, shapely.Polygon([(1, 1), (39, 1), (39, 3), (3, 3), (3, 39), (1, 39)]))
    diagonal = at(reader.grid, shapely.LineString([(0.5, 0.5), (39.5, 39.5)]))
    zonal(np.array([corner], dtype=object), reader, levels=[1])
    assert sorted(reader.was_read) == sorted(
        {(0, c, 10, 10) for c in (0, 10, 20, 30)} | {(r, 0, 10, 10) for r in (10, 20, 30)}
    )
    reader.was_read.clear()
    zonal(np.array([diagonal], dtype=object), reader, levels=[1])
    assert {(k, k, 10, 10) for k in (0, 10, 20, 30)} <= set(reader.was_read)
    assert (0, 30, 10, 10) not in reader.was_read


def test_nowhere_near_the_raster():
    reader = plane(np.ones((2, 4, 4)))
    found = zonal(np.array([at(reader.grid, shapely.box(90, 90, 91, 91))], dtype=object), reader, levels=[1, 2])
    assert found.by_class.shape == (1, 2, 2)
    assert found.inside.item() == 0
    assert found.amount.item() == pytest.approx(100, rel=1e-6)


def test_sources_of_one_number_of_an_array_and_of_nobody(scene):
    reader, shapes = scene
    constant, nobody = (Memory(reader.values, reader.grid.affine, source=source) for source in (7, None))
    one = zonal(shapes, constant, levels=[0, 1])
    assert set(one.by_source["source"]) == {7}
    assert one.by_source["amount"].sum() == pytest.approx(one.by_class.sum(), rel=1e-12)
    assert zonal(shapes, nobody, levels=[0, 1]).by_source.empty


def test_more_sources_than_the_table_holds():
    source = np.random.default_rng(2).permutation(120 * 120).reshape(120, 120).astype(np.int32) - 7_000
    reader = plane(np.ones((120, 120)), source=source)
    found = zonal(np.array([at(reader.grid, shapely.box(0, 0, 120, 119.5))], dtype=object), reader, levels=[1])
    assert len(found.by_source) == 120 * 120
    assert found.by_source["source"].is_unique
    assert found.by_source["amount"].sum() == pytest.approx(100 * 120 * 119.5, rel=1e-12)


def test_a_source_that_changes_from_block_to_block_is_refused():
    class Changing(Memory):
        def read(self, window):
            return super().read(window)._replace(source=window[0])

    reader = Changing(np.ones((1, 4, 4)), Affine(10, 0, 0, 0, -10, 40), windows=tiles(4, 4, 2, 4))
    with pytest.raises(GridError, match="one source"):
        zonal(np.array([shapely.box(0, 0, 40, 40)], dtype=object), reader, levels=[1])


def test_a_curve_and_a_function_say_the_same(scene):
    reader, shapes = scene
    x, y = [-1.0, 0.0, 0.5, 2.0], [0.0, 0.1, 0.7, 1.0]
    curve = zonal(shapes, reader, levels=[0], function=(x, y)).integral
    called = zonal(shapes, reader, levels=[0], function=lambda values: np.interp(values, x, y)).integral
    assert curve == pytest.approx(called, rel=1e-12)
    line = zonal(shapes, reader, levels=[0], function=lambda values: 2 * values + 1)
    assert line.integral == pytest.approx(2 * line.total + line.covered, rel=1e-9, abs=1e-9)


def test_a_curve_by_hand():
    depths = plane([[0.0, 0.5, 9.0]])
    found = zonal(
        np.array([at(depths.grid, shapely.box(0, 0, 3, 1))], dtype=object),
        depths,
        levels=[1],
        function=([0, 1], [0, 0.8]),
    )
    assert found.integral.item() == pytest.approx(100 * (0 + 0.4 + 0.8))


@pytest.mark.parametrize(
    ("coarse", "crs"),
    [
        (GeoBox((6, 7), Affine(70, 0, 4_000_110, 0, -70, 2_999_900), "EPSG:3035"), None),
        (GeoBox((5, 5), Affine(0.002, 0, 8.0, 0, -0.0015, 50.03), "EPSG:4326"), "EPSG:3035"),
    ],
    ids=["same CRS", "other CRS"],
)
def test_counts_of_a_second_raster_are_conserved(coarse, crs):
    noise = np.random.default_rng(4)
    rows, columns = coarse.shape
    people = noise.integers(0, 50, coarse.shape).astype(float)
    shapes = cells(coarse, (0, 0, rows, columns), people > 0, crs=crs)
    bounds = shapely.total_bounds(shapes)
    side = 10 * int(max(bounds[2] - bounds[0], bounds[3] - bounds[1]) // 100 + 2)
    cell = 10.0
    depths = Memory(
        noise.choice([0.0, 1.0, np.nan], (1, side, side)),
        Affine(cell, 0, bounds[0] - 55, 0, -cell, bounds[3] + 55),
        "EPSG:3035",
    )
    found = zonal(shapes, depths, levels=[0, 1])
    count = people[people > 0]
    density = count / found.amount
    assert found.inside == pytest.approx(found.amount, rel=1e-12)
    missing = (found.inside - found.covered[:, 0]) * density
    by_class = found.by_class[:, 0] * density[:, None]
    assert by_class.sum() + missing.sum() == pytest.approx(people.sum(), rel=1e-12)
    union = zonal(
        np.array([shapely.union_all(cells(coarse, (0, 0, rows, columns), crs=crs))], dtype=object), depths, levels=[0]
    )
    assert zonal(cells(coarse, (0, 0, rows, columns), crs=crs), depths, levels=[0]).covered.sum() == pytest.approx(
        union.covered.item(), rel=1e-9
    )


def test_cells_without_a_place_in_the_other_crs_are_refused():
    with pytest.raises(CoordinatesError, match="no coordinates"):
        cells(
            GeoBox((1, 1), Affine(1, 0, -180, 0, -1, -89), "EPSG:4326"),
            (0, 0, 1, 1),
            crs="+proj=gnom +lat_0=52 +lon_0=5",
        )


@pytest.mark.parametrize(
    ("crs", "left", "top", "cell"),
    [
        ("EPSG:28992", 1e5, 5e5, 25.0),
        ("EPSG:32631", 4e5, 5.9e6, 100.0),
        ("EPSG:3035", 4e6, 3e6, 100.0),
        ("EPSG:3857", 6e5, 6.6e6, 30.0),
        ("ESRI:54009", 3e5, 6.0e6, 50.0),
        ("EPSG:3031", -1.6e5, 1.2e4, 100.0),
        ("EPSG:4326", 5.0, 52.0, 0.01),
    ],
    ids=["Dutch", "UTM", "equal-area", "web map, a sphere", "Mollweide, a sphere", "round a pole", "degrees"],
)
@pytest.mark.parametrize("up", [1, -1])
def test_cell_areas_equal_geodesic_polygons(crs, left, top, cell, up):
    import pyproj

    known = pyproj.CRS(crs)
    grid = GeoBox((3000, 4000), Affine(cell, 0, left, 0, -up * cell, top), crs)
    areas = np.broadcast_to(cell_areas(grid, (100, 50, 20, 3000)), (20, 3000))
    back = pyproj.Transformer.from_crs(known, known.geodetic_crs, always_xy=True)
    for row, column in ((0, 0), (19, 2999), (10, 1500)):
        x, y = grid.affine * (column + 50, row + 100)
        box = shapely.box(x, min(y, y - up * cell), x + cell, max(y, y - up * cell))
        edges = shapely.segmentize(box, cell / 10)
        lonlat = shapely.transform(edges, lambda xy: np.column_stack(back.transform(*xy.T)))
        expected = abs(known.get_geod().geometry_area_perimeter(lonlat)[0])
        assert areas[row, column] == pytest.approx(expected, rel=1e-8)


def test_windows_follow_the_blocks_of_the_file():
    raster = xr.DataArray(np.zeros((6, 1500, 2100), dtype=np.float32), dims=("scenario", "y", "x"))
    raster.encoding["preferred_chunks"] = {"y": 512, "x": 512}
    windows = windows_of(raster)
    assert sum(height * width for *_, height, width in windows) == 1500 * 2100
    assert all(row % 512 == 0 and column % 512 == 0 for row, column, *_ in windows)
    assert max(height * width for *_, height, width in windows) * 6 <= 4_000_000
    assert len(windows_of(raster[0, :100])) == 1


def test_any_chunking_gives_the_same_numbers(scene):
    pytest.importorskip("dask.array")
    reader, shapes = scene
    raster = xr.DataArray(reader.values, dims=("scenario", "y", "x"))

    class Lazy(Memory):
        def __init__(self, chunks):
            super().__init__(reader.values, reader.grid.affine, source=reader.source)
            self.raster = raster.chunk(chunks)
            self._windows = windows_of(self.raster)

        def read(self, window):
            row, column, height, width = window
            part = slice(row, row + height), slice(column, column + width)
            return Block(window, self.raster[:, part[0], part[1]].to_numpy(), self.source[part])

    expected = zonal(shapes, reader, levels=[0, 1])
    for chunks in ({"y": 13, "x": 70}, {"scenario": 1, "y": 50, "x": 11}, {"y": (3, 40, 7), "x": (60, 10)}):
        lazy = Lazy(chunks)
        assert sum(height * width for *_, height, width in lazy.windows()) == 50 * 70
        found = zonal(shapes, lazy, levels=[0, 1])
        for name in FIELDS:
            np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-9, atol=1e-9)


def test_a_cluster_gives_the_same_bytes(scene):
    distributed = pytest.importorskip("distributed")
    reader, shapes = scene
    many = Memory(reader.values, reader.grid.affine, source=reader.source, windows=tiles(50, 70, 20, 30))
    root = str(Path(__file__).parents[2])
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, env={"PYTHONPATH": root}
    ) as cluster:
        found = zonal(shapes, many, levels=[0, 1], scheduler=cluster.scheduler_address)
    assert bytes_of(found) == bytes_of(zonal(shapes, many, levels=[0, 1]))


def test_no_scheduler_there_is_said_in_one_line(scene, monkeypatch):
    pytest.importorskip("distributed")
    reader, shapes = scene
    monkeypatch.setattr("hazardmap.coverage.cluster.PATIENCE", "1s")
    with pytest.raises(HazardmapError, match="no scheduler answers"):
        zonal(shapes, reader, levels=[0], scheduler="tcp://127.0.0.1:1")


def test_errors_of_a_reader_come_through(scene):
    reader, shapes = scene

    class Broken(Memory):
        def read(self, _window):
            raise KeyboardInterrupt

    broken = Broken(reader.values, reader.grid.affine, windows=tiles(50, 70, 8, 9))
    with pytest.raises(KeyboardInterrupt):
        zonal(shapes, broken, levels=[0])


def test_without_numba_the_message_is_clear():
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "import numpy as np\n"
        "from hazardmap.coverage import zonal\n"
        "from hazardmap.errors import HazardmapError\n"
        "try:\n    zonal(np.array([]), None, levels=[0])\n"
        "except HazardmapError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    assert "numba cannot be loaded" in done.stdout


def test_the_first_use_says_what_takes_so_long(tmp_path, caplog, monkeypatch):
    from hazardmap.coverage import compiled

    class Kernel:
        __name__ = "add"
        py_func = test_the_first_use_says_what_takes_so_long

        class stats:  # noqa: N801
            cache_path = str(tmp_path)

    monkeypatch.setattr(compiled, "_announced", [])
    with caplog.at_level(logging.INFO, logger="hazardmap"):
        compiled.announce(Kernel())
        compiled.announce(Kernel())
    assert len(caplog.records) == 1
    assert "compiling kernels" in caplog.text


def test_kernels_compile_where_no_cache_can_be_written(monkeypatch):
    import numba

    from hazardmap.coverage.compiled import compiled

    plain = numba.njit

    def refuse(**options):
        if options.pop("cache", False):
            raise RuntimeError("cannot cache function: no locator available")
        return plain(**options)

    monkeypatch.setattr(numba, "njit", refuse)
    assert compiled(lambda x: x + 1)(1) == 2


def test_each_shape_follows_its_own_curve_in_one_pass(scene):
    reader, shapes = scene
    nodes = (
        ([-1.0, 0.0, 2.0], [0.0, 0.3, 1.0]),
        ([0.5], [0.7]),
        ([-2.0, -1.0, 0.0, 0.5, 9.0], [1.0, 0.4, 0.4, 0.0, 2.0]),
    )
    which = np.arange(len(shapes)) % 4 - 1
    found = zonal(shapes, reader, levels=[0], function=Curves(nodes, which))
    assert not found.integral[which < 0].any()
    for number, (x, y) in enumerate(nodes):
        own = which == number
        alone = zonal(shapes[own], reader, levels=[0], function=lambda values, x=x, y=y: np.interp(values, x, y))
        assert found.integral[own] == pytest.approx(alone.integral, rel=1e-12)
        assert found.total[own] == pytest.approx(alone.total, rel=1e-12)
