"""All parts of one endpoint, made from its options and put together."""

from functools import partial

from pydantic_core import to_json

from course.endpoint.admission import Admission
from course.endpoint.api import chat, embeddings, responses
from course.endpoint.api.batches import FASTEST, Batches
from course.endpoint.api.conversations import Conversations
from course.endpoint.api.files import Files
from course.endpoint.calls import Calls
from course.endpoint.clock import Clock
from course.endpoint.faults import Faults
from course.endpoint.options import Options
from course.endpoint.simulation.abilities import Abilities, read_assume
from course.endpoint.simulation.mind import Mind
from course.endpoint.simulation.pace import Pace
from course.endpoint.simulation.replies import Book, read_book
from course.endpoint.simulation.simulator import Simulator
from course.endpoint.simulation.tasks import read_tasks
from course.endpoint.truth import Truth
from course.endpoint.wire import WireError


class Service:
    """What the routes reach: models, calls, files, batches, the truth.

    `readers` holds what understands the requests of each path. Broken options are CourseErrors.
    """

    def __init__(self, options: Options, *, book: Book | None = None):
        self.options = options
        self.clock = Clock(options.clock)
        self.truth = Truth(options.log)
        self.admission = Admission(options, self.clock)
        self.abilities = Abilities(assume=read_assume(options.assume), seed=options.seed)
        faults = Faults.read(
            options.fault, script=options.script, outage=options.outage, seed=options.seed
        )
        known = read_tasks(options.tasks)
        mind = Mind(book or read_book(), known, self.abilities, seed=options.seed)
        self.simulator = Simulator(mind, Pace(options), as_of=options.as_of)
        self.calls = Calls(self.admission, faults, self.truth, clock=self.clock)
        self.conversations = Conversations()
        self.readers = {
            "/v1/chat/completions": partial(chat.Reading, simulator=self.simulator),
            "/v1/embeddings": partial(embeddings.Reading, simulator=self.simulator),
            "/v1/responses": partial(
                responses.Reading, simulator=self.simulator, conversations=self.conversations
            ),
        }
        self.files = Files(clock=self.clock)
        self.batches = Batches(
            self.files,
            self._line,
            weigh=self._weigh,
            limits=self.admission.limits,
            tier=self.admission.tier,
            clock=self.clock,
            pace=None if options.speed else FASTEST,
        )

    async def close(self) -> None:
        """End the batches, remove the files, close the log."""
        await self.batches.close()
        self.files.close()
        self.truth.close()

    async def _line(self, path: str, body: dict, key: str) -> tuple[int, dict, str]:
        return await self.calls.line(self.readers[path], to_json(body), key)

    def _weigh(self, path: str, body: dict, key: str = "") -> int:
        try:
            reading = self.readers[path](to_json(body), key)
        except WireError as error:
            if error.code == "model_not_found":
                raise
            return 0  # it will fail by itself when its turn comes
        return reading.prompt
