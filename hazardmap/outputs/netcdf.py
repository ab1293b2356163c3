"""The hazard as NetCDF after the CF conventions: one variable (scenario, y, x)."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hazardmap.cube import coordinates, cubes, description, global_attributes
from hazardmap.exposure import Exposure
from hazardmap.footprint import Footprint
from hazardmap.provenance import provenance
from hazardmap.writing import paths_of, written

__all__ = ["SUFFIX", "netcdf"]

SUFFIX = ".nc"

_CHUNK = 512


def netcdf(
    exposures: Sequence[Exposure],
    path: Path,
    *,
    layer: str | None = None,
    title: str | Mapping[str, str] | None = None,
    study: Mapping[str, Any] | None = None,
    made: str | None = None,
) -> None:
    """Write every raster hazard, all its scenarios in one file.

    The intensity is float32, NaN where it is not known, compressed in chunks of 512 x 512 cells, and written window
    by window. Scenarios have their label, return period and probability as coordinates.

    Parameters
    ----------
    exposures : sequence of Exposure
    path : Path
        File to write; with several raster hazards a folder of that name without the ending, with one file each.
    layer : str, optional
        The one hazard that is wanted.
    title, study, made : optional
        For the metadata; see :func:`hazardmap.provenance.provenance`.

    Raises
    ------
    OutputError
        When no hazard is a raster, or the file cannot be written.
    """
    found = cubes(exposures)
    about = provenance(exposures, study=study, title=title, made=made)
    for name, target in paths_of(path, list(found), layer, SUFFIX).items():
        with written(target) as beside, beside.open("w+b", buffering=0) as file:
            sink = _Sink(file)
            _write(found[name], sink, about)
            sink.check()


class _Sink(io.RawIOBase):
    """A file that never fails while HDF5 writes to it: HDF5 takes the process down where a disk is full.

    From the first failure on, what comes is kept in memory, so that the file can be closed; :meth:`check` tells.
    """

    def __init__(self, file: io.RawIOBase) -> None:
        self._file = file
        self._kept: list[tuple[int, bytes]] = []
        self._trouble: OSError | None = None

    def check(self) -> None:
        """Raise what went wrong.

        Raises
        ------
        OSError
            When something could not be written.
        """
        if self._trouble is not None:
            raise self._trouble

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: Any) -> int:
        start, size = self.tell(), len(buffer)
        data = bytearray((self._file.read(size) or b"").ljust(size, b"\0"))
        for place, kept in self._kept:
            low, high = max(place, start), min(place + len(kept), start + size)
            if low < high:
                data[low - start : high - start] = kept[low - place : high - place]
        buffer[:] = data
        return size

    def write(self, data: Any) -> int:
        start, raw = self.tell(), bytes(data)
        done = 0
        try:
            while self._trouble is None and done < len(raw):
                done += self._file.write(raw[done:]) or 0
        except OSError as error:
            self._trouble = error
        if done < len(raw):
            self._kept.append((start, raw))
            self._file.seek(start + len(raw))
        return len(raw)

    def truncate(self, size: int | None = None) -> int:
        try:
            return self._file.truncate(size)
        except OSError as error:
            self._trouble = self._trouble or error
            return size or 0


def _write(footprint: Footprint, sink: _Sink, about: Mapping[str, Any]) -> None:
    import h5netcdf
    import h5py

    rows, columns = footprint.grid.shape
    with h5py.File(sink, "w", track_order=True) as base, h5netcdf.File(base, "a") as file:
        file.dimensions = {"scenario": len(footprint.scenarios), "y": rows, "x": columns}
        for name, (dims, values, attributes) in coordinates(footprint).items():
            text = values.dtype == object
            kind = h5py.string_dtype() if text else values.dtype
            variable = file.create_variable(name, dims, kind, data=values)
            variable.attrs.update(attributes)
        chunks = (1, min(_CHUNK, rows), min(_CHUNK, columns))
        hazard = file.create_variable(
            footprint.hazard,
            ("scenario", "y", "x"),
            "float32",
            chunks=chunks,
            compression="gzip",
            shuffle=True,
            fillvalue=np.float32(np.nan),
        )
        hazard.attrs.update(description(footprint))
        for window in footprint.windows():
            row, column, height, width = window
            sink.check()
            block = np.asarray(footprint.read(window).values, dtype=np.float32)
            hazard[:, row : row + height, column : column + width] = block
        file.attrs.update(global_attributes(footprint, about))
