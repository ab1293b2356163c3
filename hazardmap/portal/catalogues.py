"""Catalogues that machines read: STAC 1.1 (static JSON) and DCAT 3 (JSON-LD), with addresses relative to the portal."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from hazardmap.dates import timestamp
from hazardmap.licences import address_of
from hazardmap.portal.site import Download, Site
from hazardmap.portal.words import LANGUAGES
from hazardmap.provenance import text_in

__all__ = ["dcat", "stac"]

_STAC = "1.1.0"
_FILE = "https://stac-extensions.github.io/file/v2.1.0/schema.json"
_SPDX_NAME = re.compile(r"[A-Za-z0-9.-]+")

# Of the Publications Office of the European Union, which DCAT-AP asks for.
_AUTHORITY = "http://publications.europa.eu/resource/authority"
_LANGUAGES = {"nl": "NLD", "fr": "FRA", "de": "DEU", "en": "ENG"}
_FILE_TYPES = {
    "COG": "TIFF",
    "CSV": "CSV",
    "GeoJSON": "GEOJSON",
    "GeoPackage": "GPKG",
    "GeoParquet": "PARQUET",
    "HTML": "HTML",
    "JSON": "JSON",
    "NetCDF": "NETCDF",
    "SVG": "SVG",
    "XLSX": "XLSX",
    "XML": "XML",
}

_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "prov": "http://www.w3.org/ns/prov#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "geosparql": "http://www.opengis.net/ont/geosparql#",
}


def stac(site: Site) -> Iterator[tuple[str, str]]:
    """Yield the path and the JSON of a catalogue: one collection for the study, one item for each hazard.

    The items' time is that of the run, else that of the newest input; where neither is known there are no items. All
    files are assets of the collection and of each item. The extension ``file`` says sizes and checksums. There are no
    ``self`` links, which would have to say where the portal will be put.
    """
    when = _time(site)
    names = [e.footprint.hazard for e in site.exposures] if when else []
    items = [f"{number:02d}-{_plain(name)}" for number, name in enumerate(names, start=1)]
    title = text_in(site.title)
    root, collection = "./catalog.json", "./collection.json"
    yield (
        "stac/catalog.json",
        _json(
            {
                "type": "Catalog",
                "stac_version": _STAC,
                "id": f"hazardmap-{site.provenance['run'][:16]}",
                "title": title,
                "description": f"{title}. {site.provenance['software']}, run {site.provenance['run']}",
                "links": [
                    _link("root", root, title),
                    _link("child", collection, title),
                ],
            }
        ),
    )
    assets = {file.name: _asset(file) for file in site.downloads}
    licence = site.licensing.licence
    yield (
        "stac/collection.json",
        _json(
            {
                "type": "Collection",
                "stac_version": _STAC,
                "stac_extensions": [_FILE],
                "id": f"study-{site.provenance['run'][:16]}",
                "title": title,
                "description": ". ".join(text for text in (title, text_in(site.note)) if text),
                "license": licence if licence and _SPDX_NAME.fullmatch(licence) else "other",
                "keywords": sorted({e.footprint.hazard for e in site.exposures}),
                "extent": {
                    "spatial": {"bbox": [list(site.study["area"])]},
                    "temporal": {"interval": [[when, when] if when else [None, None]]},
                },
                "summaries": {
                    "hazardmap:run": [site.provenance["run"]],
                    "hazardmap:licences": [
                        f"{item['licence']}: {', '.join(item['layers'])}" for item in site.provenance["licences"]
                    ],
                },
                "links": [
                    _link("root", root, title),
                    _link("parent", root, title),
                    *([{"rel": "license", "href": address}] if (address := address_of(licence)) else []),
                    *(_link("item", f"./{name}.json", name) for name in items),
                ],
                "assets": assets,
            }
        ),
    )
    for name, exposure in zip(items, site.exposures, strict=False):
        yield f"stac/{name}.json", _json(_item(site, name, exposure.footprint, str(when), assets))


def _item(site: Site, name: str, footprint: Any, when: str, assets: Mapping[str, Any]) -> dict[str, Any]:
    west, south, east, north = site.study["area"]
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "type": "Feature",
        "stac_version": _STAC,
        "stac_extensions": [_FILE],
        "id": f"{site.provenance['run'][:16]}-{name}",
        "collection": f"study-{site.provenance['run'][:16]}",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": [west, south, east, north],
        "properties": {
            "datetime": when,
            "title": footprint.hazard,
            "hazardmap:units": footprint.units,
            "hazardmap:levels": list(footprint.levels),
            "hazardmap:status": footprint.status,
            "hazardmap:share_means": footprint.meaning,
            "hazardmap:scenarios": [str(label) for label in footprint.scenarios["label"]],
            "hazardmap:run": site.provenance["run"],
        },
        "links": [
            _link("root", "./catalog.json"),
            _link("parent", "./collection.json"),
            _link("collection", "./collection.json"),
        ],
        "assets": assets,
    }


def dcat(site: Site) -> str:
    """Return the portal as a DCAT catalogue with one data set, and one distribution for each file, as JSON-LD.

    Its context stands in it, so that it is read without a network. Properties and what they point to follow DCAT-AP
    3.0, which wants a publisher: it is there where :attr:`Site.publisher` is known.
    """
    languages = [_known(f"language/{_LANGUAGES[name]}", "dct:LinguisticSystem") for name in LANGUAGES]
    issued = _date(site.made)
    shared = {
        "dct:title": _in_languages(site.title),
        "dct:description": _in_languages(site.note or site.title),
        "dct:publisher": {"@type": "foaf:Agent", "foaf:name": site.publisher} if site.publisher else None,
        "dct:language": languages,
        "dct:issued": issued,
        "dct:spatial": _location(site),
    }
    licence = _licence(site.licensing.licence)
    theme = {"@language": "en", "@value": "Environment"}
    data_set = {
        "@id": f"urn:sha256:{site.provenance['run']}",
        "@type": "dcat:Dataset",
        **shared,
        "dct:identifier": site.provenance["run"],
        "dct:license": licence,
        "dcat:keyword": sorted({e.footprint.hazard for e in site.exposures}),
        "dcat:theme": {**_known("data-theme/ENVI", "skos:Concept"), "skos:prefLabel": theme},
        "dct:provenance": {"@type": "dct:ProvenanceStatement", "rdfs:label": site.provenance["software"]},
        "prov:wasDerivedFrom": [_input(item) for item in site.provenance["inputs"]],
        "dcat:distribution": [_distribution(file, licence, issued) for file in site.downloads],
    }
    catalogue = {
        "@context": _CONTEXT,
        "@id": "",
        "@type": "dcat:Catalog",
        **shared,
        "foaf:homepage": {"@id": "index.html", "@type": "foaf:Document"},
        "dcat:dataset": data_set,
    }
    return _json(_without_none(catalogue))


def _location(site: Site) -> dict[str, Any]:
    west, south, east, north = site.study["area"]
    box = f"POLYGON(({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}))"
    return {"@type": "dct:Location", "dcat:bbox": {"@type": "geosparql:wktLiteral", "@value": box}}


def _known(name: str, kind: str) -> dict[str, str]:
    """Return an entry of a list of the Publications Office."""
    return {"@id": f"{_AUTHORITY}/{name}", "@type": kind}


def _licence(licence: str | None) -> dict[str, str] | None:
    """Return a licence: by its address, else by its name."""
    if not licence:
        return None
    address = address_of(licence)
    place = {"@id": address} if address else {"rdfs:label": licence}
    return {**place, "@type": "dct:LicenseDocument"}


def _date(text: str | None) -> dict[str, str | None] | None:
    """Return a day, or an instant."""
    if text is None:
        return None
    day = len(text) == len("2026-01-31")
    return {"@type": "xsd:date" if day else "xsd:dateTime", "@value": text if day else timestamp(text)}


def _asset(file: Download) -> dict[str, Any]:
    # a multihash: 12 is SHA-256, 20 its length in bytes, both hexadecimal
    return {
        "href": f"../{file.href}",
        "title": file.name,
        "type": file.media_type,
        "roles": ["overview"] if file.format == "HTML" else ["metadata" if file.format == "JSON" else "data"],
        "file:size": file.size,
        "file:checksum": f"1220{file.sum}",
    }


def _distribution(file: Download, licence: Any, issued: Any) -> dict[str, Any]:
    kind = "dct:MediaTypeOrExtent"
    known = _FILE_TYPES.get(file.format)
    media = file.media_type.partition(";")[0]
    return {
        "@id": file.href,
        "@type": "dcat:Distribution",
        "dct:title": file.name,
        "dcat:accessURL": {"@id": file.href},
        "dcat:downloadURL": {"@id": file.href},
        "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{media}", "@type": "dct:MediaType"},
        "dct:format": _known(f"file-type/{known}", kind) if known else {"@type": kind, "rdfs:label": file.format},
        "dct:license": licence,
        "dct:issued": issued,
        "dcat:byteSize": {"@type": "xsd:nonNegativeInteger", "@value": str(file.size)},
        "spdx:checksum": _checksum(file.sum),
    }


def _input(item: Mapping[str, Any]) -> dict[str, Any]:
    rights = item.get("attribution")
    return {
        "@type": "prov:Entity",
        "dct:title": str(item.get("name")),
        "dct:license": _licence(item.get("licence")),
        "dct:rights": {"@type": "dct:RightsStatement", "rdfs:label": rights} if rights else None,
        "dct:source": item.get("source"),
        "spdx:checksum": _checksum(item["sha256"]) if item.get("sha256") else None,
    }


def _checksum(digest: str) -> dict[str, Any]:
    return {
        "@type": "spdx:Checksum",
        "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256", "@type": "spdx:ChecksumAlgorithm"},
        "spdx:checksumValue": {"@type": "xsd:hexBinary", "@value": digest},
    }


def _in_languages(text: Any) -> Any:
    if isinstance(text, Mapping):
        return [{"@language": language, "@value": str(value)} for language, value in text.items()]
    return text


def _time(site: Site) -> str | None:
    """Return the time of the run, else that of the newest input, in the form of RFC 3339."""
    if site.made:
        return timestamp(site.made)
    dates = [timestamp(str(item.get("date") or "")) for item in site.provenance["inputs"]]
    return max((each for each in dates if each), default=None)


def _link(rel: str, href: str, title: str | None = None) -> dict[str, str]:
    kind = "application/geo+json" if rel == "item" else "application/json"
    return {"rel": rel, "href": href, "type": kind} | ({"title": title} if title else {})


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return [_without_none(item) for item in value] if isinstance(value, list) else value


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
