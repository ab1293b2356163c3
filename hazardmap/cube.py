"""The hazard itself as a raster over scenarios, described after the CF conventions for the files that hold it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hazardmap.errors import OutputError
from hazardmap.exposure import Exposure
from hazardmap.exposure.measure import class_of
from hazardmap.footprint import Footprint
from hazardmap.provenance import text_in

__all__ = ["MISSING", "Variable", "class_numbers", "coordinates", "cubes", "description", "global_attributes"]


class Variable(NamedTuple):
    """A variable of a file after the CF conventions.

    Attributes
    ----------
    dims : tuple of str
    values : array
    attributes : mapping
    """

    dims: tuple[str, ...]
    values: NDArray[Any]
    attributes: Mapping[str, Any]


def cubes(exposures: Sequence[Exposure]) -> dict[str, Footprint]:
    """Return the hazards that are rasters, by name.

    Raises
    ------
    OutputError
        When none is.
    """
    found = {e.footprint.hazard: e.footprint for e in exposures if e.footprint.is_raster}
    if not found:
        names = ", ".join(e.footprint.hazard for e in exposures)
        raise OutputError(f"{names}: the hazard is made of shapes; expected a raster; write a .gpkg instead")
    return found


def description(footprint: Footprint) -> dict[str, Any]:
    """Attributes of the intensity after the CF conventions."""
    return {
        "long_name": f"{footprint.hazard} intensity; 0 is none, missing is not known",
        "units": footprint.units,
        "grid_mapping": "crs",
        "coordinates": "label return_period probability",
        "class_edges": [float(edge) for edge in footprint.levels],
        "worse": footprint.worse,
        "data_status": footprint.status,
    }


def coordinates(footprint: Footprint) -> dict[str, Variable]:
    """Coordinates of a raster hazard, and its grid mapping, after the CF conventions."""
    rows, columns = footprint.grid.shape
    to_map = footprint.grid.affine
    projected = footprint.crs.is_projected
    y_name, x_name = ("projection_y_coordinate", "projection_x_coordinate") if projected else ("latitude", "longitude")
    y_units, x_units = ("m", "m") if projected else ("degrees_north", "degrees_east")
    table = footprint.scenarios
    steps = " ".join(repr(value) for value in to_map.to_gdal())
    mapping = {**footprint.crs.to_cf(), "spatial_ref": footprint.crs.to_wkt(), "GeoTransform": steps}
    names = np.array([str(name) for name in table.index], dtype=object)
    return {
        "scenario": Variable(("scenario",), names, {"long_name": "scenario"}),
        "label": Variable(("scenario",), table["label"].to_numpy(dtype=object), {"long_name": "name of the source"}),
        "return_period": Variable(("scenario",), table["return_period"].to_numpy("float64"), {"units": "year"}),
        "probability": Variable(
            ("scenario",), table["probability"].to_numpy("float64"), {"units": "1", "long_name": "per year"}
        ),
        "y": Variable(
            ("y",),
            to_map.f + to_map.e * (np.arange(rows) + 0.5),
            {"standard_name": y_name, "units": y_units, "axis": "Y"},
        ),
        "x": Variable(
            ("x",),
            to_map.c + to_map.a * (np.arange(columns) + 0.5),
            {"standard_name": x_name, "units": x_units, "axis": "X"},
        ),
        "crs": Variable((), np.array(0, dtype="int32"), {key: value for key, value in mapping.items() if value != ""}),
    }


def global_attributes(footprint: Footprint, about: Mapping[str, Any]) -> dict[str, str]:
    """Attributes of the whole file after the CF conventions, from :func:`hazardmap.provenance.provenance`."""
    made = {"date_created": str(about["made"])} if about["made"] else {}
    return {
        "Conventions": "CF-1.11",
        "title": text_in(about["title"]) or footprint.hazard,
        "source": str(about["software"]),
        "run": str(about["run"]),
        "licence": "; ".join(item["licence"] for item in about["licences"]),
        "provenance": json.dumps(about, sort_keys=True, ensure_ascii=False),
        **made,
    }


def class_numbers(values: NDArray[Any], footprint: Footprint) -> NDArray[np.uint8]:
    """Return the class of each cell: 0 for none, from 1 (mildest) on, 255 for missing."""
    return np.where(np.isnan(values), MISSING, class_of(values, footprint) + 1).astype(np.uint8)


MISSING = 255
"""Class of a cell of which nothing is known."""
