"""The base map: vectors in the file, from the pack or from the user, thinned for drawing."""

import math
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from hazardmap.outputs.webmap.codec import Column, encode
from hazardmap.outputs.webmap.model import LANGUAGES, BaseMap

__all__ = ["encode_base", "pack_base"]

# Degrees: 0.001 is about 100 m, two pixels at zoom level 10.
_TOLERANCE = {"land": 0.002, "coast": 0.002, "lakes": 0.002, "rivers": 0.002, "lines": 0.006, "borders": 0.002}
# Decimals of the degrees: half a unit is 50 m, well below the tolerances.
_DIGITS = 3
# Most names that the map may carry, greatest places first.
_PLACES = 1000

_CARDS = {
    "land": "land",
    "lakes": "lakes",
    "rivers": "rivers",
    "lines": "province-lines",
    "borders": "borders",
    "places": "places",
}


def pack_base() -> BaseMap:
    """Return the base map from the cards of the pack."""
    from hazardmap.catalog import layer

    frames = {part: layer(card).open() for part, card in _CARDS.items()}
    sources = tuple(frame.attrs["layer"] for frame in frames.values() if "layer" in frame.attrs)
    return BaseMap(**frames, sources=sources)


def encode_base(base: BaseMap, payloads: dict[str, bytes]) -> dict[str, Any]:
    """Encode the parts that are there into ``payloads``; return their ids, their window, and country labels."""
    ids: dict[str, Any] = {}
    parts = {
        "land": base.land,
        "coast": None if base.land is None else _coast(base.land),
        "lakes": base.lakes,
        "lines": None if base.lines is None else _on_land(base.lines, base.land),
        "borders": None if base.borders is None else _border_lines(base.borders, base.land),
        "rivers": base.rivers,
    }
    for part, frame in parts.items():
        if frame is not None and len(frame):
            ids[part] = f"hm-base-{part}"
            payloads[ids[part]] = _drawn(frame, part)
    if base.places is not None and len(base.places):
        ids["places"] = "hm-base-places"
        payloads[ids["places"]] = _places(base.places)
    if base.land is not None and len(base.land):
        ids["window"] = [round(float(edge), 4) for edge in base.land.to_crs(4326).total_bounds]
    countries = _country_labels(base.borders)
    return ids | ({"countries": countries} if countries else {})


def _country_labels(borders: gpd.GeoDataFrame | None) -> list[list[Any]]:
    """Code, latitude, longitude and size in degrees of each country that the borders show as a polygon."""
    if borders is None or "country" not in borders.columns:
        return []
    frame = borders.to_crs(4326)
    frame = frame[frame.geom_type.isin(["Polygon", "MultiPolygon"])]
    middles = frame.geometry.representative_point()
    return [
        [str(code), round(middle.y, 3), round(middle.x, 3), round(math.sqrt(shape.area), 2)]
        for code, middle, shape in zip(frame["country"], middles, frame.geometry, strict=True)
    ]


def _drawn(frame: gpd.GeoDataFrame, part: str) -> bytes:
    drawn = frame.to_crs(4326)
    drawn = drawn.set_geometry(shapely.simplify(drawn.geometry.to_numpy(), _TOLERANCE[part]), crs=4326)
    drawn = drawn[~drawn.geometry.is_empty & drawn.geometry.notna()]
    columns = [Column("rank")] if "rank" in drawn.columns else []
    return encode(drawn, columns, digits=_DIGITS)


def _coast(land: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Outline of the land without the straight edges of the window that it was cut to."""
    shapes = land.to_crs(4326).geometry.to_numpy()
    west, south, east, north = shapely.total_bounds(shapes)
    window = shapely.box(west, south, east, north).boundary.buffer(1e-6)
    lines = shapely.difference(shapely.boundary(shapes), window)
    return gpd.GeoDataFrame(geometry=_lines_of(lines), crs=4326)


def _border_lines(borders: gpd.GeoDataFrame, land: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Lines of borders; of polygons only where two of them meet, so that no line runs through the sea."""
    shapes = borders.to_crs(4326).geometry.to_numpy()
    if (shapely.get_dimensions(shapes) == 1).all():
        return gpd.GeoDataFrame(geometry=_lines_of(shapes), crs=4326)
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = first < second
    near = shapely.buffer(shapely.simplify(shapes, 1e-4), 0.002)
    lines = shapely.intersection(shapely.boundary(shapes[first[pairs]]), near[second[pairs]])
    return _on_land(gpd.GeoDataFrame(geometry=_lines_of(lines), crs=4326), land)


def _on_land(lines: gpd.GeoDataFrame, land: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    if land is None:
        return lines
    shore = shapely.buffer(shapely.union_all(land.to_crs(4326).geometry.to_numpy()), 0.02)
    kept = shapely.intersection(lines.to_crs(4326).geometry.to_numpy(), shore)
    return gpd.GeoDataFrame(geometry=_lines_of(kept), crs=4326)


def _lines_of(shapes: Any) -> Any:
    """Return the lines among the parts of shapes."""
    parts = shapely.get_parts(shapely.get_parts(np.asarray(shapes, dtype=object)))
    lines = parts[(shapely.get_dimensions(parts) == 1) & ~shapely.is_empty(parts)]
    return shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines))) if len(lines) else lines


def _places(places: gpd.GeoDataFrame) -> bytes:
    frame = places.to_crs(4326)
    if "population" not in frame.columns and "value" in frame.columns:
        frame = frame.rename(columns={"value": "population"})
    if "population" in frame.columns:
        frame = frame.sort_values(["population", "name"], ascending=[False, True]).head(_PLACES)
    frame = frame.set_geometry(frame.geometry.representative_point())
    names = [f"name_{language}" for language in LANGUAGES if f"name_{language}" in frame.columns]
    for name in names:  # only where it differs, which is rare
        frame[name] = frame[name].where(frame[name] != frame["name"])
    if "population" in frame.columns:  # it says at which scale a name is shown
        frame["population"] = (frame["population"].fillna(0) // 1000).astype("int64") * 1000
    people = [Column("population")] if "population" in frame.columns else []
    return encode(frame, [Column("name"), *(Column(name) for name in names), *people], digits=_DIGITS)
