"""Fetch the third-party files that the web map carries inside, with npm, and record their checksums.

python scripts/vendor_map_assets.py          # Leaflet, into the package, with MANIFEST.json
python scripts/vendor_map_assets.py --axe    # axe-core, into node_modules/, for the accessibility tests only
"""

import argparse
import hashlib
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
ASSETS = ROOT / "hazardmap" / "outputs" / "webmap" / "assets"
# folium 0.20 is written for Leaflet 1.9.3; Leaflet 2 has no global `L`, which folium needs.
LEAFLET = "1.9.3"
LEAFLET_FILES = {
    "dist/leaflet.js": "leaflet/leaflet.js",
    "dist/leaflet.css": "leaflet/leaflet.css",
    "dist/images/layers.png": "leaflet/images/layers.png",
    "dist/images/layers-2x.png": "leaflet/images/layers-2x.png",
    "dist/images/marker-icon.png": "leaflet/images/marker-icon.png",
    "dist/images/marker-icon-2x.png": "leaflet/images/marker-icon-2x.png",
    "dist/images/marker-shadow.png": "leaflet/images/marker-shadow.png",
    "LICENSE": "leaflet/LICENSE",
}
AXE = "4.14.1"
AXE_FILES = {"axe.min.js": "axe.min.js", "LICENSE": "LICENSE"}


def main() -> None:
    """Fetch what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--axe", action="store_true", help="fetch axe-core for the tests instead")
    if parser.parse_args().axe:
        unpack("axe-core", AXE, AXE_FILES, ROOT / "node_modules" / "axe-core")
        return
    unpack("leaflet", LEAFLET, LEAFLET_FILES, ASSETS)
    manifest = {
        "package": "leaflet",
        "version": LEAFLET,
        "licence": "BSD-2-Clause",
        "files": {name: hashlib.sha256((ASSETS / name).read_bytes()).hexdigest() for name in LEAFLET_FILES.values()},
    }
    (ASSETS / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def unpack(package: str, version: str, files: dict[str, str], folder: Path) -> None:
    """Put chosen files of an npm package into a folder."""
    with tempfile.TemporaryDirectory() as temporary:
        subprocess.run(
            ["npm", "pack", "--silent", f"{package}@{version}"], cwd=temporary, check=True, stdout=subprocess.DEVNULL
        )
        (archive,) = Path(temporary).glob("*.tgz")
        with tarfile.open(archive) as tar:
            for inside, target in files.items():
                member = tar.extractfile(f"package/{inside}")
                if member is None:
                    raise SystemExit(f"{package} {version} has no file {inside}; check the list in this script")
                path = folder / target
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(member.read())
                print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
