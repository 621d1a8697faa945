"""Native libraries without debugging information still load."""

import importlib.util
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tools.elf import UnreadableLibrary, without_symbols

HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SHARED_OBJECT, RELOCATABLE = 3, 1


def elf(body: bytes, segments: list[tuple[int, int]], kind: int = SHARED_OBJECT) -> bytes:
    """A library: the header, a program header for each (offset, size), then `body`."""
    table = b"".join(struct.pack("<IIQQQQQQ", 1, 4, offset, 0, 0, size, size, 1) for offset, size in segments)
    end = HEADER.size + len(table) + len(body)
    header = HEADER.pack(b"\x7fELF\x02\x01\x01", kind, 62, 1, 0, 64, end, 0, 64, 56, len(segments), 64, 2, 1)
    return header + table + body + bytes(128)


def segments_of(library: bytes) -> list[bytes]:
    table, count = struct.unpack_from("<Q", library, 32)[0], struct.unpack_from("<H", library, 56)[0]
    positions = [struct.unpack_from("<IIQQQQ", library, table + 56 * number) for number in range(count)]
    return [library[offset : offset + size] for _, _, offset, _, _, size in positions]


def native(module: str) -> Path:
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin)


def test_bytes_outside_segments_are_removed() -> None:
    library = elf(b"codeDEBUGdataSYMBOLS", [(176, 4), (185, 4)])
    lean = without_symbols(library)
    assert lean[176:] == b"code\0\0\0\0\0data"
    assert segments_of(lean) == [b"code", b"data"]


def test_the_header_names_no_section() -> None:
    header = HEADER.unpack_from(without_symbols(elf(b"code", [(120, 4)])))
    assert (header[6], header[12], header[13]) == (0, 0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="native libraries are ELF on Linux only")
@pytest.mark.parametrize("module", ["pyroaring", "pydantic_core._pydantic_core"])
def test_segments_are_unchanged(module: str) -> None:
    library = native(module).read_bytes()
    lean = without_symbols(library)
    assert segments_of(library[: HEADER.size] + lean[HEADER.size :]) == segments_of(library)
    assert len(lean) < len(library)
    assert without_symbols(lean) == lean


@pytest.mark.skipif(sys.platform != "linux", reason="native libraries are ELF on Linux only")
def test_a_stripped_library_loads_and_works(tmp_path: Path) -> None:
    source = native("pyroaring")
    shutil.copy(source, tmp_path)
    copy = tmp_path / source.name
    copy.write_bytes(without_symbols(source.read_bytes()))
    code = "import pyroaring; print(pyroaring.__file__, pyroaring.BitMap([3, 1]) & pyroaring.BitMap([3]))"
    process = subprocess.run(  # noqa: S603  our own Python
        [sys.executable, "-c", code], env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True
    )
    assert process.stdout == f"{copy} BitMap([3])\n"


@pytest.mark.parametrize("data", [b"", b"\xcf\xfa\xed\xfe", b"\x7fELF\x01\x01", elf(b"", [], RELOCATABLE)])
def test_a_file_that_is_not_a_library_for_lambda_is_unchanged(data: bytes) -> None:
    assert without_symbols(data) == data


@pytest.mark.parametrize("library", [elf(b"code", [(120, 400)]), elf(b"code", [(120, 4)])[:100], b"\x7fELF\x02\x01"])
def test_a_truncated_library_is_refused(library: bytes) -> None:
    with pytest.raises(UnreadableLibrary):
        without_symbols(library)
