"""Layers of features in the page: whole where they fit, thinned where they are large, reduced where they are huge."""

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from hazardmap.outputs.webmap.codec import Column, encode
from hazardmap.outputs.webmap.model import LANGUAGES, Attribute, FeatureLayer, Scenario, Text
from hazardmap.outputs.webmap.raster import encode_raster
from hazardmap.outputs.webmap.sizes import Reduced, file_name, reduced, thinned_shapes
from hazardmap.palette import STATUS_COLOURS

__all__ = ["Carried", "encode_layer", "texts_of"]

# Features and bytes (in the page) above which a layer is thinned, and above which it is reduced.
_THINNED, _THINNED_BYTES = 200_000, 10_000_000
_REDUCED, _REDUCED_BYTES = 1_000_000, 40_000_000
_BASE64 = 4 / 3

# From mild to bad, as the grid of a reduced layer counts them; white is no colour for cells.
_GRID_COLOURS = [STATUS_COLOURS["dry"], "#9a9a9a", STATUS_COLOURS["partial"], STATUS_COLOURS["hit"]]
_CONTEXT_COLOUR = "#6a51a3"


class Carried(NamedTuple):
    """What a page carries: payloads by id, what is written beside it, by file name, and whose shapes are there."""

    payloads: dict[str, bytes]
    beside: dict[str, gpd.GeoDataFrame]
    shapes: dict[str, str]


def encode_layer(
    layer: FeatureLayer, name: str, carried: Carried, *, scenarios: tuple[Scenario, ...] = (), hazard: str = ""
) -> dict[str, Any]:
    """Encode a layer into what a page carries, under the id ``name``; return its description."""
    columns = [
        Column(each.name, each.digits, tuple(s.id for s in scenarios) if each.per_scenario else ())
        for each in layer.attributes
    ]
    drawn, content, thinned = _fitted(_along_curve(layer.frame), columns)
    described: dict[str, Any] = {"thinned": thinned, "grid": None, "beside": None}
    if content is None:
        small = reduced(layer, scenarios)
        drawn = small.layer.frame
        content = encode(drawn, columns)
        described |= _reduction(small, layer, name, carried, hazard)
    # several hazards reach the same assets, which the page carries once
    twin = carried.shapes.setdefault(_digest(drawn), name)
    carried.payloads[name] = content if twin == name else encode(drawn, columns, shapes=False)
    described["like"] = None if twin == name else twin
    return described | {
        "id": name,
        "name": layer.name,
        "title": texts_of(layer.title),
        "attributes": [_attribute(attribute) for attribute in layer.attributes],
        "status": layer.status,
        "mixes": [[list(part) for part in mix] for mix in layer.mixes],
        "source": _plain_source(layer.source),
        "shown": layer.shown,
    }


def texts_of(text: Text) -> dict[str, str]:
    """Return one text per language; a bare one stands for every language."""
    if isinstance(text, str):
        return dict.fromkeys(LANGUAGES, text)
    some = text.get("en") or next(iter(text.values()), "")
    return {language: str(text.get(language) or some) for language in dict.fromkeys([*LANGUAGES, *text])}


def _along_curve(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return features in the order of a Hilbert curve: neighbours are alike, so that they weigh less."""
    if frame.empty:
        return frame
    boxes = np.nan_to_num(shapely.bounds(frame.geometry.to_numpy()))  # without a shape: first
    middles = gpd.GeoSeries(gpd.points_from_xy(*(boxes[:, :2] + boxes[:, 2:]).T / 2))
    return frame.iloc[np.argsort(middles.hilbert_distance(), kind="stable")]


def _fitted(frame: gpd.GeoDataFrame, columns: list[Column]) -> tuple[gpd.GeoDataFrame, bytes | None, bool]:
    """Return what is drawn, its payload, and whether shapes were thinned; no payload where it would be too large."""
    if len(frame) > _REDUCED:
        return frame, None, False
    if len(frame) <= _THINNED:
        content = encode(frame, columns)
        if len(content) * _BASE64 <= _THINNED_BYTES:
            return frame, content, False
    points = bool((shapely.get_dimensions(frame.geometry.to_numpy()) <= 0).all())
    drawn = frame if points else thinned_shapes(frame)
    content = encode(drawn, columns)
    return drawn, (None if len(content) * _BASE64 > _REDUCED_BYTES else content), not points


def _digest(frame: gpd.GeoDataFrame) -> str:
    """Return what only features of the same shapes, in the same order, share."""
    return hashlib.sha256(b"".join(text or b"-" for text in shapely.to_wkb(frame.geometry.to_numpy()))).hexdigest()


def _reduction(small: Reduced, layer: FeatureLayer, name: str, carried: Carried, hazard: str) -> dict[str, Any]:
    levels = (1.0, 2.0, 3.0, 4.0) if layer.status else (1.0,)
    encoded = encode_raster(small.grid, levels=levels)
    carried.payloads[f"{name}-grid"] = encoded.payload
    file = file_name(hazard, layer.name)
    carried.beside[file] = layer.frame
    return {
        "grid": encoded.description
        | {
            "id": f"{name}-grid",
            "mixes": [],
            "worse": "higher",
            "colours": _GRID_COLOURS if layer.status else [_CONTEXT_COLOUR],
        },
        "beside": {"file": file, "count": len(layer.frame), "listed": len(small.layer.frame)},
    }


def _attribute(attribute: Attribute) -> dict[str, Any]:
    return {
        "name": attribute.name,
        "title": texts_of(attribute.title),
        "units": attribute.units,
        "digits": attribute.digits,
        "per_scenario": attribute.per_scenario,
        "kind": attribute.kind,
    }


def _plain_source(source: Mapping[str, Any]) -> dict[str, str]:
    """Return what the page says of a source."""
    said = ("attribution", "source", "licence")
    return {key: str(source[key]) for key in said if source.get(key)}
