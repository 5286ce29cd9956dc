from pathlib import Path

import pytest

from circles.errors import InputError, OutputError
from circles.reports.briefing import render_briefing
from circles.reports.pages import css_text, refuse_loading, render_page
from tests.drawn_assessment import SCRIPT_NAME, drawn_assessment


def own(folder: Path, source: str, *, name: str = "briefing.html") -> Path:
    """Write a template of a user's own."""
    (folder / name).write_text(source, "utf-8")
    return folder


def page(templates: Path) -> str:
    """Write the drawn district's briefing with templates of a user's own."""
    return render_briefing(drawn_assessment(), map_html=None, templates=templates)


def test_an_own_template_stands_in_the_place_of_the_bundled_one(tmp_path: Path) -> None:
    """A folder with one template changes that page, and names in it are still text."""
    source = "<html><head></head><body>{% for gap in gaps %}{{ gap.community }};{% endfor %}"
    shown = page(own(tmp_path, source))
    assert shown.startswith('<html><head>\n<meta http-equiv="Content-Security-Policy"')
    assert SCRIPT_NAME.replace("<", "&lt;").replace(">", "&gt;") in shown
    assert "<script>" not in shown


def test_an_own_template_builds_on_the_bundled_one(tmp_path: Path) -> None:
    """A block is replaced, all others stay."""
    source = '{% extends "circles/briefing.html" %}{% block footer %}民政局内部{% endblock %}'
    shown, bundled = page(own(tmp_path, source)), page(tmp_path / ".")
    assert "民政局内部" in shown
    plain = render_briefing(drawn_assessment(), map_html=None)
    assert shown.split("<footer")[0].split("民政局内部")[0] == plain.split("<footer")[0]
    assert bundled == shown


def test_an_own_style_is_enough(tmp_path: Path) -> None:
    """A folder that holds but a style sheet changes the looks and nothing else."""
    shown = page(own(tmp_path, "body { color: #123456; }", name="briefing.css"))
    assert "#123456" in shown
    assert "短板清单" in shown


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        ("好\n{% if %}", 2, "cannot be read"),
        ("a\nb\n{{ nothing_such }}", 3, "'nothing_such' is undefined"),
        ("{{ gaps[99].share }}", 1, "no element 99"),
        ("\n{{ run.name / 0 }}", 2, "unsupported operand"),
        ("\n{{ t('no_such_text') }}", 2, "no_such_text"),
        ("\n\n{{ 1 // 0 }}", 3, "division"),
    ],
)
def test_a_fault_of_an_own_template_is_named_by_its_line(
    tmp_path: Path, source: str, line: int, said: str
) -> None:
    """The message has the template's file, the line and what is wrong with it."""
    with pytest.raises(InputError) as refused:
        page(own(tmp_path, source))
    message = str(refused.value)
    assert f"briefing.html, line {line}:" in message
    assert said in message


def test_a_template_that_is_not_there_is_named(tmp_path: Path) -> None:
    """What a template extends must be in the folder, or among the bundled ones."""
    with pytest.raises(InputError, match=r"'other\.html'.*circles/<name>"):
        page(own(tmp_path, '{% extends "other.html" %}'))


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    """The message names the folder and the key of the project file."""
    with pytest.raises(InputError, match=r"nowhere.*output\.templates"):
        page(tmp_path / "nowhere")


def test_a_template_in_another_encoding_is_refused(tmp_path: Path) -> None:
    """A template saved by an old editor in GBK is an input error."""
    (tmp_path / "briefing.html").write_bytes("短板".encode("gbk"))
    with pytest.raises(InputError, match="UTF-8"):
        page(tmp_path)


def test_an_own_template_loads_nothing_from_outside(tmp_path: Path) -> None:
    """A picture from a server would be missing in the meeting room, and is refused."""
    source = '<html><head></head><img src="https://example.org/logo.png">'
    with pytest.raises(OutputError, match=r"example\.org"):
        page(own(tmp_path, source))


def test_links_to_files_beside_the_page_are_no_loading() -> None:
    """A reader follows a link by a click; other addresses and other elements are refused."""
    refuse_loading('<p><a class="x" href="map.html">map</a></p>')
    for source in (
        '<a href="https://example.org/map.html">x</a>',
        '<a href="//example.org/map.html">x</a>',
        '<link href="map.html">',
        '<iframe src="map.html"></iframe>',
    ):
        with pytest.raises(OutputError):
            refuse_loading(source)


def test_text_in_a_style_sheet_cannot_end_it() -> None:
    """Quotes, braces and ends of elements become numbers."""
    assert css_text('云浦"}</style>\\') == '"云浦\\22 \\7d \\3c \\2f style\\3e \\5c "'


def test_a_fault_of_a_bundled_template_is_not_the_users() -> None:
    """Without a folder of templates an error is not dressed up as the user's."""
    import jinja2

    with pytest.raises(jinja2.UndefinedError):
        render_page("briefing.html", {})
