"""What of a Responses request its model does not know, and how that is refused."""

from course.endpoint.api.responses_request import ResponsesRequest
from course.endpoint.refusals import out_of_bounds, unsupported
from course.endpoint.simulation.models import Profile
from course.endpoint.wire import WireError

ENCRYPTED = "reasoning.encrypted_content"


def check_model(request: ResponsesRequest, profile: Profile) -> None:
    """Raises WireError 400 for a field that this model does not know."""
    if profile.reasoning_effort is None:
        _check_no_reasoning(request)
    elif request.effort(profile) != "none":
        _check_reasoning(request)
    most = profile.max_output
    if request.max_output_tokens and request.max_output_tokens > most:
        raise out_of_bounds("max_output_tokens", request.max_output_tokens, most=most)


def _check_no_reasoning(request: ResponsesRequest) -> None:
    for name, value in (request.reasoning or {}).items():
        if value is not None:
            raise unsupported(f"reasoning.{name:.100}")
    if ENCRYPTED in (request.include or ()):
        told = "Encrypted content is not supported with this model."
        raise WireError(400, told, param="include")
    verbosity = (request.text or {}).get("verbosity")
    if verbosity not in (None, "medium"):
        told = (
            f"Unsupported value: '{verbosity}' is not supported with the '{request.model}' model. "
            "Supported values are: 'medium'."
        )
        raise WireError(400, told, param="text.verbosity", code="unsupported_value")


def _check_reasoning(request: ResponsesRequest) -> None:
    for name in ("temperature", "top_p"):
        if getattr(request, name) not in (None, 1):
            raise unsupported(name, code=None)
    for name, wanted in (
        ("include", request.wants_logprobs),
        ("top_logprobs", request.top_logprobs),
    ):
        if wanted:
            told = "logprobs are not supported with reasoning models."
            raise WireError(400, told, param=name, code="unsupported_parameter")
