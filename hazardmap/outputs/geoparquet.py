"""Exposure as GeoParquet 1.1: one file a layer, in row groups that hang together on the map."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from hazardmap import tables
from hazardmap.columns import explain
from hazardmap.errors import MissingExtraError
from hazardmap.exposure import Exposure
from hazardmap.provenance import provenance
from hazardmap.writing import paths_of, written

__all__ = ["NEEDS", "SUFFIX", "geoparquet"]

SUFFIX = ".parquet"
NEEDS = ("pyarrow", "parquet")


def geoparquet(
    exposures: Sequence[Exposure],
    path: Path,
    *,
    layer: str | None = None,
    title: str | Mapping[str, str] | None = None,
    study: Mapping[str, Any] | None = None,
    made: str | None = None,
) -> None:
    """Write zones and every layer of assets, in EPSG:4326, with a covering bounding box a row.

    Rows follow a Hilbert curve over the map, so that a program that wants a part of the map skips most row groups.
    One row group of 100,000 rows is made at a time.

    Parameters
    ----------
    exposures : sequence of Exposure
    path : Path
        A folder (a path with the ending stands for that name without it), which gets ``zones.parquet`` and one file a
        layer; or the file itself, with ``layer``.
    layer : str, optional
        The one layer that is wanted, such as ``zones``.
    title, study, made : optional
        For the metadata; see :func:`hazardmap.provenance.provenance`.

    Raises
    ------
    OutputError
        When the file cannot be written.
    MissingExtraError
        Without the extra ``parquet``.
    """
    try:
        from pyarrow.parquet import ParquetWriter
    except ModuleNotFoundError:
        raise MissingExtraError("writing GeoParquet needs the package pyarrow; install hazardmap[parquet]") from None
    found = tables.layer_names(exposures)
    about = provenance(exposures, study=study, title=title, made=made)
    for name, target in paths_of(path, list(found), layer, SUFFIX).items():
        exposure, of = found[name]
        shapes = _shapes(exposure, of)
        order = np.argsort(_hilbert(shapes), kind="stable")
        first = next(tables.layer_pieces(exposure, of, order=order[:1]))
        schema = _schema(first, exposure, {"geo": _geo(shapes), "hazardmap": about})
        with written(target) as beside, ParquetWriter(beside, schema, compression="zstd") as file:
            for piece in tables.layer_pieces(exposure, of, order=order):
                file.write_table(_arrow(piece, schema))


def _shapes(exposure: Exposure, layer: str) -> NDArray[Any]:
    rows = exposure.assets
    return np.asarray((rows[rows["layer"] == layer] if layer else exposure.zones).geometry.to_numpy())


def _hilbert(shapes: NDArray[Any]) -> NDArray[Any]:
    """Return the place of each shape along a Hilbert curve over the extent of all of them; 0 where there is none."""
    place = np.zeros(len(shapes), dtype="uint32")
    full = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    if full.any():
        place[full] = gpd.GeoSeries(shapes[full]).hilbert_distance()
    return place


def _geo(shapes: NDArray[Any]) -> dict[str, Any]:
    """Metadata that GeoParquet 1.1.0 asks for."""
    corners = ("xmin", "ymin", "xmax", "ymax")
    column = {
        "encoding": "WKB",
        "geometry_types": sorted({shape.geom_type for shape in shapes if shape is not None}),
        "crs": pyproj.CRS.from_user_input("OGC:CRS84").to_json_dict(),
        "edges": "planar",
        "covering": {"bbox": {corner: ["bbox", corner] for corner in corners}},
    }
    box = [float(value) for value in shapely.total_bounds(shapes)] if len(shapes) else [np.nan]
    if np.isfinite(box).all():
        column["bbox"] = box
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}


def _schema(table: pd.DataFrame, exposure: Exposure, metadata: Mapping[str, Any]) -> Any:
    """Return the columns with their types, units and meanings; the same for every piece."""
    import pyarrow as pa

    explained = explain(table.columns, exposure.footprint.units)
    fields = []
    for name, column in table.drop(columns="geometry").items():
        unit, meaning = explained.get(str(name), ("", ""))
        said = {key: value for key, value in (("unit", unit), ("description", meaning)) if value}
        fields.append(pa.field(str(name), _type(column.dtype), metadata=said or None))
    box = pa.struct([(corner, pa.float64()) for corner in ("xmin", "ymin", "xmax", "ymax")])
    fields += [pa.field("bbox", box), pa.field("geometry", pa.binary())]
    return pa.schema(fields, {key: json.dumps(value, sort_keys=True) for key, value in metadata.items()})


def _type(dtype: Any) -> Any:
    import pyarrow as pa

    if pd.api.types.is_bool_dtype(dtype):
        return pa.bool_()
    if pd.api.types.is_integer_dtype(dtype):
        return pa.int64()
    return pa.float64() if pd.api.types.is_float_dtype(dtype) else pa.string()


def _arrow(piece: gpd.GeoDataFrame, schema: Any) -> Any:
    import pyarrow as pa

    shapes = piece.geometry.to_numpy()
    bounds = shapely.bounds(shapes)
    corners = [pa.array(bounds[:, k], from_pandas=True) for k in range(4)]
    columns = [_column(piece[field.name], field.type) for field in list(schema)[:-2]]
    columns.append(pa.StructArray.from_arrays(corners, fields=list(schema.field("bbox").type)))
    columns.append(pa.array(shapely.to_wkb(shapes), type=pa.binary()))
    return pa.Table.from_arrays(columns, schema=schema)


def _column(values: pd.Series, kind: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_string(kind):
        values = values.astype(object).map(str, na_action="ignore")
    return pa.array(values, type=kind, from_pandas=True)
