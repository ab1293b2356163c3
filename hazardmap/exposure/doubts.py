"""What is doubtful about the cells of a raster footprint, seen while an overlay reads its blocks anyway."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import xarray as xr

from hazardmap.coverage import Window, cell_areas
from hazardmap.footprint import Footprint
from hazardmap.lazy import lazy

__all__ = ["DEEP_M", "Seen", "notes_of", "row_notes", "watched"]

Values = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

TOLERANCE = 0.01
"""A cell that is milder by no more than this (in units of the intensity) is not: maps are published in centimetres."""

DEEP_M = 6.0
"""Depth at which the curves of Huizinga et al. (2017), EUR 28552 EN, end: everything is lost."""

SHALLOW_M = 1.0
"""Above the edge of the mildest class of every national map (table ``depth-classes``): a flood has such a rim."""

NEVER_M = 100.0
"""Deeper than the water behind any dam of the Benelux and North Rhine-Westphalia (general knowledge, status K)."""

# A share of fewer wet cells than this says nothing.
_ENOUGH = 1000


class Seen(NamedTuple):
    """What the blocks showed that were read so far: one record a block and pair of scenarios, or a block and scenario.

    Of two scenarios, ``rare`` is compared with ``often``; ``wet`` counts cells where the latter has an intensity.
    """

    pairs: list[dict[str, Any]]
    scenarios: list[dict[str, Any]]


def watched(footprint: Footprint) -> tuple[Footprint, Seen]:
    """Return the same footprint, and what shows itself in the blocks that are read through it.

    Parameters
    ----------
    footprint : Footprint
        A raster. Each of its windows is to be read once at most.

    Returns
    -------
    footprint : Footprint
    seen : Seen
        Grows with every block; a few numbers each, whatever the size of the raster. Blocks that are read on other
        machines leave nothing here.
    """
    intensity, seen = footprint.intensity, Seen([], [])
    read = partial(_read, footprint, tuple(pairwise(_rising(footprint))), seen)
    variable = lazy(("scenario", "y", "x"), intensity.shape, intensity.dtype, read)
    looked = xr.DataArray(variable, coords=intensity.coords)
    looked.attrs = intensity.attrs
    chunks = {name: sizes[0] for name, sizes in intensity.chunksizes.items()}
    looked.encoding["preferred_chunks"] = chunks or intensity.encoding.get("preferred_chunks", {})
    return replace(footprint, intensity=looked), seen


def _rising(footprint: Footprint) -> tuple[str, ...]:
    """Scenarios from frequent to rare, none of which should be milder than the one before."""
    if footprint.worse == "lower":
        return ()
    if footprint.rising is not None:
        return footprint.rising
    known = footprint.scenarios[footprint.scenarios["probability_kind"] != "time"]
    return tuple(known["probability"].dropna().sort_values(ascending=False, kind="stable").index)


def _read(footprint: Footprint, pairs: Sequence[tuple[str, str]], seen: Seen, key: tuple[slice, ...]) -> Values:
    """Read some blocks, and remember what they show."""
    values: Values = footprint.intensity[key].to_numpy()
    _, rows, columns = key
    window = (rows.start, columns.start, rows.stop - rows.start, columns.stop - columns.start)
    if values.shape[0] < len(footprint.scenarios):
        return values
    layer = {name: values[number] for number, name in enumerate(footprint.scenarios.index)}
    for often, rare in pairs:
        found = _compared(layer[often], layer[rare], footprint, window)
        seen.pairs.append({"often": often, "rare": rare, "window": window, **found})
    if footprint.hazard == "flood" and footprint.units == "m":
        for name, depth in layer.items():
            seen.scenarios.append({"scenario": name, "window": window, **_judged(depth, window)})
    return values


def _compared(often: Values, rare: Values, footprint: Footprint, window: Window) -> dict[str, Any]:
    """Compare a scenario with a more frequent one, cell by cell: counts, areas, and the cell that is milder by most."""
    wet, same, bare = often > 0, often == rare, np.isnan(rare)
    unlike = same.size - np.count_nonzero(same) - np.count_nonzero(bare & np.isnan(often))
    milder = rare < often
    if milder.any():  # seldom: what follows costs as much again
        milder &= rare < often - np.asarray(TOLERANCE, often.dtype)
    masks = {"same": same & wet, "milder": milder, "missing": bare & wet}
    found: dict[str, Any] = {"wet": np.count_nonzero(wet), "unlike": unlike, "drop": 0.0, "row": 0, "column": 0}
    for name, mask in masks.items():
        found[name] = np.count_nonzero(mask)
        found[f"{name}_km2"] = _km2(mask, footprint, window) if found[name] else 0.0
    if found["milder"]:
        cells = np.flatnonzero(masks["milder"])
        drop = often.ravel()[cells] - rare.ravel()[cells]
        row, column = np.unravel_index(cells[drop.argmax()], often.shape)
        found |= {"drop": float(drop.max()), "row": window[0] + row, "column": window[1] + column}
    return found


def _km2(mask: Mask, footprint: Footprint, window: Window) -> float:
    areas = cell_areas(footprint.grid, window)
    if areas.shape[1] == 1:
        return float(np.count_nonzero(mask, axis=1) @ np.broadcast_to(areas[:, 0], mask.shape[0])) / 1e6
    return float(np.broadcast_to(areas, mask.shape)[mask].sum()) / 1e6


def _judged(depth: Values, window: Window) -> dict[str, Any]:
    """Count wet cells, those that are deep, those that are shallow, and find the deepest one."""
    wet, deep = np.count_nonzero(depth > 0), np.flatnonzero(depth > DEEP_M)
    found: dict[str, Any] = {"wet": wet, "deep": len(deep), "deepest": 0.0, "row": 0, "column": 0}
    found["shallow"] = wet - np.count_nonzero(depth >= SHALLOW_M)
    if len(deep):
        below = depth.ravel()[deep]
        row, column = np.unravel_index(deep[below.argmax()], depth.shape)
        found |= {"deepest": float(below.max()), "row": window[0] + row, "column": window[1] + column}
        found["never"] = np.count_nonzero(below > NEVER_M)
    return {"never": 0, **found}


def notes_of(footprint: Footprint, seen: Seen) -> list[str]:
    """Say what was seen.

    Parameters
    ----------
    footprint : Footprint
    seen : Seen
        From :func:`watched`.

    Returns
    -------
    list of str
        Two scenarios that are the same, a rarer one that is milder or has no value where the other is wet; depths that
        can hardly be metres of water.
    """
    notes = []
    for records, keys, say in (
        (seen.pairs, ["often", "rare"], _said_of_two),
        (seen.scenarios, ["scenario"], _said_of_depths),
    ):
        if records:
            # threads finish in any order: sums of areas shall not depend on it
            table = pd.DataFrame(records).sort_values("window", ignore_index=True)
            for _, blocks in table.groupby(keys, sort=False):
                notes += say(blocks, footprint)
    return notes


def _said_of_two(blocks: pd.DataFrame, footprint: Footprint) -> list[str]:
    often, rare = blocks["often"].iloc[0], blocks["rare"].iloc[0]
    total = blocks.drop(columns=["often", "rare", "window"]).sum()

    def much(name: str) -> str:
        return f"{_cells(total[name])} ({total[f'{name}_km2']:.3g} km2)"

    notes = []
    if total["wet"] and not total["unlike"]:
        notes.append(
            f"{often} and {rare} are the same in every cell, of which {much('same')} are wet; one raster may have been "
            "given twice"
        )
    elif total["same"] * 2 >= total["wet"] >= _ENOUGH:
        notes.append(
            f"{rare} is exactly like the more frequent {often} in {much('same')} of {int(total['wet']):,} wet cells; "
            "part of one raster may have been given twice"
        )
    if total["milder"]:
        worst = blocks.loc[blocks["drop"].idxmax()]
        notes.append(
            f"{rare} is milder than the more frequent {often} in {much('milder')}, by up to {worst['drop']:.3g} "
            f"{footprint.units} {_place(footprint, worst)}; check which raster is which"
        )
    if total["missing"]:
        notes.append(
            f"{rare} has no value in {much('missing')} where the more frequent {often} is wet; nothing is known there; "
            "check whether it marks dry land or water as nodata"
        )
    return notes


def _said_of_depths(blocks: pd.DataFrame, footprint: Footprint) -> list[str]:
    name, total = blocks["scenario"].iloc[0], blocks[["wet", "deep", "shallow", "never"]].sum()
    many = total["wet"] >= _ENOUGH and total["deep"] * 2 > total["wet"]
    deepest = ""
    if many or total["never"]:
        worst = blocks.loc[blocks["deepest"].idxmax()]
        deepest = f"the deepest {worst['deepest']:,.4g} m {_place(footprint, worst)}"
    if many:
        note = (
            f"{name}: {total['deep'] / total['wet']:.0%} of the wet cells are deeper than {DEEP_M:g} m, {deepest}; "
            "these may be cm or mm that are called m, or water levels above a datum; check units and kind of the raster"
        )
        return [note]
    notes = []
    if total["never"]:
        notes.append(
            f"{name}: {_cells(total['never'])} of more than {NEVER_M:g} m, {deepest}; these may be a mark for "
            "missing, or other units than m; correct nodata or units on the card"
        )
    if total["wet"] >= _ENOUGH and total["shallow"] * 100 < total["wet"]:
        notes.append(
            f"{name}: {total['shallow'] / total['wet']:.1%} of the wet cells are shallower than {SHALLOW_M:g} m, "
            "though a flood has a rim; these may be water levels above a datum instead of depths; check the raster"
        )
    return notes


def _cells(count: float) -> str:
    return "1 cell" if count == 1 else f"{int(count):,} cells"


def _place(footprint: Footprint, cell: pd.Series) -> str:
    """Say where a cell is, to a metre."""
    x, y = footprint.grid.transform * (cell["column"] + 0.5, cell["row"] + 0.5)
    lon, lat = pyproj.Transformer.from_crs(footprint.crs, 4326, always_xy=True).transform(x, y)
    return f"at {abs(lat):.5f} {'N' if lat >= 0 else 'S'} {abs(lon):.5f} {'E' if lon >= 0 else 'W'}"


def row_notes(assets: pd.DataFrame, footprint: Footprint) -> list[str]:
    """Say what the rows alone show: where two scenarios are the same, or a rarer one is the milder.

    For cells that other machines have read.

    Parameters
    ----------
    assets : DataFrame
        Rows of an overlay.
    footprint : Footprint
        A raster.
    """
    names = ["mean", "minimum", "maximum", "covered_fraction", "affected"]
    by_scenario = {name: rows_.reset_index(drop=True)[names] for name, rows_ in assets.groupby("scenario", sort=False)}
    notes = []
    for often, rare in pairwise(_rising(footprint)):
        one, other = by_scenario[often], by_scenario[rare]
        if one.equals(other) and (one["maximum"] > 0).any():
            notes.append(f"{often} and {rare} are the same in every row; one raster may have been given twice")
        # single precision sums in another order differ in the last bits
        milder = other["maximum"] < one["maximum"]
        milder |= (other["mean"] < one["mean"] * (1 - 1e-6)) & (other["covered_fraction"] == one["covered_fraction"])
        if milder.any():
            notes.append(
                f"{rare} is milder than the more frequent {often} in {int(milder.sum())} of {len(one)} rows; "
                "check which raster is which"
            )
    return notes
