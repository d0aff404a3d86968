"""Load and volume: measure a service under load, then send it much work within its limits.

In reading order: `measure` (load.py) runs calls and keeps when each happened; `summary` and
`sweep` (metrics.py, sweep.py) make figures of that; `Pacer`, `retrying` and `run` (pacing.py,
retrying.py, run.py) get many inputs answered, each once; `pack` and `batch` (packing.py,
batch.py) get them answered cheaply. In a script (in a notebook: await instead of asyncio.run):

    client = connect(asynchronous=True)

    async def ask(question):
        messages = [{"role": "user", "content": question}]
        return await streamed(client, model="gpt-4o-mini", messages=messages)

    run = asyncio.run(measure(ask, ["Why is the sky blue?"] * 50, concurrency=8))
    print(run.summary())
"""

from course.throughput.batch import batch
from course.throughput.load import Run, measure
from course.throughput.metrics import summary
from course.throughput.pacing import Pacer
from course.throughput.packing import pack, run_packed
from course.throughput.packs import Pack
from course.throughput.retrying import retrying
from course.throughput.run import run
from course.throughput.streams import streamed
from course.throughput.sweep import Sweep, sweep

__all__ = [
    "Pacer",
    "Pack",
    "Run",
    "Sweep",
    "batch",
    "measure",
    "pack",
    "retrying",
    "run",
    "run_packed",
    "streamed",
    "summary",
    "sweep",
]
