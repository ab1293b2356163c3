"""Catalogues that machines read: STAC 1.1 (static JSON) and DCAT 3 (JSON-LD), with addresses relative to the portal."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from hazardmap.licences import address_of
from hazardmap.portal.site import Download, Site
from hazardmap.portal.words import LANGUAGES
from hazardmap.provenance import text_in

__all__ = ["dcat", "stac"]

_STAC = "1.1.0"
_FILE = "https://stac-extensions.github.io/file/v2.1.0/schema.json"
_SPDX_NAME = re.compile(r"[A-Za-z0-9.-]+")
_DATE = re.compile(r"(?P<year>\d{4})(-(?P<month>\d{2}))?(-(?P<day>\d{2}))?")

_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "spdx": "http://spdx.org/rdf/terms#",
    "prov": "http://www.w3.org/ns/prov#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "locn": "http://www.w3.org/ns/locn#",
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

    Its context stands in it, so that it is read without a network. It was checked as RDF, not against the shapes of
    DCAT-AP, which no package ships.
    """
    licence = site.licensing.licence
    address = address_of(licence)
    about = {"@id": address} if address else (licence or None)
    west, south, east, north = site.study["area"]
    box = f"POLYGON(({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}))"
    data_set = {
        "@id": f"urn:sha256:{site.provenance['run']}",
        "@type": "dcat:Dataset",
        "dct:identifier": site.provenance["run"],
        "dct:title": _in_languages(site.title),
        "dct:description": _in_languages(site.note or site.title),
        "dct:language": list(LANGUAGES),
        "dct:license": about,
        "dct:issued": site.provenance["made"],
        "dcat:keyword": sorted({e.footprint.hazard for e in site.exposures}),
        "dct:spatial": {
            "@type": "dct:Location",
            "dcat:bbox": {"@type": "geosparql:wktLiteral", "@value": box},
        },
        "dct:provenance": {"@type": "dct:ProvenanceStatement", "dct:description": site.provenance["software"]},
        "prov:wasDerivedFrom": [_input(item) for item in site.provenance["inputs"]],
        "dcat:distribution": [_distribution(file, about, site.provenance["made"]) for file in site.downloads],
    }
    catalogue = {
        "@context": _CONTEXT,
        "@id": "",
        "@type": "dcat:Catalog",
        "dct:title": _in_languages(site.title),
        "dcat:dataset": data_set,
    }
    return _json(_without_none(catalogue))


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


def _distribution(file: Download, licence: Any, made: str | None) -> dict[str, Any]:
    return {
        "@id": file.href,
        "@type": "dcat:Distribution",
        "dct:title": file.name,
        "dcat:downloadURL": {"@id": file.href},
        "dcat:mediaType": file.media_type,
        "dct:format": file.format,
        "dct:license": licence,
        "dct:issued": made,
        "dcat:byteSize": {"@type": "xsd:nonNegativeInteger", "@value": str(file.size)},
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": file.sum,
        },
    }


def _input(item: Mapping[str, Any]) -> dict[str, Any]:
    address = address_of(str(item.get("licence")))
    return {
        "@type": "prov:Entity",
        "dct:title": str(item.get("name")),
        "dct:license": {"@id": address} if address else item.get("licence"),
        "dct:rights": item.get("attribution"),
        "dct:source": item.get("source"),
        "spdx:checksum": {"@type": "spdx:Checksum", "spdx:checksumValue": item["sha256"]}
        if item.get("sha256")
        else None,
    }


def _in_languages(text: Any) -> Any:
    if isinstance(text, Mapping):
        return [{"@language": language, "@value": str(value)} for language, value in text.items()]
    return text


def _time(site: Site) -> str | None:
    """Return the time of the run, else that of the newest input, in the form of RFC 3339."""
    dates = [site.made] if site.made else [str(item.get("date") or "") for item in site.provenance["inputs"]]
    found = [
        f"{match['year']}-{match['month'] or '01'}-{match['day'] or '01'}T00:00:00Z"
        for match in map(_DATE.match, dates)
        if match
    ]
    return max(found, default=None)


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
