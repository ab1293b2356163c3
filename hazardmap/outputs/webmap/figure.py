"""A folium figure that needs no network: every script and style sheet that folium links to is replaced or left out.

Scripts travel compressed and are unpacked by ``boot.js``; data travel as data (JSON or gzip in base64) and are never
part of a script or of the markup. A content security policy lists the checksum of every script that may run and
forbids every connection, so that a text that slipped through could neither run nor call home.
"""

import base64
import functools
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import folium
import geopandas as gpd
from branca.element import CssLink, Element, Figure, JavascriptLink

from hazardmap.errors import OutputError
from hazardmap.outputs.webmap.codec import pack

__all__ = ["EncodedPage", "OfflineFigure", "asset"]

# The order matters: each file uses what the ones before it define.
_SCRIPTS = (
    "namespace.js",
    "dom.js",
    "codec.js",
    "raster.js",
    "features.js",
    "basemap.js",
    "state.js",
    "layers.js",
    "contacts.js",
    "scenario.js",
    "popup.js",
    "search.js",
    "flows.js",
    "chart.js",
    "table.js",
    "export.js",
    "panel.js",
    "main.js",
)
_FOREIGN = re.compile(
    r"<(?:script|link|img|iframe|source|object|embed)\b[^>]*?\b(?:src|href|data)\s*=\s*[\"']?"
    r"((?:https?:)?//[^\"'\s>]+)",
    re.IGNORECASE,
)
_INLINE_SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<text>.*?)</script>", re.DOTALL | re.IGNORECASE)
# Comments that have their lines to themselves; the page does without.
_COMMENT = re.compile(r"^ *(?:/\*.*?\*/|//[^\n]*)\n", re.DOTALL | re.MULTILINE)
# folium forbids zooming by pinch, which people with low vision need.
_VIEWPORT = re.compile(r"<meta\s+name=\"viewport\"[^>]*>")
# What branca appends to the name of an element.
_RANDOM_ID = re.compile(r"(?<=_)[0-9a-f]{32}(?![0-9a-f])")
_ICONS = {"iconUrl": "marker-icon.png", "iconRetinaUrl": "marker-icon-2x.png", "shadowUrl": "marker-shadow.png"}


class EncodedPage(NamedTuple):
    """What a page is made of: its description (JSON), its binary payloads (gzip) by id, and the files beside it."""

    description: Mapping[str, Any]
    payloads: Mapping[str, bytes]
    beside: Mapping[str, gpd.GeoDataFrame]


class OfflineFigure(Figure):
    """Figure whose HTML opens from a file, without a request to anywhere.

    folium's own layers can be added to the map as usual, as long as they bring no script, style sheet or tile from
    elsewhere.
    """

    def __init__(self, page: EncodedPage) -> None:
        super().__init__(height="620px")
        self._page = page

    @property
    def beside(self) -> Mapping[str, gpd.GeoDataFrame]:
        """Layers that are too large for the page, by the name of the file beside it."""
        return self._page.beside

    def render(self, **kwargs: Any) -> str:
        """Return the page as one HTML text.

        Raises
        ------
        OutputError
            When a layer that was added needs a file from elsewhere.
        """
        elements = list(_walk(self))
        _refuse_tiles_and_icons(elements)
        for child in self._children.values():
            child.render(**kwargs)
        self._leave_links_out()
        names = {element.get_name() for element in elements if isinstance(element, folium.Map)}
        start = "".join(f"hazardmap.start({name});" for name in sorted(names))
        seen: dict[str, str] = {}
        texts = (self.header.render(**kwargs), self.html.render(**kwargs), self.script.render(**kwargs), start)
        head, body, made_by_folium, start = (_with_fixed_ids(text, seen) for text in texts)
        head = _VIEWPORT.sub("", head)
        _refuse_links(head + body)
        return self._document(head, body, [*_own_scripts(), made_by_folium, start])

    def _document(self, head: str, body: str, scripts: list[str]) -> str:
        boot = asset("js/boot.js")
        plain = [match["text"] for match in _INLINE_SCRIPT.finditer(head + body) if not match["attributes"].strip()]
        packed = "".join(_data_script(f"hm-script-{n}", pack(text.encode())) for n, text in enumerate(scripts))
        payloads = "".join(_data_script(name, content) for name, content in self._page.payloads.items())
        skeleton = asset("page.html").replace("<!-- map -->", body)
        title = _escaped(str(self._page.description.get("title", {}).get("en", "")))
        language = _escaped(str(self._page.description.get("language", "en")))
        return f"""<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_policy([boot, *plain, *scripts])}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{head}
</head>
<body>
{skeleton}
<script type="application/json" id="hm-page">{_as_data(self._page.description)}</script>
{payloads}{packed}<script>{boot}</script>
</body>
</html>
"""

    def _leave_links_out(self) -> None:
        """Drop the links to files that the page carries itself, or does without; refuse any other."""
        known = {url for _, url in (*folium.Map.default_js, *folium.Map.default_css)}
        children = self.header._children  # noqa: SLF001  (branca's, no public name)
        for name, child in list(children.items()):
            if not isinstance(child, JavascriptLink | CssLink):
                continue
            if child.url not in known:
                raise OutputError(
                    f"a layer of the map loads {PurePosixPath(child.url).name!r} ({name}) from elsewhere; the map must "
                    "open without a network; leave that layer out or use one of folium's core layers"
                )
            del children[name]


