"""Compact payload of features for the browser: whole numbers, differences, seven bits at a time, column by column.

Layout, before gzip: four bytes (little endian) that give the length of a JSON header, the header, then the sections
that the header names with their lengths. Coordinates are degrees times ``10**digits``, as differences along the whole
layer; a polygon's closing vertex is left out. Values that vary by scenario stand together feature by feature, since
neighbours fare alike. After base64 a point takes about 15 bytes and a small polygon 45.
``assets/js/codec.js`` reads it in the browser, :func:`decode` in Python.
"""

import gzip
import json
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from hazardmap.errors import OutputError

__all__ = ["Column", "decode", "encode", "pack", "varints"]

Ints = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]
Sections = dict[str, bytes]
Kind = Literal["point", "line", "polygon"]

_KINDS: dict[int, Kind] = {0: "point", 1: "line", 3: "polygon", 4: "point", 5: "line", 6: "polygon"}
_FEWEST_VERTICES = {"point": 1, "line": 2, "polygon": 3}
# Above this a whole number would lose digits in the browser, which counts in float64; it travels as text.
_GREATEST_INT = 2**52


class Column(NamedTuple):
    """A column to carry along: its name in the frame, and how many decimals of a number are kept (None: all).

    With ``scenarios`` it stands for the columns ``name@scenario`` of the frame.
    """

    name: str
    digits: int | None = None
    scenarios: tuple[str, ...] = ()


def encode(frame: gpd.GeoDataFrame, columns: Sequence[Column] = (), *, digits: int = 5, shapes: bool = True) -> bytes:
    """Encode features of one kind (points, lines or polygons; single or multi) with chosen columns.

    Parameters
    ----------
    frame : GeoDataFrame
        Geometries in degrees (EPSG:4326). Missing and empty ones stay, as features without a shape.
    columns : sequence of Column
        Whole numbers, numbers, booleans and texts; None and NaN stay missing.
    digits : int
        Decimals of the degrees that are kept; 5 is about a metre.
    shapes : bool
        Whether the geometries are carried; not where another payload has the same ones.

    Returns
    -------
    bytes
        Compressed with gzip; the same frame gives the same bytes.

    Raises
    ------
    OutputError
        When geometries of different kinds are mixed, or a number is infinite.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import Point
    >>> frame = gpd.GeoDataFrame({"name": ["Liège"]}, geometry=[Point(5.57, 50.63)], crs=4326)
    >>> decode(encode(frame, [Column("name")]))["name"].tolist()
    ['Liège']
    """
    kind, sections = _encode_shapes(np.asarray(frame.geometry.array, dtype=object), digits) if shapes else (None, {})
    described = []
    for number, column in enumerate(columns):
        description, parts = _encode_column(_values_of(frame, column), column)
        described.append(description)
        sections |= {f"{number}.{part}": content for part, content in parts.items()}
    header = {
        "kind": kind,
        "count": len(frame),
        "digits": digits,
        "columns": described,
        "sections": [[name, len(content)] for name, content in sections.items()],
    }
    head = json.dumps(header, separators=(",", ":")).encode()
    return pack(len(head).to_bytes(4, "little") + head + b"".join(sections.values()))


def pack(raw: bytes) -> bytes:
    """Compress with gzip, without a timestamp, so that the same bytes in give the same bytes out."""
    return gzip.compress(raw, 9, mtime=0)


def decode(payload: bytes) -> gpd.GeoDataFrame:
    """Return what :func:`encode` was given, with numbers and degrees rounded to their digits (EPSG:4326)."""
    raw = gzip.decompress(payload)
    start = 4 + int.from_bytes(raw[:4], "little")
    header = json.loads(raw[4:start])
    sections: Sections = {}
    for name, length in header["sections"]:
        sections[name] = raw[start : start + length]
        start += length
    columns: dict[str, pd.Series[Any]] = {}
    for number, description in enumerate(header["columns"]):
        parts = {name.partition(".")[2]: part for name, part in sections.items() if name.startswith(f"{number}.")}
        columns |= _decode_column(description, parts, header["count"])
    shapes = _decode_shapes(header, sections) if header["kind"] else np.full(header["count"], None)
    return gpd.GeoDataFrame(columns, index=range(header["count"]), geometry=shapes, crs="EPSG:4326")


# ---------------------------------------------------------------------------------------------------------- numbers


def varints(values: npt.ArrayLike) -> bytes:
    """Whole numbers from 0, seven bits a byte, the lowest first; the high bit says that more follow."""
    rest = np.asarray(values, dtype=np.uint64)
    length = np.ones(len(rest), dtype=np.int64)
    for k in range(1, 10):
        length += rest >= np.uint64(1 << (7 * k))
    start = np.cumsum(length) - length
    out = np.zeros(int(length.sum()), dtype=np.uint8)
    for k in range(int(length.max(initial=0))):
        longer = length > k
        seven = (rest[longer] >> np.uint64(7 * k)).astype(np.uint8) & 127
        out[start[longer] + k] = seven | np.where(length[longer] > k + 1, 128, 0).astype(np.uint8)
    return out.tobytes()


