"""A 5 x 5 matrix of risks as a picture: each risk covers every class that its ranges reach."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from hazardmap.errors import MissingExtraError
from hazardmap.palette import class_colours
from hazardmap.provenance import text_in
from hazardmap.risks.inventory import Risk
from hazardmap.risks.schemes import Scheme, place
from hazardmap.writing import printable, written

__all__ = ["WORDS", "matrix_png", "matrix_svg"]

WORDS = {
    "nl": ("Waarschijnlijkheid", "Impact (ergste criterium)"),
    "fr": ("Probabilité", "Impact (pire critère)"),
    "de": ("Eintrittswahrscheinlichkeit", "Schadensausmaß (schlimmstes Kriterium)"),
    "en": ("Likelihood", "Impact (worst criterion)"),
}

_PERIODS = {
    "per year": {"nl": "per jaar", "fr": "par an", "de": "pro Jahr"},
    "per 5 years": {"nl": "in 5 jaar", "fr": "en 5 ans", "de": "in 5 Jahren"},
}

# Ranges set by hand and classes from general knowledge are what an inventory is mostly made of.
_DOUBT = {
    "nl": "Indicatief. Bronnen en status: zie het register.",
    "fr": "Indicatif. Sources et statut\u00a0: voir le registre.",
    "de": "Orientierend. Quellen und Status: siehe Register.",
    "en": "Indicative. Sources and status: see the register.",
}

# A value on an edge belongs to the class above it, or does not.
_ABOVE = {"lower": "≥", "upper": ">"}

_CELL, _LEFT, _TOP = 92, 70, 40
_SIDE = 5 * _CELL
_WIDTH, _LEGEND = 960, _LEFT + _SIDE + 30
_INK, _PAPER, _RULE = "#1b1f24", "#ffffff", "#545d67"


@dataclass(frozen=True)
class _Box:
    """A rectangle: left, top, width, height; ``fill`` is none where only its edge is drawn."""

    at: tuple[float, float, float, float]
    fill: str | None = None
    edge: str | None = None
    line: float = 1.5


@dataclass(frozen=True)
class _Text:
    """A text: where its foot stands, its anchor, size, and whether it is turned upright."""

    at: tuple[float, float]
    text: str
    anchor: str = "middle"
    size: int = 14
    colour: str = _INK
    upright: bool = False


def matrix_svg(risks: Sequence[Risk], scheme: Scheme, language: str = "en") -> str:
    """Return the matrix as SVG, with a legend; it needs no script, style or font from elsewhere.

    Parameters
    ----------
    risks : sequence of Risk
    scheme : Scheme
    language : str
        Of the names and of the axes.
    """
    body = "".join(_drawn(shape) for shape in _shapes(risks, scheme, language))
    title = f"{scheme.name}: {WORDS[language][0]} × {WORDS[language][1]}"  # noqa: RUF001
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_height(risks)}" class="matrix" role="img" '
        f"aria-label={quoteattr(title)} font-family=\"system-ui, 'DejaVu Sans', sans-serif\">"
        f'<rect width="{_WIDTH}" height="{_height(risks)}" fill="{_PAPER}"/>{body}</svg>\n'
    )


def matrix_png(risks: Sequence[Risk], scheme: Scheme, path: Path, language: str = "en") -> None:
    """Write the matrix as PNG.

    Raises
    ------
    MissingExtraError
        Without the extra ``plot``.
    OutputError
        When the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure
        from matplotlib.patches import Rectangle
    except ModuleNotFoundError:
        raise MissingExtraError("PNG needs the package matplotlib; install hazardmap[plot], or take SVG") from None
    height = _height(risks)
    figure = Figure(figsize=(_WIDTH / 100, height / 100), dpi=150)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, _WIDTH), ylim=(height, 0))
    axes.axis("off")
    for shape in _shapes(risks, scheme, language):
        if isinstance(shape, _Text):
            turned: dict[str, Any] = {"rotation": 90, "va": "center"} if shape.upright else {}
            place_ = {"middle": "center", "start": "left"}[shape.anchor]
            # a dollar sign is no formula
            text = shape.text.replace("$", r"\$")
            axes.text(*shape.at, text, ha=place_, fontsize=shape.size * 0.72, color=shape.colour, **turned)
        else:
            left, top, width, high = shape.at
            kind: dict[str, Any] = {
                "facecolor": shape.fill or "none",
                "edgecolor": shape.edge or "none",
                "linewidth": shape.line * 0.72,
            }
            axes.add_patch(Rectangle((left, top), width, high, **kind))
    with written(path) as beside:
        figure.savefig(beside, metadata={"Software": None})


