"""What the simulator knows of the calls that a client has made: its truth log, as a table."""

from typing import TYPE_CHECKING

import httpx2
import openai

from course.errors import CourseError
from course.simulator import at_socket

if TYPE_CHECKING:
    import pandas as pd


def truth(client: openai.OpenAI | openai.AsyncOpenAI, *, since: int = 0) -> "pd.DataFrame":
    """A row for each call with this client's key that has ended after the call numbered `since`.

    Times whose names end in _s are seconds after the call `arrived` (seconds of this computer's
    monotonic clock, time.perf_counter): when the first and the last token were due
    (`scheduled_…`) and when they were sent. `at` is when the call arrived, in UTC; `at_once` how
    many calls were then in work; `right` whether a task's reference answer was given. All of it
    is simulated. A client that is not connected to the simulator is a CourseError.
    """
    import pandas as pd

    rows = _read(client, since)
    table = pd.DataFrame(rows)
    if rows:
        table["at"] = pd.to_datetime(table["at"], unit="s", utc=True)
        table["cost_usd"] = pd.to_numeric(table["cost_usd"])
    return table.assign(source="simulated")


def _read(client: openai.OpenAI | openai.AsyncOpenAI, since: int) -> list[dict]:
    where = at_socket()
    transport = httpx2.HTTPTransport(uds=where.socket_path) if where else None
    try:
        with httpx2.Client(trust_env=False, transport=transport, timeout=30) as plain:
            answer = plain.get(
                f"{client.base_url}truth",
                params={"since": since},
                headers={"Authorization": f"Bearer {client.api_key}"},
            )
            answer.raise_for_status()
            return answer.json()["data"]
    except (httpx2.HTTPError, ValueError, KeyError, TypeError):
        raise CourseError(
            "Only the course's simulator tells the truth about calls, and this client is not "
            "connected to one that answers; use a client from connect()."
        ) from None
