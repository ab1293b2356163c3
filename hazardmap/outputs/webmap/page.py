"""From a :class:`~hazardmap.outputs.webmap.model.Page` to what the HTML carries: a description and payloads."""

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
import xarray as xr

from hazardmap.checks import grid_of
from hazardmap.footprint import weakest_status
from hazardmap.outputs.webmap.base import encode_base
from hazardmap.outputs.webmap.codec import Column, encode, pack
from hazardmap.outputs.webmap.figure import EncodedPage
from hazardmap.outputs.webmap.model import LANGUAGES, FeatureLayer, Hazard, Page, RasterStack, Scenario
from hazardmap.outputs.webmap.pagelayers import Carried, encode_layer, texts_of
from hazardmap.outputs.webmap.raster import encode_raster, origin_codes, zoom_limit
from hazardmap.palette import STATUS_COLOURS, class_colours
from hazardmap.scenarios import first_shown

__all__ = ["encode_page", "languages", "page_bounds", "thinned"]

_TEXTS = files("hazardmap.outputs.webmap").joinpath("i18n")
# Of what is drawn only: about 10 m.
_OUTLINE_DIGITS = 4
# Above this phones and mail servers may refuse a page, which then says so itself.
_LARGE_MB = 15
_BASE64 = 4 / 3
# Of a series of months, in the page: as a whole, or each of a long one.
_SERIES_BYTES, _MONTH_BYTES = 300_000, 5_000
_WORLD = (-180.0, -85.0, 180.0, 85.0)


def encode_page(page: Page) -> EncodedPage:
    """Encode a page. The same page gives the same bytes.

    The SHA-256 of the payloads, in their order in the file, stands in the description as ``sha256``.
    """
    carried = Carried({}, {}, {})
    payloads = carried.payloads
    description: dict[str, Any] = {
        "title": texts_of(page.title),
        "language": page.language,
        "languages": languages(),
        "made": page.made.isoformat() if isinstance(page.made, date) else None,
        "status": weakest_status([], (hazard.status for hazard in page.hazards)),
        "status_colours": STATUS_COLOURS,
        "bounds": page_bounds(page),
        "hazards": [_hazard(hazard, number, carried) for number, hazard in enumerate(page.hazards)],
        "context": [encode_layer(layer, f"hm-context-{number}", carried) for number, layer in enumerate(page.context)],
        "base": encode_base(page.base, payloads),
        "territories": _territories(page.territories, payloads),
        "note": texts_of(page.note) if page.note else None,
        "notes": list(page.notes),
        "sources": [_plain(source) for source in (*page.sources, *page.base.sources)],
        "record": _plain(page.record) if page.record is not None else None,
        "contacts": [dict(contact) for contact in page.contacts],
    }
    payloads["hm-texts"] = _json_payload(_page_texts())
    digest = hashlib.sha256(b"".join(payloads.values()))
    megabytes = sum(len(content) for content in payloads.values()) * _BASE64 / 1e6
    description |= {"sha256": digest.hexdigest(), "megabytes": math.ceil(megabytes) if megabytes > _LARGE_MB else None}
    return EncodedPage(description, payloads, carried.beside)


def thinned(polygons: gpd.GeoDataFrame, tolerance: float = 0.008) -> gpd.GeoDataFrame:
    """Return polygons side by side (EPSG:4326) with fewer vertices, and no gaps between them; for drawing only."""
    return polygons.set_geometry(shapely.coverage_simplify(polygons.geometry.to_numpy(), tolerance), crs=4326)


def languages() -> list[str]:
    """Languages that the page speaks: a file in ``i18n`` each, the four of the region first."""
    found = {path.name.removesuffix(".json") for path in _TEXTS.iterdir()}
    return [*(name for name in LANGUAGES if name in found), *sorted(found - set(LANGUAGES))]


