"""The command line: parse, call, print."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hazardmap.errors import HazardmapError, StudyError

if TYPE_CHECKING:
    from hazardmap.catalog import Progress
    from hazardmap.study import Say

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

layer_commands = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.add_typer(layer_commands, name="layers")

# Less than this is shown as a dash: the tables have it.
_LEAST = 0.05

StudyFile = Annotated[Path, typer.Argument(help="Study file (YAML).", show_default=False)]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a key, such as hazards.flood.levels=[0.3,1,2]."),
]
Out = Annotated[Path | None, typer.Option("--out", metavar="FOLDER", help="Folder for the outputs.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Say how long each step took.")]


def _say_version(*, wanted: bool) -> None:
    if wanted:
        from hazardmap import __version__

        typer.echo(f"hazardmap {__version__}")
        raise typer.Exit


@app.callback()
def about(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda value: _say_version(wanted=value),
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    """Map hazards across borders: which country a hazard comes from, and which country feels it."""


@app.command()
def run(
    study: StudyFile,
    changes: Changes = None,
    out: Out = None,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", metavar="ADDRESS", help="Send raster blocks to a dask cluster.")
    ] = None,
    *,
    verbose: Verbose = False,
) -> None:
    """Run a study and write its outputs."""
    from hazardmap.study import Study

    _log(verbose)
    _run(Study.from_yaml(study, changes or []), out, scheduler)


@app.command()
def check(study: StudyFile, changes: Changes = None, out: Out = None) -> None:
    """Ask every question that can be asked of a study without computing."""
    from hazardmap.study import Study

    found = Study.from_yaml(study, changes or [])
    with _progress() as say:
        say("checking layers and parameters")
        problems = found.check(out)
    if problems:
        for problem in problems:
            typer.echo(problem, err=True)
        raise typer.Exit(1)
    typer.echo(f"{study} can run")


@app.command()
def demo(out: Out = None, *, verbose: Verbose = False) -> None:
    """Run the flood study of the Meuse and the Rhine that comes with hazardmap."""
    from hazardmap.study import Study

    _log(verbose)
    _run(Study.from_yaml(_examples() / "meuse" / "study.yaml"), out or Path("hazardmap-demo"))


@app.command()
def new(folder: Annotated[Path, typer.Argument(help="Folder to make.", show_default=False)]) -> None:
    """Make a folder with a study to start from."""
    from shutil import copyfile

    from hazardmap.writing import written

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StudyError(f"{folder} exists and is not empty; expected a new folder; choose another name")
    with written(folder / "study.yaml") as beside:
        copyfile(_examples() / "meuse" / "study.yaml", beside)
    typer.echo(f"wrote {folder / 'study.yaml'}; change it, then: hazardmap run {folder / 'study.yaml'}")


@layer_commands.callback(invoke_without_command=True)
def layers(context: typer.Context) -> None:
    """List the layers that come with hazardmap, or fetch open data that does not."""
    from hazardmap import catalog

    if context.invoked_subcommand is not None:
        return
    for layer in catalog.layers():
        what = f"{layer.name:27} {layer.kind:7} {layer.status or '':11} {layer.licence or '':22}"
        typer.echo(f"{what} {catalog.whereabouts(layer):38} {layer.title.get('en', '')}")


@layer_commands.command()
def fetch(
    names: Annotated[list[str], typer.Argument(help="Names of layers, or paths of cards.", show_default=False)],
) -> None:
    """Download open data into the cache (HAZARDMAP_CACHE), resuming what broke off; afterwards no network is needed."""
    from hazardmap import catalog

    for name in names:
        layer = catalog.layer(name)
        if not layer.address_tried:
            typer.echo(f"{layer.name}: the address was not tried when its card was written; see {layer.page}", err=True)
        with _bytes(layer.name) as progress:
            path = layer.fetch(progress)
        typer.echo(f"{layer.name}: {path}")
        if layer.sha256 is None:
            typer.echo(f"{layer.name}: its SHA-256 is {layer.provenance()['sha256']}; a card of yours can state it")


@app.command()
def hazards() -> None:
    """List the hazards, the layers that they take, and their options."""
    from hazardmap import hazards as known

    for name in known.names():
        hazard = known.get(name)
        typer.echo(f"{name}: {(hazard.__doc__ or '').strip().splitlines()[0]}")
        for layer, required in known.inputs(hazard).items():
            typer.echo(f"  {layer:20} layer{'' if required else ' (optional)'}")
        for option, default in known.options(hazard).items():
            typer.echo(f"  {option:20} {default!r}")


@app.command()
def publish(
    study: StudyFile,
    folder: Annotated[Path, typer.Argument(help="Folder to publish to; replaced as a whole.", show_default=False)],
    changes: Changes = None,
    language: Annotated[str, typer.Option("--language", help="Of the first page: nl, fr, de or en.")] = "en",
    inventory: Annotated[Path | None, typer.Option("--risks", metavar="FILE", help="Risk inventory to show.")] = None,
    publisher: Annotated[str | None, typer.Option("--publisher", help="Your organisation, for the catalogue.")] = None,
) -> None:
    """Run a study and write a portal: pages in four languages, map, files, catalogues, checksums."""
    from hazardmap.portal import publish as write
    from hazardmap.study import Study

    with _progress() as say:
        read = Study.from_yaml(study, changes or [])
        site = write(read, folder, language=language, risks=inventory, publisher=publisher, say=say)
    for note in site.licensing.notes:
        typer.echo(f"- {note}", err=True)
    count = sum(not place.whole for place in site.places)
    lands = "1 territory" if count == 1 else f"{count} territories"
    typer.echo(f"published {len(site.downloads)} files and {lands}: {folder / 'index.html'}")


@app.command()
def verify(folder: Annotated[Path, typer.Argument(help="Published folder.", show_default=False)]) -> None:
    """Compare a published folder with its checksums."""
    from hazardmap.portal import verify as findings

    found = findings(folder)
    for line in found:
        typer.echo(line)
    if found:
        raise typer.Exit(1)
    typer.echo(f"{folder} is as it was published")


@app.command()
def risks(
    file: Annotated[Path, typer.Argument(help="Risk inventory (YAML).", show_default=False)],
    out: Out = None,
    language: Annotated[str, typer.Option("--language", help="Of the matrices: nl, fr, de or en.")] = "en",
    *,
    xlsx: Annotated[bool, typer.Option("--xlsx", help="The register as a workbook too.")] = False,
    png: Annotated[bool, typer.Option("--png", help="The matrices as PNG too.")] = False,
) -> None:
    """Write the register and the matrices of a joint risk inventory."""
    from hazardmap.risks import inventory, write_all

    for path in write_all(inventory(file), out or Path("risks"), language=language, workbook=xlsx, pictures=png):
        typer.echo(f"wrote {_short(path)}")


@app.command()
def alert(
    file: Annotated[Path, typer.Argument(help="GeoPackage of a run.", show_default=False)],
    zone: Annotated[str, typer.Argument(help="Id of a zone in it.", show_default=False)],
    sender: Annotated[str, typer.Option("--sender", help="Who drafts it, such as an address.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="File to write.")] = Path("alert.xml"),
    contacts: Annotated[Path | None, typer.Option("--contacts", metavar="FILE", help="Whom to call (CSV).")] = None,
    *,
    layer: Annotated[str, typer.Option("--layer", help="Layer of the zones.")] = "zones",
    exercise: Annotated[bool, typer.Option("--exercise", help="Mark it Exercise instead of Draft.")] = False,
) -> None:
    """Draft a warning for a zone (CAP 1.2, four languages); it is never marked as actual."""
    from datetime import datetime

    from hazardmap.dates import source_date
    from hazardmap.portal.alert import draft_alert, read_zone, write_alert

    day = source_date()
    sent = datetime.fromisoformat(f"{day}T00:00:00+00:00") if day else datetime.now().astimezone()
    status = "Exercise" if exercise else "Draft"
    text = draft_alert(
        read_zone(file, zone, layer=layer), sender=sender, sent=sent, status=status, contacts=contacts or ()
    )
    write_alert(text, out)
    typer.echo(f"wrote {_short(out)} ({status})")


@app.command()
def diff(
    a: Annotated[Path, typer.Argument(help="Folder of a run.", show_default=False)],
    b: Annotated[Path, typer.Argument(help="Folder of another run.", show_default=False)],
    out: Out = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Compare two runs: what appeared, vanished, changed, by country."""
    from hazardmap.changes import diff as compared

    found = compared(a, b)
    if out is not None:
        for path in found.to_csv(out):
            typer.echo(f"wrote {_short(path)}", err=as_json)
    if as_json:
        typer.echo(found.to_json())
        return
    for row in found.inputs.itertuples():
        typer.echo(f"input {row.change}: {row.name}")
    typer.echo("the results are the same" if found.empty else found.countries.to_string(index=False))


