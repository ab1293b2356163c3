"""Exposure as FlatGeobuf: one file a layer, with an index that lets a program read a part over HTTP."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hazardmap import tables
from hazardmap.columns import explain
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

    The index needs a layer whole: about 1.8 kB of memory a row. For more rows than fit there is GeoParquet.

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
    import pyogrio

    found = tables.layer_names(exposures)
    about = provenance(exposures, study=study, title=title, made=made)
    for name, target in paths_of(path, list(found), layer, SUFFIX).items():
        exposure, of = found[name]
        table = tables.layer_table(exposure, of)
        kind, multi = tables.geometry_type(table.geometry.to_numpy())
        explained = explain(table.columns, exposure.footprint.units)
        units = "; ".join(f"{column} [{unit}]" for column, (unit, _) in explained.items() if unit)
        with written(target) as beside:
            pyogrio.write_dataframe(
                table,
                beside,
                layer=name,
                driver="FlatGeobuf",
                geometry_type=kind,
                promote_to_multi=multi,
                dataset_options={"TITLE": text_in(about["title"]) or name},
                layer_metadata={"PROVENANCE": json.dumps(about, sort_keys=True), "UNITS": units},
            )
