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
    from hazardmap.study import Say

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Map hazards across borders: which country a hazard comes from, and which country feels it.",
)

# Less than this is shown as a dash: the tables have it.
_LEAST = 0.05

StudyFile = Annotated[Path, typer.Argument(help="Study file (YAML).", show_default=False)]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a key, such as hazards.flood.levels=[0.3,1,2]."),
]
Out = Annotated[Path | None, typer.Option("--out", metavar="FOLDER", help="Folder for the outputs.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Say how long each step took.")]


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

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StudyError(f"{folder} exists and is not empty; expected a new folder; choose another name")
    folder.mkdir(parents=True, exist_ok=True)
    copyfile(_examples() / "meuse" / "study.yaml", folder / "study.yaml")
    typer.echo(f"wrote {folder / 'study.yaml'}; change it, then: hazardmap run {folder / 'study.yaml'}")


@app.command()
def layers() -> None:
    """List the layers that come with hazardmap."""
    from hazardmap import catalog

    for layer in catalog.layers():
        typer.echo(f"{layer.name:22} {layer.kind:7} {layer.status:11} {layer.licence}  {layer.title.get('en', '')}")


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
        typer.echo(f"wrote {_short(path)}")


def _print_flows(exposure: Any) -> None:
    """Print the matrices origin x country of the rarest scenario with a known probability."""
    from hazardmap import tables

    known = exposure.footprint.scenarios
    scenario = known["probability"].idxmin() if known["probability"].notna().any() else known.index[0]
    title = known.loc[scenario, "label"]
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


def _examples() -> Path:
    """Folder of the examples: in the wheel beside the code, in a checkout beside the package."""
    package = Path(__file__).parent
    packed = package / "_examples"
    return packed if packed.is_dir() else package.parent / "examples"


if __name__ == "__main__":
    main()
