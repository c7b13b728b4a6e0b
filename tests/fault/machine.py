"""The machine below a process: its clock jumps, its disk is full or broken, its power fails."""

import errno
import mmap
import os
import struct
import subprocess
from pathlib import Path

LIBRARY = "machine.so"
SOURCE = Path(__file__).with_name("machine.c")
LAYOUT = struct.Struct("=qiiii64s")  # struct control in machine.c
FAILED_AT = struct.calcsize("=qiii")
ERRORS = {"full": errno.ENOSPC, "broken": errno.EIO}
MINUTE_S = 60
HOUR_S = 60 * MINUTE_S
DAY_S = 24 * HOUR_S


def build(root):
    """The library that is preloaded."""
    library = Path(root) / LIBRARY
    subprocess.run([os.environ.get("CC", "cc"), "-std=c17", "-D_GNU_SOURCE", "-O1", "-fPIC",
                    "-shared", "-Wall", "-o", library, SOURCE, "-ldl"], check=True)
    return library


class Machine:
    def __init__(self, library, path):
        self.library, self.path = library, path
        path.write_bytes(bytes(LAYOUT.size))
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), LAYOUT.size)

    def environment(self):
        return {"LD_PRELOAD": str(self.library), "FLEET_MACHINE": str(self.path)}

    def set(self, offset_s=0, error=0, after=0, times=0, path=""):
        """The clock's offset, and an error of so many calls on files whose path contains that."""
        self.memory[:] = LAYOUT.pack(offset_s, error, after, times, 0, path.encode())

    def calm(self):
        self.set()

    def failed(self):
        """How many calls have failed since it was set."""
        return struct.unpack_from("=i", self.memory, FAILED_AT)[0]


class Journal:
    """An agent's journal, and how much of it is known to be on the disk."""

    def __init__(self, path, synced):
        self.path, self.log = path, synced

    def synced(self):
        """Bytes that a power cut leaves for sure."""
        if not self.path.exists() or not self.log.exists():
            return 0
        inode = str(self.path.stat().st_ino)
        ends = [int(end) for number, end in map(str.split, self.log.read_text().splitlines())
                if number == inode]
        return ends[-1] if ends else 0

    def durable(self):
        return self.path.read_bytes()[:self.synced()] if self.path.exists() else b""

    def cut_power(self, rng):
        """Some of what was written since the last sync is gone: cut off, or never written."""
        if not self.path.exists():
            return
        at = rng.randint(self.synced(), self.path.stat().st_size)
        with open(self.path, "r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.truncate(at)
            if rng.random() < 0.5:
                file.truncate(size)

