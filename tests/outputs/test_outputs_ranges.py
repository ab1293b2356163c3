"""What is written is read in part over HTTP by programs that know nothing of hazardmap: GDAL in pyogrio and rasterio."""

import http.server
import re
import subprocess
import sys
import threading

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import hazardmap as hm
from hazardmap.footprint import Footprint, scenario_table

SIDE, CELL, LEFT, TOP = 600, 100.0, 4_000_000.0, 3_100_000.0

FEATURES = """
import sys, pyogrio
pyogrio.set_gdal_config_options({"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR"})
found = pyogrio.read_dataframe("/vsicurl/" + sys.argv[1], bbox=tuple(map(float, sys.argv[2:6])))
print(sorted(found["asset"]))
"""
CELLS = """
import sys, rasterio
with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"):
    with rasterio.open("/vsicurl/" + sys.argv[1]) as file:
        print(file.read(1, window=((100, 101), (200, 201))).item())
"""


@pytest.fixture(scope="module")
def result():
    """Noise, so that files are large, and 20,000 houses on it."""
    import rioxarray  # noqa: F401
    import xarray as xr
    from affine import Affine

    noise = np.random.default_rng(4)
    depth = xr.DataArray(noise.uniform(1, 3, (1, SIDE, SIDE)).astype("float32"), dims=("scenario", "y", "x"))
    depth = depth.assign_coords(x=LEFT + CELL * (np.arange(SIDE) + 0.5), y=TOP - CELL * (np.arange(SIDE) + 0.5))
    depth = depth.rio.write_crs(3035).rio.write_transform(Affine(CELL, 0, LEFT, 0, -CELL, TOP))
    depth.attrs["units"] = "m"
    footprint = Footprint(
        hazard="flood",
        intensity=depth,
        units="m",
        levels=(0.5,),
        scenarios=scenario_table([{"return_period": 100}]),
        source=1,
        shares=pd.DataFrame({"source": [1], "origin": ["NL"], "share": [1.0]}),
    )
    land = shapely.box(LEFT, TOP - SIDE * CELL, LEFT + SIDE * CELL, TOP)
    territory = gpd.GeoDataFrame({"id": ["NL"], "country": ["NL"]}, geometry=[land], crs=3035)
    centre = noise.uniform((LEFT + 50, TOP - SIDE * CELL + 50), (LEFT + SIDE * CELL - 50, TOP - 50), (20_000, 2))
    houses = gpd.GeoDataFrame(
        {"id": [f"h{k}" for k in range(20_000)]}, geometry=shapely.buffer(shapely.points(centre), 20), crs=3035
    )
    return hm.overlay(footprint, territory, {"houses": houses}), houses, depth


@pytest.fixture
def server():
    """A plain web server with byte ranges; ``sent`` counts what it sends."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        files, sent = {}, []

        def do_HEAD(self):
            self.head()

        def do_GET(self):
            part = self.head()
            self.sent.append(len(part))
            self.wfile.write(part)

        def head(self):
            body = self.files.get(self.path, b"")
            asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
            start, stop = (int(asked[1]), int(asked[2] or len(body) - 1) + 1) if asked else (0, len(body))
            part = body[start:stop]
            self.send_response((206 if asked else 200) if body else 404)
            if asked:
                self.send_header("Content-Range", f"bytes {start}-{start + len(part) - 1}/{len(body)}")
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(len(part)))
            self.end_headers()
            return part

        def log_message(self, *_):
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}", Handler
    running.shutdown()
    running.server_close()


def ask(script, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_features_of_a_corner_are_read_without_the_rest(result, server, tmp_path):
    exposure, houses, _ = result
    url, handler = server
    hm.write(exposure, tmp_path / "layer.fgb", layer="houses")
    content = (tmp_path / "layer.fgb").read_bytes()
    handler.files["/layer.fgb"] = content
    lonlat = houses.to_crs(4326)
    west, south, _, _ = lonlat.total_bounds
    box = (west, south, west + 0.06, south + 0.06)
    touching = sorted(lonlat.loc[lonlat.intersects(shapely.box(*box)), "id"])
    assert 20 < len(touching) < 1000
    assert ask(FEATURES, f"{url}/layer.fgb", *box) == str(touching)
    assert sum(handler.sent) < 0.5 * len(content)


def test_a_cell_of_a_cog_is_read_without_the_rest(result, server, tmp_path):
    exposure, _, depth = result
    url, handler = server
    hm.write(exposure, tmp_path / "depth.tif")
    content = max((path.read_bytes() for path in tmp_path.rglob("*.tif")), key=len)
    handler.files["/depth.tif"] = content
    assert float(ask(CELLS, f"{url}/depth.tif")) == pytest.approx(float(depth[0, 100, 200]), rel=1e-6)
    assert sum(handler.sent) < 0.7 * len(content)
