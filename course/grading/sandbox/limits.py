"""What one submission's code may use. Pure."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one submission may use; sizes in bytes, times in seconds of the clock.

    `memory` is for all its processes together; `address_space` for each (numpy alone reserves
    much of it). `disk` is for each of its folders that it can write to: home and the one for
    temporary files. `cells_seconds` is for all cells of a notebook, `measured_seconds` for a call
    of a function that calls the simulator, `item_seconds` for all calls of an item, `seconds`
    for everything together; what does not stop within `grace_seconds` is killed.
    """

    memory: int = 1024 * MIB
    address_space: int = 2048 * MIB
    processes: int = 64
    open_files: int = 256
    file_size: int = 48 * MIB
    disk: int = 64 * MIB
    cell_output: int = 4 * MIB
    output: int = 16 * MIB
    cell_seconds: float = 30.0
    cells_seconds: float = 120.0
    call_seconds: float = 10.0
    measured_seconds: float = 60.0
    item_seconds: float = 120.0
    seconds: float = 300.0
    grace_seconds: float = 2.0
