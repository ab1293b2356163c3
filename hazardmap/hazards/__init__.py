"""The hazards, one file each.

A hazard is a function that returns a :class:`~hazardmap.footprint.Footprint`. The file ``flood.py`` holds the
function ``flood``; nothing else has to be told about it. Positional parameters are the layers it needs, keyword-only
parameters are its options, and the keys of a study under a hazard are exactly these parameters. Other packages add
hazards through the entry point group ``hazardmap.hazards``.
"""

import inspect
from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import Any

from hazardmap.errors import StudyError
from hazardmap.footprint import Footprint

__all__ = ["Hazard", "get", "inputs", "names", "options"]

Hazard = Callable[..., Footprint]

_GROUP = "hazardmap.hazards"


def names() -> list[str]:
    """Names of all hazards that are installed, sorted."""
    own = {module.name for module in iter_modules(__path__)}
    return sorted(own | {point.name for point in entry_points(group=_GROUP)})


def get(name: str) -> Hazard:
    """Hazard function of that name.

    Raises
    ------
    StudyError
        When there is none; the nearest name is offered.
    """
    if name not in names():
        near = get_close_matches(name, names(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else "install the package that brings it"
        raise StudyError(f"no hazard is called {name!r}; expected one of {', '.join(names())}; {hint}")
    for point in entry_points(group=_GROUP, name=name):
        found: Hazard = point.load()
        return found
    own: Hazard = getattr(import_module(f"{__name__}.{name}"), name)
    return own


def inputs(hazard: Hazard) -> dict[str, bool]:
    """Layers that a hazard takes, and whether each is required."""
    parameters = inspect.signature(hazard).parameters.values()
    return {p.name: p.default is p.empty for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD}


def options(hazard: Hazard) -> dict[str, Any]:
    """Options of a hazard and their defaults."""
    parameters = inspect.signature(hazard).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
