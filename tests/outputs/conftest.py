"""A small result that a person can check by hand: a valley on both sides of a border, with names that bite."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

import hazardmap as hm
from hazardmap.errors import MissingExtraError

FORMULA = '=HYPERLINK("http://example.org","click")'


def provenance(name, licence):
    return {
        "name": name,
        "title": {"en": name},
        "licence": licence,
        "attribution": f"makers of {name}",
        "source": "made up",
        "date": "2026",
        "sha256": name.encode().hex().ljust(64, "0")[:64],
        "status": "synthetic",
        "redistribute": True,
    }


def make_result(raster, *, formula=FORMULA):
    """Flood of 600 x 400 cells of 100 m, in two scenarios; the western half is BE, the eastern NL."""
    depth = np.zeros((2, 400, 600), dtype="float32")
    depth[0, 100:200, 200:400] = 0.75
    depth[1, 100:300, 200:400] = 2.5
    depth[:, :, 590:] = np.nan
    grid = raster(depth, left=3_900_000, top=3_100_000, cell=100)
    grid.attrs["layer"] = provenance("depth", "CC-BY-4.0")
    grid = grid.assign_coords(
        label=("scenario", ["T10", "l'<crue> T100"]),
        return_period=("scenario", [10.0, 100.0]),
    ).assign_coords({"class": ("scenario", ["high", "medium"])})
    land = gpd.GeoDataFrame(
        {"id": ["w", "e"], "country": ["BE", "NL"], "name": ["West", "Öst"], "nis": ["63001", None]},
        geometry=[
            shapely.box(3_900_000, 3_060_000, 3_930_000, 3_100_000),
            shapely.box(3_930_000, 3_060_000, 3_960_000, 3_100_000),
        ],
        crs=3035,
    )
    land.attrs["layer"] = provenance("land", "ODbL-1.0")
    places = gpd.GeoDataFrame(
        {"id": ["a", "b", "c", "d"], "name": [formula, "Liège", "@x", None], "value": [1.0, 20.0, 300.0, 4000.0]},
        geometry=[
            shapely.Point(3_921_000, 3_085_000),
            shapely.Point(3_939_000, 3_075_000),
            shapely.Point(3_959_500, 3_085_000),
            shapely.Point(3_901_000, 3_099_000),
        ],
        crs=3035,
    )
    places.attrs = {"units": "people", "layer": provenance("places", "CC-BY-4.0")}
    roads = gpd.GeoDataFrame(
        {"id": ["r"], "name": ["+road"]},
        geometry=[shapely.LineString([(3_901_000, 3_085_000), (3_958_000, 3_085_000)])],
        crs=3035,
    )
    flood = hm.flood(grid, levels=(0.5, 1, 2))
    return hm.overlay(flood, land, {"places": places, "roads": roads})


@pytest.fixture(scope="session")
def result(raster):
    """The small result; do not change it."""
    return make_result(raster)


@pytest.fixture(params=["geoparquet", "xlsx", "zarr"])
def extra(request, monkeypatch):
    """Name of an output, with the package that it needs taken away."""
    packages = {"geoparquet": "pyarrow", "xlsx": "xlsxwriter", "zarr": "zarr"}
    monkeypatch.setitem(__import__("sys").modules, packages[request.param], None)
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    return request.param, MissingExtraError