def main() -> None:
    """Entry point: an error raised on purpose becomes one line and exit code 1."""
    try:
        app()
    except HazardmapError as error:
        typer.echo(f"hazardmap: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("hazardmap: interrupted; nothing is left half-written", err=True)
        sys.exit(130)


def _run(study: Any, out: Path | None, scheduler: str | None = None) -> None:
    """Run a study with progress, then print the flows and the paths."""
    with _progress() as say:
        found = study.run(out, say=say, scheduler=scheduler)
    for exposure in found.values():
        _print_flows(exposure)
    for path in study.paths(out):
        typer.echo(f"wrote {_short(path if path.exists() else path.with_suffix(''))}")


def _print_flows(exposure: Any) -> None:
    """Print the matrices origin x country of the scenario that stands for the hazard on the pages of a portal, too."""
    from hazardmap import tables
    from hazardmap.portal.figures import Figures

    scenario = Figures(exposure).scenario
    title = exposure.footprint.scenarios.loc[scenario, "label"]
    typer.echo(
        f"{exposure.footprint.hazard}, {title}; origin = {exposure.footprint.meaning}; rows origin, columns territory"
    )
    flows = exposure.flows()
    for measure, unit in flows.loc[flows["scenario"] == scenario, ["measure", "unit"]].drop_duplicates().to_numpy():
        matrix = tables.flow_matrix(exposure, scenario=scenario, measure=measure, unit=unit)
        typer.echo(f"\n{measure} [{unit}]")
        shown = matrix[(matrix >= _LEAST).any(axis=1)]
        typer.echo(shown.map(_rounded).to_string())
    typer.echo("\nNotes (whole in every output):")
    for note in [f"the hazard data are {exposure.footprint.status}", *exposure.notes]:
        typer.echo(f"- {shorten(note, 150, placeholder=' ...')}")
    typer.echo("")


def _rounded(value: float) -> str:
    """Round to three figures: the data support no more."""
    return f"{float(f'{value:.3g}'):,.10g}" if value >= _LEAST else "-"


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _log(verbose: bool) -> None:  # noqa: FBT001
    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=sys.stderr)
    logging.getLogger("hazardmap").setLevel(logging.INFO if verbose else logging.WARNING)


@contextmanager
def _progress() -> Iterator["Say"]:
    """Show what is being done; plain lines where there is no terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal or os.environ.get("CI"):
        yield lambda text: console.print(text, style="dim", highlight=False, markup=False)
        return
    with console.status("starting") as status:
        yield status.update


@contextmanager
def _bytes(name: str) -> Iterator["Progress"]:
    """Show how much of a file has come, with the speed and the time that is left."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    console = Console(stderr=True)
    quiet = not console.is_terminal
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True, disable=quiet) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _examples() -> Path:
    """Folder of the examples: in the wheel beside the code, in a checkout beside the package."""
    package = Path(__file__).parent
    packed = package / "_examples"
    return packed if packed.is_dir() else package.parent / "examples"


if __name__ == "__main__":
    main()
