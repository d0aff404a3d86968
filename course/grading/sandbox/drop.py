"""Gives up, in a process about to run student code, everything that could be given up. Linux.

In this order: into the namespaces that bubblewrap has made, limits, another user, a user
namespace of its own in which no further one can be made, no capability, and a filter over system
calls. Numbers of system calls and flags are the kernel's (its headers for x86-64 and arm64).
"""

import contextlib
import ctypes
import os
import platform
import resource
import struct

from course.grading.sandbox.limits import Limits

NEWNS, NEWCGROUP, NEWUTS, NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
WALLS = NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWNET

_DUMPABLE, _CAPBSET_DROP, _SECCOMP, _NO_NEW_PRIVS, _AMBIENT, _DEATH = 4, 24, 22, 38, 47, 1
_CAPABILITY_3 = 0x20080522
_UID = 1000

_DENIED = {
    "x86_64": (
        0xC000003E,
        {"socket": 41, "setsockopt": 54, "clone": 56, "clone3": 435},
        "ptrace 101 shmget 29 msgget 68 semget 64 pivot_root 155 chroot 161 mount 165 umount2 166 "
        "swapon 167 add_key 248 request_key 249 keyctl 250 personality 135 acct 163 quotactl 179 "
        "unshare 272 setns 308 perf_event_open 298 fanotify_init 300 name_to_handle_at 303 "
        "open_by_handle_at 304 process_vm_readv 310 process_vm_writev 311 kcmp 312 "
        "memfd_create 319 bpf 321 userfaultfd 323 io_uring_setup 425 open_tree 428 "
        "move_mount 429 fsopen 430 fsconfig 431 fsmount 432 fspick 433 memfd_secret 447",
    ),
    "aarch64": (
        0xC00000B7,
        {"socket": 198, "setsockopt": 208, "clone": 220, "clone3": 435},
        "ptrace 117 shmget 194 msgget 186 semget 190 pivot_root 41 chroot 51 mount 40 umount2 39 "
        "swapon 224 add_key 217 request_key 218 keyctl 219 personality 92 acct 89 quotactl 60 "
        "unshare 97 setns 268 perf_event_open 241 fanotify_init 262 name_to_handle_at 264 "
        "open_by_handle_at 265 process_vm_readv 270 process_vm_writev 271 kcmp 272 "
        "memfd_create 279 bpf 280 userfaultfd 282 io_uring_setup 425 open_tree 428 "
        "move_mount 429 fsopen 430 fsconfig 431 fsmount 432 fspick 433 memfd_secret 447",
    ),
}
"""By machine: its number for the filter, the calls that are looked into, and those refused.

Refused are: other namespaces and mounts, keys, tracing, and memory that no limit counts.
"""
_SOL_SOCKET, _SNDBUF, _RCVBUF = 1, 7, 8  # what a socket holds is the kernel's memory
_FAMILIES = (1, 2, 10)  # Unix, IPv4, IPv6: others are not all kept apart by namespaces

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def setns(fd: int, kinds: int) -> None:
    """Go into namespaces of the process behind a pidfd (or the one behind a file of /proc)."""
    _check(_libc.setns(fd, kinds), "setns")


def die_with_parent() -> None:
    _libc.prctl(_DEATH, 9, 0, 0, 0)


def limit(limits: Limits, *, contained: bool) -> None:
    """Set what the kernel limits in each process; sizes that are lower already stay."""
    wanted = {
        "AS": limits.address_space,
        "CORE": 0,
        "CPU": int(limits.seconds) * 2 + 10,
        "FSIZE": limits.file_size,
        "NOFILE": limits.open_files,
    }
    if contained:
        wanted |= {"NPROC": limits.processes, "MSGQUEUE": 0, "MEMLOCK": 65_536}
    for name, most in wanted.items():
        if kind := getattr(resource, f"RLIMIT_{name}", None):
            _, hard = resource.getrlimit(kind)
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            with contextlib.suppress(OSError, ValueError):  # macOS refuses some
                resource.setrlimit(kind, (least, least))


def become(uid: int | None) -> None:
    """Another user (None: the one it is already), who is alone in a user namespace of its own."""
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    _libc.prctl(_DUMPABLE, 1, 0, 0, 0)  # or its own files in /proc would be root's
    outside = os.getuid(), os.getgid()
    _check(_libc.unshare(NEWUSER), "unshare")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{_UID} {outside[0]} 1"),
        ("gid_map", f"{_UID} {outside[1]} 1"),
    ):
        _write(f"/proc/self/{name}", text)


def no_more_namespaces(sysctl_user: int) -> None:
    """Of this user namespace no further one can be made; `sysctl_user` is /proc/sys/user."""
    for name in ("max_user_namespaces", "max_mnt_namespaces", "max_net_namespaces"):
        fd = os.open(name, os.O_WRONLY, dir_fd=sysctl_user)
        os.write(fd, b"0")
        os.close(fd)


def no_capabilities() -> None:
    """None now, and none by any program that is started."""
    for number in range(64):
        if _libc.prctl(_CAPBSET_DROP, number, 0, 0, 0) < 0:
            break  # the kernel knows no more
    _libc.prctl(_AMBIENT, 4, 0, 0, 0)
    header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITY_3, 0))
    _check(_libc.capset(header, ctypes.create_string_buffer(24)), "capset")
    _check(_libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def filter_calls() -> None:
    """Refuse the system calls of `_DENIED`; nothing on a machine that is not in it."""
    if platform.machine() not in _DENIED:
        return
    code = _program(*_DENIED[platform.machine()])
    kept = ctypes.create_string_buffer(b"".join(code))
    told = struct.pack("@HP", len(code), ctypes.addressof(kept))
    _check(_libc.prctl(_SECCOMP, 2, ctypes.create_string_buffer(told), 0, 0), "seccomp")


def _program(machine: int, looked_into: dict[str, int], refused: str) -> list[bytes]:
    """A filter in the kernel's packet-filter language: one instruction an entry."""
    load, equal, at_least, both, back = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, no_permission, no_call, no_family = 0x7FFF0000, 0x50001, 0x50026, 0x50061
    as_if_done = 0x50000

    def one(what: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
        return struct.pack("=HBBI", what, then, otherwise, value)

    code = [one(load, 4), one(equal, machine, 1, 0), one(back, no_call), one(load, 0)]
    code += [one(at_least, 0x40000000, 0, 1), one(back, no_call)]  # x86's second set of numbers
    code += [one(equal, looked_into["clone3"], 0, 1), one(back, no_call)]  # libc uses clone then
    for number in refused.split()[1::2]:
        code += [one(equal, int(number), 0, 1), one(back, no_permission)]
    code += [one(equal, looked_into["clone"], 0, 4), one(load, 16)]
    code += [one(both, NEWUSER | NEWNS | NEWPID | NEWNET, 0, 1), one(back, no_permission)]
    code += [one(back, allow)]
    code += [one(equal, looked_into["setsockopt"], 0, 7), one(load, 24)]
    code += [one(equal, _SOL_SOCKET, 0, 4), one(load, 32), one(equal, _SNDBUF, 1, 0)]
    code += [one(equal, _RCVBUF, 0, 1), one(back, as_if_done), one(back, allow)]
    code += [one(equal, looked_into["socket"], 0, 5), one(load, 16)]
    code += [one(equal, family, len(_FAMILIES) - at, 0) for at, family in enumerate(_FAMILIES)]
    code += [one(back, no_family), one(back, allow)]
    return code


def _write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)
