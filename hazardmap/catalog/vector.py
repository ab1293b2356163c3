"""The door for features: GeoPackage, FlatGeobuf and shapefile through pyogrio; GeoJSON and CSV as text."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

from hazardmap import checks
from hazardmap.catalog.card import nearest, parts
from hazardmap.catalog.place import agreed_crs, wanted
from hazardmap.catalog.remote import Remote
from hazardmap.catalog.table import read_csv, read_geojson
from hazardmap.errors import FileError, GeometryError, LayerError, NoOverlapError
from hazardmap.files import format_of, limit, require_below

if TYPE_CHECKING:
    from pathlib import Path

    from hazardmap.catalog.card import Area, Layer

__all__ = ["open_vector"]

READ_WHOLE = 500_000
"""A file with at most so many features is read and checked whole, even where only an area of it is asked for."""


def open_vector(layer: Layer, file: Path | Remote, area: Area | None) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Read the features of a layer, and say what is doubtful about them.

    Parameters
    ----------
    layer : Layer
        Its card.
    file : Path or Remote
        What ``layer.file()`` returned, or a file on a web server.
    area : tuple of float, optional
        West, south, east, north in degrees; features that touch it are kept whole.

    Returns
    -------
    features : GeoDataFrame
        With a unique text column ``id``, valid two-dimensional geometries, and a CRS.
    notes : list of str
        What is legal but doubtful.
    """
    kind = file.format if isinstance(file, Remote) else format_of(file)
    notes: list[str] = []
    if kind == "Parquet":
        from hazardmap.catalog.parquet import read_parquet

        features = read_parquet(layer, file, area, notes)
    elif isinstance(file, Remote):
        raise FileError(f"{file} is {kind}; expected GeoParquet to be read in place; name it as 'url' and fetch it")
    elif kind == "GeoJSON":
        features = read_geojson(layer, file)
    elif kind == "CSV":
        features = read_csv(layer, file)
    else:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            features = _read(layer, file, kind, area, notes)
        notes += sorted({f"{layer.name}: its reader says {str(each.message)[:160]!r}" for each in said})
    features = features.set_crs(agreed_crs(layer, features.crs), allow_override=True)
    features = _with_id(layer, _with_columns(layer, features), notes)
    _require_values(layer, features, notes)
    if features.has_z.any():
        notes.append(f"{layer.name}: heights of the coordinates (Z) were left out")
    features = features.set_geometry(shapely.force_2d(features.geometry.to_numpy()), crs=features.crs)
    checks.require_features(features, name=f"layer {layer.name}")
    features = _repaired(layer, features, notes)
    if area is not None:
        features = _inside(layer, features, area)
        if layer.covers is None:
            notes.append(f"{layer.name}: it does not say which area it covers; where it shows nothing may be unknown")
    return features.reset_index(drop=True), notes


def _read(layer: Layer, file: Path, kind: str, area: Area | None, notes: list[str]) -> gpd.GeoDataFrame:
    """Read a table of a file with pyogrio, after its header has been believed."""
    parts(file)
    try:
        table = _table_name(layer, file)
        header = pyogrio.read_info(file, layer=table, force_feature_count=True, force_total_bounds=True)
        if header["driver"] != kind:
            raise FileError(f"{file} was taken for {header['driver']}; expected {kind}; convert it")
        _require_header(layer, header)
        box = None
        if area is not None and header["features"] > READ_WHOLE:
            crs = agreed_crs(layer, header["crs"])
            box = wanted(area, header["total_bounds"], crs, name=layer.name).bounds
            notes.append(f"{layer.name}: only its features inside the area were read and checked")
        features = pyogrio.read_dataframe(
            file,
            layer=table,
            bbox=box,
            max_features=limit("FEATURES") + 1,
            fid_as_index=True,
            use_arrow=False,
        )
    except (RuntimeError, OSError, ValueError, OverflowError, shapely.errors.ShapelyError) as error:
        reason = " ".join(str(error).split())[:200]
        raise FileError(f"{file} cannot be read as {kind} ({reason}); expected a whole file; write it again") from None
    if box is None and len(features) < header["features"] and kind != "ESRI Shapefile":  # which counts deleted rows
        raise FileError(
            f"{file} holds {len(features):,} of the {header['features']:,} features that its header promises; "
            "expected a whole file; fetch or write it again"
        )
    if not isinstance(features, gpd.GeoDataFrame):
        raise LayerError(f"layer {layer.name}: {table!r} has no geometry; expected features; name another table")
    require_below(len(features), "FEATURES", what=f"features of layer {layer.name}")
    return features.rename_geometry("geometry") if features.geometry.name != "geometry" else features


def _table_name(layer: Layer, file: Path) -> str:
    """Table to read: the one on the card, or the only one with geometry."""
    tables = {str(name): geometry for name, geometry in pyogrio.list_layers(file)}
    if layer.layer is not None:
        if layer.layer not in tables:
            raise LayerError(
                f"layer {layer.name}: {file.name} has no table {layer.layer!r}{nearest(layer.layer, tables)}; "
                f"it has {', '.join(tables)}; correct 'layer' on the card"
            )
        return layer.layer
    spatial = [name for name, geometry in tables.items() if geometry is not None]
    if len(spatial) != 1:
        found = ", ".join(spatial) or "none"
        raise LayerError(
            f"layer {layer.name}: {file.name} has {len(spatial)} tables with geometry ({found}); "
            "expected one; name it on the card, such as 'layer: ...'"
        )
    return spatial[0]


