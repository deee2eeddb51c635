"""The logs of an installation's processes: whole lines, in files of bounded size and number.

The supervisor writes them, each process's from a thread of its own, so that neither a long log nor a full disk ever
holds up what is logged about.
"""

import fcntl
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import BinaryIO, Final

LOG_BYTES: Final = 10_000_000
LOG_FILES: Final = 5
"""How many files a log may have: the one that grows, and `.1` (the latest) to `.4` that went before."""
LONGEST_LINE: Final = 1_000_000
"""Bytes after which a line that has no end yet is written as it is."""
PIPE: Final = 2**20
"""Bytes that a process may be ahead of its log."""
PAUSE: Final = 0.2
"""Seconds between two looks of somebody who follows."""


class Log:
    """The log of one process, written line by line by whoever has something to say about it."""

    def __init__(self, path: Path, size: int = LOG_BYTES, files: int = LOG_FILES) -> None:
        self.path, self._size, self._files = path, size, files
        self._lock, self._lost = Lock(), 0

    def write(self, lines: bytes) -> None:
        """Append whole lines. What a full disk has no room for is lost, and the next line that fits says so."""
        with self._lock:
            if self._lost:
                lines = b"... %d bytes of this log were lost: the disk was full\n" % self._lost + lines
            for piece in _pieces(lines, self._size):
                try:
                    self._append(piece)
                    self._lost = 0
                except OSError:
                    self._lost += len(piece)

    def _append(self, lines: bytes) -> None:
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            size = os.fstat(file).st_size
            if size and size + len(lines) > self._size:
                os.close(file)
                self._rotate()
                file, size = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 0
            left = memoryview(lines)
            try:
                while left:
                    left = left[os.write(file, left) :]
            except OSError:
                os.ftruncate(file, size)  # No half of a line is left.
                raise
        finally:
            os.close(file)

    def _rotate(self) -> None:
        """Each file takes the next number, and the last one goes; readers find the file that they had by its inode."""
        for number in range(self._files - 1, 0, -1):
            with suppress(FileNotFoundError):
                aged(self.path, number - 1).replace(aged(self.path, number))

    def take(self, process: BinaryIO) -> Thread:
        """Write what a process says, in a thread that ends when the process and its children are gone."""
        thread = Thread(target=self._take, args=(process,), name=self.path.name, daemon=True)
        thread.start()
        return thread

    def _take(self, process: BinaryIO) -> None:
        begun = b""
        with process:
            while said := os.read(process.fileno(), PIPE):
                lines, end, begun = (begun + said).rpartition(b"\n")
                if end or len(begun) > LONGEST_LINE:
                    if not end:
                        lines, begun = begun, b""
                    self.write(lines + b"\n")
        if begun:
            self.write(begun + b"\n")


def _pieces(lines: bytes, most: int) -> Iterator[bytes]:
    """Whole lines in pieces of at most so many bytes, unless a single line is longer."""
    while len(lines) > most:
        cut = lines.rfind(b"\n", 0, most) + 1 or lines.index(b"\n") + 1
        yield lines[:cut]
        lines = lines[cut:]
    if lines:
        yield lines


def aged(path: Path, number: int) -> Path:
    """The file of a log that was put aside so many times; the growing one is number 0."""
    return path.with_name(f"{path.name}.{number}") if number else path


def pipe() -> tuple[BinaryIO, int]:
    """Two ends of a pipe: one to read a log from, one for the process that it is of."""
    reader, writer = os.pipe()
    if sys.platform == "linux":
        with suppress(OSError):  # A system may allow less; the standard size does as well.
            fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE)
    return os.fdopen(reader, "rb", buffering=0), writer


def follow(paths: Mapping[str, Path], files: int = LOG_FILES) -> Iterator[tuple[str, bytes]]:
    """New lines of logs by name, for ever: through rotations, and from the beginning of logs that begin meanwhile."""
    readers = {name: _Reader(path, files) for name, path in paths.items()}
    for reader in readers.values():
        reader.skip()
    while True:
        for name, reader in readers.items():
            for line in reader.lines():
                yield name, line
        time.sleep(PAUSE)


class _Reader:
    """Where somebody stands who follows one log."""

    def __init__(self, path: Path, files: int) -> None:
        self._path, self._files, self._begun = path, files, b""
        self._file: BinaryIO | None = None

    def skip(self) -> None:
        """Go to the end of what is there."""
        with suppress(FileNotFoundError):
            self._file = self._path.open("rb")
            self._file.seek(0, os.SEEK_END)

    def lines(self) -> Iterator[bytes]:
        """The whole lines that came since the last look, those of files that were put aside meanwhile first."""
        while True:
            following = self._following()  # Looked for first: what is written before a rotation is read after it.
            if self._file:
                *whole, self._begun = (self._begun + self._file.read()).split(b"\n")
                yield from whole
            if following is None:
                return
            if self._file:
                self._file.close()
            self._file = following

    def _following(self) -> BinaryIO | None:
        """The file that came after the one which is read, if there is one.

        Files are looked through from the growing one on. They may be renamed meanwhile, each to the next number, so
        one may be met twice, or a number be nobody's for a moment; but none is passed over, since all move the same
        way. Each is opened before it is known, since a moment later its name may be another's.
        """
        newer: BinaryIO | None = None
        for number in range(self._files):
            with suppress(FileNotFoundError):
                there = aged(self._path, number).open("rb")
                if self._file and os.path.sameopenfile(there.fileno(), self._file.fileno()):
                    there.close()
                    break
                if newer:
                    newer.close()
                newer = there
        return newer
