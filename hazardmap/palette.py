"""Colours of classes: sequential, told apart with any colour vision; worse stands out more from the page."""

from typing import Literal

__all__ = ["DARK_PALETTES", "PALETTES", "STATUS_COLOURS", "class_colours", "palette_of"]

# Between neighbours the colour distance stays above 10 (CIEDE2000) under protanopia, deuteranopia and tritanopia for
# up to five classes; tests/webmap/test_palette.py measures it.
PALETTES = {
    "water": ("#d9ebf7", "#96cdf0", "#5396cf", "#2a5da8", "#061c54"),
    "heat": ("#fde9a6", "#fdb73f", "#ea6a1e", "#b5260f", "#5c0509"),
}
"""Ramps from mild to bad, for a light page: worse is darker."""

DARK_PALETTES = {
    "water": ("#20508f", "#3579c2", "#5fa8e2", "#9fd2f3", "#eef8ff"),
    "heat": ("#7a1d0c", "#b5390f", "#ea6a1e", "#fdb73f", "#fff1c4"),
}
"""The same for a dark page: worse is lighter."""

STATUS_COLOURS = {"hit": "#d1495b", "partial": "#b78a00", "dry": "#5f7388", "not covered": "#ffffff"}
"""Of what became of an asset; ``dry`` is what other hazards than floods call ``not hit``."""


def class_colours(count: int, palette: str = "water", *, dark: bool = False) -> list[str]:
    """Return ``count`` colours from mild to bad, evenly along a ramp for a light or a dark page.

    Examples
    --------
    >>> class_colours(2)
    ['#d9ebf7', '#061c54']
    """
    ramp = (DARK_PALETTES if dark else PALETTES)[palette]
    anchors = [tuple(int(colour[k : k + 2], 16) for k in (1, 3, 5)) for colour in ramp]
    if count == 1:
        return [ramp[3]]
    return [_between(anchors, k * (len(anchors) - 1) / (count - 1)) for k in range(count)]


def _between(anchors: list[tuple[int, ...]], position: float) -> str:
    low = min(int(position), len(anchors) - 2)
    part = position - low
    mixed = (round(a + (b - a) * part) for a, b in zip(anchors[low], anchors[low + 1], strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def palette_of(hazard: str) -> Literal["water", "heat"]:
    """Return the name of the ramp that a hazard is drawn in.

    Examples
    --------
    >>> palette_of("flood"), palette_of("drought")
    ('water', 'heat')
    """
    return "water" if hazard == "flood" else "heat"
