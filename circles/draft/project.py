"""A project file made from files: each read, judged and written down with its reasons."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

from circles.draft.demand import judge_extract
from circles.draft.items import Item, Kind, Unread, files_in, open_items, reason_of
from circles.draft.judging import Judged, judge_items, name_of
from circles.draft.lines import Block, Key, block_lines
from circles.draft.streets import communities_of, judge_services, no_communities
from circles.draft.verdicts import Role, path_text
from circles.errors import CirclesError, InputError, OutputError
from circles.network.saved import is_saved
from circles.standards import Standard, load_standard
from circles.standards.model import CapacityRule, UnitRule
from circles.tables import refuse_missing
from circles.texts import Note, Texts, load_texts

PROJECT_FILE: Final = "circles.toml"
DEFAULT_STANDARD: Final = "guangzhou-1530"


@dataclass(frozen=True)
class Draft:
    """A project file that is not written yet.

    Parameters
    ----------
    text
        What it says.
    told
        What was taken for what, a line each, for the terminal.
    complete
        Whether there are communities, without which there is no project.
    """

    text: str
    told: tuple[str, ...]
    complete: bool


def init_project(
    folder: Path | str,
    files: Sequence[Path | str] = (),
    *,
    standard: str | None = None,
    lang: str = "zh",
    name: str | None = None,
    say: Callable[[str], None] = lambda _line: None,
) -> Path:
    """Look at files and write a commented project file with the best reading of each.

    Files are not copied: the project file names them by their paths from `folder`. What is not
    certain stands in it as a comment, with the alternatives; what could not be read, too.

    Parameters
    ----------
    folder
        Where `circles.toml` goes; made if it is not there.
    files
        Tables, layers, grids, extracts, standards, or folders of such. Without any, those in
        `folder`.
    standard
        A bundled standard's id, or the path of a standard's file; by default the one that is
        among the files, and ``guangzhou-1530`` if none is.
    lang
        The language of the comments and of the project's results: ``"zh"`` or ``"en"``.
    name
        What the project is called; by default after its only district or city, or the folder.
    say
        Takes the lines that tell what was taken for what.

    Returns
    -------
    Path
        The project file.

    Raises
    ------
    InputError
        There is a project file already, a file is not there, or there is none to look at; the
        standard cannot be used.
    OutputError
        The project file could not be written.
    """
    folder, texts = Path(folder), load_texts(lang)
    target = folder / PROJECT_FILE
    if _is_there(target):
        message = (
            f"{target}: there is a project file already, and it is never overwritten; move it "
            "away, or name another folder"
        )
        raise InputError(message)
    paths = _paths(folder, [Path(file) for file in files])
    draft = draft_project(folder, paths, standard=standard, texts=texts, name=name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8", newline="\n") as file:
            file.write(draft.text)
    except OSError as error:
        message = f"{target}: the project file could not be written ({error.strerror})"
        raise OutputError(message) from error
    for line in draft.told:
        say(line)
    say(texts("init.written", path=target))
    say(texts("init.next" if draft.complete else "init.next_communities", path=target))
    return target


def draft_project(
    folder: Path,
    paths: Sequence[Path],
    *,
    texts: Texts,
    standard: str | None = None,
    name: str | None = None,
) -> Draft:
    """Look at files and return the project file that they make; see `init_project`."""
    if name is not None and not (name.strip() and name.isprintable()):
        message = f"the name {name!r} is empty or holds characters that cannot be shown"
        raise InputError(message)
    items, unread = open_items(paths)
    choice = _standard(standard, [item for item in items if item.kind is Kind.STANDARD], folder)
    judged = judge_items(items, folder, choice.standard)
    judged = replace(judged, unread=(*unread, *choice.unread, *judged.unread))
    blocks = list(_blocks(judged, choice, name or name_of(judged, folder), texts))
    text = "\n\n".join("\n".join(block_lines(block, texts)) for block in blocks) + "\n"
    complete = any(block.header == "[communities]" and block.on for block in blocks)
    return Draft(text, tuple(_told(judged, choice, texts)), complete)


def _is_there(path: Path) -> bool:
    try:
        return path.exists() or path.is_symlink()
    except OSError as error:  # a name that no file can have
        message = f"{path}: the folder cannot be used ({error.strerror}); choose another"
        raise InputError(message) from error


def _paths(folder: Path, files: Sequence[Path]) -> list[Path]:
    if folder.exists() and not folder.is_dir():
        message = f"{folder} is a file; name the folder for the project first, then the files"
        raise InputError(message)
    if not files and not folder.is_dir():
        message = f"{folder}: there is no such folder; name the files to look at after it"
        raise InputError(message)
    found: list[Path] = []
    for path in files or [folder]:
        if path.is_dir() and path.suffix.lower() != ".gdb" and not is_saved(path):
            found += files_in(path)
        else:
            if not is_saved(path):
                refuse_missing(path)
            found.append(path)
    once = list({path.resolve(): path for path in reversed(found)}.values())[::-1]
    if not once:
        message = f"{folder}: there is no file to look at; put data there, or name files"
        raise InputError(message)
    return once


# ---- the standard --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Choice:
    """The standard of a project, what the file calls it, and the others."""

    standard: Standard
    written: str
    item: Item | None
    spare: tuple[Item, ...]
    unread: tuple[Unread, ...]


def _standard(asked: str | None, items: Sequence[Item], folder: Path) -> _Choice:
    unread, sound = [], []
    for item in items:
        try:
            sound.append((item, load_standard(item.path)))
        except CirclesError as error:
            unread.append(Unread(item.label, reason_of(item.path, error)))
    spare = tuple(item for item, _ in sound)
    if asked is None and sound:
        item, standard = sound[0]
        written = path_text(item.path, folder)
        return _Choice(standard, written, item, spare[1:], tuple(unread))
    written = asked or DEFAULT_STANDARD
    is_file = written.endswith(".toml")
    standard = load_standard(Path(written) if is_file else written)
    written = path_text(Path(written), folder) if is_file else written
    return _Choice(standard, written, None, spare, tuple(unread))


# ---- the parts of the file -----------------------------------------------------------------------


def _blocks(judged: Judged, choice: _Choice, name: str, texts: Texts) -> Iterator[Block]:
    yield Block("", (Note.of("init.made"), Note.of("init.how")))
    yield _top(choice, name, texts)
    nets = judged.of(Role.NETWORK, Role.ELEVATION)
    if judged.net is None:
        yield Block(
            "[network]", (Note.of("init.no_network"),), (Key("osm", "district.osm.pbf"),), False
        )
    yield from (verdict.block for verdict in nets if _says(verdict.block))
    yield from _communities(judged)
    yield from _demand(judged)
    facilities = judged.of(Role.FACILITIES)
    yield from (verdict.block for verdict in facilities)
    on = not any(verdict.used for verdict in facilities)
    services = (
        None if judged.net is None else judge_services(judged.net, _asked(choice.standard), on=on)
    )
    if services is not None:
        yield services
    elif on:
        keys = (Key("path", "facilities.xlsx"), Key("service_column", "类型"))
        yield Block("[[facilities]]", (Note.of("init.no_facilities"),), keys, False)
    yield Block(
        "[check]",
        (Note.of("init.check"),),
        (Key("min_used_share", 0.5),),
        False,
    )
    yield Block(
        "[output]",
        (Note.of("init.output"),),
        (Key("dir", "out"), Key("lang", texts.lang)),
    )
    yield from (verdict.block for verdict in judged.of(Role.UNUSED))
    for part in judged.unread:
        yield Block("", (Note.of("init.unread", file=part.label, reason=_reason(part, texts)),))


def _top(choice: _Choice, name: str, texts: Texts) -> Block:
    said = choice.standard.name[texts.lang]
    keys = [
        Key("name", name, Note.of("init.name_key")),
        Key("standard", choice.written, Note.of("init.standard", name=said)),
    ]
    keys += [
        Key("standard", item.path.name, Note.of("init.standard_spare"), False)
        for item in choice.spare
    ]
    return Block("", (), (*keys, Key("as_of", date(2026, 6, 30), Note.of("init.as_of"), False)))


def _asked(standard: Standard) -> frozenset[str]:
    """Return the services that the rules of a standard are about."""
    needs = [
        rule.numerator.services if isinstance(rule, CapacityRule) else rule.services
        for rule in standard.rules
        if not isinstance(rule, UnitRule)
    ]
    return frozenset(service for services in needs for service in services)


def _says(block: Block) -> bool:
    return bool(block.header or block.why or block.keys)


def _communities(judged: Judged) -> Iterator[Block]:
    if judged.chosen is not None:
        yield judged.chosen.verdict.block
    elif judged.net is not None and judged.net.extract is not None:
        yield communities_of(judged.net)[0]
    else:
        yield no_communities()
    units = judged.of(Role.UNITS)
    seen: set[str] = set()
    for verdict in units:
        block = verdict.block
        yield replace(block, on=block.on and block.header not in seen)
        seen |= {block.header} if block.on else set()
    yield from (verdict.block for verdict in judged.of(Role.TABLE))


def _demand(judged: Judged) -> Iterator[Block]:
    found = [verdict.block for verdict in judged.of(Role.DEMAND) if verdict.block.header]
    on = any(block.on for block in found)
    yield from found
    if judged.net is not None and judged.net.buildings:
        yield judge_extract(judged.net, on=not on)
    elif not on:
        keys = (Key("source", "population.gpkg"), Key("population", {"all": "population"}))
        yield Block("[demand]", (Note.of("init.no_demand"),), keys, False)


# ---- the terminal --------------------------------------------------------------------------------


def _told(judged: Judged, choice: _Choice, texts: Texts) -> Iterator[str]:
    comma = texts("init.comma")
    if choice.item is not None:
        role, told = texts("init.role_standard"), texts("init.told_standard")
        yield texts("init.line", file=_shown(choice.item.label), role=role, told=told)
    for verdict in judged.verdicts:
        key = "init.line" if verdict.used else "init.line_unused"
        told = comma.join(texts.note(note).rstrip("。.") for note in verdict.told)
        role = texts(f"init.role_{verdict.role}")
        yield texts(key, file=_shown(verdict.item.label), role=role, told=told)
    for part in judged.unread:
        reason = _reason(part, texts)
        yield texts("init.line_unread", file=_shown(part.label), reason=_shown(reason))


def _reason(part: Unread, texts: Texts) -> str:
    return texts.note(part.reason) if isinstance(part.reason, Note) else part.reason


def _shown(text: str) -> str:
    """Return a text from outside without what would move a terminal's cursor or its colours."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
