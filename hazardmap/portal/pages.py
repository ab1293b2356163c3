"""The pages of a portal as HTML: one folder a language, the first at the top; every text is escaped, nothing runs."""

import base64
import hashlib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from hazardmap.footprint import Footprint
from hazardmap.portal.figures import Figures, Place, is_foreign
from hazardmap.portal.site import Site, slug
from hazardmap.portal.words import LANGUAGES, Words
from hazardmap.provenance import UNSTATED
from hazardmap.risks import Inventory, matrix_svg, register, schemes

__all__ = ["pages"]


def pages(site: Site, first: str = "en") -> Iterator[tuple[str, str]]:
    """Yield the path and the HTML of every page.

    Parameters
    ----------
    site : Site
    first : str
        Language of the pages at the top; those of the others lie in a folder each (``nl/index.html``).
    """
    style = files("hazardmap.portal").joinpath("portal.css").read_text(encoding="utf-8")
    environment = Environment(
        loader=PackageLoader("hazardmap.portal"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "site": site,
        "style": _Trusted(style),
        "policy": _policy(style),
        "languages": LANGUAGES,
        "named": lambda language: Words(language)("this language"),
        "link": page_of,
        "label": _label,
        "meaning": _meaning,
        "band": _band,
        "size": _size,
        "title": _title,
        "foreign": is_foreign,
        "unstated": UNSTATED,
        "neighbours": site.neighbours,
        "members": site.members,
        "contacts": site.contacts_for,
    }
    environment.globals["risks"] = None if site.risks is None else _risks(site.risks)
    index, territory = environment.get_template("index.html"), environment.get_template("territory.html")
    for language in LANGUAGES:
        folder, up = ("", "") if language == first else (f"{language}/", "../")
        words = Words(language)
        yield f"{folder}index.html", index.render(words=words, up=up, here=_switch("index.html", up, first))
        for place in site.places:
            name = page_of(place)
            yield f"{folder}{name}", territory.render(words=words, up=up, place=place, here=_switch(name, up, first))


def page_of(place: Place) -> str:
    """Return the name of a place's page.

    Examples
    --------
    >>> page_of(Place("NL-LI", "NL", {}, ("NL-LI",))), page_of(Place("NL", "NL", {}, ("NL-LI",), whole=True))
    ('territory-NL-LI.html', 'country-NL.html')
    """
    return f"{'country' if place.whole else 'territory'}-{slug(place.id)}.html"


def _risks(found: Inventory) -> dict[str, Any]:
    """Return what the page tells of an inventory: its matrices by scheme, and its register."""
    used = schemes(found)
    rows = register(found).to_dict("records")
    return {
        "schemes": [scheme.name for scheme in used],
        "matrices": lambda language: [_Trusted(matrix_svg(found.risks, scheme, language)) for scheme in used],
        "rows": [{**row, "name": risk.name} for row, risk in zip(rows, found.risks, strict=True)],
        "note": found.note,
    }


class _Trusted(str):
    """Text of our own that is markup already."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


def _policy(style: str) -> str:
    """Return a content security policy: no script, no connection, one style sheet, and the map in its frame."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self' file: data:; frame-src 'self' file:; "
        "base-uri 'none'; form-action 'none'"
    )


def _switch(name: str, up: str, first: str) -> Any:
    """Return a function from a language to the address of the same page in it."""
    return lambda language: f"{up}{name}" if language == first else f"{up}{language}/{name}"


def _title(words: Words, place: Place) -> str:
    return words.country(place.country) if place.whole else place.name(words.language)


def _label(figures: Figures, scenario: str | None = None) -> str:
    return str(figures.exposure.footprint.scenarios.loc[scenario or figures.scenario, "label"])


def _meaning(words: Words, footprint: Footprint) -> str:
    return words.get(f"meaning.{footprint.meaning}", footprint.meaning)


def _band(words: Words, footprint: Footprint, number: int) -> str:
    """Return a class in words, such as ``0.5-1 m``."""
    unit, edges = words.unit(footprint.units), footprint.levels
    edge = words.number(edges[number])
    if number + 1 < len(edges):
        return f"{edge} … {words.number(edges[number + 1])} {unit}".strip()
    return words(f"portal.class.from.{footprint.worse}", edge=edge, unit=unit).replace("  ", " ").strip()


def _size(words: Words, size: int) -> str:
    """Return a size in bytes, kB or MB (powers of ten)."""
    for limit, factor, name in ((1e3, 1, "B"), (1e6, 1e3, "kB")):
        if size < limit:
            return f"{words.number(size / factor)}\u00a0{name}"
    return f"{words.number(size / 1e6)}\u00a0MB"
