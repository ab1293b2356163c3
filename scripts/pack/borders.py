"""Countries and provinces as one coverage: no gap, no overlap, every shared edge the same on both sides.

Countries are OpenStreetMap's. Provinces are Natural Earth's, cut at the country; land and sea between the two goes to
the nearest province. All lines are put into one net, snapped to a grid of 1e-6 degrees (0.1 m), and the faces of that
net are sorted out to provinces: a partition by construction.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from scripts.pack.sources import Source
from scripts.pack.timezones import countries

BOX: Final = (1.0, 45.5, 13.5, 54.5)
"""Longitude and latitude of a box that holds the whole basin of the Rhine and the Meuse."""

FINE_M: Final = 15.0
COARSE_M: Final = 60.0
GRID: Final = 1e-6
SPACING: Final = 0.004

DIVIDED: Final = ("BE", "DE", "FR", "NL")
"""Countries whose provinces are kept; the others are one territory each."""

NAMES: Final = {
    "AT": ("Österreich", "Oostenrijk", "Autriche", "Österreich", "Austria"),
    "BE": ("België / Belgique / Belgien", "België", "Belgique", "Belgien", "Belgium"),
    "CH": ("Schweiz / Suisse / Svizzera", "Zwitserland", "Suisse", "Schweiz", "Switzerland"),
    "DE": ("Deutschland", "Duitsland", "Allemagne", "Deutschland", "Germany"),
    "FR": ("France", "Frankrijk", "France", "Frankreich", "France"),
    "IT": ("Italia", "Italië", "Italie", "Italien", "Italy"),
    "LI": ("Liechtenstein", "Liechtenstein", "Liechtenstein", "Liechtenstein", "Liechtenstein"),
    "LU": ("Lëtzebuerg", "Luxemburg", "Luxembourg", "Luxemburg", "Luxembourg"),
    "NL": ("Nederland", "Nederland", "Pays-Bas", "Niederlande", "Netherlands"),
}
"""Name in the country, then in Dutch, French, German and English."""

PLAIN_NAMES: Final = {
    ("BE-VAN", "name_nl"): "Antwerpen",
    ("BE-VAN", "name_fr"): "Anvers",
    ("DE-HB", "name_de"): "Bremen",
    ("DE-HB", "name_en"): "Bremen",
    ("FR-57", "name_de"): "Moselle",
}
"""Names that the source gives in a form nobody uses."""

COLUMNS: Final = ["id", "name", "name_nl", "name_fr", "name_de", "name_en", "country"]

_TO_METRES: Final = Transformer.from_crs(4326, 3035, always_xy=True)
_TO_DEGREES: Final = Transformer.from_crs(3035, 4326, always_xy=True)


def territories(zones: Source, places: Source) -> gpd.GeoDataFrame:
    """Provinces of the countries of ``DIVIDED``, and the other countries whole, within ``BOX``."""
    country = {code: shapely.intersection(shape, shapely.box(*BOX)) for code, shape in countries(zones).items()}
    country = _without_overlaps(country)
    province = _provinces(places)
    lines = [_simplified(country)]
    nearest = {}
    for code in DIVIDED:
        nearest[code] = _grown(province[province["country"] == code])
        reach = country[code].simplify(0.001).buffer(0.01, quad_segs=2)
        lines.extend(shapely.intersection(shapely.boundary(shape), reach) for shape in nearest[code].values())
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all(lines, grid_size=GRID)]))
    codes = _sort(faces, country)
    ids = codes.copy()
    for code, shapes in nearest.items():
        here = codes == code
        ids[here] = _sort(faces[here], shapes)
    kept = ids != ""
    sorted_out = gpd.GeoDataFrame({"id": ids[kept]}, geometry=faces[kept], crs=4326)
    merged = sorted_out.dissolve("id", method="coverage").reset_index()
    names = pd.concat([province[COLUMNS], _country_names()]).set_index("id")
    return gpd.GeoDataFrame(merged.join(names, on="id"))[[*COLUMNS, "geometry"]].sort_values("id", ignore_index=True)


def borders(provinces: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Countries as the union of their territories: the same vertices, so that the partition is exact."""
    merged = provinces[["country", "geometry"]].dissolve("country", method="coverage").reset_index()
    return gpd.GeoDataFrame(merged.merge(_country_names(), on="country"))[[*COLUMNS, "geometry"]]


