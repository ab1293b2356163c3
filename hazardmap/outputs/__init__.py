"""The outputs, one file each.

An output is a function ``(exposures, path, *, options...) -> None``. The file ``geopackage.py`` holds the function
``geopackage`` and a ``SUFFIX``; nothing else has to be told about it. Other packages add outputs through the entry
point group ``hazardmap.outputs``.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from hazardmap.errors import OutputError
from hazardmap.exposure import Exposure
from hazardmap.registry import Registry, options

__all__ = ["Output", "get", "names", "options", "write"]

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
        ``.html`` (web map), ``.gpkg`` (GeoPackage), ``.csv`` (a folder of tables beside it) or ``.json`` (run record).
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
    raise OutputError(f"no output writes {path.suffix or 'files without an ending'}; expected .html, .gpkg or .csv")


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
