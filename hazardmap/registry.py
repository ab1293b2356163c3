"""Functions that are found by their file: ``flood.py`` holds ``flood``, and nothing else has to be told about it."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import Any

from hazardmap.errors import HazardmapError

__all__ = ["Registry", "options"]


@dataclass(frozen=True)
class Registry:
    """The functions of one package, one a file, and those that other packages bring.

    Parameters
    ----------
    kind : str
        What they are called, such as ``hazard``.
    package : str
        Package whose files hold them.
    path : iterable of str
        Where its files lie.
    group : str
        Entry point group through which other packages add theirs.
    error : type
        Raised for a name that there is not.
    """

    kind: str
    package: str
    path: Iterable[str]
    group: str
    error: type[HazardmapError]

    def names(self) -> list[str]:
        """Names of all that are installed, sorted."""
        own = {module.name for module in iter_modules(self.path)}
        return sorted(own | {point.name for point in entry_points(group=self.group)})

    def get(self, name: str) -> Callable[..., Any]:
        """Return the function of that name; for an unknown one the nearest is offered."""
        known = self.names()
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "install the package that brings it"
            raise self.error(f"no {self.kind} is called {name!r}; expected one of {', '.join(known)}; {hint}")
        for point in entry_points(group=self.group, name=name):
            found: Callable[..., Any] = point.load()
            return found
        own: Callable[..., Any] = getattr(import_module(f"{self.package}.{name}"), name)
        return own


def options(function: Callable[..., Any]) -> dict[str, Any]:
    """Keyword-only parameters of a function, and their defaults.

    Examples
    --------
    >>> def draw(exposures, path, *, title=None): ...
    >>> options(draw)
    {'title': None}
    """
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
