"""What licences allow when layers under several of them become one result that is passed on."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hazardmap import catalog

__all__ = ["Licensing", "address_of", "licensing"]

# What may be passed on under another licence. The GNU LGPL 3.0 is the GNU GPL 3.0 with additional permissions (its
# preamble), and whoever passes a work on may take these away (GPL 3.0, section 7).
_PASSED_ON_AS = {"LGPL-3.0-or-later": "GPL-3.0-or-later"}

_VERSION = re.compile(r"-[0-9.]+$")


@dataclass(frozen=True)
class Licensing:
    """Under what a result may be passed on.

    Parameters
    ----------
    licence : str
        What the whole stands under: the share-alike or non-commercial licence that it inherits, else every licence
        of its layers, joined by ``AND``. Empty where none is stated.
    problems : tuple of str
        Why it must not be passed on, naming the layers; empty when it may.
    notes : tuple of str
        What is legal but doubtful.
    """

    licence: str
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def licensing(inputs: Iterable[Mapping[str, Any]]) -> Licensing:
    """Say whether layers may be combined into one result that is redistributed, and under which licence.

    A result inherits a share-alike licence (zones cut at borders of OpenStreetMap are under the ODbL). Two
    share-alike licences of different families cannot both be kept, unless one lets the whole pass under the other
    (LGPL and GPL); nor can one of them beside a non-commercial licence
    that is not its own; a licence without derivatives allows no result at all. What a licence asks for stands in the
    table ``licence-rules``. No legal advice.

    Parameters
    ----------
    inputs : iterable of mapping
        Provenance of each layer: ``name``, ``licence`` (SPDX), ``redistribute``.

    Examples
    --------
    >>> borders, plants = {"name": "borders", "licence": "ODbL-1.0"}, {"name": "plants", "licence": "CC-BY-NC-4.0"}
    >>> licensing([borders]).licence
    'ODbL-1.0'
    >>> licensing([borders, plants]).problems[0][:74]
    "'plants' is under CC-BY-NC-4.0 (non-commercial) and 'borders' under ODbL-1"
    """
    layers = list(inputs)
    problems = [
        f"{item.get('name')!r} must not be redistributed (redistribute: false on its card); leave it out"
        for item in layers
        if item.get("redistribute") is False
    ]
    stated = {str(item["licence"]): str(item.get("name")) for item in reversed(layers) if item.get("licence")}
    known = {licence: name for licence, name in stated.items() if licence in _rules()}
    problems += [
        f"{name!r} is under {licence}, which allows no derivatives; leave it out or ask its maker for another licence"
        for licence, name in known.items()
        if "no-derivatives" in _rules()[licence]
    ]
    problems += _conflicts(known)
    return Licensing(_whole(known) or " AND ".join(sorted(stated)), tuple(problems), tuple(_doubts(layers)))


def address_of(licence: str) -> str | None:
    """Return the address of the text of a licence, where it is known.

    Examples
    --------
    >>> address_of("ODbL-1.0")
    'https://opendatacommons.org/licenses/odbl/1-0/'
    """
    return _addresses().get(licence)


def _conflicts(known: Mapping[str, str]) -> list[str]:
    """Return each pair of licences that one result cannot keep both of."""
    bound = sorted(licence for licence in known if "share-alike" in _rules()[licence])
    paid = sorted(licence for licence in known if "non-commercial" in _rules()[licence])
    pairs = [(b, a) for k, a in enumerate(bound) for b in bound[k + 1 :] if not _fit(a, b)]
    pairs += [(b, a) for a in bound for b in paid if b not in bound and "non-commercial" not in _rules()[a]]
    return [
        f"{known[one]!r} is under {one} ({_kind(one)}) and {known[other]!r} under {other} ({_kind(other)}): "
        "no result can keep both; leave one of the two out or ask its maker for another licence"
        for one, other in pairs
    ]


def _whole(known: Mapping[str, str]) -> str:
    """Return the licence that the whole inherits, or nothing."""
    for rule in ("share-alike", "non-commercial"):
        found = sorted(licence for licence in known if rule in _rules()[licence])
        if found:
            return next((name for name in found if name in map(_PASSED_ON_AS.get, found)), found[-1])
    return ""


def _doubts(layers: list[Mapping[str, Any]]) -> list[str]:
    none = [str(item.get("name")) for item in layers if not item.get("licence")]
    strange = {str(item["licence"]): str(item.get("name")) for item in layers if item.get("licence")}
    notes = (
        [f"no licence is stated for {', '.join(dict.fromkeys(none))}; ask before you pass results on"] if none else []
    )
    return notes + [
        f"the licence {licence!r} of {name} is not in the table licence-rules: what it asks for was not checked"
        for licence, name in strange.items()
        if licence not in _rules()
    ]


def _kind(licence: str) -> str:
    return ", ".join(rule for rule in ("share-alike", "non-commercial") if rule in _rules()[licence])


def _fit(one: str, other: str) -> bool:
    """Whether one result can be under both of two share-alike licences."""
    return _family(one) == _family(other) or _PASSED_ON_AS.get(one) == other or _PASSED_ON_AS.get(other) == one


def _family(licence: str) -> str:
    return _VERSION.sub("", licence)


@lru_cache(maxsize=1)
def _rules() -> dict[str, set[str]]:
    """Return what each licence asks for."""
    table = catalog.parameters("licence-rules")
    asked = table[table["value"] == 1].groupby("licence")["rule"].agg(set).to_dict()
    return {str(licence): set(asked.get(licence, ())) for licence in table["licence"].unique()}


@lru_cache(maxsize=1)
def _addresses() -> dict[str, str]:
    table = catalog.parameters("licence-rules")
    return dict(zip(table["licence"], table["url"], strict=True))
