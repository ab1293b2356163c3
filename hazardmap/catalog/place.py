"""Where a layer is: its CRS as its file and its card agree on it, and areas moved between CRSs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import shapely
from pyproj.exceptions import CRSError

from hazardmap import checks
from hazardmap.errors import CRSMismatchError, LayerError, MissingCRSError, NoOverlapError

if TYPE_CHECKING:
    from hazardmap.catalog.card import Area, Layer

__all__ = ["agreed_crs", "moved", "wanted"]

DEGREES = "EPSG:4326"
PARTS = 64
"""Into how many parts the edge of an area is split before it is moved to another CRS."""


def agreed_crs(layer: Layer, found: Any) -> pyproj.CRS:
    """Return the CRS of a layer: that of its file, which its card may state but not contradict.

    Raises
    ------
    MissingCRSError
        When neither states one.
    CRSMismatchError
        When they disagree.
    LayerError
        When the card names a CRS that does not exist.
    """
    known = None if found is None else _flat(found, f"layer {layer.name}: its file states")
    if layer.crs is None:
        if known is None:
            raise MissingCRSError(
                f"layer {layer.name} has no CRS in its file or on its card; every layer needs one; "
                "add 'crs: EPSG:...' to the card"
            )
        return known
    stated = _flat(layer.crs, f"layer {layer.name}: its card states")
    if known is not None and not checks.same_crs(stated, known):
        raise CRSMismatchError(
            f"layer {layer.name} is in {checks.crs_name(known)} but its card says {checks.crs_name(stated)}; "
            "expected one of them; remove 'crs' from the card, or correct the file"
        )
    return stated


def _flat(crs: Any, who: str) -> pyproj.CRS:
    """Return the horizontal part of a CRS; heights play no part here."""
    try:
        known = pyproj.CRS.from_user_input(crs)
    except (CRSError, ValueError, TypeError):
        raise LayerError(
            f"{who} the CRS {str(crs)[:80]!r}, which is none; expected a code such as EPSG:28992; correct it"
        ) from None
    if known.is_compound:
        known = known.sub_crs_list[0]
    if not (known.is_geographic or known.is_projected):
        raise LayerError(
            f"{who} the CRS {known.name[:80]!r}, which is not tied to the earth; "
            "expected degrees or a map projection; correct it"
        )
    return known.to_2d()


def moved(shape: shapely.Geometry, source: Any, target: Any) -> shapely.Geometry:
    """Return a polygon in another CRS, its edges densified so that they stay where they were."""
    west, south, east, north = shape.bounds
    dense = shapely.segmentize(shape, max(east - west, north - south) / PARTS)
    transformer = pyproj.Transformer.from_crs(source, target, always_xy=True)
    return shapely.transform(dense, lambda xy: np.column_stack(transformer.transform(xy[:, 0], xy[:, 1])))


def wanted(area: Area, extent: tuple[float, ...], crs: Any, *, name: str) -> shapely.Geometry:
    """Return the part of an area that a layer can have, in the layer's CRS.

    Parameters
    ----------
    area : tuple of float
        West, south, east, north in degrees.
    extent : tuple of float
        Left, bottom, right and top of the layer, in its CRS.
    crs : CRS
        That of the layer.

    Raises
    ------
    NoOverlapError
        When the layer lies outside the area.
    """
    there = moved(shapely.box(*_widened(extent)), crs, DEGREES)
    asked = shapely.box(*checks.require_area(area))
    common = shapely.intersection(asked, there)
    if not there.is_valid or common.is_empty:
        west, south, east, north = there.bounds
        raise NoOverlapError(
            f"layer {name} lies at {west:.4g}..{east:.4g} E, {south:.4g}..{north:.4g} N, outside the area "
            f"{area[0]:g}..{area[2]:g} E, {area[1]:g}..{area[3]:g} N; expected an overlap; check the area and the CRS"
        )
    return moved(common, DEGREES, crs)


def _widened(extent: tuple[float, ...]) -> tuple[float, float, float, float]:
    """Give the extent of a single point or a straight line a little width."""
    left, bottom, right, top = extent
    bit = 1e-9 * max(abs(value) for value in (*extent, 1.0))
    return left - bit, bottom - bit, right + bit, top + bit
