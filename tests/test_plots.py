import base64
import re

import pytest

from course.errors import CourseError
from course.plots import picture, plot_cost_by_volume, plot_shares
from course.prices import Usage

EMAIL = Usage(prompt_tokens=200, completion_tokens=3)
MESSAGE = Usage(prompt_tokens=300, completion_tokens=150)
CACHED = Usage(prompt_tokens=2000, cached_tokens=1536, completion_tokens=100)


def volume(models=("gpt-4o-mini", "gpt-4o", "gpt-6-luna"), **changes):
    about = {"thing": "e-mails", "budget_usd": "2", "floors": ["gpt-6-luna"]}
    return plot_cost_by_volume(EMAIL, models, **about | changes)


def test_the_lines_of_the_volume_plot_hold_the_list_prices():
    lines = {line.get_label(): line for line in volume().lines}
    # One e-mail on gpt-4o-mini: (200 x 0.15 + 3 x 0.60) / 1,000,000 = 31.8 millionths of a dollar.
    # On gpt-4o: (200 x 2.50 + 3 x 10) / 1,000,000 = 530 millionths.
    for name, each in {"gpt-4o-mini": 31.8e-6, "gpt-4o": 530e-6}.items():
        calls, dollars = lines[name].get_data()
        assert list(calls) == [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
        assert list(dollars) == pytest.approx([each * number for number in calls])


def test_the_title_of_the_volume_plot_says_what_the_budget_pays_for():
    # 2 / 0.0000318 = 62,893.08 and 2 / 0.00053 = 3,773.6; a floor is no promise, so it is left out
    assert volume().get_title("left") == (
        "$2 pays for this many e-mails: 62,893 with gpt-4o-mini and 3,773 with gpt-4o"
    )


def test_the_volume_plot_has_log_axes_with_units():
    axes = volume()
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert axes.get_xlabel() == "e-mails, one call each"
    assert axes.get_ylabel() == "list price (US dollars)"


def test_lines_differ_in_more_than_colour_and_floors_are_dashed():
    lines = [line for line in volume().lines if not line.get_label().startswith("_")]
    assert len({line.get_marker() for line in lines}) == 3
    assert [line.get_linestyle() for line in lines] == ["-", "-", "--"]


def test_the_names_beside_the_lines_do_not_cover_each_other():
    axes = volume()
    axes.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert [text.get_text() for text in axes.texts[1:]] == [
        "gpt-6-luna: $21.50 or more",
        "gpt-4o-mini: $31.80",
        "gpt-4o: $530.00",
    ]
    for one in boxes:
        assert sum(one.overlaps(other) for other in boxes) == 1  # itself
        assert one.x1 <= axes.figure.bbox.x1


def test_one_model_named_twice_is_drawn_once():
    assert len(volume(["gpt-6-luna", "gpt-4o", "gpt-6-luna"]).lines) == 3  # and the budget


@pytest.mark.parametrize("models", [[], ["gpt-nobody"]])
def test_a_volume_plot_of_no_known_model_is_refused(models):
    with pytest.raises(CourseError):
        volume(models)


def test_calls_without_tokens_cannot_be_drawn():
    with pytest.raises(CourseError, match="a usage with tokens in it"):
        plot_cost_by_volume(Usage(0), ["gpt-4o-mini"], thing="calls", budget_usd=2)
    with pytest.raises(CourseError, match="no price that could be split"):
        plot_shares({"nothing": Usage(0)}, "gpt-4o-mini")
    with pytest.raises(CourseError, match="at least one kind"):
        plot_shares({}, "gpt-4o-mini")


def test_shares_are_percent_of_one_calls_price():
    axes = plot_shares({"message": MESSAGE, "cached": CACHED}, "gpt-4o-mini")
    widths = {bars.get_label(): [bar.get_width() for bar in bars] for bars in axes.containers}
    # Message: 300 x 0.15 = 45 and 150 x 0.60 = 90, so 1/3 and 2/3.
    # Cached: 464 x 0.15 = 69.6, 1,536 x 0.075 = 115.2, 100 x 0.60 = 60; together 244.8.
    assert widths["new input"] == pytest.approx([100 / 3, 6960 / 244.8])
    assert widths["cached input"] == pytest.approx([0, 11520 / 244.8])
    assert widths["output"] == pytest.approx([200 / 3, 6000 / 244.8])


def test_the_plot_of_shares_says_its_finding_and_its_unit():
    axes = plot_shares({"e-mail": EMAIL, "message": MESSAGE}, "gpt-4o-mini")
    # 3 x 0.60 of 31.8 is 5.7 percent; two thirds of a message's price
    assert axes.get_title("left") == "Output makes 6 to 67 percent of a call's price"
    assert axes.get_xlabel() == "share of the list price of one call, gpt-4o-mini (percent)"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["e-mail", "message"]
    assert len({bars[0].get_hatch() for bars in axes.containers}) == 3


def test_pictures_say_in_words_what_they_show():
    assert "gpt-4o from $0.00053 for one to $530.00 for a million" in volume().alt
    assert "gpt-6-luna from $0.0000215 for one to at least $21.50 for a million" in volume().alt
    shares = plot_shares({"message": MESSAGE}, "gpt-4o-mini")
    assert "message: new input 33 percent, cached input 0 percent, output 67 percent." in shares.alt


def test_a_notebook_shows_a_picture_with_its_words():
    axes = picture(source="made up")
    axes.alt = 'A "quoted" <word>'
    shown = axes._repr_html_()
    assert 'alt="A &quot;quoted&quot; &lt;word&gt;"' in shown
    data = base64.b64decode(re.search(r'base64,([^"]+)"', shown)[1])
    assert data.startswith(b"\x89PNG")
    assert shown == axes._repr_html_()


@pytest.mark.parametrize(("name", "start"), [("a.png", b"\x89PNG"), ("a.SVG", b"<?xml"),
                                             ("a.pdf", b"%PDF")])  # fmt: skip
def test_a_picture_is_saved_in_the_format_of_its_name(tmp_path, name, start):
    assert volume().save(tmp_path / name) == tmp_path / name
    assert (tmp_path / name).read_bytes().startswith(start)


@pytest.mark.parametrize(("name", "told"), [("a.gif", r"\.png, \.svg or \.pdf"),
                                            ("no/a.png", "can't be written")])  # fmt: skip
def test_a_picture_that_cannot_be_saved_so_is_refused_in_a_sentence(tmp_path, name, told):
    with pytest.raises(CourseError, match=told):
        volume().save(tmp_path / name)


def test_no_letter_of_a_long_title_is_cut_off():
    axes = picture(source="made up").tell("WWWWW " * 60, "Words.")
    axes.figure.draw_without_rendering()
    assert axes._left_title.get_window_extent().x1 <= axes.figure.bbox.x1
