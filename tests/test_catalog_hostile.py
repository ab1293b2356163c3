"""Files that want more than to be read: each is one line of error, and nothing outside the file is touched."""

import json
import os
import subprocess
import sys

import geopandas as gpd
import h5py
import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from hazardmap.catalog import layer
from hazardmap.errors import FileError, GridError, HazardmapError, LayerError

SECRET = b"root:x:0:0:this text must never come out as pixels or as a table\n"


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret.txt"
    path.write_bytes(SECRET)
    return path


SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_error(404)
    do_HEAD = do_GET
    def log_message(self, *_): open(sys.argv[1], "a").write(self.path + chr(10))
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.fixture
def server(tmp_path):
    """Address of a local web server, and a function that tells how often it was asked.

    A process of its own: GDAL may hold the interpreter while it waits for an answer.
    """
    log = tmp_path / "asked.txt"
    log.touch()
    running = subprocess.Popen([sys.executable, "-c", SERVER, str(log)], stdout=subprocess.PIPE, text=True)
    port = running.stdout.readline().strip()
    yield f"http://127.0.0.1:{port}", lambda: len(log.read_text().splitlines())
    running.terminate()
    running.communicate(timeout=10)


def write_tiff(path, values=((1, 2), (3, 4)), **options):
    array = np.asarray(values, dtype=options.pop("dtype", "float32"))
    profile = {
        "driver": "GTiff",
        "height": array.shape[-2],
        "width": array.shape[-1],
        "count": 1,
        "dtype": array.dtype,
        "crs": "EPSG:3035",
        "transform": from_origin(4_000_000, 3_200_000, 100, 100),
        **options,
    }
    with rasterio.open(path, "w", **profile) as target:
        target.write(array, 1)
    return path


def open_as(path, **keys):
    return layer({"path": str(path), "units": "m", **keys}).open()


def one_line(error):
    assert isinstance(error.value, HazardmapError)
    assert "\n" not in str(error.value)
    assert SECRET.decode().strip() not in str(error.value)


def test_a_vrt_named_tif(tmp_path, secret):
    path = tmp_path / "depth.tif"
    path.write_text(
        f"""<VRTDataset rasterXSize="8" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1"
        subClass="VRTRawRasterBand"><SourceFilename>{secret}</SourceFilename></VRTRasterBand></VRTDataset>"""
    )
    with pytest.raises(FileError, match=r"GTiff file begins") as error:
        open_as(path)
    one_line(error)


def test_an_ogr_vrt_named_gpkg(tmp_path, secret):
    path = tmp_path / "sites.gpkg"
    path.write_text(f"<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>CSV:{secret}</SrcDataSource>")
    with pytest.raises(FileError, match=r"GPKG file begins"):
        open_as(path)


def test_a_pipeline_named_geojson(tmp_path, server):
    url, asked = server
    path = tmp_path / "sites.geojson"
    path.write_text(json.dumps({"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline ! read {url}"}))
    with pytest.raises(FileError, match=r"'gdal_streamed_alg'; expected a FeatureCollection"):
        open_as(path)
    assert asked() == 0


def test_a_geojson_whose_crs_is_a_link(tmp_path, server):
    url, asked = server
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [5, 52]}}
    link = {"type": "link", "properties": {"href": f"{url}/crs", "type": "proj4"}}
    path = tmp_path / "sites.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": link, "features": [feature]}))
    with pytest.raises(FileError, match=r"a link is not followed"):
        open_as(path)
    assert asked() == 0


def test_a_side_file_that_names_an_address(tmp_path, server):
    """GDAL follows OVERVIEW_FILE of a .aux.xml when somebody asks for overviews; the door does not read it."""
    url, asked = server
    path = write_tiff(tmp_path / "depth.tif", np.ones((64, 64)))
    (tmp_path / "depth.tif.aux.xml").write_text(
        f"""<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">/vsicurl/{url}/a.tif</MDI></Metadata>
        <PAMRasterBand band="1"><NoDataValue>1</NoDataValue></PAMRasterBand></PAMDataset>"""
    )
    with rasterio.open(path) as source:
        source.overviews(1)
    before = asked()
    assert before, "without the door, GDAL asks the address: the test can fail"
    depth = open_as(path)
    assert (depth.to_numpy() == 1).all()
    assert asked() == before


