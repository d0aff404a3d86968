"""Which pictures a request may hold, and how OpenAI's API refuses the others.

The wording is that of refusals quoted in public bug reports of 2024 to 2026, for chat completions
(`image_url` parts) and for responses (`input_image` parts), which differ.
"""

from collections.abc import Mapping

from course import pictures
from course.endpoint.refusals import field, not_one_of, optional
from course.endpoint.wire import WireError

DETAILS = ("low", "high", "auto")
_WANTED = (
    "Expected a base64-encoded data URL with an image MIME type "
    "(e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU='), but got "
)
_NO_FETCHING = (
    "Error while downloading {url:.100}. This simulator fetches nothing from the network: "
    "send the picture as a data URL, such as data:image/png;base64,…"
)
# What is wrong with a URL: the message, the code, and the field that is named (if any).
_CHAT = {
    "address": (
        f"Invalid image URL: '{{at}}'. {_WANTED}a value without the 'data:' prefix.",
        "invalid_value",
        "{at}",
    ),
    "remote": (_NO_FETCHING, "invalid_image_url", None),
    "type": ("Invalid MIME type. Only image types are supported.", "invalid_image_format", None),
    "base64": ("Invalid base64 image_url.", "invalid_base64_image", None),
    "content": (
        "You uploaded an unsupported image. Please make sure your image has of one the following "
        "formats: ['png', 'jpeg', 'gif', 'webp'].",
        "invalid_image_format",
        None,
    ),
}
_RESPONSES = {
    "address": (
        "Invalid '{at}'. Expected a valid URL, but got a value with an invalid format.",
        "invalid_value",
        "{at}",
    ),
    "remote": (_NO_FETCHING, "invalid_value", "url"),
    "type": (f"Invalid '{{at}}'. {_WANTED}an unsupported MIME type.", "invalid_value", "{at}"),
    "base64": (f"Invalid '{{at}}'. {_WANTED}invalid base64.", "invalid_value", "{at}"),
    "content": (
        "The image data you provided does not represent a valid image. Please check your input "
        "and try again with one of the supported image formats: "
        "['image/jpeg', 'image/png', 'image/gif', 'image/webp'].",
        "invalid_value",
        "input",
    ),
}


def check_picture(part: Mapping, param: str) -> None:
    """Raises WireError 400 where OpenAI would refuse an image part, or cannot be imitated.

    `part` is of type image_url (chat completions) or input_image (responses), `param` where it
    stands, such as "messages[0].content[1]". Only the first bytes of a picture are looked at.
    What is never looked at is a picture at an http address, since nothing is fetched.
    """
    if part.get("type") == "input_image":
        image, at, told = part, f"{param}.image_url", _RESPONSES
        if part.get("image_url") is None and isinstance(part.get("file_id"), str):
            return
        url = field(part, "image_url", param, str)
    else:
        image, at, told = field(part, "image_url", param, dict), f"{param}.image_url.url", _CHAT
        url = field(image, "url", f"{param}.image_url", str)
    _check_detail(image, at.rpartition(".")[0])
    if wrong := _fault(url):
        message, code, named = told[wrong]
        param = named.format(at=at) if named else None
        raise WireError(400, message.format(at=at, url=url), code=code, param=param)


def _check_detail(holder: Mapping, at: str) -> None:
    """Looks at the detail beside an address: image_url.url's, or that of image_url itself."""
    detail = optional(holder, "detail", at, str)
    if detail is not None and detail not in DETAILS:
        raise not_one_of(f"{at}.detail", detail, DETAILS)


def _fault(url: str) -> str | None:
    start = url[:8].lower()
    if start.startswith(("http://", "https://")):
        return "remote"
    if not start.startswith("data:"):
        return "address"
    declared = pictures.data_url_type(url)
    if not declared:
        return "base64"
    if not declared[0].startswith("image/"):
        return "type"
    data = pictures.data_url_start(url)
    if not data:
        return "base64"
    return None if pictures.kind(data) else "content"
