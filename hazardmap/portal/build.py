"""Run a study and write what it found as a folder that any web server, or none, can show."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hazardmap import outputs
from hazardmap.cards import terms_of
from hazardmap.dates import require_date, source_date
from hazardmap.errors import OutputError
from hazardmap.licences import Licensing, licensing
from hazardmap.portal.catalogues import dcat, stac
from hazardmap.portal.folder import replaced
from hazardmap.portal.pages import pages
from hazardmap.portal.site import DATA, Site, downloads_in
from hazardmap.portal.words import LANGUAGES
from hazardmap.provenance import inputs
from hazardmap.risks import inventory, write_all
from hazardmap.study import Study

__all__ = ["publish"]

Say = Callable[[str], None]

_ALWAYS = {"webmap": "map.html", "record": "run.json"}


def publish(
    study: Study,
    folder: str | Path,
    *,
    language: str = "en",
    risks: str | Path | None = None,
    made: str | None = None,
    publisher: str | None = None,
    say: Say = lambda _: None,
    scheduler: str | None = None,
) -> Site:
    """Run a study and publish it: pages in four languages, the map, the files to download, catalogues, checksums.

    The folder is written whole or not at all, and opens from a disk as it does from a web server. The same study and
    data give the same bytes.

    Parameters
    ----------
    study : Study
        Its outputs are what can be downloaded; the map and the run record are added where it has none.
    folder : str or Path
        A new or empty folder, or one that was published before and was not changed since, which is replaced.
    language : {"nl", "fr", "de", "en"}
        Language of the pages at the top; every page links to the others.
    risks : str or Path, optional
        Joint risk inventory to show too; see :func:`hazardmap.risks.inventory`.
    made : str, optional
        Date of the run (ISO 8601); by default from ``SOURCE_DATE_EPOCH``, else none.
    publisher : str, optional
        Who publishes it, for the DCAT catalogue: DCAT-AP wants the name of an organisation.
    say : function
        Told what is being done.
    scheduler : str, optional
        As in :meth:`~hazardmap.study.Study.run`.

    Returns
    -------
    Site
        What was published.

    Raises
    ------
    OutputError
        When a layer must not be redistributed, licences cannot be combined, the language is unknown, or the folder
        cannot be written to or holds anything foreign.
    HazardmapError
        When the study or its data are at fault.

    Examples
    --------
    The map and the run record are there too, and nothing was changed since:

    >>> import tempfile, hazardmap as hm
    >>> parks = {"chemical": {"sites": "chemical-parks", "radius_m": 5000}}
    >>> study = Study(title="Park", area=(5, 50, 6, 51), territories="territories", hazards=parks, outputs={"csv": "t"})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     site = publish(study, f"{folder}/portal")
    ...     print([each.name for each in site.downloads if "/" not in each.name], hm.verify(f"{folder}/portal"))
    ['map.html', 'run.json'] []
    """
    if language not in LANGUAGES:
        raise OutputError(f"the language is {language!r}; expected one of {', '.join(LANGUAGES)}; correct it")
    study = _complete(study)
    listed = None if risks is None else inventory(risks)
    _require_licence(licensing(terms_of(study)))
    made = require_date(made, "made") or source_date()
    with replaced(Path(folder)) as new:
        say("running the study")
        found = list(study.run(new / DATA, say=say, made=made, scheduler=scheduler).values())
        _require_licence(licensing(inputs(found)))
        if listed is not None:
            write_all(listed, new / DATA / "risks")
        site = Site(
            exposures=found,
            study=study.model_dump(mode="json"),
            map=_address(study.paths(new / DATA)[list(study.outputs).index("webmap")], new),
            downloads=tuple(downloads_in(new)),
            made=made,
            publisher=publisher,
            contacts=_options(study, "webmap").get("contacts"),
            risks=listed,
        )
        say("writing the pages")
        for path, text in (*pages(site, language), *stac(site), ("dcat.jsonld", dcat(site))):
            (new / path).parent.mkdir(exist_ok=True)
            (new / path).write_text(text, encoding="utf-8", newline="\n")
    return site


def _require_licence(found: Licensing) -> None:
    """Refuse what must not be passed on."""
    if found.problems:
        raise OutputError(f"the result cannot be published: {found.problems[0]}")


def _complete(study: Study) -> Study:
    """Return the study with a map and a run record among its outputs, and without what no one else may have."""
    bound = [name for name in study.outputs if _options(study, name).get("restricted")]
    if bound:
        raise OutputError(
            f"outputs.{bound[0]} is restricted to your own use (restricted: true); expected outputs that others may "
            "have; leave it out of a study that is published"
        )
    return study.model_copy(update={"outputs": {**_ALWAYS, **study.outputs}})


def _address(path: Path, folder: Path) -> str:
    return quote(path.relative_to(folder.resolve()).as_posix())


def _options(study: Study, name: str) -> Mapping[str, Any]:
    choice = study.outputs[name]
    return {} if isinstance(choice, str) else outputs.prepared(name, choice, study.folder)