def _shapes(risks: Sequence[Risk], scheme: Scheme, language: str) -> Iterator[_Box | _Text]:
    colours = class_colours(9, "heat")
    likelihood, impact = WORDS[language]
    period = _PERIODS.get(scheme.likelihood.unit, {}).get(language, scheme.likelihood.unit)
    yield _Text((_LEFT + _SIDE / 2, 24), _short(scheme.name.upper()), size=17)
    for row in range(5):
        for column in range(5):
            at = (_LEFT + column * _CELL, _TOP + (4 - row) * _CELL, _CELL, _CELL)
            yield _Box(at, colours[row + column], _PAPER)
    names = next(iter(scheme.impacts.values())).names if scheme.impacts else tuple("12345")
    for k in range(5):
        edge = f" ({_ABOVE[scheme.likelihood.closed]} {scheme.likelihood.edges[k]:g})" if k else ""
        yield _Text((_LEFT + (k + 0.5) * _CELL, _TOP + _SIDE + 20), f"{scheme.likelihood.names[k]}{edge}", size=13)
        yield _Text((_LEFT - 14, _TOP + (4.5 - k) * _CELL + 5), names[k])
    yield _Text((_LEFT + _SIDE / 2, _TOP + _SIDE + 44), f"{likelihood}, {period}")
    yield _Text((22, _TOP + _SIDE / 2), impact, upright=True)
    for number, risk in enumerate(risks, start=1):
        yield from _risk(number, risk, scheme, len(risks))
        yield _Text((_LEGEND, _TOP + 26 * number - 8), f"{number}  {_short(text_in(risk.name, language))}", "start")
    yield _Text((_LEGEND, _TOP + 26 * (len(risks) + 1)), _DOUBT[language], "start", 13, _RULE)


def _risk(number: int, risk: Risk, scheme: Scheme, count: int) -> Iterator[_Box | _Text]:
    """Draw a risk as a frame over all its classes, nested so that frames over the same classes stay apart."""
    found = place(risk, scheme)
    if found.impact is None:
        return
    inset = 5 + 34 * (number - 1) / max(count, 2)
    left, right = (_LEFT + (found.likelihood[0]) * _CELL + inset, _LEFT + (found.likelihood[1] + 1) * _CELL - inset)
    top, bottom = (_TOP + (4 - found.impact[1]) * _CELL + inset, _TOP + (5 - found.impact[0]) * _CELL - inset)
    frame = (left, top, right - left, bottom - top)
    # the wide light line keeps the frame visible on dark cells
    yield _Box(frame, None, _PAPER, 5)
    yield _Box(frame, None, _INK)
    # numbers walk along the upper edges of their frames
    across = left + 11 + (right - left - 22) * ((number - 1) % 4) / 3
    yield _Box((across - 10, top - 9, 20, 18), _PAPER, _INK)
    yield _Text((across, top + 5), str(number), size=13)


def _drawn(shape: _Box | _Text) -> str:
    if isinstance(shape, _Box):
        left, top, width, height = (f"{value:.1f}" for value in shape.at)
        return (
            f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="{shape.fill or "none"}" '
            f'stroke="{shape.edge or "none"}" stroke-width="{shape.line:g}"/>'
        )
    x, y = (f"{value:.1f}" for value in shape.at)
    turned = f' transform="rotate(-90 {x} {y})"' if shape.upright else ""
    return (
        f'<text x="{x}" y="{y}" text-anchor="{shape.anchor}" font-size="{shape.size}" fill="{shape.colour}"{turned}>'
        f"{escape(shape.text)}</text>"
    )


def _height(risks: Sequence[Risk]) -> int:
    return max(_TOP + _SIDE + 60, _TOP + 26 * len(risks) + 46)


def _short(text: str) -> str:
    text = printable(text)
    return text if len(text) <= 48 else f"{text[:47]}…"