def test_hdf5_that_takes_data_from_elsewhere(tmp_path, secret):
    with h5py.File(tmp_path / "inner.nc", "w") as inner:
        inner["depth"] = np.ones((2, 2))
    with h5py.File(tmp_path / "storage.nc", "w") as file:
        file.create_dataset("depth", (2, 2), "u1", external=[(str(secret), 0, 4)])
    with h5py.File(tmp_path / "link.nc", "w") as file:
        file["group/depth"] = h5py.ExternalLink("inner.nc", "depth")
    with h5py.File(tmp_path / "virtual.nc", "w") as file:
        layout = h5py.VirtualLayout((2, 2), "f8")
        layout[:] = h5py.VirtualSource(str(tmp_path / "inner.nc"), "depth", (2, 2))
        file.create_virtual_dataset("depth", layout)
    for name in ("storage.nc", "link.nc", "virtual.nc"):
        with pytest.raises(FileError, match=r"depth' from another file") as error:
            open_as(tmp_path / name)
        one_line(error)


def test_hdf5_groups_that_contain_themselves(tmp_path):
    with h5py.File(tmp_path / "a.nc", "w") as file:
        group = file.create_group("one")
        group["again"] = file["/"]
        group["soft"] = h5py.SoftLink("/one")
    with pytest.raises(LayerError, match=r"0 variables on a grid"):
        open_as(tmp_path / "a.nc")


def test_a_small_file_that_declares_a_huge_raster(tmp_path):
    huge = {"height": 500_000, "width": 500_000, "sparse_ok": True, "tiled": True, "blockxsize": 512, "blockysize": 512}
    profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": "EPSG:3035", "bigtiff": "yes", **huge}
    with rasterio.open(tmp_path / "a.tif", "w", transform=from_origin(0, 0, 10, 10), **profile):
        pass
    assert (tmp_path / "a.tif").stat().st_size < 20_000_000
    with pytest.raises(FileError, match=r"250,000,000,000; expected at most .*HAZARDMAP_MAX_CELLS=250000000000"):
        open_as(tmp_path / "a.tif")


def test_limits_can_be_raised_and_hold(tmp_path, monkeypatch):
    path = write_tiff(tmp_path / "a.tif")
    for name in ("CELLS", "BLOCK_CELLS", "FILE_BYTES"):
        with monkeypatch.context() as patch:
            patch.setenv(f"HAZARDMAP_MAX_{name}", "1")
            with pytest.raises(FileError, match=rf"HAZARDMAP_MAX_{name}="):
                open_as(path)
    points = gpd.GeoDataFrame({"id": ["a", "b"]}, geometry=gpd.points_from_xy([5, 6], [52, 52]), crs=4326)
    points.to_file(tmp_path / "a.gpkg")
    points.to_file(tmp_path / "a.geojson")
    (tmp_path / "a.csv").write_text("id,lon,lat\na,5,52\nb,6,52\n")
    monkeypatch.setenv("HAZARDMAP_MAX_FEATURES", "1")
    for name in ("a.gpkg", "a.geojson", "a.csv"):
        with pytest.raises(FileError, match=r"layer a: .*HAZARDMAP_MAX_FEATURES="):
            layer(tmp_path / name).open()


