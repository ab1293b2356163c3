"""Exposure as GeoJSON after RFC 7946: one file a layer, for web pages and for programs that read nothing else."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from hazardmap import tables
from hazardmap.columns import explain
from hazardmap.errors import OutputError
from hazardmap.exposure import Exposure
from hazardmap.files import limit
from hazardmap.provenance import provenance
from hazardmap.writing import paths_of, written

__all__ = ["SUFFIX", "geojson"]

SUFFIX = ".geojson"

DIGITS = 7
"""Decimals of a degree: about a centimetre, as RFC 7946 advises."""


def geojson(
    exposures: Sequence[Exposure],
    path: Path,
    *,
    layer: str | None = None,
    title: str | Mapping[str, str] | None = None,
    study: Mapping[str, Any] | None = None,
    made: str | None = None,
) -> None:
    """Write zones and every layer of assets.

    WGS 84 and no other CRS; outer rings run counter-clockwise; shapes that cross the antimeridian are cut at it;
    missing values are null. The run, its inputs and the units stand beside the features, in the member ``hazardmap``.
    Features are written piece by piece.

    Parameters
    ----------
    exposures : sequence of Exposure
    path : Path
        A folder (a path with the ending stands for that name without it), which gets ``zones.geojson`` and one file a
        layer; or the file itself, with ``layer``.
    layer : str, optional
        The one layer that is wanted, such as ``zones``.
    title, study, made : optional
        For the metadata; see :func:`hazardmap.provenance.provenance`.

    Raises
    ------
    OutputError
        When the file cannot be written, or grows beyond ``HAZARDMAP_MAX_TEXT_BYTES``: readers hold such files whole.
    """
    found = tables.layer_names(exposures)
    about = provenance(exposures, study=study, title=title, made=made)
    allowed = limit("TEXT_BYTES")
    for name, target in paths_of(path, list(found), layer, SUFFIX).items():
        exposure, of = found[name]
        size = 0
        with written(target) as beside, beside.open("w", encoding="utf-8", newline="\n") as file:
            for text in _texts(name, exposure, of, about):
                size += file.write(text)
                if size > allowed:
                    raise OutputError(
                        f"{target} would grow beyond {allowed:,} bytes; expected less, since readers hold it whole; "
                        "write .parquet, .fgb or .gpkg, or set HAZARDMAP_MAX_TEXT_BYTES"
                    )


def _texts(name: str, exposure: Exposure, layer: str, about: Mapping[str, Any]) -> Iterator[str]:
    """Yield the file piece by piece."""
    lead = ""
    for piece in tables.layer_pieces(exposure, layer):
        if not lead:
            units = {key: unit for key, (unit, _) in explain(piece.columns, exposure.footprint.units).items() if unit}
            yield f'{{"type":"FeatureCollection","name":{_json(name)},"hazardmap":{_json({**about, "units": units})},\n'
            yield '"features":[\n'
        for feature in _features(piece):
            yield lead + feature
            lead = ",\n"
        lead = lead or "\n"
    yield "\n]}\n"


def _features(piece: gpd.GeoDataFrame) -> Iterator[str]:
    plain = pd.DataFrame(piece.drop(columns="geometry")).astype(object)
    plain = plain.where(plain.notna(), None)
    ids = plain["zone" if "zone" in plain else "id"]
    shapes = shapely.to_geojson(conforming(piece.geometry.to_numpy()))
    for identity, row, shape in zip(ids, plain.to_dict("records"), shapes, strict=True):
        yield f'{{"type":"Feature","id":{_json(identity)},"properties":{_json(row)},"geometry":{shape or "null"}}}'


def conforming(shapes: NDArray[Any]) -> NDArray[Any]:
    """Return shapes (degrees) as RFC 7946 wants them: cut at the antimeridian, outer rings counter-clockwise.

    Examples
    --------
    >>> conforming(np.array([shapely.box(179, 0, 181, 1)]))[0].bounds
    (-180.0, 0.0, 180.0, 1.0)
    """
    shapes = np.asarray(shapes, dtype=object).copy()
    beyond = np.flatnonzero((shapely.bounds(shapes)[:, [0, 2]] ** 2 > 180.0**2).any(axis=1))
    for number in beyond:
        shapes[number] = _cut(shapes[number])
    rounded = shapely.transform(shapes, lambda xy: np.round(xy, DIGITS))
    return np.asarray(shapely.orient_polygons(rounded, exterior_cw=False), dtype=object)


def _cut(shape: shapely.Geometry) -> shapely.Geometry:
    """Bring what lies beyond 180 degrees east or west back to the other side."""
    parts: list[shapely.Geometry] = []
    dimension = int(shapely.get_dimensions(shape))
    for turn in (-360, 0, 360):
        inside = shapely.intersection(shape, shapely.box(turn - 180, -90, turn + 180, 90))
        moved = shapely.transform(inside, lambda xy, by=turn: xy - [by, 0])
        pieces = shapely.get_parts(moved)
        parts += [piece for piece in pieces if not piece.is_empty and shapely.get_dimensions(piece) == dimension]
    kind = {0: shapely.multipoints, 1: shapely.multilinestrings, 2: shapely.multipolygons}
    return parts[0] if len(parts) == 1 else kind[dimension](parts)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    """Turn numbers of numpy into those of Python, and the rest into text."""
    return value.item() if isinstance(value, np.generic) else str(value)
