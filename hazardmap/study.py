"""A study: one YAML file that names an area, hazards, assets and outputs."""

import logging
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from hazardmap import catalog, chemistry, hazards, outputs
from hazardmap.cards import terms_of
from hazardmap.damages import AssetDamage, Damage
from hazardmap.dates import require_date, source_date
from hazardmap.errors import HazardmapError, NoOverlapError, StudyError
from hazardmap.provenance import inputs
from hazardmap.writing import require_apart, require_folder
from hazardmap.yamlfile import Document, override, read_yaml

__all__ = ["Study"]

_log = logging.getLogger(__name__)

Reference = str | dict[str, Any]
Text = str | dict[Literal["nl", "fr", "de", "en"], str]
Say = Callable[[str], None]


class Study(BaseModel):
    """A study, as its file says it.

    Parameters
    ----------
    title : str or mapping of language to str
    area : tuple of four floats
        West, south, east, north in degrees.
    territories : str or mapping
        Reference to a layer of polygons with ``id`` and ``country``. Such a reference is the name of a layer of the
        pack, the path of a card or of a data file (relative to the study), or a card written in place.
    hazards : mapping
        Name of a hazard to the parameters of its function; layers are named by reference.
    assets : mapping, optional
        Name to layer reference.
    outputs : mapping
        Name of an output to a file name, or to a mapping of ``path`` and the options of its function.
    damage : mapping, optional
        Tables that turn depth into damage (``curves``, ``prices``, ``landuse``: a name or a path each), and ``assets``:
        name of a layer to the ``curve`` that all of it follows, and perhaps ``max_damage`` with its ``unit``. Assets
        may say these themselves, in the columns ``curve`` and ``max_damage``.
    protection : str or mapping, optional
        Layer of polygons with ``protection``: standards in years, for values per year.
    note : str or mapping of language to str, optional
        What every reader must know, such as what the study is not for.
    folder : Path
        Folder of the study file, which references are relative to; no key of the file.

    Examples
    --------
    >>> parks = {"chemical": {"sites": "chemical-parks", "radius_m": 5000}}
    >>> Study(title="Park", area=(5, 50, 6, 51), territories="territories", hazards=parks, outputs={"csv": "t"}).check()
    []
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Text
    area: tuple[float, float, float, float]
    territories: Reference
    hazards: dict[str, dict[str, Any]] = Field(min_length=1)
    assets: dict[str, Reference] = {}
    damage: Damage | None = None
    protection: Reference | None = None
    outputs: dict[str, str | dict[str, Any]] = Field(min_length=1)
    note: Text | None = None

    folder: Path = Field(default=Path(), exclude=True)

    @pydantic.field_validator("area")
    @classmethod
    def _in_order(cls, area: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        west, south, east, north = area
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise ValueError("the corners are out of order, or beyond the earth")
        return area

    @classmethod
    def from_yaml(cls, path: str | Path, changes: Sequence[str] = ()) -> "Study":
        """Read a study file.

        Parameters
        ----------
        path : str or Path
        changes : sequence of str
            Keys to override, such as ``hazards.flood.levels=[0.3, 1, 2]``.

        Raises
        ------
        FileError
            When it is no YAML file that can be read safely.
        StudyError
            When a key is unknown (the nearest one is offered) or a value is of the wrong kind; with the line.
        """
        path = Path(path)
        document = read_yaml(path)
        if not isinstance(document.data, dict):
            raise StudyError(f"{path} holds no keys; expected title, area, territories, hazards, outputs; add them")
        for change in changes:
            override(document.data, change)
        try:
            study = cls.model_validate({**document.data, "folder": path.resolve().parent})
        except pydantic.ValidationError as error:
            raise StudyError(_explain(error, document)) from None
        _check_names(study, document)
        return study

    def check(self, out: Path | None = None) -> list[str]:
        """Ask every question that can be asked without computing.

        Returns
        -------
        list of str
            One line for each problem; empty when the study can run.
        """
        problems = []
        for label, action in self._questions(out):
            try:
                action()
            except HazardmapError as error:
                problems.append(f"{label}: {error}")
        return problems

    def run(
        self,
        out: Path | None = None,
        *,
        say: Say = _log.info,
        made: str | None = None,
        scheduler: str | None = None,
    ) -> dict[str, Any]:
        """Run the study and write its outputs.

        Parameters
        ----------
        out : Path, optional
            Folder for the outputs; by default ``output`` beside the study.
        say : function
            Told what is being done.
        made : str, optional
            Date for the outputs (ISO 8601); by default from ``SOURCE_DATE_EPOCH``, else none.
        scheduler : str, optional
            Address of a dask.distributed scheduler, to which the blocks of rasters are sent (extra ``dask``).

        Returns
        -------
        dict of str to Exposure
            By hazard.

        Raises
        ------
        HazardmapError
            When the study or its data are at fault; nothing is written then.
        """
        from hazardmap.exposure import overlay

        out = out or self.folder / "output"
        made = require_date(made, "made") or source_date()
        targets = self._targets(out)
        self._require_free(terms_of(self), targets)
        territories = self._territories(say)
        assets = self._assets(say)
        tables = None if self.damage is None else self.damage.tables(self.folder)
        dikes = None if self.protection is None else self._open(self.protection, "protection", say)
        found, known = {}, dict[str, Any]()
        for name in self.hazards:
            footprint = self._footprint(name, known, say)
            started = perf_counter()
            say(f"{name}: laying it over {len(territories)} territories and {len(assets)} layers")
            found[name] = overlay(footprint, territories, assets, damage=tables, protection=dikes, scheduler=scheduler)
            _log.info("%s overlaid in %.1f s", name, perf_counter() - started)
        self._write(list(found.values()), targets, say, made)
        return found

    def _write(
        self, exposures: list[Any], targets: dict[str, tuple[Path, dict[str, Any]]], say: Say, made: str | None
    ) -> None:
        self._require_free(inputs(exposures), targets)
        for name, (path, choices) in targets.items():
            options = {key: value for key, value in choices.items() if key != "restricted"}
            say(f"writing {path}")
            output = outputs.get(name)
            known = {"title": self.title, "note": self.note, "made": made, "study": self.model_dump(mode="json")}
            given = {key: value for key, value in known.items() if key in outputs.options(output)}
            output(exposures, path, **{**given, **options})

    @staticmethod
    def _require_free(layers: list[dict[str, Any]], targets: dict[str, tuple[Path, dict[str, Any]]]) -> None:
        for _, options in targets.values():
            outputs.require_free(layers, restricted=bool(options.get("restricted", False)))

    def paths(self, out: Path | None = None) -> list[Path]:
        """Return the paths that a run writes to."""
        return [path for path, _ in self._targets(out or self.folder / "output").values()]

    def _territories(self, say: Say) -> Any:
        """Open the territories and cut them to the area of the study."""
        import geopandas as gpd
        import shapely

        land = self._open(self.territories, "territories", say)
        box = gpd.GeoSeries([shapely.box(*self.area)], crs=4326).segmentize(0.05).to_crs(land.crs).iloc[0]
        inside = shapely.intersection(land.geometry.to_numpy(), box)
        keep = shapely.area(inside) > 0
        if not keep.any():
            raise NoOverlapError(
                f"territories lie outside the area {list(self.area)}; expected some inside; correct it"
            )
        cut = land[keep].set_geometry(gpd.GeoSeries(inside[keep], index=land.index[keep], crs=land.crs))
        cut.attrs = land.attrs
        return cut

    def _assets(self, say: Say) -> dict[str, Any]:
        found = {name: self._open(reference, f"assets.{name}", say) for name, reference in self.assets.items()}
        if self.damage is None:
            return found
        return {name: self.damage.apply(name, layer) for name, layer in found.items()}

    def _footprint(self, name: str, known: dict[str, Any], say: Say) -> Any:
        """Make the footprint of a hazard, and of those that it needs, each once."""
        if name not in known:
            known[name] = hazards.get(name)(**self._arguments(name, known, say))
        return known[name]

    def _arguments(self, name: str, known: dict[str, Any], say: Say) -> dict[str, Any]:
        """Open the layers that a hazard names, and make the hazards; options go through as they are."""
        hazard = hazards.get(name)
        layers, needed = hazards.inputs(hazard), hazards.needs(hazard)
        found: dict[str, Any] = {}
        for key, value in self.hazards[name].items():
            if key in needed:
                found[key] = self._footprint(value, known, say)
            else:
                found[key] = self._argument(value, f"hazards.{name}.{key}", say) if key in layers else value
                if key in layers:
                    _require_kind(found[key], hazards.annotation(hazard, key), f"hazards.{name}.{key}")
        if isinstance(found.get("levels"), str):
            found["levels"] = catalog.depth_classes(found["levels"])
        if isinstance(found.get("rating"), str):
            found["rating"] = catalog.hazard_rating(found["rating"])
        for key in _TABLES.keys() & found.keys():
            if isinstance(found[key], str):
                found[key] = _TABLES[key](found[key], folder=self.folder)
        return found

    def _argument(self, value: Any, where: str, say: Say) -> Any:
        if isinstance(value, list):
            return [self._scenario(item, f"{where}.{number}", say) for number, item in enumerate(value)]
        return self._open(value, where, say)

    def _scenario(self, item: Any, where: str, say: Say) -> dict[str, Any]:
        if not isinstance(item, dict) or "layer" not in item:
            raise StudyError(f"{where} names no layer; expected {{layer, label, class, return_period}}; add 'layer'")
        given = {"layer": self._open(item["layer"], where, say)}
        if "velocity" in item:
            given["velocity"] = self._open(item["velocity"], f"{where}.velocity", say)
        return {**item, **given}

    def _open(self, reference: Reference, where: str, say: Say) -> Any:
        say(f"opening {where}")
        try:
            return catalog.layer(reference, folder=self.folder).open(area=None if _wide(where) else self.area)
        except HazardmapError as error:
            raise type(error)(f"{where}: {error}") from None

    def _targets(self, out: Path) -> dict[str, tuple[Path, dict[str, Any]]]:
        """Return the path and the checked options of each output; a path that leaves the folder is refused."""
        require_folder(out)
        targets = {}
        for name, choice in self.outputs.items():
            options = {"path": choice} if isinstance(choice, str) else dict(choice)
            path = options.pop("path", None)
            if not isinstance(path, str) or not path.strip():
                raise StudyError(f"outputs.{name} has no path; expected a file name; add 'path'")
            target = (out / path).resolve()
            if target == out.resolve() or not target.is_relative_to(out.resolve()):
                raise StudyError(
                    f"outputs.{name} writes to {path!r}, which leaves the output folder; expected a name inside it; "
                    "choose the folder with --out"
                )
            try:
                targets[name] = (target, outputs.prepared(name, options, self.folder))
            except HazardmapError as error:
                raise type(error)(f"outputs.{name}: {error}") from None
        require_apart({name: path for name, (path, _) in targets.items()})
        return targets

    def _questions(self, out: Path | None) -> list[tuple[str, Callable[[], Any]]]:
        def silent(_: str) -> None:
            return

        questions: list[tuple[str, Callable[[], Any]]] = [
            ("outputs", lambda: self._targets(out or self.folder / "output")),
            ("territories", lambda: self._territories(silent)),
        ]
        for name, reference in self.assets.items():
            questions.append((name, partial(self._open, reference, f"assets.{name}", silent)))
        if self.protection is not None:
            questions.append(("protection", partial(self._open, self.protection, "protection", silent)))
        if self.damage is not None:
            questions.append(("damage", partial(self.damage.tables, self.folder)))
        known: dict[str, Any] = {}
        return [*questions, *((name, partial(self._footprint, name, known, silent)) for name in self.hazards)]


# A river basin and a cloud reach beyond the area of a study, so what describes them is opened whole.
_WHOLE = (".origin", ".territories", ".lowland", ".links", ".runoff", ".sites")

# Options that may name a table.
_TABLES: dict[str, Callable[..., Any]] = {
    "qualifying": chemistry.qualifying_quantities,
    "substances": chemistry.substances,
    "wind_rose": catalog.parameters,
}

# What a key of a study takes, and how many names lead to it.
_EXPECTED: dict[str, tuple[int, str]] = {
    **dict.fromkeys(("title", "note"), (1, "expected a text, or one in each of nl, fr, de, en: {en: ..., nl: ...}")),
    **dict.fromkeys(("territories", "protection"), (1, "expected the name of a layer, a path, or a card")),
    "area": (1, "expected [west, south, east, north] in degrees, with decimal points"),
    "hazards": (2, "expected names of hazards, each with its keys below it"),
    "assets": (2, "expected names, each with that of a layer, a path, or a card"),
    "outputs": (2, "expected names of outputs, each with a path, such as 'webmap: map.html'"),
}


def _wide(where: str) -> bool:
    return where.startswith("hazards.") and where.endswith(_WHOLE)


def _require_kind(found: Any, annotation: str, where: str) -> None:
    """Refuse a vector where a hazard takes a raster, and the reverse."""
    kinds = {"DataArray": "raster", "GeoDataFrame": "vector"}
    own = type(found).__name__
    wanted = [kind for name, kind in kinds.items() if name in annotation]
    if own in kinds and wanted and kinds[own] not in wanted:
        raise StudyError(f"{where} is a {kinds[own]} layer; expected a {wanted[0]}; name another")


def _check_names(study: Study, document: Document) -> None:
    """Refuse hazards, outputs and parameters that do not exist."""
    from hazardmap.exposure.assets import require_names
    from hazardmap.tables import require_annual

    if "folder" in document.data:
        line = document.line(("folder",))
        raise StudyError(f"{document.path} line {line}: the study {_unknown('folder', _keys(Study))}")
    for name, parameters in study.hazards.items():
        hazard = hazards.get(name)
        inputs = hazards.inputs(hazard)
        known = {**dict.fromkeys(inputs), **hazards.options(hazard)}
        _require_known(parameters, known, ("hazards", name), document)
        missing = [key for key, required in inputs.items() if required and key not in parameters]
        if missing:
            line = document.line(("hazards", name))
            raise StudyError(f"{document.path} line {line}: {name} needs {missing[0]!r}; expected a layer; name one")
        _check_needs(study, name, document)
    require_names(study.assets)
    if study.damage is not None:
        _require_known(study.damage.assets, dict.fromkeys(study.assets), ("damage", "assets"), document)
    for name, choice in study.outputs.items():
        known = {"path": None, "restricted": False, **outputs.options(outputs.get(name))}
        if isinstance(choice, dict):
            _require_known(choice, known, ("outputs", name), document)
            if choice.get("annual") is not None:
                require_annual(choice["annual"])


def _check_needs(study: Study, name: str, document: Document, before: tuple[str, ...] = ()) -> None:
    """Refuse a hazard that needs one which the study does not have, or which needs it in turn."""
    for key in hazards.needs(hazards.get(name)):
        wanted = study.hazards[name].get(key)
        if wanted is None:
            continue
        line = document.line(("hazards", name, key))
        where = f"{document.path} line {line}: hazards.{name}.{key} is {wanted!r}"
        if wanted not in study.hazards:
            near = get_close_matches(str(wanted), study.hazards, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "add it"
            raise StudyError(f"{where}; expected another hazard of this study ({', '.join(study.hazards)}); {hint}")
        if wanted in (name, *before):
            raise StudyError(f"{where}, which needs {name!r} itself; expected hazards in one order; take one away")
        _check_needs(study, wanted, document, (*before, name))


def _keys(owner: type[BaseModel]) -> list[str]:
    """Return the keys of a study file, or of a part of it."""
    return [name for name, field in owner.model_fields.items() if not field.exclude]


def _require_known(
    given: Mapping[str, Any], known: Mapping[str, Any], where: tuple[str, ...], document: Document
) -> None:
    """Refuse keys without a default in ``known``, and other values where that is true or false."""
    for key, value in given.items():
        said = f"{document.path} line {document.line((*where, key))}: {'.'.join(where)}"
        if key not in known:
            raise StudyError(f"{said} {_unknown(key, list(known))}")
        if isinstance(known[key], bool) and not isinstance(value, bool):
            raise StudyError(f"{said}.{key} is {str(value)[:60]!r}; expected true or false; correct it")


def _unknown(key: str, known: Sequence[str]) -> str:
    near = get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else "remove it"
    return f"has no key {key!r}; expected one of {', '.join(known)}; {hint}"


def _explain(error: pydantic.ValidationError, document: Document) -> str:
    """Say the first fault of a study in one line, with its line in the file."""
    faults = error.errors(include_url=False)
    # Whoever misspells a key lacks it too: the key is what there is to correct.
    first = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
    place = tuple(first["loc"])
    where = f"{document.path} line {document.line(place)}:"
    if first["type"] == "extra_forbidden":
        parts: dict[int, type[BaseModel]] = {2: Damage, 4: AssetDamage}
        owner = parts.get(len(place), Study)
        inside = ".".join(str(part) for part in place[:-1]) or "the study"
        return f"{where} {inside} {_unknown(str(place[-1]), _keys(owner))}"
    depth, expected = _EXPECTED.get(str(place[0]), (len(place), ""))
    if first["type"] == "missing" and len(place) != depth + 1:
        return f"{where} the study has no {'.'.join(map(str, place))!r}; expected one; add it"
    found = document.data
    for part in place[:depth]:
        found = found[part]
    expected = expected or first["msg"].replace("Input should be", "expected")
    return f"{where} {'.'.join(map(str, place[:depth]))} is {str(found)[:60]}; {expected}; correct it"
