"""Exposure as FlatGeobuf: one file a layer, with an index that lets a program read a part over HTTP."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hazardmap import tables
from hazardmap.columns import titles
from hazardmap.exposure import Exposure
from hazardmap.provenance import provenance, text_in
from hazardmap.writing import paths_of, written

__all__ = ["SUFFIX", "flatgeobuf"]

SUFFIX = ".fgb"


def flatgeobuf(
    exposures: Sequence[Exposure],
    path: Path,
    *,
    layer: str | None = None,
    title: str | Mapping[str, str] | None = None,
    study: Mapping[str, Any] | None = None,
    made: str | None = None,
) -> None:
    """Write zones and every layer of assets, in EPSG:4326.

    Rows are made piece by piece. The file can only be written in one go, and its index needs the boxes of all rows,
    about 0.1 kB each; so the pieces wait in a GeoPackage in the same folder, which takes room on the disk meanwhile.

    Parameters
    ----------
    exposures : sequence of Exposure
    path : Path
        A folder (a path with the ending stands for that name without it), which gets ``zones.fgb`` and one file a
        layer; or the file itself, with ``layer``.
    layer : str, optional
        The one layer that is wanted, such as ``zones``.
    title, study, made : optional
        For the metadata; see :func:`hazardmap.provenance.provenance`.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    found = tables.layer_names(exposures)
    about = provenance(exposures, study=study, title=title, made=made)
    for name, target in paths_of(path, list(found), layer, SUFFIX).items():
        exposure, of = found[name]
        with written(target) as beside, TemporaryDirectory(dir=target.parent, prefix=".hazardmap-") as scratch:
            pieces = Path(scratch) / "pieces.gpkg"
            columns = _write_pieces(exposure, of, pieces)
            units = [text for column, text in titles(columns, exposure.footprint.units).items() if text != column]
            metadata = {"PROVENANCE": json.dumps(about, sort_keys=True), "UNITS": "; ".join(units)}
            # GDAL makes a folder of a name that does not end like this, and puts its own temporary file beside it.
            whole = Path(scratch) / "whole.fgb"
            _copy(pieces, whole, name=name, title=text_in(about["title"]) or name, metadata=metadata)
            whole.replace(beside)


def _write_pieces(exposure: Exposure, layer: str, path: Path) -> list[str]:
    """Write a layer piece by piece to a GeoPackage, which unlike FlatGeobuf can grow; return its columns."""
    import pyogrio

    rows = exposure.assets
    shapes = (rows[rows["layer"] == layer] if layer else exposure.zones).geometry
    kind, multi = tables.geometry_type(shapes.to_numpy())
    for number, piece in enumerate(tables.layer_pieces(exposure, layer)):
        pyogrio.write_dataframe(
            piece,
            path,
            layer="pieces",
            driver="GPKG",
            geometry_type=kind,
            promote_to_multi=multi,
            append=number > 0,
            layer_options={"SPATIAL_INDEX": "NO"},
        )
    return list(piece.columns)


def _copy(pieces: Path, path: Path, *, name: str, title: str, metadata: Mapping[str, str]) -> None:
    """Have GDAL stream the pieces into one FlatGeobuf."""
    from pyogrio.raw import open_arrow, write_arrow

    with open_arrow(pieces, use_pyarrow=False) as (known, stream):
        write_arrow(
            stream,
            path,
            layer=name,
            driver="FlatGeobuf",
            geometry_name=known["geometry_name"] or "geom",
            geometry_type=known["geometry_type"],
            crs=known["crs"],
            dataset_options={"TITLE": title},
            layer_metadata=dict(metadata),
        )
