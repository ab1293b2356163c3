"""The hazard as a Zarr store: what :mod:`hazardmap.outputs.netcdf` writes into one file, as a folder of chunks."""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from itertools import pairwise, product
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

from hazardmap.cube import coordinates, cubes, description, global_attributes
from hazardmap.errors import MissingExtraError, OutputError
from hazardmap.exposure import Exposure
from hazardmap.footprint import Footprint
from hazardmap.provenance import provenance
from hazardmap.writing import paths_of, reported

__all__ = ["NEEDS", "SUFFIX", "zarr"]

SUFFIX = ".zarr"
NEEDS = ("zarr", "zarr")

_CHUNK = 512
_PART_OF_A_STORE = re.compile(r"\.z(group|attrs|array|metadata)|[0-9]+(\.[0-9]+)*")


def zarr(
    exposures: Sequence[Exposure],
    path: Path,
    *,
    layer: str | None = None,
    title: str | Mapping[str, str] | None = None,
    study: Mapping[str, Any] | None = None,
    made: str | None = None,
) -> None:
    """Write every raster hazard as a Zarr store (format 2, which GDAL and xarray both read), chunk by chunk.

    Parameters
    ----------
    exposures : sequence of Exposure
    path : Path
        Folder to write, which ends in ``.zarr``; with several raster hazards a folder of that name without the
        ending, with one store each. An older store there is replaced when the new one is whole; a folder that holds
        anything else is left alone.
    layer : str, optional
        The one hazard that is wanted.
    title, study, made : optional
        For the metadata; see :func:`hazardmap.provenance.provenance`.

    Raises
    ------
    OutputError
        When no hazard is a raster, the folder cannot be written, or holds files that are not of a store.
    MissingExtraError
        Without the extra ``zarr``.
    """
    found = cubes(exposures)
    about = provenance(exposures, study=study, title=title, made=made)
    for name, target in paths_of(path, list(found), layer, SUFFIX).items():
        _require_own(target)
        _replace(target, found[name], about)


def _require_own(path: Path) -> None:
    """Refuse to replace a folder that holds anything but a store."""
    if not path.exists():
        return
    strange = [each for each in path.rglob("*") if each.is_symlink() or not _PART_OF_A_STORE.fullmatch(each.name)]
    strange = [each for each in strange if not (each.is_dir() and (each / ".zarray").is_file())]
    if not path.is_dir() or path.is_symlink() or strange or not (path / ".zgroup").is_file():
        what = strange[0] if strange else path
        raise OutputError(f"{what} is not part of a Zarr store; expected one, or nothing; choose another name")


def _replace(path: Path, footprint: Footprint, about: Mapping[str, Any]) -> None:
    """Write a store beside, and put it in the place of the old one."""
    with reported(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(mkdtemp(dir=path.parent, prefix=".hazardmap-"))
        try:
            _write(footprint, scratch / "new", about)
            if path.exists():
                path.rename(scratch / "old")
            (scratch / "new").rename(path)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _write(footprint: Footprint, path: Path, about: Mapping[str, Any]) -> None:
    try:
        from numcodecs import Zlib
        from zarr import consolidate_metadata, open_group
    except ModuleNotFoundError:
        raise MissingExtraError("writing Zarr needs the package zarr; install hazardmap[zarr]") from None
    store = open_group(path, mode="w", zarr_format=2)
    for name, (dims, values, attributes) in coordinates(footprint).items():
        plain = values.astype("U") if values.dtype == object else values
        made = store.create_array(name, shape=plain.shape, chunks=plain.shape, dtype=plain.dtype, compressors=Zlib())
        made[...] = plain
        made.attrs.update({"_ARRAY_DIMENSIONS": list(dims), **attributes})
    shape = footprint.intensity.shape
    chunks = (1, min(_CHUNK, shape[1]), min(_CHUNK, shape[2]))
    hazard = store.create_array(
        footprint.hazard, shape=shape, dtype="float32", chunks=chunks, compressors=Zlib(), fill_value=np.nan
    )
    hazard.attrs.update({"_ARRAY_DIMENSIONS": ["scenario", "y", "x"], **description(footprint)})
    for window in footprint.windows():
        row, column, height, width = window
        block = np.asarray(footprint.read(window).values, dtype=np.float32)
        # Chunk by chunk: of several at once zarr would go on with the others where one fails, behind our clearing up.
        for number, rows, columns in product(
            range(len(block)), _spans(row, height, chunks[1]), _spans(column, width, chunks[2])
        ):
            part = block[number, rows.start - row : rows.stop - row, columns.start - column : columns.stop - column]
            hazard[number, rows, columns] = part
    store.attrs.update(global_attributes(footprint, about))
    consolidate_metadata(store.store)
    listed = path / ".zmetadata"  # zarr lists arrays in the order in which they happen to be read
    listed.write_text(json.dumps(json.loads(listed.read_text("utf-8")), indent=2, sort_keys=True), "utf-8")


def _spans(start: int, length: int, chunk: int) -> list[slice]:
    """Cut a span at the edges of chunks.

    Examples
    --------
    >>> _spans(500, 600, 512)
    [slice(500, 512, None), slice(512, 1024, None), slice(1024, 1100, None)]
    """
    edges = [start, *range((start // chunk + 1) * chunk, start + length, chunk), start + length]
    return [slice(low, high) for low, high in pairwise(edges)]
