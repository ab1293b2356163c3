"""The run record: what went in, with which parameters and versions, and what is doubtful about it."""

import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from hazardmap.exposure import Exposure
from hazardmap.writing import written

__all__ = ["SUFFIX", "record"]

SUFFIX = ".json"

_PACKAGES = ("hazardmap", "geopandas", "numpy", "pandas", "pyflwdir", "pyproj", "rasterio", "shapely", "xarray")


def record(
    exposures: Sequence[Exposure], path: Path, *, study: Mapping[str, Any] | None = None, made: str | None = None
) -> None:
    """Write the record of a run as JSON.

    Parameters
    ----------
    exposures : sequence of Exposure
    path : Path
        File to write.
    study : mapping, optional
        The study as it was run, overrides included.
    made : str, optional
        Date of the run; left out when unknown, so that the same data give the same bytes.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    found = {
        "made": made,
        "study": study,
        "hazards": [_hazard(exposure) for exposure in exposures],
        "inputs": _inputs(exposures),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
    }
    with written(path) as beside:
        beside.write_text(json.dumps(found, indent=2, ensure_ascii=False, default=str) + "\n", encoding="utf-8")


def _hazard(exposure: Exposure) -> dict[str, Any]:
    footprint = exposure.footprint
    scenarios = footprint.scenarios.reset_index()
    return {
        "hazard": footprint.hazard,
        "units": footprint.units,
        "levels": list(footprint.levels),
        "worse": footprint.worse,
        "status": footprint.status,
        "share_means": footprint.meaning,
        "parameters": footprint.parameters,
        "scenarios": [
            {str(key): None if pd.isna(value) else value for key, value in row.items()}
            for row in scenarios.to_dict("records")
        ],
        "notes": list(exposure.notes),
    }


def _inputs(exposures: Sequence[Exposure]) -> list[dict[str, Any]]:
    found = {(item.get("name"), item.get("sha256")): item for e in exposures for item in e.inputs}
    return [dict(item) for item in found.values()]
