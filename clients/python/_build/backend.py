"""The build backend (PEP 517 and 660): a wheel that takes the dh-sidecar of the project along where one was built.

The binary is the one that DH_SIDECAR_BIN names, else .build/release/dh-sidecar in the project's folder. With it the
wheel is for this platform; without it, for any, and dh-sidecar is looked for when it is needed.
"""
from __future__ import annotations

import base64
import gzip
import hashlib
import io
import os
import re
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path
from typing import Any, Iterator, Optional

HERE = Path(__file__).resolve().parents[1]
SOURCE = HERE / "src"
NAME = "digitalhub_sidecar"
Settings = Optional[dict[str, Any]]


def version() -> str:
    found = re.search(r'^__version__ = "(.+)"$', (SOURCE / NAME / "_version.py").read_text(encoding="utf-8"), re.M)
    assert found
    return found[1]


def binary() -> Optional[Path]:
    """What the wheel takes along."""
    named = os.environ.get("DH_SIDECAR_BIN")
    path = Path(named) if named else HERE.parents[1] / ".build/release/dh-sidecar"
    if os.access(path, os.X_OK) and path.is_file():
        return path
    if named:
        raise SystemExit(f"DH_SIDECAR_BIN is {named!r}, and no program is there")
    return None


def metadata() -> str:
    text = (HERE / "_build/METADATA").read_text(encoding="utf-8").replace("{version}", version())
    return text + (HERE / "README.md").read_text(encoding="utf-8")


def tag(native: bool) -> str:
    platform = re.sub(r"[-.]", "_", sysconfig.get_platform()) if native else "any"
    return f"py3-none-{platform}"


def sources() -> Iterator[Path]:
    return (path for path in sorted((SOURCE / NAME).rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts and path.parent.name != "bin")


class Wheel:
    """A wheel being written: its files and their record."""

    def __init__(self, folder: str, native: bool) -> None:
        self.info = f"{NAME}-{version()}.dist-info"
        self.tag = tag(native)
        self.native = native
        self.name = f"{NAME}-{version()}-{self.tag}.whl"
        self.zip = zipfile.ZipFile(Path(folder) / self.name, "w", zipfile.ZIP_DEFLATED)
        self.record: list[str] = []

    def add(self, name: str, data: bytes, mode: int = 0o644) -> None:
        entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
        entry.external_attr = (0o100000 | mode) << 16
        self.zip.writestr(entry, data, zipfile.ZIP_DEFLATED)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        self.record.append(f"{name},sha256={digest},{len(data)}")

    def finish(self) -> str:
        for name, text in info(self.native).items():
            self.add(f"{self.info}/{name}", text.encode())
        self.record.append(f"{self.info}/RECORD,,")
        self.zip.writestr(f"{self.info}/RECORD", "\n".join(self.record) + "\n")
        self.zip.close()
        return self.name


def info(native: bool) -> dict[str, str]:
    wheel = ["Wheel-Version: 1.0", "Generator: digitalhub-sidecar", f"Root-Is-Purelib: {str(not native).lower()}",
             f"Tag: {tag(native)}"]
    return {"METADATA": metadata(), "WHEEL": "\n".join(wheel) + "\n"}


# MARK: what pip calls

def build_wheel(wheel_directory: str, config_settings: Settings = None,
                metadata_directory: Optional[str] = None) -> str:
    taken = binary()
    wheel = Wheel(wheel_directory, native=taken is not None)
    for path in sources():
        wheel.add(path.relative_to(SOURCE).as_posix(), path.read_bytes())
    if taken is not None:
        print(f"taking {taken} along", file=sys.stderr)
        wheel.add(f"{NAME}/bin/dh-sidecar", taken.read_bytes(), 0o755)
    return wheel.finish()


def build_editable(wheel_directory: str, config_settings: Settings = None,
                   metadata_directory: Optional[str] = None) -> str:
    wheel = Wheel(wheel_directory, native=False)
    wheel.add(f"{NAME}.pth", f"{SOURCE}\n".encode())
    return wheel.finish()


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    root = f"{NAME}-{version()}"
    files = {path.relative_to(HERE).as_posix(): path.read_bytes()
             for path in [*sources(), HERE / "pyproject.toml", HERE / "README.md", *sorted((HERE / "_build").glob("*"))]
             if path.is_file()}
    files["PKG-INFO"] = metadata().encode()
    name = f"{root}.tar.gz"
    with gzip.GzipFile(Path(sdist_directory) / name, "wb", mtime=0) as packed, \
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, data in files.items():
            entry = tarfile.TarInfo(f"{root}/{path}")
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return name