@pytest.mark.parametrize("name", ["a.tif", "a.gpkg", "a.csv", "a.nc", "a.geojson"])
def test_pipes_folders_and_empty_files(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(FileError, match=r"0 bytes"):
        open_as(tmp_path / name)
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    with pytest.raises(FileError, match=r"pipe"):
        open_as(tmp_path / name)
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    with pytest.raises(FileError, match=r"folder"):
        open_as(tmp_path / name)


def test_a_pipe_beside_a_shapefile(tmp_path):
    frame = gpd.GeoDataFrame({"id": ["a"]}, geometry=[shapely.Point(5, 52)], crs=4326)
    frame.to_file(tmp_path / "a.shp")
    (tmp_path / "a.dbf").unlink()
    os.mkfifo(tmp_path / "a.dbf")
    with pytest.raises(FileError, match=r"a\.dbf is no regular file"):
        open_as(tmp_path / "a.shp")


def test_truncated_and_corrupt_files(tmp_path):
    path = write_tiff(tmp_path / "a.tif", np.random.default_rng(1).random((300, 300)), compress="deflate")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileError, match=r"cannot be read as GTiff|cannot be read as GeoTIFF") as error:
        open_as(path).load()
    one_line(error)
    path.write_bytes(whole[:8])
    with pytest.raises(FileError, match=r"GeoTIFF"):
        open_as(path)
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes(2000) + whole[middle + 2000 :])
    with pytest.raises(FileError, match=r"GeoTIFF"):
        open_as(path).load()

    frame = gpd.GeoDataFrame(
        {"id": [str(n) for n in range(500)]}, geometry=gpd.points_from_xy(np.arange(500) / 100, [52] * 500), crs=4326
    )
    for name in ("a.gpkg", "a.fgb", "a.shp"):
        frame.to_file(tmp_path / name)
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: min(len(whole) // 2, 5000)])
        with pytest.raises(FileError, match=rf"{name} ") as error:
            open_as(tmp_path / name)
        one_line(error)
    for name, text in {"a.geojson": '{"type": "Feat', "b.geojson": "{" * 10, "c.geojson": '{"a":' * 200_000}.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(FileError, match=r"GeoJSON"):
            open_as(tmp_path / name)
    with h5py.File(tmp_path / "a.nc", "w") as file:
        file["depth"] = np.ones((300, 300))
    whole = (tmp_path / "a.nc").read_bytes()
    (tmp_path / "a.nc").write_bytes(whole[:3000])
    with pytest.raises(FileError, match=r"NetCDF"):
        open_as(tmp_path / "a.nc")
    (tmp_path / "b.nc").write_bytes(b"CDF\x01" + bytes(5))
    with pytest.raises(FileError, match=r"NetCDF"):
        open_as(tmp_path / "b.nc")


@pytest.mark.parametrize("path", ["ftp://example.org/a.tif", "/vsicurl/https://example.org/a.tif", "s3://a/b.tif"])
def test_an_address_is_no_file(path):
    with pytest.raises(FileError, match=r"is an address; expected a file"):
        open_as(path)


def test_paths_of_a_card(tmp_path):
    """A card of a user may point anywhere; a card of the pack stays in its folder, links included."""
    from hazardmap.catalog.card import card

    inside = tmp_path / "pack"
    inside.mkdir()
    write_tiff(tmp_path / "a.tif")
    (inside / "link.tif").symlink_to("../a.tif")
    assert layer({"path": "../a.tif", "units": "m"}, folder=inside).open().shape == (2, 2)
    for path in ("../a.tif", str(tmp_path / "a.tif"), "link.tif"):
        packed = card({"path": path, "units": "m"}, folder=inside, name="a", where=str, packed=True)
        with pytest.raises(FileError, match=r"leaves the pack"):
            packed.open()


def test_a_raster_without_a_place(tmp_path):
    path = write_tiff(tmp_path / "a.tif", transform=rasterio.Affine.scale(100, -100) * rasterio.Affine.rotation(10))
    with pytest.raises(GridError, match=r"rotated"):
        open_as(path)


def test_drivers_that_follow_files_stay_out_of_a_fresh_process():
    script = (
        "import hazardmap.catalog, pyogrio, rasterio, rasterio.drivers\n"
        "with rasterio.Env() as env: drivers = set(env.drivers()) | set(pyogrio.list_drivers())\n"
        "print(sorted(drivers & {'VRT', 'OGR_VRT', 'GDALG', 'WMS', 'WFS', 'HTTP', 'GTiff', 'GPKG'}))\n"
    )
    environment = {key: value for key, value in os.environ.items() if key != "GDAL_SKIP"}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment, timeout=60
    )
    assert done.stdout.strip() == "['GPKG', 'GTiff']"
    assert done.stderr == ""
