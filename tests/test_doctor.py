import datetime

import pytest

from course import doctor


def test_a_key_is_reported_and_never_printed(monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-verysecretverysecret")
    finding = doctor.key()
    assert finding.how == doctor.NOTE
    assert "cost money" in str(finding)
    assert "verysecret" not in str(finding)


def test_no_key_is_well(monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert doctor.key().how == doctor.GOOD


def test_a_key_with_a_line_break_is_bad(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-abc\n")
    finding = doctor.key()
    assert finding.how == doctor.BAD
    assert finding.do


def test_a_gateways_password_is_not_shown(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-abc")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://ada:hidden@gateway.example/v1")
    assert "gateway.example" in doctor.key().what
    assert "hidden" not in str(doctor.key())


@pytest.mark.parametrize(
    ("day", "well"), [("2026-11-21", True), ("2031-01-01", False)], ids=["edition", "2031"]
)
def test_facts_fail_only_once_they_are_past_their_date(monkeypatch, capsys, day, well):
    monkeypatch.setenv("COURSE_DATE", day)
    assert doctor.say(doctor.facts()) is well
    said = capsys.readouterr().out
    assert ("was due for a check" in said) is not well


def test_every_package_the_course_needs_has_a_tested_version():
    names = {need.split(">")[0].split("[")[0].lower() for need in _needs()}
    assert names <= set(doctor.tested_versions()), names - set(doctor.tested_versions())


def test_a_version_other_than_the_tested_is_told(monkeypatch):
    monkeypatch.setattr(doctor, "tested_versions", lambda: {"typer": "0.0.1"})
    told = [str(finding) for finding in doctor.packages()]
    assert any("typer" in line and "tested with 0.0.1" in line for line in told)


def test_a_missing_sandbox_and_browser_are_notes_with_advice(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    for finding in (doctor.sandbox(), doctor.browser()):
        assert finding.how == doctor.NOTE
        assert finding.do


def test_today_can_be_set(monkeypatch):
    monkeypatch.setenv("COURSE_DATE", "2031-01-01")
    assert doctor.today() == datetime.date(2031, 1, 1)


def _needs():
    import tomllib
    from pathlib import Path

    text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["project"]["dependencies"]
