"""Exposure as a GeoPackage: zones, one layer of rows per kind of asset, and the tables that explain them."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from errno import ENOSPC
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from hazardmap import tables
from hazardmap.exposure import Exposure
from hazardmap.outputs.geopackage.described import add_columns, add_metadata
from hazardmap.outputs.geopackage.inspire import inspire_layers
from hazardmap.outputs.geopackage.styles import add_styles
from hazardmap.provenance import provenance
from hazardmap.writing import written

__all__ = ["SUFFIX", "geopackage"]

SUFFIX = ".gpkg"

NO_DATE = "2000-01-01T00:00:00.000Z"
"""The time of the last change, which a GeoPackage has to state; the date of the run is in its metadata."""


def geopackage(
    exposures: Sequence[Exposure],
    path: Path,
    *,
    annual: Mapping[str, Any] | None = None,
    inspire: bool = False,
    title: str | Mapping[str, str] | None = None,
    study: Mapping[str, Any] | None = None,
    made: str | None = None,
) -> None:
    """Write zones, assets and tables of one or several exposures into one GeoPackage.

    Layers carry a style for QGIS (``layer_styles``): zones by scenario and class, assets by status. The run, its
    inputs and licences are in ``gpkg_metadata``, the units and meanings of columns in ``gpkg_data_columns``.

    Parameters
    ----------
    exposures : sequence of Exposure
    path : Path
        File to write. Spatial layers, in EPSG:4326: ``zones`` and one per asset layer. Tables: ``flows, shares,
        sources, notes``. Where several maps were laid beside each other: the table ``maps``, and the layer ``seams``
        unless there are none; of hazards that come from sites the layer ``hazard_sites`` and the tables ``notices``
        and ``chain``. With several hazards each name starts with the hazard.
    annual : mapping, optional
        Write the table ``annual`` too, the flows per year: options of :meth:`~hazardmap.exposure.Exposure.annual`.
    inspire : bool
        Write the layers ``HazardArea, RiskZone, ExposedElement`` too, with columns named after the INSPIRE theme
        Natural Risk Zones. No schema of INSPIRE was at hand to validate them against.
    title, study, made : optional
        For the metadata; see :func:`hazardmap.provenance.provenance`.

    Raises
    ------
    OutputError
        When the file cannot be written, or two tables would have the same name.
    """
    about = provenance(exposures, study=study, title=title, made=made)
    layers = tables.layer_names(exposures)
    plain = tables.plain_tables(exposures, annual)
    with written(path) as beside, _without_date():
        for name, (exposure, layer) in layers.items():
            _write_pieces(exposure, layer, beside, name)
        for name, table in plain.items():
            _write(table, beside, name)
        if inspire:
            for name, table in inspire_layers(exposures).items():
                _write(table, beside, name)
        with closing(sqlite3.connect(beside)) as base, base:
            _require_indexes(base)
            add_metadata(base, about, NO_DATE)
            add_columns(base, {name: exposure for name, (exposure, _) in layers.items()})
            add_styles(base, layers, NO_DATE)


def _require_indexes(base: sqlite3.Connection) -> None:
    """Refuse a file without a spatial index: where there is no room for one, GDAL leaves it out and says nothing."""
    bare = base.execute(
        "SELECT table_name FROM gpkg_geometry_columns WHERE table_name NOT IN "
        "(SELECT table_name FROM gpkg_extensions WHERE extension_name = 'gpkg_rtree_index')"
    ).fetchone()
    if bare is not None:
        raise OSError(ENOSPC, f"no room for the spatial index of {bare[0]}")


@contextmanager
def _without_date() -> Iterator[None]:
    """Have GDAL write one and the same time of the last change: it would write that of the clock."""
    import pyogrio

    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": NO_DATE})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _write_pieces(exposure: Exposure, layer: str, path: Path, name: str) -> None:
    """Write a layer piece by piece, so that memory stays bounded."""
    rows = exposure.assets
    shapes = (rows[rows["layer"] == layer] if layer else exposure.zones).geometry
    kind = tables.geometry_type(shapes.to_numpy())
    for number, piece in enumerate(tables.layer_pieces(exposure, layer)):
        _write(piece, path, name, kind=kind, append=number > 0)


def _write(
    table: pd.DataFrame, path: Path, name: str, *, kind: tuple[str, bool] | None = None, append: bool = False
) -> None:
    import pyogrio

    version = {} if path.exists() else {"dataset_options": {"VERSION": "1.3"}}  # which older programs know, too
    if not isinstance(table, gpd.GeoDataFrame):
        pyogrio.write_dataframe(table, path, layer=name, driver="GPKG", **version)
        return
    geometry_type, multi = kind or tables.geometry_type(table.geometry.to_numpy())
    pyogrio.write_dataframe(
        table,
        path,
        layer=name,
        driver="GPKG",
        geometry_type=geometry_type,
        promote_to_multi=multi,
        append=append,
        **version,
    )
