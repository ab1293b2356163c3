"""Each file is read back by another program than the one that wrote it, and says the same."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import rasterio
import shapely
import xarray as xr

import hazardmap as hm
from hazardmap import outputs, provenance, tables
from hazardmap.columns import COLUMNS, RESERVED
from hazardmap.errors import MissingExtraError, OutputError
from hazardmap.outputs import geojson as geojson_output
from hazardmap.outputs import xlsx as xlsx_output

LAYERS = {"zones", "territories", "places", "roads"}
NEEDS = {"geoparquet": "pyarrow", "xlsx": "xlsxwriter", "zarr": "zarr"}
ALL = ["cog", "csv", "flatgeobuf", "geojson", "geopackage", "geoparquet", "netcdf", "xlsx", "zarr"]


@pytest.mark.parametrize("name", NEEDS)
def test_a_study_is_told_of_a_missing_package_before_it_computes(name, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, NEEDS[name], None)
    with pytest.raises(MissingExtraError, match=rf"needs the package {NEEDS[name]}, .* install hazardmap\["):
        outputs.prepared(name, {}, tmp_path)


def write(name, result, path, **options):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    outputs.get(name)([result], path, **options)


def gdal(*command):
    """Run a program of a GDAL of its own (Debian's), not the one that wrote the file."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def same_features(found, expected):
    """Compare two frames row by row, whatever their order."""
    key = "zone" if "zone" in expected else "id"
    found, expected = found.set_index(key).sort_index(), expected.set_index(key).sort_index()
    assert list(found.index) == list(expected.index)
    for name in ("affected", "mean", "area_km2", "foreign_share", "value"):
        if name in expected:
            np.testing.assert_allclose(found[name].to_numpy(float), expected[name].to_numpy(float), rtol=1e-12)
    for name in ("name", "territory", "country", "status", "nis"):
        if name in expected:
            ours = expected[name].astype(object).where(expected[name].notna(), "")
            theirs = found[name].astype(object).where(found[name].notna(), "")
            assert theirs.tolist() == ours.tolist(), name
    one, other = shapely.normalize(found.geometry.to_numpy()), shapely.normalize(expected.geometry.to_numpy())
    assert shapely.hausdorff_distance(one, other).max() < 1e-6
    assert shapely.area(one).sum() == pytest.approx(shapely.area(other).sum(), rel=1e-6)


# What all formats share


@pytest.fixture(scope="module")
def twice(result, tmp_path_factory):
    """Folder with every format that can be written here, twice, more than a second apart."""
    folder = tmp_path_factory.mktemp("twice")
    for turn in ("one", "two"):
        for name in ALL:
            if name not in NEEDS or find_spec(NEEDS[name]):
                outputs.get(name)([result], folder / turn / name / f"a{suffix(name)}")
        time.sleep(1.1)  # a time of day in a file would differ
    return folder


@pytest.mark.parametrize("name", ALL)
def test_two_runs_give_the_same_bytes(name, twice):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    one, two = twice / "one" / name, twice / "two" / name
    files = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert files
    assert files == sorted(path.relative_to(two) for path in two.rglob("*") if path.is_file())
    assert [file for file in files if (one / file).read_bytes() != (two / file).read_bytes()] == []


def suffix(name):
    return sys.modules[outputs.get(name).__module__].SUFFIX


def test_the_ending_of_a_path_says_how(result, tmp_path):
    assert len({suffix(name) for name in outputs.names()}) == len(outputs.names())
    hm.write(result, tmp_path / "zones.fgb", layer="zones")
    assert pyogrio.read_info(tmp_path / "zones.fgb")["driver"] == "FlatGeobuf"


@pytest.mark.parametrize("name", ["flatgeobuf", "geojson", "geoparquet"])
def test_one_file_a_layer_or_one_layer(name, result, tmp_path):
    write(name, result, tmp_path / f"all{suffix(name)}")
    assert {path.stem for path in (tmp_path / "all").iterdir()} == LAYERS
    write(name, result, tmp_path / f"one{suffix(name)}", layer="places")
    assert (tmp_path / f"one{suffix(name)}").read_bytes() == (tmp_path / "all" / f"places{suffix(name)}").read_bytes()
    with pytest.raises(OutputError, match=r"has no layer 'place'; expected one of zones, territories, places, roads"):
        outputs.get(name)([result], tmp_path / f"x{suffix(name)}", layer="place")


def test_without_an_extra_the_error_names_it(extra, result, tmp_path):
    name, error = extra
    with pytest.raises(error, match=r"install hazardmap\[(parquet|xlsx|zarr)\]"):
        outputs.get(name)([result], tmp_path / f"a{suffix(name)}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="limits of file sizes are of POSIX systems")
@pytest.mark.parametrize("name", ALL)
def test_a_full_disk_leaves_the_old_file_and_no_half_one(name, result, tmp_path):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    import resource
    import signal

    target = tmp_path / f"a{suffix(name)}"
    write(name, result, target)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for path, content in before.items():
        path.write_bytes(content if name == "zarr" else b"old")
    old = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (700, hard))
        with pytest.raises(OutputError, match=r"cannot be written .*; expected a folder with room"):
            outputs.get(name)([result], target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    now = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert set(now) == set(old)
    assert sum(now[path] != old[path] for path in old) < len(old)  # what was whole before the disk was full may be new


@pytest.fixture
def small_disk(tmp_path):
    """Function that makes a disk of so many kB, in the place of the one before."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def make(size):
        subprocess.run(["umount", "-l", folder], capture_output=True, check=False)
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", folder]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("no disk can be mounted here")
        (folder / "in").mkdir()
        return folder / "in"

    if sys.platform != "linux" or os.geteuid():
        pytest.skip("only root of Linux mounts a disk")
    yield make
    subprocess.run(["umount", "-l", folder], capture_output=True, check=False)


@pytest.mark.parametrize("name", ALL)
def test_on_a_small_disk_a_file_is_whole_or_not_there(name, result, small_disk, tmp_path):
    from dataclasses import replace

    depth = result.footprint.intensity.copy(data=np.random.default_rng(1).random((2, 400, 600), dtype="float32"))
    rough = replace(result, footprint=replace(result.footprint, intensity=depth))  # packs badly: more room is needed
    given = rough if name in ("cog", "netcdf", "zarr") else result
    write(name, given, tmp_path / f"a{suffix(name)}")
    whole = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    room = sum(map(len, whole.values())) // 1000
    refused = []
    for part in (0.3, 0.6, 0.8, 0.9, 1, 1.1, 1.2, 1.5, 20):
        folder = small_disk(max(int(part * room), 8))
        try:
            outputs.get(name)([given], folder / f"a{suffix(name)}")
        except OutputError as error:
            refused.append(str(error))
        there = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        assert [path for path, content in there.items() if whole.get(path) != content] == []
        assert not [path for path in folder.iterdir() if path.name.startswith(".")]
    assert refused
    assert all("cannot be written" in line and "\n" not in line for line in refused)
    assert there.keys() == whole.keys()


def test_a_raster_that_cannot_be_read_back_is_not_kept(result, tmp_path, monkeypatch):
    """At the very end of a disk GDAL fails without a word."""
    import rasterio.shutil

    copy = rasterio.shutil.copy

    def copy_and_lose_the_end(plain, path, **options):
        copy(plain, path, **options)
        os.truncate(path, path.stat().st_size - 200)

    monkeypatch.setattr(rasterio.shutil, "copy", copy_and_lose_the_end)
    for layer in ("flood-T100", "flood-T100-classes"):
        with pytest.raises(OutputError, match="cannot be written"):
            write("cog", result, tmp_path / "a.tif", layer=layer)
    assert list(tmp_path.iterdir()) == []


def test_a_geopackage_without_a_spatial_index_is_not_kept(result, tmp_path, monkeypatch):
    """Where there is no room for one GDAL leaves it out without a word."""
    write_dataframe = pyogrio.write_dataframe

    def without_index(table, path, **options):
        bare = {"SPATIAL_INDEX": "NO"} if options["layer"] == "places" else {}
        write_dataframe(table, path, **options, **bare)

    monkeypatch.setattr(pyogrio, "write_dataframe", without_index)
    with pytest.raises(OutputError, match=r"cannot be written \(no room for the spatial index of places\)"):
        write("geopackage", result, tmp_path / "a.gpkg")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ALL)
def test_a_folder_that_cannot_be_made_is_one_line(name, result, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="cannot be written"):
        write(name, result, tmp_path / "file" / f"a{suffix(name)}")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_layer_of_assets_cannot_take_the_name_of_a_table(result, tmp_path):
    from dataclasses import replace

    named = replace(result, assets=result.assets.assign(layer=result.assets["layer"].replace("roads", "zones")))
    for name in ("geopackage", "flatgeobuf"):
        with pytest.raises(OutputError, match="a layer is called 'zones', as is a table of the result; rename it"):
            outputs.get(name)([named], tmp_path / f"a{suffix(name)}")


def test_names_never_lead_out_of_the_folder(result, tmp_path):
    from dataclasses import replace

    named = replace(result, assets=result.assets.assign(layer=result.assets["layer"].replace("roads", "../../etc/x")))
    outputs.get("flatgeobuf")([named], tmp_path / "in" / "all.fgb")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    assert any(path.name.startswith("_etc_x-") for path in (tmp_path / "in" / "all").iterdir())


# Provenance


def test_the_id_of_a_run_follows_its_content(result):
    one = provenance.run_id([result])
    assert len(one) == 64
    assert one == provenance.run_id([result])
    study = {"title": "a", "outputs": {"csv": "tables"}}
    named = provenance.run_id([result], study)
    assert named != one
    assert named == provenance.run_id([result], {**study, "outputs": {"csv": "elsewhere"}})
    assert named != provenance.run_id([result], {**study, "title": "b"})
    assert one != provenance.run_id([result.crossing(0.1)])


def test_the_chain_of_licences(result):
    found = provenance.licences([result])
    assert [(each["licence"], each["layers"]) for each in found] == [
        ("CC-BY-4.0", ["depth", "places"]),
        ("ODbL-1.0", ["land"]),
    ]
    assert found[0]["attributions"] == ["makers of depth", "makers of places"]


def test_rows_have_stable_ids_and_the_codes_of_their_municipality(result):
    table = tables.asset_table(result)
    assert table["id"].is_unique
    assert "flood-places-a-T10-w" in set(table["id"])
    codes = table.groupby("territory")[["territory_name", "nis", "country"]].first()
    assert codes.loc["w"].tolist() == ["West", "63001", "BE"]
    assert codes.loc["e", "territory_name"] == "Öst"
    assert table.loc[table["territory"] == "outside", "nis"].isna().all()


def test_every_column_of_the_tables_is_explained(result):
    seen = [*tables.asset_table(result), *tables.zone_table(result), *tables.flow_table(result), *result.shares]
    assert set(seen) - set(COLUMNS) == {"geometry"}


# Vectors


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_flatgeobuf_and_geojson_read_by_another_gdal(layer, result, tmp_path):
    exposure, of = tables.layer_names([result])[layer]
    expected = tables.layer_table(exposure, of)
    for name in ("flatgeobuf", "geojson"):
        path = tmp_path / f"{layer}{suffix(name)}"
        write(name, result, path, layer=layer)
        gdal("ogr2ogr", "-f", "GPKG", tmp_path / f"{name}.gpkg", path, "-nln", "read")
        same_features(gpd.read_file(tmp_path / f"{name}.gpkg"), expected)


def test_flatgeobuf_says_where_it_comes_from(result, tmp_path):
    write("flatgeobuf", result, tmp_path / "zones.fgb", layer="zones", title={"en": "A <title>"})
    said = pyogrio.read_info(tmp_path / "zones.fgb")["layer_metadata"]
    assert json.loads(said["PROVENANCE"])["run"] == provenance.run_id([result])
    assert "area_km2 [km2]" in said["UNITS"]


@pytest.mark.parametrize("layer", ["zones", "places", "roads"])
def test_flatgeobuf_in_pieces_is_that_of_the_table_written_at_once(layer, result, tmp_path, monkeypatch):
    monkeypatch.setattr(tables.layer_pieces, "__kwdefaults__", {"order": None, "rows": 2})
    write("flatgeobuf", result, tmp_path / "pieces.fgb", layer=layer)
    exposure, of = tables.layer_names([result])[layer]
    table = tables.layer_table(exposure, of)
    kind, multi = tables.geometry_type(table.geometry.to_numpy())
    said = pyogrio.read_info(tmp_path / "pieces.fgb")["layer_metadata"]
    shape = {"layer": layer, "geometry_type": kind, "promote_to_multi": multi}
    about = {"dataset_options": {"TITLE": layer}, "layer_metadata": said}
    pyogrio.write_dataframe(table, tmp_path / "whole.fgb", **shape, **about)
    assert (tmp_path / "pieces.fgb").read_bytes() == (tmp_path / "whole.fgb").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pieces.fgb", "whole.fgb"]


def test_geojson_keeps_the_rules_of_rfc_7946(result, tmp_path):
    write("geojson", result, tmp_path / "zones.geojson", layer="zones", made="2026-01-01")
    read = json.loads((tmp_path / "zones.geojson").read_text())
    assert "crs" not in read
    assert (read["type"], read["name"], read["hazardmap"]["made"]) == ("FeatureCollection", "zones", "2026-01-01")
    assert read["hazardmap"]["units"]["area_km2"] == "km2"
    assert len({feature["id"] for feature in read["features"]}) == len(read["features"]) == 4
    for feature in read["features"]:
        for polygon in shapely.get_parts(shapely.geometry.shape(feature["geometry"])):
            assert shapely.is_ccw(polygon.exterior)
            assert not any(shapely.is_ccw(ring) for ring in polygon.interiors)
    empty = [value for feature in read["features"] for value in feature["properties"].values() if value is None]
    assert empty


def test_geojson_is_cut_at_the_antimeridian():
    shapes = np.array(
        [
            shapely.box(179, -1, 182, 1),
            shapely.LineString([(-181, 0), (-179, 0)]),
            shapely.Point(190, 5),
            shapely.box(5, 5, 6, 6, ccw=False),
        ]
    )
    square, line, point, plain = geojson_output.conforming(shapes)
    assert square.geom_type == "MultiPolygon"
    assert sorted(part.bounds for part in square.geoms) == [(-180, -1, -178, 1), (179, -1, 180, 1)]
    assert sorted(part.bounds for part in line.geoms) == [(-180, 0, -179, 0), (179, 0, 180, 0)]
    assert (point.x, point.y) == (-170, 5)
    assert shapely.is_ccw(plain.exterior)


def test_geojson_that_nobody_could_read_is_refused(result, tmp_path, monkeypatch):
    monkeypatch.setenv("HAZARDMAP_MAX_TEXT_BYTES", "3000")
    with pytest.raises(OutputError, match=r"would grow beyond 3,000 bytes; .* write .parquet, .fgb or .gpkg"):
        write("geojson", result, tmp_path / "zones.geojson", layer="zones")
    assert list(tmp_path.iterdir()) == []


def test_layers_without_rows_are_files_all_the_same(result, tmp_path):
    from dataclasses import replace

    none = replace(result)
    none.__dict__["zones"] = result.zones.iloc[:0]
    for name in ("flatgeobuf", "geojson", "geoparquet"):
        write(name, none, tmp_path / f"zones{suffix(name)}", layer="zones")
    assert json.loads((tmp_path / "zones.geojson").read_text())["features"] == []
    assert len(gpd.read_parquet(tmp_path / "zones.parquet")) == 0
    write("geopackage", none, tmp_path / "a.gpkg")
    assert len(gpd.read_file(tmp_path / "a.gpkg", layer="zones")) == 0


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_geoparquet_read_by_geopandas_and_by_duckdb(layer, result, tmp_path):
    exposure, of = tables.layer_names([result])[layer]
    expected = tables.layer_table(exposure, of)
    path = tmp_path / f"{layer}.parquet"
    write("geoparquet", result, path, layer=layer)
    same_features(gpd.read_parquet(path), expected)
    box = (5.0, 50.0, 5.2, 50.9)
    inside = gpd.read_parquet(path, bbox=box)
    assert len(inside) == shapely.intersects(shapely.box(*box), shapely.box(*expected.bounds.to_numpy().T)).sum()
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect() as base:
        rows = base.read_parquet(str(path)).select("* exclude (geometry), bbox.xmin as xmin").df()
    assert len(rows) == len(expected)
    key = "zone" if layer == "zones" else "id"
    west = pd.Series(expected.bounds["minx"].to_numpy(), expected[key])
    np.testing.assert_allclose(rows["xmin"], west[rows[key]])


def test_geoparquet_says_what_the_standard_asks(result, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    write("geoparquet", result, tmp_path / "zones.parquet", layer="zones")
    metadata = parquet.read_schema(tmp_path / "zones.parquet").metadata
    geo = json.loads(metadata[b"geo"])
    column = geo["columns"][geo["primary_column"]]
    assert geo["version"] == "1.1.0"
    assert column["covering"] == {"bbox": {k: ["bbox", k] for k in ("xmin", "ymin", "xmax", "ymax")}}
    assert (column["encoding"], column["geometry_types"]) == ("WKB", ["Polygon"])
    assert column["crs"]["id"] == {"authority": "OGC", "code": "CRS84"}
    assert json.loads(metadata[b"hazardmap"])["licences"] == provenance.licences([result])
    area = parquet.read_schema(tmp_path / "zones.parquet").field("area_km2")
    assert area.metadata[b"unit"] == b"km2"


def test_rows_that_are_near_each_other_share_a_row_group(result, tmp_path, monkeypatch):
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(tables, "PIECE", 2)
    monkeypatch.setattr(tables.layer_pieces, "__kwdefaults__", {"order": None, "rows": 2})
    write("geoparquet", result, tmp_path / "p.parquet", layer="places")
    assert parquet.ParquetFile(tmp_path / "p.parquet").num_row_groups == 4
    same_features(gpd.read_parquet(tmp_path / "p.parquet"), tables.layer_table(result, "places"))


# Workbook


def test_the_workbook_read_by_openpyxl(result, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    write("xlsx", result, tmp_path / "a.xlsx", title={"en": "=1+1"}, made="2026-01-01")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["Objects", "Columns", "Flows", "Notes", "Sources"]
    assert {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row} <= {"n", "s", "b"}
    rows = pd.read_excel(tmp_path / "a.xlsx", sheet_name="Objects", dtype={"nis": str})
    expected = tables.asset_table(result).drop(columns="geometry").set_index("id")
    rows = rows.set_index("id")
    assert set(rows.index) == set(expected.index)
    np.testing.assert_allclose(rows["affected"], expected.loc[rows.index, "affected"])
    hit = rows[rows["status"] == "hit"]
    assert hit.index.tolist() == rows.index[: len(hit)].tolist()
    assert hit["level"].is_monotonic_decreasing
    assert set(rows["nis"].dropna()) == {"63001"}
    names = {str(name) for name in rows["name"].dropna()}
    assert names >= {"""'=HYPERLINK("http://example.org","click")""", "'@x", "'+road", "Liège"}
    said = [[cell.value for cell in row] for row in book["Columns"].iter_rows()]
    assert ["affected", "flood", "see unit", "how much of it is reached"] in [row[:4] for row in said]
    assert ["w", "BE", "West"] in [[row[0], row[1], row[3]] for row in said]
    assert any("synthetic" in str(row[1].value) for row in book["Notes"].iter_rows())
    sources = {row[0].value: row[1].value for row in book["Sources"].iter_rows()}
    assert (sources["run"], sources["made"]) == (provenance.run_id([result]), "2026-01-01")
    assert sources["title"] == "'=1+1"
    assert book["Objects"].freeze_panes == "A2"


def test_flows_in_the_workbook_add_up_to_the_flows(result, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    write("xlsx", result, tmp_path / "a.xlsx")
    rows = [[cell.value for cell in row] for row in openpyxl.load_workbook(tmp_path / "a.xlsx")["Flows"].iter_rows()]
    assert rows[1][0].startswith("count: a line or polygon counts once in each territory")
    blocks = [k for k, row in enumerate(rows) if row[0] == "origin"]
    totals = sum(rows[k + 1][rows[k].index("all")] for k in blocks)
    assert totals == pytest.approx(result.flows()["attributed"].sum())


def test_more_rows_than_a_sheet_holds_are_refused(result, tmp_path, monkeypatch):
    pytest.importorskip("xlsxwriter")
    monkeypatch.setattr(xlsx_output, "MOST_ROWS", 5)
    with pytest.raises(OutputError, match=r"a sheet holds 4; write .csv, .gpkg or .parquet instead"):
        write("xlsx", result, tmp_path / "a.xlsx")
    assert list(tmp_path.iterdir()) == []


# Rasters


def test_the_raster_is_a_valid_cog_with_the_values_of_the_footprint(result, tmp_path):
    write("cog", result, tmp_path / "a.tif")
    names = {path.name for path in (tmp_path / "a").iterdir()}
    rasters = {"flood-T10.tif", "flood-T10-classes.tif", "flood-T100.tif", "flood-T100-classes.tif"}
    assert names == rasters | {"flood-T10-classes.qml", "flood-T100-classes.qml"}
    intensity = result.footprint.intensity.to_numpy()
    with rasterio.open(tmp_path / "a" / "flood-T100.tif") as file:
        np.testing.assert_array_equal(file.read(1), intensity[1])
        assert (file.crs.to_epsg(), file.transform) == (3035, result.footprint.grid.affine)
        assert file.overviews(1)
        assert (file.units[0], file.tags()["RUN"]) == ("m", provenance.run_id([result]))
        known = intensity[1][np.isfinite(intensity[1])].astype(float)
        said = {key: float(value) for key, value in file.tags(1).items() if key.startswith("STATISTICS")}
        assert said["STATISTICS_MEAN"] == pytest.approx(known.mean())
        assert said["STATISTICS_STDDEV"] == pytest.approx(known.std())
        assert said["STATISTICS_VALID_PERCENT"] == pytest.approx(100 * 590 / 600, rel=1e-3)
    validator = pytest.importorskip("rio_cogeo.cogeo")
    for path in (tmp_path / "a").glob("*.tif"):
        valid, errors, warned = validator.cog_validate(path, strict=True)
        assert (valid, errors, warned) == (True, [], [])


def test_the_raster_read_by_another_gdal(result, tmp_path):
    write("cog", result, tmp_path / "a.tif")
    said = json.loads(gdal("gdalinfo", "-json", tmp_path / "a" / "flood-T10-classes.tif"))
    band = said["bands"][0]
    assert (said["metadata"]["IMAGE_STRUCTURE"]["LAYOUT"], band["noDataValue"]) == ("COG", 255)
    assert band["colorTable"]["entries"][1][3] == 255
    assert json.loads(said["metadata"][""]["CLASSES"])["3"] == "2 m or more"
    gdal(
        "gdal_translate",
        "-of",
        "XYZ",
        "-srcwin",
        "199",
        "99",
        "3",
        "2",
        tmp_path / "a" / "flood-T10.tif",
        tmp_path / "x",
    )
    assert [line.split()[2] for line in (tmp_path / "x").read_text().splitlines()] == [
        "0",
        "0",
        "0",
        "0",
        "0.75",
        "0.75",
    ]


def test_classes_are_half_open_towards_worse(result, tmp_path):
    write("cog", result, tmp_path / "c.tif", layer="flood-T10-classes")
    with rasterio.open(tmp_path / "c.tif") as file:
        classes = file.read(1)
    assert np.unique(classes[:, :590]).tolist() == [0, 1]
    assert (classes[:, 590:] == 255).all()
    assert (classes == 1).sum() == 100 * 200


@pytest.mark.parametrize("name", ["netcdf", "zarr"])
def test_series_read_by_xarray(name, result, tmp_path):
    path = tmp_path / f"a{suffix(name)}"
    write(name, result, path)
    opened = xr.open_dataset(path, engine="h5netcdf") if name == "netcdf" else xr.open_zarr(path, chunks=None)
    with opened as data:
        np.testing.assert_array_equal(data["flood"].to_numpy(), result.footprint.intensity.to_numpy())
        assert data["flood"].attrs["units"] == "m"
        assert data["label"].to_numpy().tolist() == ["T10", "l'<crue> T100"]
        assert data["return_period"].to_numpy().tolist() == [10, 100]
        assert data.attrs["run"] == provenance.run_id([result])
        np.testing.assert_allclose(data["y"], result.footprint.intensity["y"])


def test_series_read_by_another_gdal(result, tmp_path):
    write("netcdf", result, tmp_path / "a.nc")
    said = json.loads(gdal("gdalinfo", "-json", tmp_path / "a.nc"))
    assert (said["size"], len(said["bands"])) == ([600, 400], 2)
    assert said["geoTransform"] == list(result.footprint.grid.affine.to_gdal())
    assert "3035" in said["coordinateSystem"]["wkt"]
    if "Zarr" not in gdal("gdalinfo", "--formats"):
        pytest.skip("this GDAL reads no Zarr")
    write("zarr", result, tmp_path / "a.zarr")
    said = json.loads(gdal("gdalinfo", "-json", f'ZARR:"{tmp_path / "a.zarr"}":/flood:1'))
    assert (said["size"], said["bands"][0]["noDataValue"]) == ([600, 400], "NaN")


def test_the_catalogue_reads_what_the_outputs_write(result, tmp_path):
    """Study after study: a raster and a layer that were written can be the input of the next."""
    write("cog", result, tmp_path / "t.tif", layer="flood-T100")
    depth = hm.layer(str(tmp_path / "t.tif")).open()
    np.testing.assert_array_equal(depth.to_numpy(), result.footprint.intensity.to_numpy()[1])
    for ending in ("fgb", "geojson"):
        hm.write(result, tmp_path / f"p.{ending}", layer="places")
        assert len(hm.layer(str(tmp_path / f"p.{ending}")).open()) == 8


def test_a_hazard_of_shapes_has_no_raster(result, tmp_path):
    from dataclasses import replace

    shapes = gpd.GeoDataFrame(
        {"scenario": ["T10"], "intensity": [1.0], "source": [0]}, geometry=[shapely.box(0, 0, 1, 1)], crs=3035
    )
    other = replace(result, footprint=replace(result.footprint, intensity=shapes))
    for name in ("cog", "netcdf", "zarr"):
        with pytest.raises(OutputError, match="made of shapes; expected a raster"):
            write(name, other, tmp_path / f"a{suffix(name)}")


def test_a_store_replaces_only_a_store(result, tmp_path):
    pytest.importorskip("zarr")
    write("zarr", result, tmp_path / "a.zarr")
    write("zarr", result, tmp_path / "a.zarr")
    (tmp_path / "a.zarr" / "thesis.docx").write_text("mine")
    with pytest.raises(OutputError, match=r"thesis.docx is not part of a Zarr store"):
        write("zarr", result, tmp_path / "a.zarr")
    assert (tmp_path / "a.zarr" / "thesis.docx").read_text() == "mine"
    (tmp_path / "b.zarr").mkdir()
    (tmp_path / "b.zarr" / "1").write_text("mine")
    with pytest.raises(OutputError, match="not part of a Zarr store"):
        write("zarr", result, tmp_path / "b.zarr")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zarr", "b.zarr"]


# GeoPackage


VALIDATOR = "/usr/lib/python3/dist-packages/osgeo_utils/samples/validate_gpkg.py"


@pytest.fixture(scope="module")
def package(result, tmp_path_factory):
    path = tmp_path_factory.mktemp("package") / "a.gpkg"
    outputs.get("geopackage")([result], path, inspire=True, annual={}, title="l'eau & <co>", made="2026-01-01")
    return path


def test_the_geopackage_passes_the_validator_of_gdal(package):
    if not Path(VALIDATOR).is_file():
        pytest.skip("GDAL's validate_gpkg.py (Debian: python3-gdal) is not installed")
    gdal("/usr/bin/python3", VALIDATOR, package)


def test_the_geopackage_has_the_tables_that_the_standard_asks_for(package):
    with sqlite3.connect(package) as base:
        ids = base.execute("pragma application_id").fetchone()[0], base.execute("pragma user_version").fetchone()[0]
        assert ids == (0x47504B47, 10300)
        assert base.execute("pragma integrity_check").fetchone() == ("ok",)
        assert base.execute("pragma foreign_key_check").fetchall() == []
        named = {row[0] for row in base.execute("select table_name from gpkg_contents")}
        there = {row[0] for row in base.execute("select name from sqlite_master where type = 'table'")}
        assert named <= there
        assert {row[0] for row in base.execute("select extension_name from gpkg_extensions")} == {
            "gpkg_rtree_index", "gpkg_metadata", "gpkg_schema",
        }  # fmt: skip
        dates = {row[0] for row in base.execute("select last_change from gpkg_contents")}
        assert dates == {"2000-01-01T00:00:00.000Z"}
    base.close()


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_the_geopackage_read_by_another_gdal(layer, package, result, tmp_path):
    exposure, of = tables.layer_names([result])[layer]
    gdal(
        "ogr2ogr",
        "-f",
        "GeoJSON",
        "-lco",
        "RFC7946=NO",
        "-lco",
        "COORDINATE_PRECISION=12",
        tmp_path / "a.geojson",
        package,
        layer,
    )
    same_features(gpd.read_file(tmp_path / "a.geojson"), tables.layer_table(exposure, of))


def test_the_geopackage_says_where_it_comes_from(package, result):
    with sqlite3.connect(package) as base:
        mime, text = base.execute("select mime_type, metadata from gpkg_metadata").fetchone()
        scope = base.execute("select reference_scope, md_file_id from gpkg_metadata_reference").fetchall()
        unit = base.execute(
            "select title from gpkg_data_columns where table_name = 'zones' and column_name = 'area_km2'"
        ).fetchone()
    base.close()
    said = json.loads(text)
    assert (mime, scope, unit) == ("application/json", [("geopackage", 1)], ("area_km2 [km2]",))
    assert (said["run"], said["title"], said["made"]) == (provenance.run_id([result]), "l'eau & <co>", "2026-01-01")
    assert {item["name"] for item in said["inputs"]} == {"depth", "land", "places"}
    assert all(len(item["sha256"]) == 64 for item in said["inputs"])


def test_every_layer_has_a_style_that_fits_its_shapes_and_scenarios(package):
    tree = pytest.importorskip("xml.etree.ElementTree")

    with sqlite3.connect(package) as base:
        styles = dict(base.execute("select f_table_name, styleQML from layer_styles where useAsDefault").fetchall())
    base.close()
    assert set(styles) == LAYERS
    kinds = {"zones": "fill", "territories": "fill", "places": "marker", "roads": "line"}
    for name, text in styles.items():
        root = tree.fromstring(text.split("\n", 1)[1])
        assert {symbol.get("type") for symbol in root.iter("symbol")} == {kinds[name]}
        groups = root.findall("./renderer-v2/rules/rule")
        assert [group.get("filter") for group in groups] == ["\"scenario\" = 'T10'", "\"scenario\" = 'T100'"]
        assert [group.get("checkstate") for group in groups] == ["1", "0"]
        assert [group.get("label") for group in groups] == ["T10", "l'<crue> T100"]
        assert {each.get("field"): each.get("name") for each in root.find("aliases")}["level"] == "level [m]"
        used = {rule.get("symbol") for group in groups for rule in group}
        assert used == {symbol.get("name") for symbol in root.iter("symbol")}
    assert '"level" = 0.5' in {
        rule.get("filter") for rule in tree.fromstring(styles["zones"].split("\n", 1)[1]).iter("rule")
    }


def test_layers_named_after_natural_risk_zones(package, result):
    areas = gpd.read_file(package, layer="HazardArea")
    zones = result.zones.set_index("zone").loc[areas["inspireId_localId"]]
    np.testing.assert_allclose(areas["magnitudeOrIntensity_quantitativeValue"], zones["mean"])
    assert set(areas["likelihoodOfOccurrence_quantitativeLikelihood_returnPeriod"]) == {10, 100}
    assert {"determinationMethod", "typeOfHazard_hazardCategory", "endLifeSpanVersion", "source"} <= set(areas.columns)
    exposed = gpd.read_file(package, layer="ExposedElement")
    assert set(exposed["assessmentOfVulnerability_typeOfElement_specificExposedElementType"]) == {"places", "roads"}
    assert len(exposed) == (result.assets["status"].eq("hit") & result.assets["layer"].ne("territories")).sum()
    assert gpd.read_file(package, layer="RiskZone")["levelOfRisk_quantitativeValue"].isna().all()


def test_text_of_strangers_stays_text_in_a_style():
    from hazardmap.outputs.geopackage.styles import _quoted

    assert _quoted("T' or 1=1 or '\\") == "'T'' or 1=1 or ''\\\\'"


def test_every_table_of_a_result_has_a_reserved_name(result):
    assert set(tables.plain_tables([result], annual={})) <= set(RESERVED)
