"""Build the pack in ``layers/``, or check it: ``python -m scripts.pack [--check] [--out FOLDER] [--cache FOLDER]``.

Run it from the root of the repository, with the dependency group ``pack``. Packages are fetched once into the cache
folder. The same packages and the same GDAL give the same bytes; those in the repository were written with rasterio
1.4.4 and pyogrio 0.13.0.
"""

import argparse
from pathlib import Path
from typing import Final

from scripts.pack.manifest import check
from scripts.pack.sources import fetch

LAYERS: Final = Path(__file__).parents[2] / "layers"
CACHE: Final = Path.home() / ".cache" / "hazardmap-pack"


def main() -> None:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(prog="python -m scripts.pack", description="Build or check the pack of open data.")
    parser.add_argument("--check", action="store_true", help="compare the files with MANIFEST.csv; downloads nothing")
    parser.add_argument("--out", type=Path, default=LAYERS, help="folder to build or check; default layers/")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of the downloaded packages")
    options = parser.parse_args()
    if not options.check:
        from scripts.pack.build import build

        build(options.out, fetch(options.cache))
    elif wrong := check(options.out):
        raise SystemExit("\n".join(wrong))
    else:
        print(f"{options.out}: every file is as MANIFEST.csv says")


if __name__ == "__main__":
    main()
