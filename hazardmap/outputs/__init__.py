"""The outputs, one file each.

An output is a function ``(exposures, path, *, options...) -> None``. The file ``geopackage.py`` holds the function
``geopackage`` and a ``SUFFIX``; nothing else has to be told about it. Other packages add outputs through the entry
point group ``hazardmap.outputs``.
"""

import inspect
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from hazardmap.errors import OutputError
from hazardmap.exposure import Exposure

__all__ = ["Output", "get", "names", "options", "write"]

Output = Callable[..., None]

_GROUP = "hazardmap.outputs"


def names() -> list[str]:
    """Names of all outputs that are installed, sorted."""
    own = {module.name for module in iter_modules(__path__)}
    return sorted(own | {point.name for point in entry_points(group=_GROUP)})


def get(name: str) -> Output:
    """Output function of that name.

    Raises
    ------
    OutputError
        When there is none; the nearest name is offered.
    """
    if name not in names():
        near = get_close_matches(name, names(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else "install the package that brings it"
        raise OutputError(f"no output is called {name!r}; expected one of {', '.join(names())}; {hint}")
    for point in entry_points(group=_GROUP, name=name):
        found: Output = point.load()
        return found
    own: Output = getattr(import_module(f"{__name__}.{name}"), name)
    return own


def options(output: Output) -> dict[str, Any]:
    """Options of an output and their defaults."""
    parameters = inspect.signature(output).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


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