def _require_header(layer: Layer, header: dict[str, Any]) -> None:
    if header["features"] == 0:
        raise LayerError(f"layer {layer.name} is empty; expected at least one feature; check its file and table")
    require_below(len(header["fields"]), "COLUMNS", what=f"columns of layer {layer.name}")


def _with_columns(layer: Layer, features: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Keep the columns that the card names, under our names; all of them where it names none."""
    mapping = {our: their for our, their in layer.columns.items() if our not in ("lon", "lat", "x", "y")}
    if not mapping:
        return features
    theirs = [str(column) for column in features.columns if column != features.geometry.name]
    for their in mapping.values():
        if their not in theirs and their != "fid":
            raise LayerError(
                f"layer {layer.name} has no column {their!r}{nearest(their, theirs)}; "
                f"it has {', '.join(theirs)[:300]}; correct 'columns' on the card"
            )
    for our in ("id", "name"):
        if our in theirs:
            mapping.setdefault(our, our)
    kept = {our: features.index if their == "fid" else features[their] for our, their in mapping.items()}
    return gpd.GeoDataFrame(kept, geometry=features.geometry, crs=features.crs, index=features.index)


def _with_id(layer: Layer, features: gpd.GeoDataFrame, notes: list[str]) -> gpd.GeoDataFrame:
    """Make ``id`` the first column: text, unique, none missing; a running number where there is none."""
    if "id" not in features.columns:
        notes.append(f"{layer.name}: it has no column id; its features are numbered as in the file")
        ids = features.index.to_series()
    else:
        ids = features["id"]
    if ids.isna().any():
        raise LayerError(
            f"layer {layer.name}: {int(ids.isna().sum())} features have no id; expected one each; "
            "name another column on the card, such as 'columns: {id: code}', or number them with 'columns: {id: fid}'"
        )
    if ids.dtype.kind == "f" and (ids % 1 == 0).all():
        ids = ids.astype("int64")
    ids = ids.astype(str).str.strip()
    if ids.duplicated().any():
        count = int(ids.duplicated(keep=False).sum())
        raise LayerError(
            f"layer {layer.name}: the id {ids[ids.duplicated()].iloc[0]!r} stands more than once "
            f"({count} such rows); expected unique ids; name another column on the card, "
            "such as 'columns: {id: code}', or number them with 'columns: {id: fid}'"
        )
    features = features.drop(columns="id", errors="ignore")
    features.insert(0, "id", ids)
    return features


def _require_values(layer: Layer, features: gpd.GeoDataFrame, notes: list[str]) -> None:
    """Check the columns that the card gives units: they hold quantities."""
    for column in layer.units if isinstance(layer.units, dict) else ():
        checks.require_numbers(features, column, name=f"layer {layer.name}")
        missing = int(features[column].isna().sum())
        if missing:
            notes.append(f"{layer.name}: {missing} of {len(features)} features have no {column}")


def _repaired(layer: Layer, features: gpd.GeoDataFrame, notes: list[str]) -> gpd.GeoDataFrame:
    """Repair invalid shapes without changing their dimension; refuse those that collapse."""
    shapes = features.geometry.to_numpy()
    invalid = np.flatnonzero(~shapely.is_valid(shapes))
    if not len(invalid):
        return features
    repaired = shapely.make_valid(shapes[invalid], method="structure", keep_collapsed=False)
    kept = shapely.get_dimensions(repaired) == shapely.get_dimensions(shapes[invalid])
    lost = shapely.is_empty(repaired) | ~shapely.is_valid(repaired) | ~kept
    if lost.any():
        number = invalid[np.flatnonzero(lost)[0]]
        reason = shapely.is_valid_reason(shapes[number])[:80]
        raise GeometryError(
            f"layer {layer.name}: the shape of {features['id'].iloc[number]!r} is invalid ({reason}) and nothing of it "
            f"is left after repair ({int(lost.sum())} such shapes); expected a valid one; correct or remove it"
        )
    notes.append(f"{layer.name}: {len(invalid)} invalid shapes were repaired")
    shapes = shapes.copy()
    shapes[invalid] = repaired
    return features.set_geometry(shapes, crs=features.crs)


def _inside(layer: Layer, features: gpd.GeoDataFrame, area: Area) -> gpd.GeoDataFrame:
    """Keep the features that touch an area."""
    shape = wanted(area, tuple(features.total_bounds), features.crs, name=layer.name)
    shapely.prepare(shape)
    inside = features[shapely.intersects(shape, features.geometry.to_numpy())]
    if inside.empty:
        raise NoOverlapError(
            f"layer {layer.name} has no feature in the area {list(area)}; expected at least one; "
            "check the area and the CRS of the layer"
        )
    return inside
