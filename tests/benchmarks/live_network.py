"""A bad line: a network namespace behind two tun devices, and a program between them.

This does what `tc … netem delay … loss …` does where the kernel has no netem: real IP packets of
the kernel's own TCP are held back and lost, here in user space. Needs root and /dev/net/tun.
"""

import contextlib
import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

NAME = "course-live"
HERE, THERE = "10.213.7.1", "10.213.7.2"
_TUNSETIFF, _TUN, _NO_INFO = 0x400454CA, 0x0001, 0x1000
_CLONE_NEWNET = 0x40000000


@dataclass
class Line:
    """The line between here and the namespace: its delay (seconds) and loss, each way."""

    delay_s: float
    loss: float
    host: str = HERE
    passed: int = 0
    dropped: int = 0
    _over: threading.Event = field(default_factory=threading.Event)

    def __str__(self) -> str:
        return f"{self.delay_s * 1000:.0f} ms and {self.loss:.0%} loss each way"

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Sockets that this thread makes in the block are made in the namespace."""
        with open(f"/run/netns/{NAME}") as there, open("/proc/self/ns/net") as here:  # noqa: PTH123
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(here.fileno())

    def carry(self, one: int, other: int) -> None:
        """Move packets between two devices until it is over."""
        waiting: list[tuple[float, int, int, bytes]] = []
        number, across = 0, {one: other, other: one}
        while not self._over.is_set():
            wait = min(max(waiting[0][0] - time.monotonic(), 0.0), 0.1) if waiting else 0.1
            for device in select.select([one, other], [], [], wait)[0]:
                with contextlib.suppress(BlockingIOError):
                    while packet := os.read(device, 65536):
                        number += 1
                        if random.random() < self.loss:
                            self.dropped += 1
                            continue
                        due = time.monotonic() + self.delay_s
                        heapq.heappush(waiting, (due, number, across[device], packet))
            while waiting and waiting[0][0] <= time.monotonic():
                _, _, device, packet = heapq.heappop(waiting)
                with contextlib.suppress(OSError):
                    os.write(device, packet)
                    self.passed += 1

    def end(self) -> None:
        self._over.set()


@contextlib.contextmanager
def slow(*, delay_s: float, loss: float) -> Iterator[Line]:
    """A namespace behind such a line; OSError or CalledProcessError where it can't be made."""
    line = Line(delay_s, loss)
    here, there = _device("live0"), _device("live1")
    try:
        _run(f"ip netns add {NAME}")
        _run(f"ip link set live1 netns {NAME}")
        _run(f"ip addr add {HERE} peer {THERE} dev live0")
        _run("ip link set live0 up")
        _run(f"ip -n {NAME} addr add {THERE} peer {HERE} dev live1")
        _run(f"ip -n {NAME} link set live1 up")
        _run(f"ip -n {NAME} link set lo up")
        carrier = threading.Thread(target=line.carry, args=(here, there), daemon=True)
        carrier.start()
        try:
            yield line
        finally:
            line.end()
            carrier.join()
    finally:
        os.close(here)
        os.close(there)
        subprocess.run(["ip", "netns", "del", NAME], check=False)


def _device(name: str) -> int:
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _TUN | _NO_INFO))
    return device


def _run(command: str) -> None:
    subprocess.run(command.split(), check=True, capture_output=True)


def _enter(namespace: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(namespace, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "the namespace can't be entered")