def _read_varints(content: bytes) -> Ints:
    raw = np.frombuffer(content, dtype=np.uint8)
    last = raw < 128
    number: Ints = np.cumsum(last) - last
    first = np.flatnonzero(np.concatenate([[True], last[:-1]])) if len(raw) else np.zeros(0, dtype=np.int64)
    place = np.arange(len(raw)) - first[number] if len(raw) else first
    values = np.zeros(int(last.sum()), dtype=np.int64)
    np.add.at(values, number, (raw & 127).astype(np.int64) << (7 * place))
    return values


def _signed(values: Ints) -> bytes:
    """Whole numbers of either sign: 0, -1, 1, -2, ... become 0, 1, 2, 3, ..."""
    return varints((values << 1) ^ (values >> 63))


def _read_signed(content: bytes) -> Ints:
    values = _read_varints(content)
    return (values >> 1) ^ -(values & 1)


def _steps(values: Ints) -> bytes:
    return _signed(np.diff(values, prepend=0))


# ----------------------------------------------------------------------------------------------------------- shapes


def _encode_shapes(shapes: Shapes, digits: int) -> tuple[Kind, Sections]:
    shapes = shapes.copy()
    shapes[shapely.is_empty(shapes)] = None
    kind = _kind_of(shapes)
    if kind == "polygon":
        shapes = shapely.orient_polygons(shapes)  # holes run against their shell: the page fills by that
    parts, part_of = shapely.get_parts(shapes, return_index=True)
    rings, ring_of = parts, np.arange(len(parts))
    if kind == "polygon":
        rings, ring_of = shapely.get_rings(parts, return_index=True)
    degrees, vertex_of = shapely.get_coordinates(rings, return_index=True)
    whole = np.rint(degrees * 10**digits).astype(np.int64)
    keep = _kept(whole, vertex_of, closed=kind == "polygon")
    whole, vertex_of = whole[keep], vertex_of[keep]
    sections = {"parts": varints(np.bincount(part_of, minlength=len(shapes)))}
    if kind == "polygon":
        sections["rings"] = varints(np.bincount(ring_of, minlength=len(parts)))
    if kind != "point":
        sections["vertices"] = varints(np.bincount(vertex_of, minlength=len(rings)))
    return kind, sections | {"x": _steps(whole[:, 0]), "y": _steps(whole[:, 1])}


def _kind_of(shapes: Shapes) -> Kind:
    ids = set(shapely.get_type_id(shapes).tolist()) - {-1}
    kinds = {_KINDS.get(number) for number in ids}
    if len(kinds) > 1 or None in kinds:
        names = sorted({shape.geom_type for shape in shapes if shape is not None})
        raise OutputError(
            f"a layer of the map holds {', '.join(names)}; expected points, lines or polygons alone; split it by kind"
        )
    return kinds.pop() or "point" if kinds else "point"


def _kept(whole: Ints, vertex_of: Ints, *, closed: bool) -> npt.NDArray[np.bool_]:
    """Vertices that say something: not the same as the one before, not the closing one; of each ring at least one."""
    first = np.diff(vertex_of, prepend=-1) != 0
    last = np.diff(vertex_of, append=-1) != 0
    same = np.zeros(len(whole), dtype=bool)
    same[1:] = (np.diff(whole, axis=0) == 0).all(axis=1)
    closing = last & ~first if closed else np.zeros(len(whole), dtype=bool)
    kept: npt.NDArray[np.bool_] = first | ~(same | closing)
    return kept


def _decode_shapes(header: dict[str, Any], sections: Sections) -> Shapes:
    kind, count = header["kind"], header["count"]
    whole = np.column_stack([np.cumsum(_read_signed(sections[axis])) for axis in "xy"])
    degrees = whole / 10 ** header["digits"]
    part_of = np.repeat(np.arange(count), _read_varints(sections["parts"]))
    vertices = _read_varints(sections["vertices"]) if kind != "point" else np.ones(len(degrees), dtype=np.int64)
    degrees, vertex_of = _padded(degrees, vertices, _FEWEST_VERTICES[kind])
    if kind == "point":
        parts = shapely.points(degrees)
    elif kind == "line":
        parts = shapely.linestrings(degrees, indices=vertex_of)
    else:
        rings = shapely.linearrings(degrees, indices=vertex_of)
        owner = np.repeat(np.arange(len(part_of)), _read_varints(sections["rings"]))
        parts = shapely.polygons(rings, indices=owner)
    return _gathered(parts, part_of, kind, count)


def _padded(degrees: npt.NDArray[np.float64], vertices: Ints, fewest: int) -> tuple[npt.NDArray[np.float64], Ints]:
    """Repeat the last vertex of rings and lines that shrank to less than a shape."""
    repeats = np.ones(len(degrees), dtype=np.int64)
    repeats[np.cumsum(vertices) - 1] += np.maximum(fewest - vertices, 0)
    return np.repeat(degrees, repeats, axis=0), np.repeat(np.arange(len(vertices)), np.maximum(vertices, fewest))


