"""Pages from templates: the bundled ones, or a user's own in their place."""

import re
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup

from circles.errors import InputError
from circles.maps.offline import refuse_outside_references

#: Under this name an own template finds the bundled one it stands in the place of.
BUNDLED: Final = "circles"

_CSS_PLAIN: Final = re.compile(r"[0-9A-Za-z\u00b7\u3400-\u9fff ]")
_LINK: Final = re.compile(r'(<a\s[^<>]*?)href="[\w.-]+\.(?:html|pdf|xlsx|docx|gpkg)"')
#: What a template's own expressions may stumble over, besides jinja's own errors.
_STUMBLES: Final = (
    jinja2.TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


def render_page(name: str, values: Mapping[str, Any], *, templates: Path | None = None) -> str:
    """Fill a template.

    Parameters
    ----------
    name
        The template, such as ``"briefing.html"``.
    values
        What it may use.
    templates
        A folder with own templates: one of the same name stands in the place of a bundled one,
        and may build on it with ``{% extends "circles/briefing.html" %}``.

    Raises
    ------
    InputError
        The folder is none, or a template in it cannot be filled; the message says in which line.
    """
    try:
        return _environment(templates).get_template(name).render(**values)
    except UnicodeDecodeError as error:
        message = f"{templates}: a template is not UTF-8 text ({error.reason}); save it as UTF-8"
        raise InputError(message) from error
    except _STUMBLES as error:
        if templates is None:
            raise
        raise InputError(_complaint(error, templates)) from error


def refuse_loading(page: str) -> None:
    """Check that a page loads nothing from outside; a link to a file beside it is followed only.

    Raises
    ------
    OutputError
        Something of the page would be loaded.
    """
    refuse_outside_references(_LINK.sub(r"\1", page))


def css_text(text: str) -> Markup:
    """Return text as a string of a style sheet, whatever it holds."""
    written = "".join(c if _CSS_PLAIN.match(c) else f"\\{ord(c):x} " for c in text)
    return Markup(f'"{written}"')  # noqa: S704 - all that could end the string is written as a number


def _environment(templates: Path | None) -> jinja2.Environment:
    bundled = jinja2.PackageLoader("circles.reports", "templates")
    loaders: list[jinja2.BaseLoader] = [bundled, jinja2.PrefixLoader({BUNDLED: bundled})]
    if templates is not None:
        if not templates.is_dir():
            message = (
                f"{templates}: there is no such folder of templates; make it, or remove "
                "output.templates from the project file"
            )
            raise InputError(message)
        loaders.insert(0, jinja2.FileSystemLoader(templates))
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(loaders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["css_text"] = css_text
    return environment


def _complaint(error: Exception, templates: Path) -> str:
    """Say in which file and line of the user's templates something went wrong."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        where = f"{error.filename or templates}, line {error.lineno}"
        return f"{where}: the template cannot be read: {error.message}"
    if isinstance(error, jinja2.TemplateNotFound):
        return (
            f"{templates}: there is no template {error.name!r}; bundled ones are found as "
            f"{BUNDLED}/<name>"
        )
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(templates)
    ]
    where = f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else str(templates)
    said = str(error) or type(error).__name__
    return f"{where}: the template cannot be filled: {said}"