def page_bounds(page: Page) -> list[float]:
    """West, south, east and north of what the map opens on: its area, or else all that it shows."""
    if page.area is not None:
        return _rounded(page.area)
    boxes = [layer.frame.total_bounds for layer in _all_layers(page) if len(layer.frame)]
    boxes += [_raster_bounds(hazard.raster.intensity) for hazard in page.hazards if hazard.raster is not None]
    if not boxes and page.base.land is not None:
        boxes = [page.base.land.total_bounds]
    if not boxes:
        return list(_WORLD)
    stacked = np.asarray(boxes)
    return _rounded([*np.nanmin(stacked[:, :2], axis=0), *np.nanmax(stacked[:, 2:], axis=0)])


def _hazard(hazard: Hazard, number: int, carried: Carried) -> dict[str, Any]:
    prefix, payloads = f"hm-hazard-{number}", carried.payloads
    options: dict[str, Any] = {"scenarios": hazard.scenarios, "hazard": hazard.name}
    described = {
        "name": hazard.name,
        "title": texts_of(hazard.title),
        "units": hazard.units,
        "levels": list(hazard.levels),
        "worse": hazard.worse,
        "status": hazard.status,
        "meaning": hazard.meaning,
        "scenarios": [_scenario(scenario) for scenario in hazard.scenarios],
        "first": first_shown(scenario.likelihood for scenario in hazard.scenarios),
        "colours": class_colours(len(hazard.levels), hazard.palette),
        "dark_colours": class_colours(len(hazard.levels), hazard.palette, dark=True),
        "notes": list(hazard.notes),
        "raster": None,
        "zones": None,
        "modelled": None,
        "seams": None,
        "sites": None,
        "flows": None,
    }
    if hazard.raster is not None:
        described["raster"] = _raster(hazard, hazard.raster, f"{prefix}-raster", payloads)
    if hazard.zones is not None:
        described["zones"] = encode_layer(hazard.zones, f"{prefix}-zones", carried, **options)
    if hazard.modelled is not None:
        described["modelled"] = f"{prefix}-modelled"
        payloads[f"{prefix}-modelled"] = encode(hazard.modelled.to_crs(4326), digits=_OUTLINE_DIGITS)
    if hazard.seams is not None:
        described["seams"] = encode_layer(hazard.seams, f"{prefix}-seams", carried, **options)
    if hazard.sites is not None:
        described["sites"] = encode_layer(hazard.sites, f"{prefix}-sites", carried, **options)
    described["assets"] = [
        encode_layer(layer, f"{prefix}-assets-{k}", carried, **options) for k, layer in enumerate(hazard.assets)
    ]
    if hazard.flows is not None and len(hazard.flows):
        described["flows"] = f"{prefix}-flows"
        payloads[f"{prefix}-flows"] = _json_payload(_flows(hazard.flows, hazard.scenarios))
    return described


def _raster(hazard: Hazard, stack: RasterStack, name: str, payloads: dict[str, bytes]) -> dict[str, Any]:
    codes, mixes = None, list[Any]()
    if stack.shares is not None and stack.source is not None:
        codes, mixes = origin_codes(_sources(stack), stack.shares)
    encoded = encode_raster(
        stack.intensity,
        levels=hazard.levels,
        worse=hazard.worse,
        units=hazard.units,
        origins=codes,
        max_bytes=_most_bytes(hazard.scenarios),
    )
    payloads[name] = encoded.payload
    coarse = hazard.status != "official"
    depths = coarse and hazard.units == "m"  # nobody looks for a house on a map of drought
    south, north = _raster_bounds(stack.intensity)[1::2]
    limit = zoom_limit(max(encoded.description["cell_m"]), (south + north) / 2) if depths else None
    return encoded.description | {"id": name, "mixes": mixes, "smooth": coarse, "max_zoom": limit}


def _most_bytes(scenarios: tuple[Scenario, ...]) -> int | None:
    """Return what the cells of a series of months may weigh; they are read for their course, not for a place."""
    if len(scenarios) < 2 or any(scenario.month is None for scenario in scenarios):
        return None
    return int(max(_SERIES_BYTES, len(scenarios) * _MONTH_BYTES) / _BASE64)


