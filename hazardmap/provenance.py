"""Where a result comes from: the id of its run, its inputs and their licences, and what is doubtful about it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import pandas as pd

from hazardmap.exposure import Exposure

__all__ = ["inputs", "licences", "provenance", "run_id", "text_in"]

UNSTATED = "not stated"
"""Licence of a layer whose card names none."""


def run_id(exposures: Sequence[Exposure], study: Mapping[str, Any] | None = None) -> str:
    """Return the id of a run: the same study, data, parameters and version give the same one.

    Parameters
    ----------
    exposures : sequence of Exposure
    study : mapping, optional
        The study as it was run. Its ``outputs`` take no part: where a result is written does not change it.

    Returns
    -------
    str
        64 hexadecimal digits: the SHA-256 of the study, the SHA-256 of every input, parameters, notes and version,
        as JSON with sorted keys. Data that were never a file have no digest and take no part.
    """
    content = {
        "version": version("hazardmap"),
        "study": {key: value for key, value in (study or {}).items() if key != "outputs"},
        "inputs": sorted((str(item.get("name")), str(item.get("sha256"))) for item in inputs(exposures)),
        "hazards": [_hazard(exposure) for exposure in exposures],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def inputs(exposures: Sequence[Exposure]) -> list[dict[str, Any]]:
    """Return the provenance of every layer of several exposures, each once."""
    found = {(item.get("name"), item.get("sha256")): item for e in exposures for item in e.inputs}
    return [dict(item) for item in found.values()]


def licences(exposures: Sequence[Exposure]) -> list[dict[str, Any]]:
    """Return the chain of licences: which layers stand under which, and whom to name.

    Returns
    -------
    list of dict
        One for each licence, sorted by its name: ``licence`` (SPDX, or ``"not stated"``), ``layers`` (names),
        ``attributions``, and ``redistribute`` (false where any of its layers says so).
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for item in inputs(exposures):
        found.setdefault(str(item.get("licence") or UNSTATED), []).append(item)
    return [
        {
            "licence": name,
            "layers": [str(item.get("name")) for item in items],
            "attributions": list(dict.fromkeys(str(item["attribution"]) for item in items if item.get("attribution"))),
            "redistribute": all(item.get("redistribute") is not False for item in items),
        }
        for name, items in sorted(found.items())
    ]


def provenance(
    exposures: Sequence[Exposure],
    *,
    study: Mapping[str, Any] | None = None,
    title: str | Mapping[str, str] | None = None,
    made: str | None = None,
) -> dict[str, Any]:
    """Return what every file has to say about itself, as plain data that JSON can hold.

    Parameters
    ----------
    exposures : sequence of Exposure
    study : mapping, optional
        The study as it was run; part of the run's id.
    title : str or mapping of language to str, optional
    made : str, optional
        Date of the run; left out when unknown, so that the same data give the same bytes.

    Returns
    -------
    dict
        ``run, software, title, made, hazards, inputs, licences``. Each hazard says its units, levels, scenarios,
        status, what its shares mean, parameters and notes.
    """
    said = {
        "run": run_id(exposures, study),
        "software": f"hazardmap {version('hazardmap')}",
        "title": dict(title) if isinstance(title, Mapping) else title,
        "made": made,
        "hazards": [_hazard(exposure) for exposure in exposures],
        "inputs": inputs(exposures),
        "licences": licences(exposures),
    }
    plain: dict[str, Any] = json.loads(json.dumps(said, default=str))
    return plain


def text_in(text: str | Mapping[str, str] | None, language: str = "en") -> str:
    """Return a text in one language; English or the first there is where that one is missing.

    Examples
    --------
    >>> text_in({"en": "Floods", "nl": "Overstromingen"}, "nl"), text_in("Floods"), text_in(None)
    ('Overstromingen', 'Floods', '')
    """
    if isinstance(text, Mapping):
        return str(text.get(language) or text.get("en") or next(iter(text.values()), ""))
    return text or ""


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
