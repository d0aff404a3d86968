import pytest
from scripted_service import Answer, ScriptedService

from course import connect, service
from course.errors import CourseError
from course.service import Service, asked_for, check

KEY = "sk-proj-very-secret-0123456789"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setattr(service, "_checked", {})


@pytest.fixture
def gateway(monkeypatch):
    with ScriptedService() as gateway:
        monkeypatch.setenv("OPENAI_BASE_URL", gateway.url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        yield gateway


@pytest.mark.parametrize(("key", "url"), [(None, None), ("", ""), (" \n", "\t")])
def test_blank_settings_are_none(monkeypatch, key, url):
    if key is not None:
        monkeypatch.setenv("OPENAI_API_KEY", key)
        monkeypatch.setenv("OPENAI_BASE_URL", url)
    assert asked_for() is None


def test_a_key_alone_asks_for_openai(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", f" {KEY}\n")
    assert asked_for() == Service("https://api.openai.com/v1", KEY)


def test_an_address_asks_for_a_gateway_with_or_without_a_key(monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", " https://gateway.example/v1/ ")
    assert asked_for() == Service("https://gateway.example/v1", None)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert asked_for() == Service("https://gateway.example/v1", KEY)


@pytest.mark.parametrize(
    "url",
    [
        "gateway.example/v1",
        "gateway",
        "ftp://gateway.example/v1",
        "http://",
        "http:///v1",
        "https://gateway.example:port/v1",
        "https://gateway.example:99999/v1",
        "https://gate way.example/v1",
        "https://user:hunter2@gateway.example/v1",
        "https://gateway.example/v1?key=hunter2",
        "https://[::1/v1",
        "sk-hunter2",
    ],
)
def test_a_malformed_address_is_told_without_repeating_it(monkeypatch, url):
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    with pytest.raises(CourseError, match="OPENAI_BASE_URL is not an address") as error:
        connect()
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("key", [f'"{KEY}"', f"'{KEY}", f"{KEY}\n{KEY}", f"{KEY} {KEY}", "ключ"])
def test_a_malformed_key_is_told_without_repeating_it(monkeypatch, key):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(CourseError, match="OPENAI_API_KEY holds something") as error:
        connect()
    assert key not in str(error.value)
    assert KEY not in str(error.value)


def test_no_repr_shows_the_key():
    assert KEY not in repr(Service("https://gateway.example/v1", KEY))
    assert KEY not in str(vars(service))


def test_the_line_for_openai(monkeypatch):
    asked = []
    monkeypatch.setattr(service, "_ask_for_models", asked.append)
    openai_itself = Service("https://api.openai.com/v1", KEY)
    assert check(openai_itself) == (
        "Connected to OpenAI (api.openai.com) with the key in OPENAI_API_KEY: calls cost money."
    )
    assert asked == [openai_itself]


def test_the_line_for_a_gateway_names_its_host(gateway, capsys):
    connect().close()
    assert capsys.readouterr().out == (
        f"Connected to {gateway.host} (OPENAI_BASE_URL) with the key in OPENAI_API_KEY: "
        "calls may cost money.\n"
    )


def test_a_gateway_can_do_without_a_key(gateway, monkeypatch, capsys):
    monkeypatch.delenv("OPENAI_API_KEY")
    with connect() as client:
        client.chat.completions.create(model="gpt-4o-mini", messages=[])
    assert capsys.readouterr().out == (
        f"Connected to {gateway.host} (OPENAI_BASE_URL) without a key: calls may cost money.\n"
    )


def test_the_key_is_checked_once_by_the_free_list_of_models(gateway):
    for _ in range(3):
        connect().close()
    connect(asynchronous=True)
    assert [path for path, _, _ in gateway.requests] == ["/v1/models"]


def test_another_key_is_checked_again(gateway, monkeypatch):
    connect().close()
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}-2")
    connect().close()
    assert len(gateway.requests) == 2


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, r"refused the key in OPENAI_API_KEY \(401\)"),
        (500, r"has trouble of its own just now \(500\)"),
        (503, r"has trouble of its own just now \(503\)"),
    ],
)
def test_a_refusal_is_one_sentence_without_the_key(gateway, status, told):
    said = f"Incorrect API key provided: {KEY}."
    gateway.models = Answer({"error": {"message": said}}, status=status)
    with pytest.raises(CourseError, match=told) as error:
        connect()
    assert KEY not in str(error.value)
    assert "\n" not in str(error.value)
    assert error.value.__suppress_context__ or error.value.__context__ is None


def test_a_gateway_that_wants_a_key_says_so(gateway, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    gateway.models = Answer({"error": {}}, status=401)
    with pytest.raises(CourseError, match=r"wants a key \(401\); set OPENAI_API_KEY"):
        connect()


@pytest.mark.parametrize("status", [403, 404, 405, 429])
def test_a_key_or_gateway_without_a_list_of_models_can_still_work(gateway, status):
    gateway.models = Answer({"error": {}}, status=status)
    connect().close()


def test_a_forgotten_v1_is_guessed(gateway, monkeypatch):
    gateway.models = Answer({"error": {}}, status=404)
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://{gateway.host}")
    with pytest.raises(CourseError, match=r"does OPENAI_BASE_URL lack its /v1\?"):
        connect()


def test_a_page_that_is_no_list_of_models_is_told(gateway):
    gateway.models = Answer(b"<html>Welcome</html>")
    with pytest.raises(CourseError, match="not like OpenAI"):
        connect()


def test_a_refused_key_is_asked_about_again(gateway):
    gateway.models = Answer({"error": {}}, status=401)
    for _ in range(2):
        with pytest.raises(CourseError):
            connect()
    gateway.forget()
    connect().close()


def test_a_host_that_cannot_be_reached_is_told(monkeypatch):
    with ScriptedService() as gone:
        monkeypatch.setenv("OPENAI_BASE_URL", gone.url)
    with pytest.raises(CourseError, match=r"could not be reached.*to use the simulator"):
        connect()


def test_a_host_that_hangs_up_is_told(gateway):
    gateway.models = Answer(None, status=0)
    with pytest.raises(CourseError, match="could not be reached"):
        connect()
