"""Words, names and numbers of a page in one language: the map's own, and those of the portal."""

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from hazardmap.provenance import text_in

__all__ = ["LANGUAGES", "Words", "texts"]

_NONE = "\N{EN DASH}"
# A share of everything, but for rounding.
_ALL = 1 - 1e-9

LANGUAGES = ("nl", "fr", "de", "en")
_FOLDERS = ("hazardmap.outputs.webmap", "hazardmap.portal")


@lru_cache(maxsize=8)
def texts(language: str) -> Mapping[str, str]:
    """Return the texts of a language, by key: one file for the map, one for the portal."""
    found: dict[str, str] = {}
    for package in _FOLDERS:
        path = files(package).joinpath("i18n", f"{language}.json")
        found |= json.loads(path.read_text(encoding="utf-8"))
    return found


class Words:
    """What a template asks for in one language.

    Examples
    --------
    >>> nl = Words("nl")
    >>> nl.country("DE"), nl.number(1234567.8), Words("en").percent(0.456)
    ('Duitsland', '1.230.000', '46%')
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts = texts(language)

    def __call__(self, key: str, **values: Any) -> str:
        """Return the text of a key, with ``{name}`` replaced."""
        text = self._texts[key]
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        return text

    def get(self, key: str, otherwise: str) -> str:
        """Return the text of a key, or something else where there is none."""
        return self._texts.get(key, otherwise)

    def pick(self, text: str | Mapping[str, str] | None) -> str:
        """Return one of the texts that came with the study."""
        return text_in(text, self.language)

    def country(self, code: str) -> str:
        """Return the name of a country, or of an origin that is none."""
        return self._texts.get(f"country.{code}") or self._texts.get(f"origin.{code}") or code

    def layer(self, name: str) -> str:
        """Return the name of a layer or measure."""
        return self._texts.get(f"layer.{name}", name.replace("-", " ").replace("_", " "))

    def hazard(self, name: str) -> str:
        """Return the name of a hazard."""
        return self._texts.get(f"hazard.{name}", name)

    def unit(self, name: str) -> str:
        """Return a unit."""
        return "" if name == "1" else self._texts.get(f"unit.{name}", name)

    def measure(self, name: str, unit: str) -> str:
        """Return a measure with its unit, such as ``Places (people in places hit)``."""
        return f"{self.layer(name)} ({self.unit(unit)})"

    def number(self, value: float | None, figures: int = 3) -> str:
        """Return a number rounded to what the data support, with the signs of the language."""
        if value is None or not math.isfinite(value):
            return _NONE
        rounded = float(f"{value:.{figures}g}")
        digits = max(0, figures - 1 - math.floor(math.log10(abs(rounded)))) if rounded else 0
        text = f"{rounded:,.{digits}f}"
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        return text.translate({ord(","): self._texts["thousands"], ord("."): self._texts["decimal"]}).replace(
            "-", "\N{MINUS SIGN}"
        )

    def quantity(self, value: float | None, unit: str) -> str:
        """Return a number of a unit: what is counted is whole, and a part of one is said to be less, as on the map."""
        counted = unit.startswith("people") or unit == "count"
        if value is None or not counted or not math.isfinite(value):
            return self.number(value)
        return "< 1" if 0 < value < _ALL else self.number(round(value))

    def amount(self, value: float | None, unit: str) -> str:
        """Return a quantity; what is less than a twentieth is shown as a dash, for the tables have it."""
        return _NONE if value is None or abs(value) < 0.05 else self.quantity(value, unit)

    def percent(self, share: float | None) -> str:
        """Return a share as whole per cent: nothing and everything are said only where it is so."""
        if share is None or not math.isfinite(share):
            return _NONE
        whole = round(100 * share)
        if whole == 0 < share:
            said = "< 1"
        elif whole == 100 and share < _ALL:
            said = "> 99"
        else:
            said = str(whole)
        return self._texts["percent"].replace("{n}", said)
