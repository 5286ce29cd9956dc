"""A guard before XML files are read: no document type, no entities.

An XML file may declare entities that unfold to gigabytes or that read other files. Neither OSM
XML nor GraphML has a use for them, so a file with a document type declaration is refused before
any parser that would unfold it sees it.
"""

from pathlib import Path
from typing import Final, NoReturn
from xml.parsers import expat

from circles.errors import InputError

_CHUNK_BYTES: Final = 65_536


class _RootReachedError(Exception):
    """The prologue is over: what a file may declare, it has declared."""


def refuse_entities(path: Path) -> None:
    """Refuse an XML file with a document type declaration; reads no further than the root.

    Raises
    ------
    InputError
        The file declares a document type (and so may declare entities), or is no XML.
    """
    parser = expat.ParserCreate()

    def doctype(*_: object) -> NoReturn:
        message = (
            f"{path}: refused, it declares a document type (<!DOCTYPE …>), which can hide entities "
            "that unfold without end; remove the declaration — OSM XML and GraphML need none"
        )
        raise InputError(message)

    def root(*_: object) -> NoReturn:
        raise _RootReachedError

    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = root
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                parser.Parse(chunk, False)
            parser.Parse(b"", True)
    except _RootReachedError:
        return
    except expat.ExpatError as error:
        message = f"{path}: not readable as XML ({error}); it is damaged or of another kind"
        raise InputError(message) from error
    except OSError as error:
        message = f"{path}: the file cannot be opened: {error.strerror}"
        raise InputError(message) from error
