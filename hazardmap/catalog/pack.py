"""Find layers: by their name in the pack, by the path of a card or of a data file, or written out in a study."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hazardmap.catalog.card import Layer, card, nearest
from hazardmap.errors import FileError, LayerError
from hazardmap.yamlfile import read_yaml

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr

__all__ = ["describe", "layer", "layers"]


def layer(reference: str | Path | Mapping[str, Any] | Layer, *, folder: Path | None = None) -> Layer:
    """Return the layer that a reference means; its data are not opened yet.

    Parameters
    ----------
    reference : str, Path, mapping or Layer
        Name in the pack; path of a card (``.yaml``); path of a data file; or the keys of a card.
    folder : Path, optional
        What paths are relative to. Default the working folder.

    Returns
    -------
    Layer
        Its card; ``open()`` reads the data.

    Raises
    ------
    FileError
        When a card cannot be read.
    LayerError
        When no such layer exists (names the nearest), or its card is wrong.

    Examples
    --------
    >>> layer({"path": "depth.tif", "units": "m"}, folder=Path("/data")).name
    'depth'
    """
    folder = (folder or Path.cwd()).absolute()
    if isinstance(reference, Layer):
        return reference
    if isinstance(reference, Mapping):
        stem = Path(str(reference.get("path", "layer"))).stem
        name = reference.get("name", stem)
        return card(reference, folder=folder, name=stem, where=lambda _: f"layer {name}")
    if not isinstance(reference, str | Path):
        raise LayerError(f"a layer is {reference!r}; expected a name, a path, or the keys of a card; correct it")
    known = _pack()
    if isinstance(reference, str) and reference in known:
        return _read(known[reference], packed=True)
    path = folder / reference
    if path.suffix.lower() in (".yaml", ".yml"):
        return _read(path)
    if path.suffix or len(Path(reference).parts) > 1:
        return card({"path": str(path)}, folder=folder, name=path.stem, where=lambda _: f"layer {path.stem}")
    raise LayerError(
        f"there is no layer {str(reference)!r}{nearest(str(reference), known)}; "
        f"expected one of {', '.join(known) or 'none'}, or a path; see `hazardmap layers`"
    )


def layers() -> list[Layer]:
    """Return the layers of the pack, and the open data whose cards come with it, sorted by name.

    Returns
    -------
    list of Layer
        Their cards; nothing is opened.

    Raises
    ------
    FileError
        When a card of the pack cannot be read.
    LayerError
        When one is wrong.

    Examples
    --------
    >>> [each.name for each in layers() if each.name.startswith("flood-depth-t10")]
    ['flood-depth-t10', 'flood-depth-t100', 'flood-depth-t1000']
    """
    return [_read(path, packed=True) for path in _pack().values()]


def describe(data: gpd.GeoDataFrame | xr.DataArray) -> dict[str, Any]:
    """Return the provenance of a frame or raster: that of its layer, or that nothing is known of it.

    Examples
    --------
    >>> import geopandas as gpd
    >>> describe(gpd.GeoDataFrame())["name"]
    'user data'
    """
    known = data.attrs.get("layer")
    if isinstance(known, Mapping):
        return dict(known)
    return {
        "name": "user data",
        "title": {"en": "user data"},
        "licence": None,
        "attribution": None,
        "source": None,
        "date": None,
        "sha256": None,
        "status": "indicative",
        "redistribute": True,
    }


def _pack() -> dict[str, Path]:
    """Cards by name, those of data to be fetched too: in an installed package, else at the root of the checkout."""
    package = Path(__file__).parents[1]
    folders = (package / "_layers", package.parent / "layers")
    folder = next((each for each in folders if each.is_dir()), None)
    if folder is None:
        return {}
    cards = [*folder.glob("*.yaml"), *(folder / "open-data").glob("*.yaml")]
    return {path.stem: path for path in sorted(cards, key=lambda path: path.stem)}


def _read(path: Path, *, packed: bool = False) -> Layer:
    document = read_yaml(path)
    if not isinstance(document.data, dict):
        raise FileError(f"{path} holds no keys; expected a card such as 'path: depth.tif'; correct it")
    return card(
        document.data,
        folder=path.parent,
        name=path.stem,
        where=lambda key: f"{path} line {document.line((key,))}",
        packed=packed,
    )
