"""The README tells the truth: its commands exist, its files are there, its example runs."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from typer.main import get_command

from course.cli import app
from course.endpoint import local
from course.endpoint.__main__ import reader
from course.endpoint.simulation import reference

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
VERBS = get_command(app).commands


NAMED = sorted(set(re.findall(r"(?:`|^ {4}|&& )course (\w+(?: --[\w-]+)?)", README, re.MULTILINE)))


@pytest.mark.parametrize("words", NAMED)
def test_a_command_named_is_a_command_there_is(words):
    verb, _, option = words.partition(" ")
    assert verb in VERBS, words
    known = {name for each in VERBS[verb].params for name in each.opts}
    if verb == "endpoint":
        known = reader("course endpoint").format_help()
    assert not option or option in known, words


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_command_can_be_found_from_here(verb):
    assert f"course {verb}" in README


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_a_link_leads_to_a_file(target):
    assert (ROOT / target).exists()


def test_a_picture_of_a_quiz_is_there_for_light_and_dark():
    for name in ("quiz_light", "quiz_dark"):
        assert f"lessons/pictures/{name}.png" in README
        assert (ROOT / f"lessons/pictures/{name}.png").stat().st_size > 20_000


def test_the_curl_example_is_answered():
    body = re.search(r"-d '(.*)'", README)[1]
    address = local.ensure()
    lease = local.lease(address)
    request = urllib.request.Request(
        f"{address.url}/chat/completions",
        data=body.encode(),
        headers={"Authorization": "Bearer any-key", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as response:
        reply = json.load(response)
    lease.close()
    assert reply["system_fingerprint"] == "fp_simulated"
    assert reply["choices"][0]["message"]["content"]


def test_the_endpoint_alone_runs_and_stops_with_ctrl_c():
    program = "from course.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "endpoint", "--port", "0", "--speed", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    said = process.stdout.readline()
    address = re.search(r"http://127\.0\.0\.1:\d+", said)
    assert address, said
    assert urllib.request.urlopen(address[0], timeout=20).status == 200
    process.send_signal(2)
    rest = process.communicate(timeout=20)[0]
    assert "imulated" in said + rest
    assert process.returncode in (0, 130)


def test_the_example_of_a_measurement_runs_as_a_script(tmp_path):
    script = next(
        code for code in re.findall(r"```python\n(.*?)```", README, re.S) if "main" in code
    )
    path = tmp_path / "measured.py"
    path.write_text(script, encoding="utf-8")
    plain = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    done = subprocess.run(
        [sys.executable, path], env=plain, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^ttft_s_p50( +0\.\d+){3} +s +96$", done.stdout, re.M), done.stdout


def test_the_example_of_a_gold_set_is_read():
    line = next(line for line in README.splitlines() if line.startswith('    {"id": "t1"'))
    item = reference.Item.model_validate(json.loads(line))
    assert (item.kind, item.answer) == ("classification", "billing")
