"""Assets that live from a river: whatever their cell has, their share of the hazard comes down that river."""

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from hazardmap.errors import LayerError
from hazardmap.exposure.measure import KEYS, Measured, reached_by
from hazardmap.footprint import Footprint

__all__ = ["FROM_RIVER", "lives_from_river", "with_rivers"]

FROM_RIVER = "from_river"
"""Column that says whether an asset lives from a river: a power station cooled by one, a water works, an intake."""

_WORDS: dict[Any, bool] = {True: True, False: False, "true": True, "false": False, "1": True, "0": False}


def with_rivers(
    name: str,
    features: gpd.GeoDataFrame,
    shape: npt.NDArray[np.int64],
    found: Measured,
    footprint: Footprint,
    notes: list[str],
) -> Measured:
    """Give assets that live from a river the source of that river.

    Parameters
    ----------
    name : str
        Name of the layer.
    features : GeoDataFrame
        The assets; those with a true column ``from_river`` live from one.
    shape : ndarray of int
        Number of the asset of each piece that was measured.
    found : Measured
        What was measured on the pieces.
    footprint : Footprint
        Its ``river`` gives the source of points; without it nothing changes.
    notes : list of str
        Grows by how far the rivers are.

    Returns
    -------
    Measured

    Raises
    ------
    LayerError
        When the column holds anything but true and false.
    """
    if footprint.river is None or FROM_RIVER not in features.columns:
        return found
    drinking = lives_from_river(features, name=name)
    if not drinking.any():
        return found
    own = features[drinking]
    points = gpd.GeoDataFrame(own.drop(columns=own.geometry.name), geometry=own.geometry.representative_point())
    snapped = footprint.river(points)
    notes.append(_note(name, snapped["distance_m"].to_numpy(dtype=float)))
    source = np.zeros(len(features), dtype=np.int64)
    source[drinking] = snapped["source"].to_numpy()
    asset = shape[found.parts["shape"].to_numpy()]
    parts = found.parts.assign(source=np.where(drinking[asset], source[asset], found.parts["source"]))
    parts = parts.groupby([*KEYS, "source"], as_index=False)[["amount", "loss"]].sum()
    return found._replace(parts=parts, reached=reached_by(parts, footprint), alone=parts)


def lives_from_river(features: pd.DataFrame, *, name: str) -> npt.NDArray[np.bool_]:
    """Whether each asset lives from a river; one that does not say does not.

    Raises
    ------
    LayerError
        When the column ``from_river`` holds anything but true and false.
    """
    values = features[FROM_RIVER]
    said = [_plain(value) for value in values]
    odd = [value for value in said if value is not None and not isinstance(value, bool)]
    if odd:
        raise LayerError(
            f"{name}: the column {FROM_RIVER!r} holds {odd[0]!r}; expected true or false; correct the rows"
        )
    return np.array([bool(value) for value in said], dtype=bool)


def _plain(value: Any) -> Any:
    """Return a flag however it is written, None where it is missing, and anything else as it is."""
    if not pd.api.types.is_scalar(value):
        return value
    if pd.isna(value):
        return None
    return _WORDS.get(value.strip().lower() if isinstance(value, str) else value, value)


def _note(name: str, away: npt.NDArray[np.float64]) -> str:
    """Say how far the rivers are that assets were brought to."""
    near = away[~np.isnan(away)]
    text = f"{name}: {len(away)} of its assets live from a river; "
    if len(near):
        text += f"{len(near)} take the source of the reach nearest to them, {np.median(near) / 1000:.1f} km away "
        text += f"(median; at most {near.max() / 1000:.1f} km)"
    lost = len(away) - len(near)
    if lost:
        text += ("; " if len(near) else "") + f"{lost} have no river near enough, so that their origin is unknown"
    return text
