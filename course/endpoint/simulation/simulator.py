"""The models that the endpoint plays: from an `Ask` to its `Answer`, tokens and waits included."""

from collections.abc import Mapping, Sequence
from datetime import date

from course import tokens
from course.endpoint.refusals import no_such_model
from course.endpoint.simulation import models
from course.endpoint.simulation.ask import Answer, Ask, Choice, Piece, ToolCall, Usage
from course.endpoint.simulation.cutting import cut, spend, until, whole
from course.endpoint.simulation.logprobs import logprobs
from course.endpoint.simulation.mind import Mind, Said
from course.endpoint.simulation.pace import Pace
from course.endpoint.simulation.prefixes import STEP, PromptCache, prompt_ids
from course.endpoint.wire import WireError, dumps, new_id


class Simulator:
    """Answers for all models. `as_of` is the day by which retired models are gone, None for none.

    `profiles` holds every id that is served with its profile.
    """

    def __init__(self, mind: Mind, pace: Pace, *, as_of: date | None = None):
        self.profiles = models.profiles()
        self.as_of = as_of
        self._mind, self._pace, self._cache = mind, pace, PromptCache()

    def profile(self, model: str) -> models.Profile:
        """The profile of a model id; raises WireError 404 for one that is not served (any more)."""
        profile = self.profiles.get(model)
        if profile is None:
            raise no_such_model(model)
        if profile.gone(self.as_of):
            told = f"The model `{model}` has been deprecated: it left the API on {profile.shutdown}"
            replaced = f"; its replacement is {profile.replacement}" if profile.replacement else ""
            raise WireError(404, f"{told}{replaced}.", code="model_not_found", param="model")
        return profile

    def count(self, messages: Sequence[Mapping], also: Sequence[object], model: str) -> int:
        """The prompt tokens of a request."""
        return tokens.count_messages(messages, model) + sum(
            tokens.count(dumps(part), model) for part in also
        )

    def check_room(self, ask: Ask) -> None:
        """Raises WireError 400 when prompt and answer do not fit into the model's window."""
        profile, cap = ask.profile, ask.cap or 0
        if ask.prompt <= profile.max_input and ask.prompt + cap <= profile.context_window:
            return
        if profile.max_input < min(ask.prompt, profile.context_window):
            told = f"Input tokens exceed the configured limit of {profile.max_input} tokens. Your"
        else:
            told = (
                f"This model's maximum context length is {profile.context_window} tokens. However,"
            )
            told += f" you requested {cap} tokens for the completion, and your" if cap else " your"
        told += f" messages resulted in {ask.prompt} tokens."
        told += " Please reduce the length of the messages."
        raise WireError(400, told, code="context_length_exceeded", param="messages")

    def answer(self, ask: Ask, *, owner: str, at_once: int = 1) -> Answer:
        """The answer to a request of one owner (a key) while `at_once` calls are in work."""
        cached = self._cached(ask, owner)
        effort = ask.effort or ask.profile.reasoning_effort
        hidden = models.REASONING_TOKENS[effort] if effort else 0
        room = min(ask.cap or ask.profile.max_output, ask.profile.context_window - ask.prompt)
        said = self._mind.say(ask)
        hidden = min(hidden, room)
        written = [self._write(ask, one, room - hidden) for one in said]
        choices = tuple(choice for choice, _ in written)
        shown = max(spent for _, spent in written)
        completion = sum(spent + hidden for _, spent in written)
        first_s, waits = self._pace.draw(
            ask.profile.speed,
            fresh=ask.prompt - cached,
            hidden=hidden,
            shown=shown,
            at_once=at_once,
            each=ask.stream,
        )
        usage = Usage(ask.prompt, cached, completion, hidden * len(written))
        return Answer(choices, usage, first_s, waits, said[0].right)

    def _cached(self, ask: Ask, owner: str) -> int:
        if ask.prompt < self._cache.minimum:
            return 0
        ids = prompt_ids(ask.messages, ask.also, ask.profile.id)
        seen = self._cache.look_up(f"{owner} {ask.profile.id}", ids)
        return min(seen, ask.prompt - ask.prompt % STEP)

    def _write(self, ask: Ask, said: Said, room: int) -> tuple[Choice, int]:
        """One choice as it is sent, and the tokens billed for it."""
        if said.calls:
            return self._write_calls(ask, said, room)
        if not (ask.stream or ask.stops or ask.logprobs is not None):
            billed = tokens.count(said.text, ask.profile.id)
            if billed <= room:
                whole = (Piece(said.text, billed),) if billed else ()
                return Choice(whole, "stop", refusal=said.refusal), billed
        pieces, spent, complete = spend(_pieces(ask, said.text, room, stops=ask.stops), room)
        told = None
        if ask.logprobs is not None and pieces:
            told = logprobs(
                "".join(piece.text for piece in pieces),
                ask.profile.id,
                sure=said.sure,
                top=ask.logprobs,
                draw=self._mind.draw(ask),
            )
        reason = "stop" if complete else "length"
        return Choice(pieces, reason, refusal=said.refusal, logprobs=told), spent

    def _write_calls(self, ask: Ask, said: Said, room: int) -> tuple[Choice, int]:
        calls, spent, complete = [], 0, True
        for name, arguments in said.calls:
            pieces = _pieces(ask, dumps(arguments), room - spent)
            pieces, billed, complete = spend(pieces, room - spent)
            calls.append(ToolCall(new_id("call_"), name, pieces))
            spent += billed
            if not complete:
                break
        return Choice((), "tool_calls" if complete else "length", calls=tuple(calls)), spent


def _pieces(ask: Ask, text: str, room: int, stops: Sequence[str] = ()) -> tuple[Piece, ...]:
    """The text in as few pieces as will do: one, unless it is streamed or may be cut."""
    model = ask.profile.id
    if not ask.stream and not stops:
        pieces = whole(text, model)
        if not pieces or pieces[0].tokens <= room:
            return pieces
    return until(cut(text, model), stops) if stops else cut(text, model)
