"""What a portal shows, as plain data: everything that its pages and catalogues are made of."""

import hashlib
import mimetypes
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hazardmap.exposure import Exposure
from hazardmap.licences import Licensing, licensing
from hazardmap.outputs.webmap.contacts import Contacts, contacts_of
from hazardmap.portal.checksums import sha256
from hazardmap.portal.figures import Figures, Place, neighbours_of, places_of
from hazardmap.provenance import inputs, provenance
from hazardmap.risks import Inventory

__all__ = ["DATA", "Download", "Site", "downloads_in", "slug"]

DATA = "data"
"""Folder of the downloads, so that no file of a study can take the place of a page."""

_PLAIN = re.compile(r"[A-Z0-9][A-Z0-9-]{0,39}")
_ORDER = ("official", "indicative", "synthetic")

FORMATS = {
    ".html": ("HTML", "text/html"),
    ".gpkg": ("GeoPackage", "application/geopackage+sqlite3"),
    ".parquet": ("GeoParquet", "application/vnd.apache.parquet"),
    ".fgb": ("FlatGeobuf", "application/vnd.flatgeobuf"),
    ".geojson": ("GeoJSON", "application/geo+json"),
    ".csv": ("CSV", "text/csv"),
    ".xlsx": ("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ".tif": ("COG", "image/tiff; application=geotiff; profile=cloud-optimized"),
    ".nc": ("NetCDF", "application/x-netcdf"),
    ".json": ("JSON", "application/json"),
    ".xml": ("XML", "application/xml"),
    ".qml": ("QML", "application/xml"),
    ".svg": ("SVG", "image/svg+xml"),
}


@dataclass(frozen=True)
class Download:
    """A file that a portal offers: its path from the top of the portal, bytes, and SHA-256."""

    path: str
    size: int
    sum: str

    @property
    def name(self) -> str:
        """Its path within the folder of downloads."""
        return self.path.removeprefix(f"{DATA}/")

    @property
    def href(self) -> str:
        """Its address from the top of the portal."""
        return quote(self.path)

    @property
    def format(self) -> str:
        """What it is called."""
        suffix = Path(self.path).suffix.lower()
        return FORMATS[suffix][0] if suffix in FORMATS else suffix.removeprefix(".").upper()

    @property
    def media_type(self) -> str:
        """Its media type."""
        suffix = Path(self.path).suffix.lower()
        return FORMATS[suffix][1] if suffix in FORMATS else mimetypes.types_map.get(suffix, "application/octet-stream")


@dataclass(frozen=True, kw_only=True)
class Site:
    """A portal.

    Parameters
    ----------
    exposures : sequence of Exposure
    study : mapping
        The study as it was run; its ``title``, ``note`` and ``area`` are shown.
    map : str
        Address of the map, from the top of the portal.
    downloads : tuple of Download
    made : str, optional
        Date of the run.
    publisher : str, optional
        Who publishes it; DCAT-AP wants it.
    contacts : path, DataFrame or sequence of mappings, optional
        Whom to call; see :func:`hazardmap.outputs.webmap.contacts.contacts_of`.
    risks : Inventory, optional
        The joint risk inventory, if there is one.
    """

    exposures: Sequence[Exposure]
    study: Mapping[str, Any]
    map: str
    downloads: tuple[Download, ...] = ()
    made: str | None = None
    publisher: str | None = None
    contacts: Contacts | None = None
    risks: Inventory | None = None

    @property
    def title(self) -> Any:
        """Title of the study, one text or one per language."""
        return self.study["title"]

    @property
    def note(self) -> Any:
        """What every reader must know."""
        return self.study.get("note")

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """See :func:`hazardmap.provenance.provenance`."""
        return provenance(self.exposures, study=self.study, title=self.title, made=self.made)

    @cached_property
    def licensing(self) -> Licensing:
        """Under what the results may be passed on."""
        return licensing(inputs(self.exposures))

    @cached_property
    def status(self) -> str:
        """The weakest status of the hazards."""
        return max((e.footprint.status for e in self.exposures), key=_ORDER.index, default="official")

    @cached_property
    def notes(self) -> list[str]:
        """What is doubtful, each once."""
        notes = [note for e in self.exposures for note in e.notes]
        return list(dict.fromkeys([*self.licensing.notes, *notes]))

    @cached_property
    def figures(self) -> list[Figures]:
        """Figures of each hazard."""
        return [Figures(e) for e in self.exposures]

    @cached_property
    def places(self) -> list[Place]:
        """Territories, and countries of several; see :func:`hazardmap.portal.figures.places_of`."""
        return places_of(self.exposures[0].territories)

    @cached_property
    def called(self) -> tuple[dict[str, str], ...]:
        """Rows of the contacts."""
        return () if self.contacts is None else contacts_of(self.contacts)

    def contacts_for(self, place: Place) -> list[dict[str, str]]:
        """Whom to call in a place: those of its territories first, then those of its country."""
        own = [row for row in self.called if row["territory"] in place.members]
        return own + [row for row in self.called if row["territory"] == place.country and row not in own]

    def members(self, place: Place) -> list[Place]:
        """Return the territories of a country."""
        return [each for each in self.places if not each.whole and each.id in place.members]

    def neighbours(self, place: Place) -> list[Place]:
        """Return what touches a place: territories for a territory, countries for a country."""
        touching = {other for member in place.members for other in self._touching[member]} - set(place.members)
        if not place.whole:
            return [each for each in self.places if not each.whole and each.id in touching]
        countries = {each.country for each in self.places if not each.whole and each.id in touching}
        return [self._country(code) for code in sorted(countries - {place.country})]

    @cached_property
    def _touching(self) -> dict[str, list[str]]:
        return neighbours_of(self.exposures[0].territories)

    def _country(self, code: str) -> Place:
        found = [each for each in self.places if each.country == code]
        return next((each for each in found if each.whole), found[0])


def downloads_in(folder: Path) -> Iterator[Download]:
    """Yield the files below the folder of downloads, sorted."""
    for path in sorted((folder / DATA).rglob("*")):
        if path.is_file():
            yield Download(path.relative_to(folder).as_posix(), path.stat().st_size, sha256(path))


def slug(identity: str) -> str:
    """Return a part of a file name for an id: itself where it is plain, else letters of it and a digest.

    The same id always gives the same name, and two ids never give names that differ in case only.

    Examples
    --------
    >>> slug("NL-LI"), slug("../etc/passwd"), slug("Liège")
    ('NL-LI', 'ETC-PASSWD-7fef78f5', 'LI-GE-e6b7e9e4')
    """
    if _PLAIN.fullmatch(identity):
        return identity
    letters = re.sub(r"[^A-Z0-9]+", "-", identity.upper()).strip("-")[:24].strip("-")
    return f"{letters}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}".lstrip("-")
