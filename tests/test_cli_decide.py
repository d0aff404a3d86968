"""`course decide` as a user who knows pandas meets it."""

import json
import sys

import pytest
from upgrade_results import GSM8K, RULE, outcomes

from course import cli

TOML = "\n".join(f"{key} = {json.dumps(value)}" for key, value in RULE.items())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcomes(**GSM8K).to_csv("results.csv", index=False)
    (tmp_path / "rule.toml").write_text(TOML.replace("0.05", "0.3"))
    return tmp_path


@pytest.fixture
def course(monkeypatch, capsys):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["course", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code, *capsys.readouterr()

    return run


def test_the_verdict_is_the_first_line_and_then_why(folder, course):
    code, out, err = course("decide", "results.csv", "--rule", "rule.toml")
    assert (code, err) == (0, "")
    assert out.splitlines()[:2] == ["Verdict: upgrade", "Upgrade from small to big."]
    assert "$0.0885 (95 % interval $0.0571 to $0.197)" in " ".join(out.split())


@pytest.mark.parametrize(
    ("worth", "verdict"), [("0.03", "stay"), ("0.089", "measure-more"), ("0.3", "upgrade")]
)
def test_machines_get_json_and_every_verdict_ends_well(folder, course, worth, verdict):
    (folder / "rule.toml").write_text(TOML.replace("0.05", worth))
    code, out, _ = course("decide", "results.csv", "--rule", "rule.toml", "--json")
    told = json.loads(out)
    assert (code, told["verdict"]) == (0, verdict)
    assert {"reasons", "delta_accuracy", "interval", "p_value", "lambda_usd"} <= told.keys()


def test_memo_and_plot_are_written_and_named_beside_the_output(folder, course):
    (folder / "out").mkdir()
    code, out, err = course(
        *("decide", "results.csv", "--rule", "rule.toml", "--json"),
        *("--memo", "out/memo.html", "--plot", "out/plot.png"),
    )
    assert code == 0 and json.loads(out)
    assert "memo.html is written." in err and "plot.png is written." in err
    assert (folder / "out/memo.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (folder / "out/plot.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("words", [("--memo", "no/memo.html"), ("--plot", "no/plot.png")])
def test_no_folder_is_made_in_silence_for_a_file_to_write(folder, course, words):
    code, out, err = course("decide", "results.csv", "--rule", "rule.toml", *words)
    assert (code, out) == (1, "") and "there is no folder no" in err
    assert not (folder / "no").exists()


@pytest.mark.parametrize("name", ["memo.md", "MEMO.MD", "memo.markdown"])
def test_a_memo_is_markdown_by_its_name(folder, course, name):
    assert course("decide", "results.csv", "--rule", "rule.toml", "--memo", name)[0] == 0
    assert (folder / name).read_text(encoding="utf-8").startswith("# Upgrade from small to big.")


@pytest.mark.parametrize("name", ["plot.svg", "plot.pdf"])
def test_a_plot_is_drawn_in_the_format_of_its_name(folder, course, name):
    assert course("decide", "results.csv", "--rule", "rule.toml", "--plot", name)[0] == 0
    assert (folder / name).stat().st_size > 1000


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nothing.csv", "--rule", "rule.toml"), "nothing.csv"),
        ((".", "--rule", "rule.toml"), "folder"),
        (("results.csv", "--rule", "nothing.toml"), "nothing.toml"),
        (("results.csv", "--rule", "results.csv"), "not TOML"),
        (("rule.toml", "--rule", "rule.toml"), "no column item"),
        (("results.csv", "--rule", "rule.toml", "--memo", "memo.docx"), ".md or .html"),
        (("results.csv", "--rule", "rule.toml", "--plot", "plot.gif"), ".png, .svg or .pdf"),
        (("results.csv", "--rule", "rule.toml", "--memo", "rule.toml/memo.md"), "can't be written"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_1(folder, course, words, told):
    code, _, err = course("decide", *words)
    assert code == 1
    assert told in err and len(err.strip().splitlines()) == 1


def test_without_a_rule_the_usage_is_told(folder, course):
    code, _, err = course("decide", "results.csv")
    assert code == 2 and "--rule" in err