def _gathered(parts: Shapes, part_of: Ints, kind: Kind, count: int) -> Shapes:
    collect = {"point": shapely.multipoints, "line": shapely.multilinestrings, "polygon": shapely.multipolygons}[kind]
    out = np.full(count, None, dtype=object)
    number = np.bincount(part_of, minlength=count)
    single = number[part_of] == 1
    out[part_of[single]] = parts[single]
    if not single.all():
        several = np.unique(part_of[~single])
        out[several] = collect(parts[~single], indices=np.searchsorted(several, part_of[~single]))
    return out


# ---------------------------------------------------------------------------------------------------------- columns


def _values_of(frame: gpd.GeoDataFrame, column: Column) -> "pd.Series[Any]":
    """Return the values of a column, one by one; of several scenarios feature by feature."""
    if not column.scenarios:
        values: pd.Series[Any] = frame[column.name]
        return values
    parts = [frame[f"{column.name}@{scenario}"] for scenario in column.scenarios]
    apart: pd.Series[Any] = pd.concat(parts, ignore_index=True)
    return apart.take(np.arange(len(apart)).reshape(len(parts), -1).T.ravel())


def _encode_column(values: "pd.Series[Any]", column: Column) -> tuple[dict[str, Any], Sections]:
    missing = values.isna().to_numpy()
    sections = {"missing": varints(np.diff(np.flatnonzero(missing), prepend=0))} if missing.any() else {}
    known = values[~missing]
    described: dict[str, Any] = {"name": column.name, "scenarios": list(column.scenarios)}
    if pd.api.types.is_bool_dtype(known.infer_objects()):
        return described | {"type": "bool"}, sections | {"values": varints(known.astype(int))}
    if pd.api.types.is_numeric_dtype(known.infer_objects()):
        numbers = known.infer_objects().to_numpy()
        encoded = _encode_numbers(numbers, column)
        if encoded is not None:
            return described | encoded[0], sections | {"values": encoded[1]}
    return _encode_texts(described, sections, [str(value) for value in known])


def _encode_numbers(numbers: npt.NDArray[Any], column: Column) -> tuple[dict[str, Any], bytes] | None:
    if numbers.dtype.kind in "iu":
        if np.abs(numbers.astype(float)).max(initial=0) >= _GREATEST_INT:
            return None
        return {"type": "int"}, _steps(numbers.astype(np.int64))
    if np.isinf(numbers).any():
        raise OutputError(f"column {column.name!r} holds an infinite number; expected finite ones; mark it as missing")
    scaled = numbers * 10.0 ** (column.digits or 0)
    if column.digits is None or np.abs(scaled).max(initial=0) >= _GREATEST_INT:
        return {"type": "float"}, numbers.astype("<f8").tobytes()
    return {"type": "fixed", "digits": column.digits}, _signed(np.rint(scaled).astype(np.int64))


def _encode_texts(described: dict[str, Any], sections: Sections, texts: list[str]) -> tuple[dict[str, Any], Sections]:
    distinct = sorted(set(texts))
    if len(distinct) <= len(texts) / 2:
        codes = {text: code for code, text in enumerate(distinct)}
        described |= {"type": "category", "categories": distinct}
        return described, sections | {"values": varints([codes[text] for text in texts])}
    encoded = [text.encode("utf-8", errors="replace") for text in texts]
    lengths = varints([len(text) for text in encoded])
    return described | {"type": "text"}, sections | {"lengths": lengths, "values": b"".join(encoded)}


def _decode_column(described: dict[str, Any], sections: Sections, count: int) -> "dict[str, pd.Series[Any]]":
    names = [f"{described['name']}@{scenario}" for scenario in described["scenarios"]] or [described["name"]]
    missing = np.zeros(count * len(names), dtype=bool)
    if "missing" in sections:
        missing[np.cumsum(_read_varints(sections["missing"]))] = True
    values = _decode_values(described, sections)
    if missing.any():
        known = values
        values = np.full(len(missing), np.nan if described["type"] in ("fixed", "float", "int") else None, dtype=object)
        values[~missing] = known
    apart = np.asarray(values).reshape(count, len(names)).T
    return {name: pd.Series(own).infer_objects() for name, own in zip(names, apart, strict=True)}


def _decode_values(described: dict[str, Any], sections: Sections) -> Any:
    kind, content = described["type"], sections["values"]
    if kind == "float":
        return np.frombuffer(content, dtype="<f8")
    if kind == "fixed":
        return _read_signed(content) / 10 ** described["digits"]
    if kind == "int":
        return np.cumsum(_read_signed(content))
    if kind == "bool":
        return _read_varints(content).astype(bool)
    if kind == "category":
        return np.asarray(described["categories"], dtype=object)[_read_varints(content)]
    ends = np.cumsum(_read_varints(sections["lengths"]))
    starts = np.concatenate([[0], ends[:-1]])
    texts = [content[start:end].decode() for start, end in zip(starts, ends, strict=True)]
    return np.asarray(texts, dtype=object)