def _sources(stack: RasterStack) -> npt.NDArray[np.int32]:
    """Source of each cell."""
    if isinstance(stack.source, xr.DataArray):
        return stack.source.to_numpy().astype(np.int32)
    return np.full(stack.intensity.shape[-2:], stack.source, dtype=np.int32)


def _scenario(scenario: Scenario) -> dict[str, Any]:
    period = scenario.return_period
    return {
        "id": scenario.id,
        "label": scenario.label,
        "likelihood": scenario.likelihood,
        "return_period": period if period is not None and math.isfinite(period) else None,
        "month": scenario.month,
    }


def _flows(flows: pd.DataFrame, scenarios: tuple[Scenario, ...]) -> dict[str, list[Any]]:
    """Flows summed over levels, column by column: numbers of scenario, measure, origin and territory, and values.

    Values keep four figures; the page shows two.
    """
    order = {scenario.id: number for number, scenario in enumerate(scenarios)}
    keys = ["measure", "unit", "origin", "territory", "scenario"]
    summed = flows.assign(scenario=flows["scenario"].map(order)).groupby(keys, as_index=False)["attributed"].sum()
    measures = sorted(set(zip(summed["measure"].astype(str), summed["unit"].astype(str), strict=True)))
    origins = sorted(set(summed["origin"].astype(str)))
    territories = sorted(set(summed["territory"].astype(str)))
    return {
        "measures": [list(measure) for measure in measures],
        "origins": origins,
        "territories": territories,
        "scenario": [int(number) for number in summed["scenario"]],
        "measure": [
            measures.index((str(measure), str(unit)))
            for measure, unit in zip(summed["measure"], summed["unit"], strict=True)
        ],
        "origin": [origins.index(str(origin)) for origin in summed["origin"]],
        "territory": [territories.index(str(territory)) for territory in summed["territory"]],
        "value": [float(f"{value:.4g}") for value in summed["attributed"]],
    }


def _territories(territories: gpd.GeoDataFrame | None, payloads: dict[str, bytes]) -> dict[str, Any] | None:
    """Outlines, and the names per language by id."""
    if territories is None or not len(territories):
        return None
    frame = territories.to_crs(4326)
    payloads["hm-territories"] = encode(thinned(frame)[["id", "geometry"]], [Column("id")], digits=_OUTLINE_DIGITS)
    named = [*sorted(str(name) for name in frame.columns if str(name).startswith("name_")), "name"]
    names = {
        str(row["id"]): {
            column.removeprefix("name_"): str(row[column])
            for column in named
            if column in frame.columns and pd.notna(row[column])
        }
        | {"country": str(row["country"])}
        for _, row in frame.drop(columns="geometry").iterrows()
    }
    return {"id": "hm-territories", "names": names}


def _page_texts() -> dict[str, dict[str, str]]:
    return {name: json.loads(_TEXTS.joinpath(f"{name}.json").read_text(encoding="utf-8")) for name in languages()}


def _json_payload(value: Any) -> bytes:
    return pack(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode())


def _all_layers(page: Page) -> list[FeatureLayer]:
    shapes = [layer for hazard in page.hazards for layer in (hazard.zones, hazard.seams, hazard.sites) if layer]
    return [*page.context, *shapes, *(layer for hazard in page.hazards for layer in hazard.assets)]


def _raster_bounds(values: xr.DataArray) -> tuple[float, float, float, float]:
    from rasterio.warp import transform_bounds

    grid = grid_of(values, name="the raster of the map")
    box = grid.boundingbox
    west, south, east, north = transform_bounds(str(grid.crs), "EPSG:4326", box.left, box.bottom, box.right, box.top)
    return west, south, east, north


def _rounded(bounds: Any) -> list[float]:
    return [round(float(value), 4) for value in bounds]


def _plain(value: Any) -> Any:
    """Return provenance and records as plain JSON values; anything else as text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)
