"""The card of a data set: what a YAML file in ``layers/`` says, checked key by key."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hazardmap.errors import FileError, LayerError
from hazardmap.files import format_of, require_file, sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    import numpy as np
    import xarray as xr
    from shapely.geometry.base import BaseGeometry

__all__ = ["Area", "Layer", "card", "nearest"]

Area = tuple[float, float, float, float]
"""West, south, east and north, in degrees."""

STATUSES = ("official", "indicative", "synthetic")
KINDS = ("raster", "vector")
RASTER_FORMATS = ("GTiff", "NetCDF")


@dataclass(frozen=True, kw_only=True)
class Layer:
    """The card of a data set: where it is, what it means, who made it, and the only door to its file.

    Parameters
    ----------
    name : str
        Short name; for a card, its file name without the ending.
    path : str
        Data file, relative to ``folder`` or absolute. A card of the pack may not leave its folder.
    folder : Path
        Folder of the card.
    kind : {"raster", "vector"}
        Rasters are GeoTIFF (also COG) and NetCDF; vectors are GeoPackage, FlatGeobuf, shapefile, GeoJSON and CSV.
    title : dict
        Title per language (``en``, ``nl``, ``fr``, ``de``).
    licence, attribution, source, date : str, optional
        SPDX identifier; line to show; where it comes from; date of the data (ISO 8601).
    status : {"official", "indicative", "synthetic"}
        A card without one is taken as indicative, and a note says so.
    redistribute : bool
        Whether what is derived from it may be published at its resolution.
    units : str or dict, optional
        Units of a raster; of a vector, the units of each column that holds a quantity (``{people: people}``): those
        columns have to be numbers.
    columns : dict
        Our name to their name: only these columns are kept, and ``id`` and ``name`` where they exist. Empty keeps all.
        A CSV finds its coordinates here, as ``lon`` and ``lat`` or as ``x`` and ``y``.
    sha256 : str, optional
        Digest that the file must have. Of a shapefile: of its ``.cpg``, ``.dbf``, ``.prj``, ``.shp`` and ``.shx`` in
        that order.
    covers : tuple of float, optional
        West, south, east, north in degrees: the area that it really covers. Rasters cover their extent.
    uncertainty_m : float
        How far a location may be off.
    dry_is_nodata : bool
        Nodata inside the raster means 0, not missing.
    integer : bool
        The raster holds codes (flow directions, classes): integers and the nodata number stay as they are in the
        file, and its units are ``"1"``.
    crs : str, optional
        CRS of a file that does not state one; has to agree with one that does.
    layer, band, variable : optional
        Table inside a GeoPackage; band of a GeoTIFF (from 1); variable of a NetCDF.
    note : str, optional
        What its users must know; becomes the first note.
    packed : bool
        Whether it belongs to the pack that is shipped with hazardmap.

    Examples
    --------
    >>> from hazardmap.catalog import layer
    >>> layer({"path": "depth.tif", "units": "m"}).kind
    'raster'
    """

    name: str
    path: str
    folder: Path = field(default_factory=Path.cwd)
    kind: Literal["raster", "vector"]
    title: dict[str, str] = field(default_factory=dict)
    licence: str | None = None
    attribution: str | None = None
    source: str | None = None
    date: str | None = None
    status: Literal["official", "indicative", "synthetic"] | None = None
    redistribute: bool = True
    units: str | dict[str, str] | None = None
    columns: dict[str, str] = field(default_factory=dict)
    sha256: str | None = None
    covers: Area | None = None
    uncertainty_m: float = 0.0
    dry_is_nodata: bool = False
    integer: bool = False
    crs: str | None = None
    layer: str | None = None
    band: int | None = None
    variable: str | None = None
    note: str | None = None
    packed: bool = False

    def file(self) -> Path:
        """Return the data file, after the questions that come before opening it.

        Raises
        ------
        FileError
            When it is no regular file, too large, not of the format that its name says, or not the bytes that the
            card promises; or when a card of the pack leaves its folder.
        """
        if "://" in self.path or self.path.startswith("/vsi"):
            raise FileError(
                f"layer {self.name}: the path {self.path!r} is an address; expected a file; fetch the file first"
            )
        real = require_file(self.folder / self.path)
        if self.packed and not real.is_relative_to(self.folder.resolve()):
            raise FileError(f"layer {self.name}: {self.path!r} leaves the pack; expected a file in {self.folder}")
        if "!" in str(real):  # which libraries take for the path inside an archive
            raise FileError(f"layer {self.name}: {real} has a '!' in its path; expected a plain one; move or rename it")
        format_of(real)
        if self.sha256 is not None and sha256_of(*parts(real)) != self.sha256.lower():
            raise FileError(
                f"layer {self.name}: {real.name} has the SHA-256 {sha256_of(*parts(real))[:12]}...; "
                f"its card expects {self.sha256[:12]}...; fetch the file again, or correct the card"
            )
        return real

    def open(self, area: Area | None = None) -> gpd.GeoDataFrame | xr.DataArray:
        """Open the data: a frame of features, or a lazy raster.

        Parameters
        ----------
        area : tuple of float, optional
            West, south, east, north in degrees. Features that touch it are kept whole; a raster is cut to the cells
            that touch it. Default all.

        Returns
        -------
        GeoDataFrame or DataArray
            In the CRS of the file. Features have a unique text column ``id``. Rasters have the dimensions ``(y, x)``
            or ``(time, y, x)``, NaN for missing, and no pixel has been read. ``attrs`` carry ``layer`` (the
            provenance), ``notes``, ``units`` and ``uncertainty_m``.

        Raises
        ------
        LayerError
            When the file, its CRS, units, coordinates, ids or geometries are wrong, or it lies outside the area.
        """
        file = self.file()
        if self.kind == "raster":
            from hazardmap.catalog.raster import open_raster

            data, notes = open_raster(self, file, area)
            units = data.attrs.get("units")
        else:
            from hazardmap.catalog.vector import open_vector

            data, notes = open_vector(self, file, area)
            units = self.units
        notes += self._gap(area)
        data.attrs = {
            **({"_FillValue": data.attrs["_FillValue"]} if "_FillValue" in data.attrs else {}),
            "layer": self.provenance(),
            "notes": [*self._notes(), *notes],
            "units": units,
            "uncertainty_m": self.uncertainty_m,
        }
        return data

    def blocks(self, area: Area | None = None) -> Iterator[tuple[tuple[int, int, int, int], np.ndarray[Any, Any]]]:
        """Yield the raster piece by piece, in the block order of its file, in bounded memory.

        Yields
        ------
        window : tuple of int
            Row, column, height, width in what :meth:`open` returns for the same area.
        values : array (h, w) or (time, h, w)
            NaN for missing.

        Raises
        ------
        LayerError
            When the layer holds features.
        """
        if self.kind != "raster":
            raise LayerError(f"layer {self.name} holds features; expected a raster; use open()")
        from hazardmap.coverage import windows_of

        raster = self.open(area)
        for window in windows_of(raster):
            row, column, height, width = window
            yield window, raster[..., row : row + height, column : column + width].to_numpy()

    def not_covered(self, area: Area) -> BaseGeometry | None:
        """Return the part of an area (degrees) of which this layer knows nothing; None where it covers all.

        What a card says in ``covers`` counts; else the extent of a raster. Features without ``covers`` say nothing
        about the area between them: None is returned then, and a note of :meth:`open` tells.
        """
        import shapely

        from hazardmap.checks import require_area

        wanted = shapely.box(*require_area(area))
        covers = self.covers
        if covers is None and self.kind == "raster":
            from hazardmap.catalog.raster import extent

            known = extent(self.open())
        elif covers is None:
            return None
        else:
            known = shapely.box(*covers)
        rest = shapely.difference(wanted, known)
        return rest if rest.area > 1e-9 * wanted.area else None

    def provenance(self) -> dict[str, Any]:
        """Return what every output has to say about this layer, with the SHA-256 of the file as it is now."""
        return {
            "name": self.name,
            "title": dict(self.title) or {"en": self.name},
            "licence": self.licence,
            "attribution": self.attribution,
            "source": self.source,
            "date": self.date,
            "sha256": sha256_of(*parts(require_file(self.folder / self.path))),
            "status": self.status or "indicative",
            "redistribute": self.redistribute,
        }

    def _gap(self, area: Area | None) -> list[str]:
        rest = None if area is None else self.not_covered(area)
        if area is None or rest is None:
            return []
        share = rest.area / ((area[2] - area[0]) * (area[3] - area[1]))
        return [f"{self.name}: it does not cover {share:.0%} of the area"]

    def _notes(self) -> list[str]:
        notes = [self.note] if self.note else []
        if self.status is None:
            notes.append(f"{self.name}: its status is not stated; taken as indicative")
        if self.uncertainty_m:
            notes.append(f"{self.name}: locations are known to {self.uncertainty_m:g} m")
        return notes


def parts(file: Path) -> list[Path]:
    """Return the files that make up a data set: several for a shapefile, each of them a regular file."""
    if file.suffix.lower() != ".shp":
        return [file]
    beside = [file.with_suffix(suffix) for suffix in (".cpg", ".dbf", ".prj", ".shp", ".shx")]
    return [require_file(path) for path in beside if path.is_symlink() or path.exists()]


def card(
    data: Mapping[str, Any], *, folder: Path, name: str, where: Callable[[str], str], packed: bool = False
) -> Layer:
    """Make a Layer from the keys of a card.

    Parameters
    ----------
    data : mapping
        The keys, named as in :class:`Layer`.
    folder : Path
        What its path is relative to.
    name : str
        Name of a card that does not state one.
    where : function
        What to call the place of a key in errors.
    packed : bool
        Whether it belongs to the pack.

    Raises
    ------
    LayerError
        When a key is unknown (names the nearest), or missing, or its value is of the wrong kind.
    """
    for key in data:
        if key not in _KEYS:
            raise LayerError(
                f"{where(key)}: unknown key {key!r}{nearest(str(key), _KEYS)}; "
                f"expected some of {', '.join(_KEYS)}; correct or remove it"
            )
    if not data.get("path"):
        raise LayerError(f"{where('path')}: no key 'path'; expected the data file; add it")
    given = {key: _KEYS[key](value, f"{where(key)}: {key}") for key, value in data.items() if value is not None}
    given.setdefault("name", name)
    given.setdefault("kind", _kind(given["path"]))
    if isinstance(given.get("units"), dict) and given["kind"] == "raster":
        raise LayerError(f"{where('units')}: units are a mapping; a raster has one kind of units, such as 'm'; name it")
    return Layer(folder=folder, packed=packed, **given)


def nearest(name: str, known: Mapping[str, Any] | list[str]) -> str:
    """Return a hint at the nearest known name, or nothing.

    Examples
    --------
    >>> nearest("licens", ["licence", "title"])
    " (did you mean 'licence'?)"
    """
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _kind(path: str) -> str:
    return "raster" if Path(path).suffix.lower() in (".tif", ".tiff", ".nc", ".nc4") else "vector"


def _text(value: Any, where: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise LayerError(f"{where} is {value!r}; expected text; correct the card")
    return str(value)


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise LayerError(f"{where} is {value!r}; expected true or false; correct the card")
    return value


def _whole(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise LayerError(f"{where} is {value!r}; expected a whole number from 1; correct the card")
    return value


def _metres(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise LayerError(f"{where} is {value!r}; expected metres, 0 or more; correct the card")
    return float(value)


def _texts(value: Any, where: str) -> dict[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise LayerError(f"{where} is {value!r}; expected a mapping of names to text; correct the card")
    return {key: _text(text, f"{where}.{key}") for key, text in value.items()}


def _title(value: Any, where: str) -> dict[str, str]:
    return {"en": value} if isinstance(value, str) else _texts(value, where)


def _units(value: Any, where: str) -> str | dict[str, str]:
    return _texts(value, where) if isinstance(value, Mapping) else _text(value, where)


def _area(value: Any, where: str) -> Area:
    from hazardmap.checks import require_area

    try:
        return require_area(value)
    except LayerError as error:
        raise LayerError(f"{where}: {error}") from None


def _digest(value: Any, where: str) -> str:
    text = _text(value, where).lower()
    if len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise LayerError(f"{where} is {value!r}; expected 64 hexadecimal digits; correct the card")
    return text


def _one_of(*choices: str) -> Callable[[Any, str], str]:
    def check(value: Any, where: str) -> str:
        if value not in choices:
            raise LayerError(f"{where} is {value!r}; expected {', '.join(choices)}; correct the card")
        return str(value)

    return check


_KEYS: dict[str, Callable[[Any, str], Any]] = {
    "name": _text,
    "title": _title,
    "kind": _one_of(*KINDS),
    "path": _text,
    "layer": _text,
    "licence": _text,
    "attribution": _text,
    "source": _text,
    "date": _text,
    "status": _one_of(*STATUSES),
    "redistribute": _flag,
    "units": _units,
    "columns": _texts,
    "sha256": _digest,
    "covers": _area,
    "uncertainty_m": _metres,
    "dry_is_nodata": _flag,
    "integer": _flag,
    "crs": _text,
    "band": _whole,
    "variable": _text,
    "note": _text,
}
