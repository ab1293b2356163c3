"""The door for text: GeoJSON and CSV, read without GDAL, whose readers for them follow addresses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hazardmap.errors import CoordinatesError, FileError, LayerError, MissingCRSError
from hazardmap.files import limit, require_below, require_file

if TYPE_CHECKING:
    from hazardmap.catalog.card import Layer

__all__ = ["read_csv", "read_geojson"]

_COORDINATES = (
    ("lon", "lat"),
    ("longitude", "latitude"),
    ("lng", "lat"),
    ("long", "lat"),
    ("x", "y"),
    ("easting", "northing"),
)
_DEGREES = {"lon", "longitude", "lng", "long"}
_MISSING = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "-")
"""What a column of numbers may hold instead of a number; in a column of text, ``NA`` is Namibia."""


def read_geojson(layer: Layer, file: Path) -> gpd.GeoDataFrame:
    """Read a GeoJSON file: a feature collection, or one feature.

    Raises
    ------
    FileError
        When it is no GeoJSON, or names its CRS by a link.
    CoordinatesError
        When a coordinate is not finite.
    """
    try:
        return _geojson(layer, file)
    except RecursionError:
        raise FileError(f"{file} is nested too deeply; expected GeoJSON; write it again") from None


def _geojson(layer: Layer, file: Path) -> gpd.GeoDataFrame:
    features, crs = _features(layer, file)
    require_below(len(features), "FEATURES", what=f"features of layer {layer.name}")
    texts = []
    for number, feature in enumerate(features, start=1):
        if not isinstance(feature, dict) or not isinstance(feature.get("properties") or {}, dict):
            raise FileError(f"{file}: feature {number} is no GeoJSON feature; expected one; write the file again")
        try:
            texts.append(json.dumps(feature.get("geometry"), allow_nan=False))
        except ValueError:
            raise CoordinatesError(
                f"layer {layer.name}: feature {number} has a coordinate that is not finite (NaN or infinite); "
                "expected numbers; correct it"
            ) from None
    try:
        geometry = shapely.from_geojson([None if text == "null" else text for text in texts])
    except shapely.GEOSException as error:
        reason = " ".join(str(error).split())[:120]
        raise FileError(
            f"{file} holds a geometry that is none ({reason}); expected GeoJSON; write the file again"
        ) from None
    rows = [{"fid": feature.get("id"), **(feature.get("properties") or {})} for feature in features]
    table = pd.DataFrame.from_records(rows).map(_plain)
    if "id" in table.columns or table["fid"].isna().any():
        table = table.drop(columns="fid")
    else:
        table = table.rename(columns={"fid": "id"})
    return gpd.GeoDataFrame(table.drop(columns="geometry", errors="ignore"), geometry=geometry, crs=crs)


def _features(layer: Layer, file: Path) -> tuple[list[Any], str]:
    require_file(file, limit_name="TEXT_BYTES")
    try:
        data = json.loads(file.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise FileError(f"{file} is no JSON ({error}); expected GeoJSON; write it again") from None
    kind = data.get("type")
    features = [data] if kind == "Feature" else data.get("features")
    if kind not in ("Feature", "FeatureCollection") or not isinstance(features, list):
        raise FileError(f"{file} holds the type {kind!r}; expected a FeatureCollection; convert it")
    if not features:
        raise LayerError(f"layer {layer.name} is empty; expected at least one feature; check {file}")
    return features, _geojson_crs(data.get("crs"), file)


def _geojson_crs(crs: Any, file: Path) -> str:
    """CRS that an older GeoJSON names (the standard of today knows only WGS 84); a link is not followed."""
    if crs is None:
        return "EPSG:4326"
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = str(properties.get("name", "")) if isinstance(properties, dict) and crs.get("type") == "name" else ""
    if re.fullmatch(r"(urn:ogc:def:crs:)?OGC:[0-9.]*:?CRS84", name):
        return "EPSG:4326"
    code = re.fullmatch(r"(?:urn:ogc:def:crs:)?EPSG:(?:[0-9.]*:)?([0-9]{4,6})", name, flags=re.IGNORECASE)
    if code is None:
        raise FileError(
            f"{file} names its CRS as {str(crs)[:80]}; expected a name such as urn:ogc:def:crs:EPSG::28992; "
            "a link is not followed; write the file again"
        )
    return f"EPSG:{code[1]}"


def _plain(value: Any) -> Any:
    """Return a list or an object inside a property as JSON text."""
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else value


def read_csv(layer: Layer, file: Path) -> gpd.GeoDataFrame:
    """Read a table with coordinates: separated by comma, semicolon or tab, with decimal points or commas.

    The coordinates stand in the columns that the card names (``lon`` and ``lat``, or ``x`` and ``y``), else in
    columns with such names. Columns of degrees are WGS 84 unless the card names a CRS; for others it has to.

    Raises
    ------
    FileError
        When it is no table in UTF-8.
    LayerError
        When the columns of the coordinates are absent, or hold no numbers.
    MissingCRSError
        When the coordinates are not degrees and the card names no CRS.
    """
    table = _table(layer, file)
    x_name, y_name, in_degrees = _coordinate_columns(layer, list(table.columns))
    if layer.crs is None and not in_degrees:
        raise MissingCRSError(
            f"layer {layer.name} has coordinates in {x_name!r} and {y_name!r} but no CRS; "
            "expected one on its card; add 'crs: EPSG:...'"
        )
    x, y = (_coordinates(table[each], name=layer.name) for each in (x_name, y_name))
    bad = ~(np.isfinite(x) & np.isfinite(y))
    if bad.any():
        raise CoordinatesError(
            f"layer {layer.name}: row {int(bad.argmax()) + 1} has coordinates that are missing or not finite "
            f"({int(bad.sum())} such rows); expected numbers; correct or remove them"
        )
    points = gpd.points_from_xy(x, y)
    return gpd.GeoDataFrame(table.drop(columns=[x_name, y_name]), geometry=points, crs=layer.crs or "EPSG:4326")


def _table(layer: Layer, file: Path) -> pd.DataFrame:
    require_file(file, limit_name="TEXT_BYTES")
    try:
        with file.open(encoding="utf-8-sig") as stream:
            header = stream.readline(100_000)
        separator = max(";,\t", key=header.count)
        require_below(header.count(separator), "COLUMNS", what=f"columns of layer {layer.name}")
        table = pd.read_csv(
            file,
            sep=separator,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
            nrows=limit("FEATURES") + 1,
            index_col=False,
            on_bad_lines="error",
        )
    except UnicodeDecodeError:
        raise FileError(f"{file} is not UTF-8; expected text in UTF-8; save it in that encoding") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, pd.errors.ParserWarning, ValueError) as error:
        reason = " ".join(str(error).split())[:160]
        raise FileError(f"{file} is no table ({reason}); expected rows of equal length; correct it") from None
    require_below(len(table), "FEATURES", what=f"rows of layer {layer.name}")
    if table.empty:
        raise LayerError(f"layer {layer.name} is empty; expected at least one row; check {file}")
    table.columns = table.columns.str.strip()
    kept = {layer.columns.get(each, each) for each in ("id", "name")}
    comma = separator == ";"
    typed = {name: column if name in kept else _typed(column, decimal_comma=comma) for name, column in table.items()}
    return pd.DataFrame(typed)


def _typed(column: pd.Series[Any], *, decimal_comma: bool) -> pd.Series[Any]:
    """Return a column as numbers where every value is one; codes with a leading zero stay text."""
    text = column.str.strip()
    missing = text.isin(_MISSING)
    some = text[~missing]
    if decimal_comma and not some.str.contains(".", regex=False).any():
        some = some.str.replace(",", ".", regex=False)
    if some.empty or some.str.fullmatch(r"[-+]?0[0-9]+").any():
        return text.mask(text == "", None)
    numbers = pd.to_numeric(some, errors="coerce")
    if numbers.isna().any():
        return text.mask(text == "", None)
    return numbers.reindex(column.index)


def _coordinate_columns(layer: Layer, found: list[str]) -> tuple[str, str, bool]:
    """Names of the columns of the coordinates, and whether they are degrees."""
    for one, other in (("lon", "lat"), ("x", "y")):
        if one in layer.columns or other in layer.columns:
            pair = layer.columns.get(one, one), layer.columns.get(other, other)
            absent = [each for each in pair if each not in found]
            if absent:
                raise LayerError(
                    f"layer {layer.name} has no column {absent[0]!r}; expected the coordinates {pair}; "
                    f"it has {', '.join(found)[:300]}"
                )
            return *pair, one == "lon"
    lower = {each.lower(): each for each in found}
    for one, other in _COORDINATES:
        if one in lower and other in lower:
            return lower[one], lower[other], one in _DEGREES
    raise LayerError(
        f"layer {layer.name} has no columns lon and lat, or x and y; it has {', '.join(found)[:300]}; "
        "name them on its card, such as 'columns: {lon: longitude_wgs84, lat: latitude_wgs84}'"
    )


def _coordinates(column: pd.Series[Any], *, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    if not pd.api.types.is_numeric_dtype(column):
        numbers = pd.to_numeric(column, errors="coerce")
        odd = column[numbers.isna() & column.notna() & ~column.isin(_MISSING)]
        if len(odd):
            raise LayerError(
                f"layer {name}: the column {column.name!r} holds {odd.iloc[0]!r} in row {odd.index[0] + 1}; "
                "expected a coordinate; correct it"
            )
        column = numbers
    return np.asarray(column.to_numpy(dtype=float, na_value=np.nan))