def province_lines(provinces: gpd.GeoDataFrame, countries_frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Inner province lines of each country, for drawing: province edges that are no country edge, to about 100 m."""
    rows = []
    for row in countries_frame.itertuples():
        edges = shapely.union_all(shapely.boundary(provinces.geometry[provinces["country"] == row.country].values))
        lines = shapely.difference(edges, shapely.boundary(row.geometry))
        if not lines.is_empty:
            rows.append(
                {"id": row.country, "country": row.country, "geometry": shapely.line_merge(lines).simplify(0.001)}
            )
    return gpd.GeoDataFrame(rows, crs=4326)


def _without_overlaps(shapes: dict[str, BaseGeometry]) -> dict[str, BaseGeometry]:
    """Split what two countries both claim (Ems estuary, shared rivers, Mont Blanc) midway between them."""
    result = dict(shapes)
    codes = sorted(shapes)
    for index, first in enumerate(codes):
        for second in codes[index + 1 :]:
            parts = shapely.get_parts(shapely.intersection(shapes[first], shapes[second]))
            common = shapely.union_all(parts[shapely.area(parts) > 0])
            if common.is_empty:
                continue
            alone = [shapely.difference(shapes[code], common) for code in (first, second)]
            near = [shapely.intersection(shape, common.buffer(0.05)) for shape in alone]
            half = shapely.intersection(common, _nearest_cells(near, spacing=0.0005)[0])
            result[first] = shapely.union(shapely.difference(result[first], common), half)
            result[second] = shapely.difference(result[second], half)
    return result


def _simplified(country: dict[str, BaseGeometry]) -> BaseGeometry:
    """Net of all borders in degrees: land borders to ``FINE_M``, sea limits and the far south to ``COARSE_M``."""
    shapes = list(country.values())
    net = shapely.line_merge(shapely.union_all(shapely.boundary(shapes), grid_size=GRID))
    arcs = shapely.get_parts(net)
    middle = shapely.line_interpolate_point(arcs, 0.5, normalized=True)
    touching = sum(shapely.dwithin(shape, middle, 2 * GRID).astype(int) for shape in shapes)
    fine = (touching > 1) & (shapely.bounds(arcs)[:, 3] > 47.4)
    metres = _projected(arcs, _TO_METRES)
    simple = [
        shapely.simplify(shapely.multilinestrings(metres[chosen]), tolerance)
        for chosen, tolerance in ((fine, FINE_M), (~fine, COARSE_M))
    ]
    return _projected(shapely.union_all(simple), _TO_DEGREES)


def _projected(shapes: Any, transformer: Transformer) -> Any:
    """Shape or shapes in another CRS."""
    return shapely.transform(shapes, lambda xy: np.column_stack(transformer.transform(xy[:, 0], xy[:, 1])))


def _provinces(places: Source) -> gpd.GeoDataFrame:
    """Natural Earth's admin-1 units of the countries of ``DIVIDED`` that reach into ``BOX``."""
    rows = []
    for feature in json.loads(places.read("data/states/admin1.json"))["features"]:
        facts = feature["properties"]
        shape = shapely.make_valid(shapely.geometry.shape(feature["geometry"]))
        if facts["iso_a2"] in DIVIDED and shape.intersects(shapely.box(*BOX)):
            rows.append({"id": facts["iso_3166_2"], **_names(facts), "country": facts["iso_a2"], "geometry": shape})
    return gpd.GeoDataFrame(rows, crs=4326)[[*COLUMNS, "geometry"]]


def _names(facts: dict[str, str]) -> dict[str, str]:
    """Names in four languages, and the one used in the province itself; the source's slips are put right."""
    code = facts["iso_3166_2"]
    names = {f"name_{language}": facts[f"name_{language}"] for language in ("nl", "fr", "de", "en")}
    names["name_de"] = names["name_de"].removeprefix("Département ").replace("\u2019", "'")
    names = {column: PLAIN_NAMES.get((code, column), name) for column, name in names.items()}
    own = "name_nl" if code.startswith(("NL", "BE-V")) else "name_de" if code.startswith("DE") else "name_fr"
    return {"name": "Brussel / Bruxelles" if code == "BE-BRU" else names[own], **names}


def _country_names() -> pd.DataFrame:
    return pd.DataFrame([(code, *names, code) for code, names in NAMES.items()], columns=COLUMNS)


def _grown(province: gpd.GeoDataFrame) -> dict[str, BaseGeometry]:
    """Provinces of one country with all that lies around them, each point outside given to the nearest province."""
    shapes = list(province.geometry)
    cells = _nearest_cells(shapes, SPACING)
    known = shapely.union_all(shapes, grid_size=GRID)
    around = [shapely.difference(cell, known, grid_size=GRID) for cell in cells]
    grown = [shapely.union(shape, rest, grid_size=GRID) for shape, rest in zip(shapes, around, strict=True)]
    return dict(zip(province["id"], grown, strict=True))


def _nearest_cells(shapes: Sequence[BaseGeometry], spacing: float) -> list[BaseGeometry]:
    """For each shape the part of the plane (the box and a margin) nearer to its outline than to another's.

    Outlines are sampled every ``spacing`` degrees.
    """
    outlines = [shapely.get_coordinates(shapely.segmentize(shape, spacing)) for shape in shapes]
    points = [np.unique(np.round(outline, 7), axis=0) for outline in outlines]
    owner = np.repeat(np.arange(len(shapes)), [len(xy) for xy in points])
    xy, first, count = np.unique(np.concatenate(points), axis=0, return_index=True, return_counts=True)
    # A point on two outlines is as near to both: left out, the dividing line starts there.
    xy, owner = xy[count == 1], owner[first[count == 1]]
    frame = shapely.box(BOX[0] - 1, BOX[1] - 1, BOX[2] + 1, BOX[3] + 1)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(xy), extend_to=frame, ordered=True))
    return [shapely.coverage_union_all(cells[owner == k]) for k in range(len(shapes))]


def _sort(faces: NDArray[np.object_], shapes: dict[str, BaseGeometry]) -> NDArray[np.object_]:
    """Key of the shape that each face lies in, the empty string where there is none."""
    codes = np.array(list(shapes), dtype=object)
    face, shape = shapely.STRtree(list(shapes.values())).query(shapely.point_on_surface(faces), predicate="within")
    found = np.full(len(faces), "", dtype=object)
    found[face] = codes[shape]
    return found
