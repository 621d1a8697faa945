"""Removes debugging information from native libraries, with the same bytes on every machine and without `strip`.

Reads 64-bit little-endian ELF as the System V ABI defines it (chapters 4 and 5), which is the format of Lambda.
"""

import struct
from collections.abc import Iterator

_IDENTITY = b"\x7fELF\x02\x01"
"""The magic number, ELFCLASS64, ELFDATA2LSB."""

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
_SECTION_HEADER_SIZE = 64
_SHARED_OBJECT = 3
"""ET_DYN, a shared object. Objects for a linker consist of sections only, so nothing can be removed from them."""


class UnreadableLibrary(ValueError):
    """The file is not an ELF library that the dynamic loader can read."""


def without_symbols(library: bytes) -> bytes:
    """Returns the library with only the bytes that the dynamic loader reads, and without sections.

    The loader reads the ELF header, the program headers and the segments. Debugging information and the section table
    are outside of the segments: at the end of the file, where they are cut off, or in between, where zeros replace
    them. Data other than a 64-bit little-endian ELF shared object is returned unchanged.

    Raises:
        UnreadableLibrary: The headers refer to bytes outside of the file.
    """
    if not library.startswith(_IDENTITY):
        return library
    try:
        header = list(_HEADER.unpack_from(library))
        if header[1] != _SHARED_OBJECT:
            return library
        loaded = sorted(_loaded_ranges(library, header))
    except struct.error as error:
        raise UnreadableLibrary(str(error)) from None
    end = max(stop for _, stop in loaded)
    if end > len(library):
        msg = f"a segment ends at byte {end} of {len(library)}"
        raise UnreadableLibrary(msg)
    loaded_bytes = bytearray(end)
    for start, stop in loaded:
        loaded_bytes[start:stop] = library[start:stop]
    header[6], header[11:14] = 0, (_SECTION_HEADER_SIZE, 0, 0)  # e_shoff; e_shentsize, e_shnum, e_shstrndx
    _HEADER.pack_into(loaded_bytes, 0, *header)
    return bytes(loaded_bytes)


def _loaded_ranges(library: bytes, header: list[int]) -> Iterator[tuple[int, int]]:
    """The ranges (start, end) that the loader reads: the header, the program headers, and each segment."""
    table, size, count = header[5], header[9], header[10]
    yield 0, _HEADER.size
    yield table, table + size * count
    for number in range(count):
        _, _, offset, _, _, in_file, _, _ = _PROGRAM_HEADER.unpack_from(library, table + size * number)
        yield offset, offset + in_file
