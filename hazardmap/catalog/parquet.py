"""Features from GeoParquet, on disk or in place over HTTP; of a large file only the row groups of the area."""

from __future__ import annotations

import json
import re
import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from pyproj.exceptions import CRSError

from hazardmap.catalog.place import DEGREES, agreed_crs, moved
from hazardmap.catalog.remote import Remote
from hazardmap.checks import require_area
from hazardmap.errors import FileError, LayerError, MissingExtraError
from hazardmap.files import require_below

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hazardmap.catalog.card import Area, Layer

__all__ = ["read_parquet"]

NESTED = 1_000
"""Collections inside one shape; deeper nesting would exhaust the stack of the library that reads it."""

_BYTES_OF_A_COLLECTION = 9
_COLLECTION = re.compile(
    rb"\x01(?:[\x04-\x07]\x00|[\xec-\xef]\x03|[\xd4-\xd7]\x07|[\xbc-\xbf]\x0b)\x00[\x00\x20\x40\x60\x80\xa0\xc0\xe0]"
    rb"|\x00[\x00\x20\x40\x60\x80\xa0\xc0\xe0]\x00(?:\x00[\x04-\x07]|\x03[\xec-\xef]|\x07[\xd4-\xd7]|\x0b[\xbc-\xbf])",
    re.DOTALL,
)


def read_parquet(layer: Layer, file: Path | Remote, area: Area | None, notes: list[str]) -> gpd.GeoDataFrame:
    """Read the features of a GeoParquet file.

    Where the file has a covering (GeoParquet 1.1), only row groups that touch the area are read.

    Parameters
    ----------
    layer : Layer
    file : Path or Remote
    area : tuple of float, optional
        West, south, east, north in degrees.
    notes : list of str
        What is doubtful is added.

    Raises
    ------
    FileError
        When it cannot be read, is no GeoParquet, or is too large.
    MissingExtraError
        Without the extra ``parquet``.
    """
    try:
        import pyarrow as pa
        from pyarrow.parquet import ParquetFile
    except ModuleNotFoundError:
        raise MissingExtraError("reading GeoParquet needs the package pyarrow; install hazardmap[parquet]") from None
    troubles: list[FileError] = []
    source = file.open(troubles) if isinstance(file, Remote) else file
    try:
        with warnings.catch_warnings(), ParquetFile(source) as packed:
            warnings.simplefilter("ignore")
            column, about = _geometry(packed.schema_arrow.metadata, str(file))
            crs = _crs(about, str(file))
            groups = _groups(packed, about, area, agreed_crs(layer, crs))
            _require_header(layer, packed, groups)
            table = packed.read_row_groups(groups, columns=_wanted(packed, about)).to_pandas()
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        if troubles:
            raise troubles[0] from None
        reason = " ".join(str(error).split())[:200]
        raise FileError(
            f"{file} cannot be read as GeoParquet ({reason}); expected a whole file; write it again"
        ) from None
    if len(groups) < packed.num_row_groups:
        notes.append(f"{layer.name}: only the row groups that touch the area were read and checked")
    shapes = _shapes(table[column], str(file))
    return gpd.GeoDataFrame(table.drop(columns=column), geometry=shapes, crs=crs)


def _geometry(metadata: dict[bytes, bytes] | None, name: str) -> tuple[str, dict[str, Any]]:
    """Return the column with the shapes, and what the file says about it."""
    try:
        geo = json.loads((metadata or {})[b"geo"])
        column = str(geo["primary_column"])
        about = dict(geo["columns"][column])
    except (KeyError, TypeError, ValueError):
        raise FileError(f"{name} says nothing about its shapes; expected GeoParquet (key 'geo'); convert it") from None
    if about.get("encoding") != "WKB":
        raise FileError(f"{name} encodes shapes as {about.get('encoding')!r}; expected WKB; write it again")
    return column, about


def _crs(about: dict[str, Any], name: str) -> pyproj.CRS | None:
    """Return the CRS: longitude and latitude where none is named, none where it is null."""
    if "crs" not in about:
        return pyproj.CRS("OGC:CRS84")
    if about["crs"] is None:
        return None
    try:
        return pyproj.CRS.from_json_dict(about["crs"])
    except (CRSError, TypeError, ValueError, AttributeError):
        raise FileError(f"{name} states a CRS that cannot be read; expected PROJJSON; write it again") from None


def _groups(packed: Any, about: dict[str, Any], area: Area | None, crs: Any) -> list[int]:
    """Return the row groups that can touch the area; all of them where the file does not say where they lie."""
    every = list(range(packed.num_row_groups))
    covering = (about.get("covering") or {}).get("bbox")
    if area is None or not covering:
        return every
    left, bottom, right, top = moved(shapely.box(*require_area(area)), DEGREES, crs).bounds
    paths = {corner: ".".join(covering[corner]) for corner in ("xmin", "ymin", "xmax", "ymax")}
    place = {packed.metadata.schema.column(k).path: k for k in range(packed.metadata.num_columns)}
    touching = []
    for number in every:
        group = packed.metadata.row_group(number)
        found = {corner: group.column(place[path]).statistics for corner, path in paths.items()}
        if any(each is None or not each.has_min_max for each in found.values()) or (
            found["xmin"].min <= right
            and found["xmax"].max >= left
            and found["ymin"].min <= top
            and found["ymax"].max >= bottom
        ):
            touching.append(number)
    return touching


def _require_header(layer: Layer, packed: Any, groups: Iterable[int]) -> None:
    chosen = [packed.metadata.row_group(number) for number in groups]
    require_below(sum(group.num_rows for group in chosen), "FEATURES", what=f"features of layer {layer.name}")
    require_below(sum(group.total_byte_size for group in chosen), "TEXT_BYTES", what=f"bytes of layer {layer.name}")
    require_below(packed.metadata.num_columns, "COLUMNS", what=f"columns of layer {layer.name}")


def _wanted(packed: Any, about: dict[str, Any]) -> list[str]:
    """Return the columns to read: not the covering, nor what no table can hold."""
    covering = (about.get("covering") or {}).get("bbox") or {}
    boxes = {path[0] for path in covering.values()}
    return [name for name in packed.schema_arrow.names if name not in boxes]


def _shapes(values: pd.Series, name: str) -> Any:
    """Turn WKB into shapes."""
    raw = values.to_numpy(dtype=object)
    long = (each for each in raw if isinstance(each, bytes) and len(each) > NESTED * _BYTES_OF_A_COLLECTION)
    if any(len(_COLLECTION.findall(each)) > NESTED for each in long):
        raise FileError(f"{name} nests more than {NESTED:,} collections in one shape; expected few; do not use it")
    try:
        return np.asarray(shapely.from_wkb(raw))
    except (shapely.errors.ShapelyError, TypeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise LayerError(f"{name} holds a shape that cannot be read ({reason}); expected WKB; write it again") from None
