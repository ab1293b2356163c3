"""The outputs, one file each.

An output is a function ``(exposures, path, *, options...) -> None``. The file ``geopackage.py`` holds the function
``geopackage`` and a ``SUFFIX``; nothing else has to be told about it. Other packages add outputs through the entry
point group ``hazardmap.outputs``.

An output with options that name files to read, or that can be wrong in other ways, has a second function beside it:
``prepare(options, folder) -> options``; see :func:`prepared`.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from hazardmap.errors import OutputError
from hazardmap.exposure import Exposure
from hazardmap.registry import Registry, options

__all__ = ["Output", "get", "names", "options", "prepared", "write"]

Output = Callable[..., None]

_REGISTRY = Registry("output", __name__, __path__, "hazardmap.outputs", OutputError)
names, get = _REGISTRY.names, _REGISTRY.get


def write(
    exposures: Exposure | Sequence[Exposure], path: str | Path, *, restricted: bool = False, **choices: Any
) -> None:
    """Write a result; the ending of the path says how.

    Parameters
    ----------
    exposures : Exposure or sequence of Exposure
    path : str or Path
        ``.html`` (web map), ``.gpkg`` (GeoPackage), ``.parquet`` (GeoParquet), ``.fgb`` (FlatGeobuf), ``.geojson``,
        ``.xlsx`` (workbook), ``.csv`` (a folder of tables beside it), ``.tif`` (COG), ``.nc`` (NetCDF), ``.zarr`` or
        ``.json`` (run record). A format of one layer a file writes a folder of that name, unless ``layer`` says which.
    restricted : bool
        Write even though a layer may be computed with but not be redistributed.
    **choices
        Options of that output.

    Raises
    ------
    OutputError
        When no output knows the ending, or a layer must not be redistributed.
    """
    path = Path(path)
    found = [exposures] if isinstance(exposures, Exposure) else list(exposures)
    require_free(found, restricted=restricted)
    for name in names():
        if getattr(import_module(f"{__name__}.{name}"), "SUFFIX", None) == path.suffix.lower():
            get(name)(found, path, **choices)
            return
    known = ", ".join(filter(None, (getattr(import_module(f"{__name__}.{name}"), "SUFFIX", None) for name in names())))
    raise OutputError(f"no output writes {path.suffix or 'files without an ending'}; expected one of {known}")


def prepared(name: str, options: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Check the options that a study gives to an output, before anything is computed, and read the files they name.

    Parameters
    ----------
    name : str
        Name of the output.
    options : mapping
    folder : Path
        What paths are relative to: the folder of the study.

    Returns
    -------
    dict
        The options as the function takes them.

    Raises
    ------
    OutputError
        When an option is wrong, or a file cannot be read.
    """
    own = getattr(sys.modules[get(name).__module__], "prepare", None)
    return dict(options) if own is None else own(options, folder)


def require_free(exposures: Sequence[Exposure], *, restricted: bool) -> None:
    """Refuse to write what was derived from a layer that must not be redistributed.

    Raises
    ------
    OutputError
        Naming the layer.
    """
    bound = [item["name"] for exposure in exposures for item in exposure.inputs if item.get("redistribute") is False]
    if bound and not restricted:
        raise OutputError(
            f"the layer {bound[0]!r} must not be redistributed (redistribute: false); expected free layers only; "
            "to write for your own use, say so with restricted: true"
        )
