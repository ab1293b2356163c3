"""Exposure as a GeoPackage: zones, one layer of rows per kind of asset, and the tables that explain them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from hazardmap import tables
from hazardmap.exposure import Exposure
from hazardmap.writing import written

__all__ = ["SUFFIX", "geopackage"]

SUFFIX = ".gpkg"

# GDAL writes the time of the last change into the file unless it is told one.
_NO_DATE = "2000-01-01T00:00:00.000Z"


def geopackage(exposures: Sequence[Exposure], path: Path, *, annual: Mapping[str, Any] | None = None) -> None:
    """Write zones, assets and tables of one or several exposures into one GeoPackage.

    Parameters
    ----------
    exposures : sequence of Exposure
    path : Path
        File to write. Spatial layers, in EPSG:4326: ``zones`` and one per asset layer. Tables: ``flows, shares,
        sources, notes``. Where several maps were laid beside each other: the table ``maps``, and the layer ``seams``
        unless there are none. With several hazards each name starts with the hazard.
    annual : mapping, optional
        Write the table ``annual`` too, the flows per year: options of :meth:`~hazardmap.exposure.Exposure.annual`.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    import pyogrio

    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _NO_DATE})
    try:
        with written(path) as beside:
            for name, table in _layers(exposures, annual).items():
                _write(table, beside, name)
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _layers(exposures: Sequence[Exposure], annual: Mapping[str, Any] | None) -> dict[str, pd.DataFrame]:
    layers: dict[str, pd.DataFrame] = {}
    for exposure in exposures:
        prefix = f"{exposure.footprint.hazard}_" if len(exposures) > 1 else ""
        layers[f"{prefix}zones"] = tables.zone_table(exposure)
        rows = tables.asset_table(exposure).reset_index()
        for layer in rows["layer"].unique():
            layers[f"{prefix}{layer}"] = rows[rows["layer"] == layer]
        layers[f"{prefix}flows"] = tables.flow_table(exposure)
        layers[f"{prefix}shares"] = tables.share_table(exposure)
        if annual is not None:
            layers[f"{prefix}annual"] = tables.annual_table(exposure, annual)
        if exposure.footprint.maps is not None:
            layers[f"{prefix}maps"] = exposure.footprint.maps
        if exposure.footprint.seams is not None and len(exposure.footprint.seams):
            layers[f"{prefix}seams"] = exposure.footprint.seams
        layers[f"{prefix}notes"] = pd.DataFrame({"note": list(exposure.notes)}, dtype="str")
    layers["sources"] = tables.source_table(exposures)
    return layers


def _write(table: pd.DataFrame, path: Path, name: str) -> None:
    import pyogrio

    if isinstance(table, gpd.GeoDataFrame):
        kinds = set(table.geometry.dropna().geom_type)
        multi = next((kind for kind in ("Polygon", "LineString") if {kind, f"Multi{kind}"} & kinds), None)
        kind = f"Multi{multi}" if multi else "Point"
        pyogrio.write_dataframe(
            table, path, layer=name, driver="GPKG", geometry_type=kind, promote_to_multi=multi is not None
        )
    else:
        pyogrio.write_dataframe(table, path, layer=name, driver="GPKG")
