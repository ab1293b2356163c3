"""The web map: one HTML file that opens from a USB stick, without a network, in four languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import folium

from hazardmap.dates import source_date
from hazardmap.errors import OutputError
from hazardmap.outputs.webmap.adapt import page_of
from hazardmap.outputs.webmap.base import pack_base
from hazardmap.outputs.webmap.contacts import Contacts, contacts_of
from hazardmap.outputs.webmap.figure import OfflineFigure
from hazardmap.outputs.webmap.model import BaseMap, Page, Text
from hazardmap.outputs.webmap.page import encode_page, languages, page_bounds
from hazardmap.outputs.webmap.sizes import write_whole
from hazardmap.tables import require_annual
from hazardmap.writing import written

if TYPE_CHECKING:
    from hazardmap.exposure import Exposure

__all__ = ["SUFFIX", "BaseMap", "Page", "build", "explore", "map_of", "prepare", "save", "webmap"]

SUFFIX = ".html"

_LARGEST_MB = 50

_TITLE = {
    "nl": "Gevaren over de grens",
    "fr": "Aléas transfrontaliers",
    "de": "Gefahren über die Grenze",
    "en": "Hazards across the border",
}


def webmap(  # noqa: PLR0913  (an output: what, where, and its options)
    exposures: Sequence[Exposure],
    path: str | Path,
    *,
    title: Text | None = None,
    note: Text | None = None,
    language: str = "en",
    base: BaseMap | None = None,
    made: str | date | None = None,
    study: Mapping[str, Any] | None = None,
    contacts: Contacts | None = None,
    zones: bool = False,
    annual: Mapping[str, Any] | None = None,
    forced_size: bool = False,
) -> None:
    """Write the map of one or more results as one HTML file.

    Parameters
    ----------
    exposures : sequence of Exposure
        What :func:`hazardmap.overlay` returned, one per hazard.
    path : str or Path
        The file to write; it is written beside and renamed, so that it is whole or not there.
    title : str or dict, optional
        One title, or one per language (``{"nl": ..., "en": ...}``).
    note : str or dict, optional
        What every reader must know, such as what the map is not for; shown above everything else.
    language : {"nl", "fr", "de", "en"}
        The language that the page opens in; the reader can switch.
    base : BaseMap, optional
        Vectors to find one's way by. Left out: those of the pack. ``BaseMap()``: none.
    made : str or date, optional
        Date to show (ISO 8601). Left out: from SOURCE_DATE_EPOCH, else none, so that two builds give the same bytes.
    study : mapping, optional
        The study as its file says it, shown under "About"; its ``area`` is what the map opens on.
    contacts : path, DataFrame, or sequence of mappings, optional
        Whom to call: columns ``territory`` (an id, or a country code), ``organisation``, ``phone``, ``email``,
        ``languages``. A path is relative to the working folder; in a study, to its file.
    zones : bool
        Draw the zones as polygons too; of rasters of at most 2 million cells.
    annual : mapping, optional
        Show the damage expected per year too: options of :meth:`~hazardmap.exposure.Exposure.annual`.
    forced_size : bool
        Write a page above 50 MB all the same.

    Raises
    ------
    OutputError
        When the language is unknown, contacts are incomplete, the page is too large, or it would need a file from
        elsewhere.
    """
    view = build(
        exposures,
        title=title,
        note=note,
        language=language,
        base=base,
        made=made,
        study=study,
        contacts=contacts,
        zones=zones,
        annual=None if annual is None else require_annual(annual),
    )
    save(view, path, forced_size=forced_size)


def build(
    exposures: Sequence[Exposure],
    *,
    title: Text | None = None,
    base: BaseMap | None = None,
    made: str | date | None = None,
    **options: Any,
) -> folium.Map:
    """Return the map of one or more results, for adding one's own folium layers before :func:`save`.

    The options are those of :func:`webmap`. In a notebook the map shows itself.
    """
    base = pack_base() if base is None else base
    return map_of(page_of(exposures, title=title or _TITLE, base=base, made=_day(made), **options))


def explore(*exposures: Exposure, language: str = "en", base: BaseMap | None = None, **options: Any) -> folium.Map:
    """Show results in a notebook: the same map, in a frame of its own.

    Parameters
    ----------
    *exposures : Exposure
        One per hazard.
    language : {"nl", "fr", "de", "en"}
        The language that the map opens in.
    base : BaseMap, optional
        As in :func:`webmap`.
    **options
        ``title, note, made, study, contacts, zones, annual``, as in :func:`webmap`.

    Returns
    -------
    folium.Map
        Shows itself in a notebook; one's own folium layers may be added to it.

    Raises
    ------
    OutputError
        When the language is unknown, the date is none, or contacts or options of ``annual`` are wrong.

    Examples
    --------
    The map opens on the middle of what it shows:

    >>> import geopandas as gpd, shapely, hazardmap as hm
    >>> works = gpd.GeoDataFrame({"country": ["NL"]}, geometry=[shapely.Point(6, 51)], crs=4326)
    >>> land = gpd.GeoDataFrame({"id": ["A"], "country": ["NL"]}, geometry=[shapely.box(5, 50, 7, 52)], crs=4326)
    >>> explore(hm.overlay(hm.chemical(works, radius_m=1000), land), base=BaseMap()).location
    [51.0, 6.0]
    """
    return build(exposures, language=language, base=base, **options)


def map_of(page: Page) -> folium.Map:
    """Return the folium map of a page, in a figure that needs no network.

    Raises
    ------
    OutputError
        When the language of the page is unknown.

    Examples
    --------
    >>> made = map_of(Page(title="Nothing yet"))
    >>> "Nothing yet" in made.get_root().render()
    True
    """
    _require_language(page.language)
    west, south, east, north = page_bounds(page)
    middle = [(south + north) / 2, (west + east) / 2]
    view = folium.Map(location=middle, zoom_start=7, tiles=None, font_size="15px", fade_animation=False)
    view.add_to(OfflineFigure(encode_page(page)))
    return view


def save(view: folium.Map, path: str | Path, *, forced_size: bool = False) -> None:
    """Write a map, whole or not at all; layers that are too large for it are written beside it.

    Raises
    ------
    OutputError
        When the page is above 50 MB and not forced, when one of its layers needs a file from elsewhere, or when the
        file cannot be written.
    """
    figure: Any = view.get_root()
    content = figure.render().encode("utf-8")
    megabytes = len(content) / 1e6
    if megabytes > _LARGEST_MB and not forced_size:
        raise OutputError(
            f"the map would be {megabytes:.0f} MB; expected at most {_LARGEST_MB} MB; leave layers out, make the area "
            "smaller, or pass forced_size=True"
        )
    for name, frame in figure.beside.items():
        write_whole(frame, Path(path).with_name(name))
    with written(Path(path)) as part:
        part.write_bytes(content)


def prepare(options: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Check what a study says of the map, and read its contacts, before anything is computed.

    Parameters
    ----------
    options : mapping
        Those of :func:`webmap`.
    folder : Path
        What the path of a table of contacts is relative to.

    Raises
    ------
    OutputError
        When the language is unknown, the date is none, or the contacts cannot be read or are incomplete.
    """
    _require_language(options.get("language", "en"))
    _day(options.get("made"))
    if options.get("annual") is not None:
        require_annual(options["annual"])
    contacts = options.get("contacts")
    if contacts is None:
        return dict(options)
    return {**options, "contacts": contacts_of(folder / contacts if isinstance(contacts, str) else contacts)}


def _require_language(language: str) -> None:
    if language not in languages():
        raise OutputError(
            f"the language of the map is {language!r}; expected one of {', '.join(languages())}; correct it"
        )


def _day(made: str | date | None) -> date | None:
    made = source_date() if made is None else made
    if isinstance(made, str):
        try:
            return datetime.fromisoformat(made).date()
        except ValueError:
            raise OutputError(f"the map was made on {made!r}; expected a date such as 2026-11-21; correct it") from None
    return made
