"""Land, lakes and rivers to draw; elevation, flow directions and the drainage network to compute with."""

import tempfile
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pyogrio
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.transform import Affine

from scripts.pack.borders import BOX
from scripts.pack.sources import Source

NO_DIRECTION: Final = 247
NO_HEIGHT: Final = -9999.0
MINIMUM_AREA_KM2: Final = 250.0

LAKES: Final = {
    "IJsselmeer": ((5.3, 52.7), "IJsselmeer", "IJsselmeer", "IJsselmeer", "IJsselmeer"),
    "Lac Léman": ((6.5, 46.4), "Meer van Genève", "Lac Léman", "Genfersee", "Lake Geneva"),
    "Bodensee": ((9.3, 47.65), "Bodenmeer", "Lac de Constance", "Bodensee", "Lake Constance"),
}
"""Own name of a lake, a point in it, and its name in Dutch, French, German and English."""

RIVERS: Final = {
    "Adige": ("Adige", "Adige", "Etsch", "Adige"),
    "Donau": ("Donau", "Danube", "Donau", "Danube"),
    "Ems": ("Eems", "Ems", "Ems", "Ems"),
    "Maas": ("Maas", "Meuse", "Maas", "Meuse"),
    "Mosel": ("Moezel", "Moselle", "Mosel", "Moselle"),
    "Rhein": ("Rijn", "Rhin", "Rhein", "Rhine"),
    "Rhône": ("Rhône", "Rhône", "Rhone", "Rhône"),
    "Schelde": ("Schelde", "Escaut", "Schelde", "Scheldt"),
    "Weser": ("Wezer", "Weser", "Weser", "Weser"),
}
"""Name in Dutch, French, German and English by the name the source gives; other rivers have one name in all four."""

SPELLING: Final = {
    "Donau (Danube)": "Donau",
    "Meuse": "Maas",
    "Rhin (Rhein)": "Rhein",
    "Rhine": "Rhein",
    "Rhne": "Rhône",
    "Sane": "Saône",
    "Schelde (Steldt)": "Schelde",
}
"""The source's names put right (two have lost a letter), and one name for each river that has two."""

_NAME_COLUMNS: Final = ("name_nl", "name_fr", "name_de", "name_en")


def land(magics: Source) -> gpd.GeoDataFrame:
    """Land of Natural Earth 1:10 million, cut to the box and to about 100 m."""
    frame = _shapefile(magics, "magics/10m/ne_10m_land")
    shapes = shapely.get_parts(shapely.intersection(shapely.union_all(frame.geometry.values), shapely.box(*BOX)))
    shapes = shapely.simplify(shapes[shapely.area(shapes) > 1e-4], 0.001)
    shapes = np.array(sorted(shapes, key=lambda shape: -shape.area))
    return gpd.GeoDataFrame({"id": [f"land-{k:03d}" for k in range(len(shapes))]}, geometry=shapes, crs=4326)


def lakes(topology: Source) -> gpd.GeoDataFrame:
    """Lakes of Natural Earth 1:50 million in the box, with the names of the large ones."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "europe.json"
        path.write_bytes(topology.read("dist/europe_50m.json"))
        shapes = pyogrio.read_dataframe(path, layer="lakes").geometry.values
    shapes = shapely.make_valid(shapely.get_parts(shapes))
    shapes = shapes[shapely.intersects(shapes, shapely.box(*BOX))]
    rows: list[dict[str, Any]] = []
    for shape in sorted(shapes, key=lambda shape: -shape.area):
        known = [(own, *rest[1:]) for own, rest in LAKES.items() if shape.intersects(shapely.Point(rest[0]))]
        names = dict(zip(("name", *_NAME_COLUMNS), [*known, (None,) * 5][0], strict=True))
        rows.append({"id": f"lake-{len(rows):02d}", **names, "geometry": shape})
    return gpd.GeoDataFrame(rows, crs=4326)


def rivers(magics: Source) -> gpd.GeoDataFrame:
    """Rivers of Natural Earth 1:10 million in the box, one row per name in the source."""
    frame = _shapefile(magics, "magics/10m/ne_10m_rivers_lake_centerlines")
    frame["name"] = frame["name"].replace(SPELLING)
    frame["geometry"] = shapely.intersection(frame.geometry.values, shapely.box(*BOX))
    rows = []
    for name, part in frame[~frame.geometry.is_empty].groupby("name", sort=True):
        names = dict(zip(_NAME_COLUMNS, RIVERS.get(name, (name,) * 4), strict=True))
        line = shapely.line_merge(shapely.union_all(part.geometry.values))
        rows.append(
            {"id": f"river-{name}", "name": name, **names, "rank": int(part["scalerank"].min()), "geometry": line}
        )
    return gpd.GeoDataFrame(rows, crs=4326)


def flow_directions(pyflwdir: Source) -> tuple[NDArray[np.uint8], Affine, float]:
    """D8 flow directions (ESRI codes 1 to 128, 0 at the outlet); 247 is marked as nodata, which the source omits."""
    values, transform = _geotiff(pyflwdir, "examples/rhine_d8.tif")
    return values.astype(np.uint8), transform, NO_DIRECTION


def elevation(pyflwdir: Source) -> tuple[NDArray[np.float32], Affine, float]:
    """Height in metres, rounded to 0.1 m."""
    values, transform = _geotiff(pyflwdir, "examples/rhine_elv0.tif")
    return np.round(values, 1).astype(np.float32), transform, NO_HEIGHT


def drainage_network(magics: Source) -> gpd.GeoDataFrame:
    """EFAS drainage lines in the box, one from each 5 km cell with ``MINIMUM_AREA_KM2`` upstream to its next one."""
    frame = _shapefile(magics, "magics/efas/ExtendedDomain/lines", area=BOX)
    frame = frame[frame["upArea"] >= MINIMUM_AREA_KM2]
    ends = shapely.get_coordinates(frame.geometry.values).reshape(len(frame), -1)
    order = np.lexsort(np.round(ends[:, ::-1].T, 6))
    frame = frame.iloc[order].reset_index(drop=True)
    ids = [f"reach-{k:05d}" for k in range(len(frame))]
    return gpd.GeoDataFrame({"id": ids, "upstream_km2": frame["upArea"].round(1)}, geometry=frame.geometry, crs=4326)


def _shapefile(source: Source, stem: str, area: tuple[float, float, float, float] = BOX) -> gpd.GeoDataFrame:
    with tempfile.TemporaryDirectory() as folder:
        return pyogrio.read_dataframe(source.extract(stem, Path(folder)), bbox=area)


def _geotiff(source: Source, member: str) -> tuple[NDArray[Any], Affine]:
    """Values and affine transform of a one-band GeoTIFF; the cell size is put right to exactly 1/120 degree."""
    with rasterio.MemoryFile(source.read(member)) as memory, memory.open() as file:
        left, top = round(file.transform.c * 120) / 120, round(file.transform.f * 120) / 120
        return file.read(1), Affine(1 / 120, 0, left, 0, -1 / 120, top)