@functools.cache
def asset(name: str) -> str:
    """Text of a file in the package's folder of assets."""
    return files("hazardmap.outputs.webmap").joinpath("assets", *name.split("/")).read_text(encoding="utf-8")


def _own_scripts() -> list[str]:
    leaflet = asset("leaflet/leaflet.js").partition("//# sourceMappingURL")[0]
    style = json.dumps(_leaflet_css() + asset("page.css"))
    icons = {option: _image(name) for option, name in _ICONS.items()}
    # Leaflet guesses the path of its icons from the style sheet, which a data: URI defeats (its issue 4968).
    icon_script = f"delete L.Icon.Default.prototype._getIconUrl;L.Icon.Default.mergeOptions({json.dumps(icons)});"
    style_script = f"document.head.prepend(Object.assign(document.createElement('style'),{{textContent:{style}}}));"
    own = "\n".join(_COMMENT.sub("", asset(f"js/{name}")) for name in ("shim.js", *_SCRIPTS))
    return [leaflet, icon_script + style_script, own]


def _leaflet_css() -> str:
    css = asset("leaflet/leaflet.css")
    return re.sub(r"url\(images/([\w-]+\.png)\)", lambda match: f"url({_image(match[1])})", css)


def _image(name: str) -> str:
    path = files("hazardmap.outputs.webmap").joinpath("assets", "leaflet", "images", name)
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()


def _walk(element: Element) -> Iterator[Element]:
    yield element
    for child in element._children.values():  # noqa: SLF001  (branca's, no public name)
        yield from _walk(child)


def _refuse_tiles_and_icons(elements: list[Element]) -> None:
    for element in elements:
        if isinstance(element, folium.TileLayer) and not str(element.tiles).startswith("data:"):
            raise OutputError(
                f"the map has the tile layer {element.tile_name!r}, which is loaded from elsewhere; the map must open "
                "without a network; leave it out (the base map is in the file)"
            )
        if isinstance(element, folium.Icon):
            raise OutputError(
                "the map has a folium.Icon, which needs a font from elsewhere; expected an icon that is in the file; "
                "use folium.CircleMarker, folium.DivIcon or a marker without icon"
            )


def _refuse_links(markup: str) -> None:
    found = _FOREIGN.search(markup)
    if found:
        raise OutputError(
            f"the page refers to {found[1][:80]!r}, which lies elsewhere; the map must open without a network; "
            "carry it inside as a data: URI"
        )


def _with_fixed_ids(text: str, seen: dict[str, str]) -> str:
    """Give numbers to the random ids of folium's elements, so that two builds give the same bytes."""
    return _RANDOM_ID.sub(lambda match: seen.setdefault(match[0], f"{len(seen):04d}"), text)


def _policy(scripts: list[str]) -> str:
    sums = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts)
    allowed = " ".join(f"'sha256-{value}'" for value in sums)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; "
        "connect-src 'none'; base-uri 'none'; form-action 'none'"
    )


def _as_data(value: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _data_script(identity: str, content: bytes) -> str:
    text = base64.b64encode(content).decode()
    return f'<script type="application/octet-stream" id="{_escaped(identity)}">{text}</script>\n'


def _escaped(text: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        text = text.replace(character, entity)
    return text
