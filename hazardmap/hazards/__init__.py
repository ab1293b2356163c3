"""The hazards, one file each.

A hazard is a function that returns a :class:`~hazardmap.footprint.Footprint`. The file ``flood.py`` holds the
function ``flood``; nothing else has to be told about it. Positional parameters are the layers it needs, keyword-only
parameters are its options, and the keys of a study under a hazard are exactly these parameters. A parameter that is
annotated as a Footprint takes another hazard of the same study, by its name. Other packages add hazards through the
entry point group ``hazardmap.hazards``.
"""

import inspect
import re
from collections.abc import Callable
from typing import Any, get_args

from hazardmap.errors import StudyError
from hazardmap.footprint import Footprint
from hazardmap.registry import Registry, options

__all__ = ["Hazard", "annotation", "get", "inputs", "names", "needs", "options"]

Hazard = Callable[..., Footprint]

_REGISTRY = Registry("hazard", __name__, __path__, "hazardmap.hazards", StudyError)
names, get = _REGISTRY.names, _REGISTRY.get


def inputs(hazard: Hazard) -> dict[str, bool]:
    """Layers that a hazard takes, and whether each is required."""
    parameters = inspect.signature(hazard).parameters.values()
    return {p.name: p.default is p.empty for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD}


def needs(hazard: Hazard) -> list[str]:
    """Parameters that take the Footprint of another hazard.

    Examples
    --------
    >>> def fire(flood: Footprint, sites=None, *, radius_m=1.0): ...
    >>> needs(fire)
    ['flood']
    """
    parameters = inspect.signature(hazard).parameters
    return [name for name in inputs(hazard) if _takes_footprint(parameters[name].annotation)]


def annotation(hazard: Hazard, key: str) -> str:
    """Return what a hazard says of the type of a parameter.

    Examples
    --------
    >>> def fire(flood: Footprint, sites=None, *, radius_m=1.0): ...
    >>> annotation(fire, "flood")
    "<class 'hazardmap.footprint.Footprint'>"
    """
    return str(inspect.signature(hazard).parameters[key].annotation)


def _takes_footprint(annotation: Any) -> bool:
    if isinstance(annotation, str):  # from __future__ import annotations
        return "Footprint" in re.findall(r"\w+", annotation)
    return Footprint in (annotation, *get_args(annotation))
