"""The house itself is tested: its doors, its walls, and what its hazards say of themselves."""

import doctest
import importlib
import pkgutil
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import hazardmap as hm
from hazardmap import hazards, outputs

ROOT = Path(__file__).parents[1]
MODULES = sorted(m.name for m in pkgutil.walk_packages(hm.__path__, "hazardmap."))


def test_public_names_are_sorted_and_can_be_loaded():
    assert hm.__all__ == sorted(hm.__all__)
    assert all(getattr(hm, name) is not None for name in hm.__all__)


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'floods'"):
        _ = hm.floods


def test_imports_only_go_down():
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", hazards.names())
def test_every_hazard_documents_what_it_takes(name):
    hazard = hazards.get(name)
    words = [*hazards.inputs(hazard), *hazards.options(hazard)]
    assert [word for word in words if f"\n    {word} : " not in hazard.__doc__] == []


@pytest.mark.parametrize("name", outputs.names())
def test_every_output_documents_its_options(name):
    output = outputs.get(name)
    assert [
        word
        for word in outputs.options(output)
        if f"{word} : " not in output.__doc__ and f"{word}, " not in output.__doc__
    ] == []


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_run(name):
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0


def test_no_module_shares_its_name_with_a_public_function():
    tops = {name.split(".")[1] for name in MODULES}
    assert tops & set(hm.__all__) == set()


def test_no_module_grows_beyond_what_one_reads():
    long = {
        path.name: n for path in (ROOT / "hazardmap").rglob("*.py") if (n := len(path.read_text().splitlines())) > 440
    }
    assert long == {}


def test_the_version_is_said_once():
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert version("hazardmap") == stated
    assert f"## {stated}" in (ROOT / "CHANGELOG.md").read_text()


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, hazardmap, hazardmap.cli; print([m for m in ('geopandas', 'rasterio', 'xarray', 'folium', 'numba') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
