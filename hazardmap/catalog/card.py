"""The card of a data set: what a YAML file in ``layers/`` says, checked key by key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hazardmap.catalog.fetch import Progress, fetch, how_to_get, name_in_cache, place_of
from hazardmap.catalog.keys import KEYS, Area, nearest
from hazardmap.catalog.remote import Remote, is_address
from hazardmap.errors import FileError, LayerError
from hazardmap.files import format_of, require_file, require_store, sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    import numpy as np
    import xarray as xr
    from shapely.geometry.base import BaseGeometry

__all__ = ["Area", "Layer", "card", "is_store", "nearest", "parts"]

RASTER_FORMATS = ("GTiff", "NetCDF", "Zarr")


@dataclass(frozen=True, kw_only=True)
class Layer:
    """The card of a data set: where it is, what it means, who made it, and the only door to its file.

    Parameters
    ----------
    name : str
        Short name; for a card, its file name without the ending.
    path : str
        Data file, relative to ``folder`` or absolute. A card of the pack may not leave its folder.
        With ``url`` or ``page`` it is the name of the file in the cache. An ``https`` address is read in place, over
        HTTP range requests: a cloud-optimised GeoTIFF, or GeoParquet.
    url : str, optional
        Address that :meth:`fetch` downloads from (``https``; ``http`` only from this machine).
    page : str, optional
        Where its maker publishes it, for people; without ``url`` it has to be downloaded there by hand.
    address_tried : bool
        Whether somebody has fetched from that address; false on cards that were written without a network.
    member : str, optional
        The file inside a zip archive that ``url`` leads to.
    folder : Path
        Folder of the card.
    kind : {"raster", "vector"}
        Rasters are GeoTIFF (also COG), NetCDF and Zarr (a folder ``.zarr``, or one packed as ``.zip``; extra
        ``zarr``); vectors are GeoPackage, FlatGeobuf, shapefile, GeoJSON and CSV.
    title : dict
        Title per language (``en``, ``nl``, ``fr``, ``de``).
    licence, attribution, source, date : str, optional
        SPDX identifier; line to show; where it comes from; date of the data (ISO 8601:
        year, month, day, or two with a slash between them).
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
    url: str | None = None
    page: str | None = None
    address_tried: bool = True
    member: str | None = None
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
                f"layer {self.name}: the path {self.path!r} is an address; expected a file, or an https address of a "
                "GeoTIFF or GeoParquet; fetch the file first"
            )
        real = self._place()
        if self.packed and not self.kept and not real.is_relative_to(self.folder.resolve()):
            raise FileError(f"layer {self.name}: {self.path!r} leaves the pack; expected a file in {self.folder}")
        if "!" in str(real):  # which libraries take for the path inside an archive
            raise FileError(f"layer {self.name}: {real} has a '!' in its path; expected a plain one; move or rename it")
        if not is_store(real):
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
        file: Path | Remote = Remote.at(self.path) if is_address(self.path) else self.file()
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

    @property
    def kept(self) -> bool:
        """Whether its file is one that is downloaded into the cache."""
        return bool(self.url or self.page)

    def fetch(self, progress: Progress | None = None) -> Path:
        """Download the file of the card into the cache, unless it is there and whole; afterwards no network is needed.

        Parameters
        ----------
        progress : function, optional
            Told how many bytes there are of how many (None where unknown).

        Returns
        -------
        Path
            The file in the cache.

        Raises
        ------
        FileError
            When the card names no address, it cannot be reached, or what comes is not what the card promises.
        """
        fetch(self, progress)
        return self.file()

    def provenance(self) -> dict[str, Any]:
        """Return what every output has to say about this layer, with the SHA-256 of the file as it is now.

        What is read in place over the network has the digest that its card states, unchecked, and a note says so.
        """
        return {
            "name": self.name,
            "title": dict(self.title) or {"en": self.name},
            "licence": self.licence,
            "attribution": self.attribution,
            "source": self.source,
            "date": self.date,
            "sha256": self.sha256 if is_address(self.path) else sha256_of(*parts(self._place())),
            "status": self.status or "indicative",
            "redistribute": self.redistribute,
        }

    def _place(self) -> Path:
        """Return the real path of the data."""
        path = place_of(self) if self.kept else self.folder / self.path
        if self.kept and not path.is_file():
            raise FileError(f"layer {self.name} is not on this machine; expected {path}; {how_to_get(self)}")
        if is_store(path):
            require_store(path)
            return path.resolve()
        return require_file(path)

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
        if is_address(self.path):
            notes.append(f"{self.name}: read in place from {self.path}; its bytes were not checked against a digest")
        if self.uncertainty_m:
            notes.append(f"{self.name}: locations are known to {self.uncertainty_m:g} m")
        return notes


def parts(file: Path) -> list[Path]:
    """Return the files that make up a data set: several for a shapefile or a store, each of them a regular file."""
    if is_store(file):
        return require_store(file)
    if file.suffix.lower() != ".shp":
        return [file]
    beside = [file.with_suffix(suffix) for suffix in (".cpg", ".dbf", ".prj", ".shp", ".shx")]
    return [require_file(path) for path in beside if path.is_symlink() or path.exists()]


def is_store(path: Path) -> bool:
    """Whether a path is that of a Zarr store in a folder."""
    return path.suffix.lower() == ".zarr"


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
        if key not in KEYS:
            raise LayerError(
                f"{where(key)}: unknown key {key!r}{nearest(str(key), KEYS)}; "
                f"expected some of {', '.join(KEYS)}; correct or remove it"
            )
    if not any(data.get(key) for key in ("path", "url", "page")):
        raise LayerError(f"{where('path')}: no key 'path'; expected the data file; add it")
    given = {key: KEYS[key](value, f"{where(key)}: {key}") for key, value in data.items() if value is not None}
    given.setdefault("name", name)
    if given.get("url") or given.get("page"):
        given["path"] = name_in_cache(given, where("path"))
    given.setdefault("kind", _kind(given["path"]))
    if isinstance(given.get("units"), dict) and given["kind"] == "raster":
        raise LayerError(f"{where('units')}: units are a mapping; a raster has one kind of units, such as 'm'; name it")
    return Layer(folder=folder, packed=packed, **given)


def _kind(path: str) -> str:
    return "raster" if Path(path).suffix.lower() in (".tif", ".tiff", ".nc", ".nc4", ".zarr", ".zip") else "vector"
