"""The hazards, one file each.

A hazard is a function that returns a :class:`~hazardmap.footprint.Footprint`. The file ``flood.py`` holds the
function ``flood``; nothing else has to be told about it. Positional parameters are the layers it needs, keyword-only
parameters are its options, and the keys of a study under a hazard are exactly these parameters. Other packages add
hazards through the entry point group ``hazardmap.hazards``.
"""

import inspect
from collections.abc import Callable

from hazardmap.errors import StudyError
from hazardmap.footprint import Footprint
from hazardmap.registry import Registry, options

__all__ = ["Hazard", "get", "inputs", "names", "options"]

Hazard = Callable[..., Footprint]

_REGISTRY = Registry("hazard", __name__, __path__, "hazardmap.hazards", StudyError)
names, get = _REGISTRY.names, _REGISTRY.get


def inputs(hazard: Hazard) -> dict[str, bool]:
    """Layers that a hazard takes, and whether each is required."""
    parameters = inspect.signature(hazard).parameters.values()
    return {p.name: p.default is p.empty for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD}
