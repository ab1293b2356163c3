"""The run record: what went in, with which parameters and versions, and what is doubtful about it."""

import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hazardmap.exposure import Exposure
from hazardmap.provenance import provenance
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
        **provenance(exposures, study=study, made=made),
        "study": study,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
    }
    with written(path) as beside:
        beside.write_text(json.dumps(found, indent=2, ensure_ascii=False, default=str) + "\n", encoding="utf-8")
