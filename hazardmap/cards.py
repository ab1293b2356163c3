"""The layers that a study names, known before any of them is opened."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hazardmap import catalog, hazards
from hazardmap.errors import HazardmapError

if TYPE_CHECKING:
    from hazardmap.study import Study

__all__ = ["terms_of"]


def terms_of(study: "Study") -> list[dict[str, Any]]:
    """Return on what terms the layers of a study may be used, so that nothing is computed for a refusal.

    Returns
    -------
    list of dict
        ``name, licence, redistribute`` of each layer, as :func:`hazardmap.licences.licensing` takes them.

    Raises
    ------
    LayerError
        When a layer does not exist, or its card is wrong; with the key of the study.
    """
    found = []
    for where, reference in _references(study):
        try:
            card = catalog.layer(reference, folder=study.folder)
        except HazardmapError as error:
            raise type(error)(f"{where}: {error}") from None
        found.append({"name": card.name, "licence": card.licence, "redistribute": card.redistribute})
    return found


def _references(study: "Study") -> Iterator[tuple[str, Any]]:
    """Yield each reference to a layer, and the key that holds it; what is malformed is told when it is opened."""
    yield "territories", study.territories
    yield from ((f"assets.{name}", reference) for name, reference in study.assets.items())
    if study.protection is not None:
        yield "protection", study.protection
    for name, parameters in study.hazards.items():
        hazard = hazards.get(name)
        layers = set(hazards.inputs(hazard)) - set(hazards.needs(hazard))
        for key, value in parameters.items():
            if key not in layers:
                continue
            for number, item in enumerate(value if isinstance(value, list) else [{"layer": value}]):
                place = f"hazards.{name}.{key}" + (f".{number}" if isinstance(value, list) else "")
                parts = item if isinstance(item, dict) else {}
                yield from ((place, parts[part]) for part in ("layer", "velocity") if part in parts)
