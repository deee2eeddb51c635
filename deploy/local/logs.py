"""The logs of an installation's processes: whole lines, in files of bounded size and number.

The supervisor writes them, with a thread for each process. So neither a long log nor a full disk holds up the process.
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
"""How many files a log has: the growing one and the older ones, from `.1` (the latest) to `.4`."""
LONGEST_LINE: Final = 1_000_000
"""Bytes after which a line is written even though it has not ended yet."""
PIPE: Final = 2**20
"""Bytes that the pipe between a process and its log can hold."""
PAUSE: Final = 0.2
"""Seconds between two looks for new lines when following a log."""


class Log:
    """The log of one process. The process and the supervisor both write lines to it."""

    def __init__(self, path: Path, size: int = LOG_BYTES, files: int = LOG_FILES) -> None:
        self.path, self._size, self._files = path, size, files
        self._lock, self._lost = Lock(), 0

    def write(self, lines: bytes) -> None:
        """Append whole lines. On a full disk they are lost, and the next line that fits says so."""
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
                os.ftruncate(file, size)  # So that no half line is left.
                raise
        finally:
            os.close(file)

    def _rotate(self) -> None:
        """Rename each file to the next number and drop the last. Readers recognise their file by its inode."""
        for number in range(self._files - 1, 0, -1):
            with suppress(FileNotFoundError):
                aged(self.path, number - 1).replace(aged(self.path, number))

    def take(self, process: BinaryIO) -> Thread:
        """Write a process's output to the log, in a thread that ends when the process and its children have ended."""
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
    """Cut whole lines into pieces of at most `most` bytes. Only a single longer line exceeds that."""
    while len(lines) > most:
        cut = lines.rfind(b"\n", 0, most) + 1 or lines.index(b"\n") + 1
        yield lines[:cut]
        lines = lines[cut:]
    if lines:
        yield lines


def aged(path: Path, number: int) -> Path:
    """The file of a log with this number: 0 is the growing one, 1 the one before it."""
    return path.with_name(f"{path.name}.{number}") if number else path


def pipe() -> tuple[BinaryIO, int]:
    """The two ends of a pipe: the first to read the log from, the second for the process to write to."""
    reader, writer = os.pipe()
    if sys.platform == "linux":
        with suppress(OSError):  # The system may allow less. Then the standard size has to do.
            fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE)
    return os.fdopen(reader, "rb", buffering=0), writer


def follow(paths: Mapping[str, Path], files: int = LOG_FILES) -> Iterator[tuple[str, bytes]]:
    """Follow logs for ever: pairs of name and line. Rotations lose no line, and new logs are read from the start."""
    readers = {name: _Reader(path, files) for name, path in paths.items()}
    for reader in readers.values():
        reader.skip()
    while True:
        for name, reader in readers.items():
            for line in reader.lines():
                yield name, line
        time.sleep(PAUSE)


class _Reader:
    """How far one log has been read."""

    def __init__(self, path: Path, files: int) -> None:
        self._path, self._files, self._begun = path, files, b""
        self._file: BinaryIO | None = None

    def skip(self) -> None:
        """Go to the present end of the log."""
        with suppress(FileNotFoundError):
            self._file = self._path.open("rb")
            self._file.seek(0, os.SEEK_END)

    def lines(self) -> Iterator[bytes]:
        """The whole lines since the last look. Lines in files that were rotated meanwhile come first."""
        while True:
            following = self._following()  # Before reading, so that lines written just before a rotation are read too.
            if self._file:
                *whole, self._begun = (self._begun + self._file.read()).split(b"\n")
                yield from whole
            if following is None:
                return
            if self._file:
                self._file.close()
            self._file = following

    def _following(self) -> BinaryIO | None:
        """The file that follows the one being read. None if that is the growing one.

        The search begins at the growing file and goes to older ones. A rotation may rename the files meanwhile, each to
        the next number. Then a file may be met twice, or a number may be missing for a moment; but no file is skipped,
        since all move in the direction of the search. Each file is opened before it is identified, because a moment
        later another file may have its name.
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
