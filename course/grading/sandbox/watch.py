"""How much memory the processes behind one set of walls hold together. Linux.

Read in the procfs of their own namespace, so no process can hide from it.
"""

import contextlib
import os

_QUICK = (b"RssAnon:", b"RssShmem:", b"VmSwap:")
_EXACT = (b"Pss_Anon:", b"Pss_Shmem:", b"SwapPss:")
_KIB = 1024
_SOCKET = 1024 * 1024
"""What a socket is counted for: bytes that stand in one are the kernel's, and no process's."""


def memory(proc: int, *, most: int) -> int:
    """Bytes in use; `proc` is an open folder, the procfs of the namespace.

    What they share, the memory they were forked with above all, is counted in each at first;
    only where that comes to more than `most` it is counted exactly, which takes longer.
    """
    pids = [name for name in os.listdir(proc) if name.isdigit()]
    in_sockets = _SOCKET * _sockets(proc, pids)
    found = in_sockets + sum(_sum(proc, f"{pid}/status", _QUICK) for pid in pids)
    if found <= most:
        return found
    return in_sockets + sum(_sum(proc, f"{pid}/smaps_rollup", _EXACT) for pid in pids)


def _sum(proc: int, path: str, names: tuple[bytes, ...]) -> int:
    """The sum of those lines, in bytes; 0 for a process that is gone."""
    lines = (line.split() for line in _read(proc, path).splitlines() if line.startswith(names))
    return _KIB * sum(int(line[1]) for line in lines)


def _sockets(proc: int, pids: list[str]) -> int:
    """How many sockets there are in the network namespace of the first process that can be read."""
    for pid in pids:
        for line in _read(proc, f"{pid}/net/sockstat").splitlines():
            if line.startswith(b"sockets: used "):
                return int(line.split()[2])
    return 0


def _read(proc: int, path: str) -> bytes:
    """The beginning of a file of the procfs; nothing for a process that is gone."""
    with contextlib.suppress(OSError):
        fd = os.open(path, os.O_RDONLY, dir_fd=proc)
        try:
            return os.read(fd, 16_384)
        finally:
            os.close(fd)
    return b""
