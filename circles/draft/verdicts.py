"""What a file is taken for, and the part of the project file that says so."""

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from circles.draft.items import Item
from circles.draft.lines import Block, Key
from circles.texts import Note


class Role(StrEnum):
    """What a file, a layer or a sheet can be in a project."""

    NETWORK = "network"
    ELEVATION = "elevation"
    STANDARD = "standard"
    COMMUNITIES = "communities"
    UNITS = "units"
    TABLE = "table"
    DEMAND = "demand"
    FACILITIES = "facilities"
    UNUSED = "unused"


@dataclass(frozen=True)
class Verdict:
    """What an item is taken for.

    Parameters
    ----------
    item
        The item.
    role
        What it is taken for.
    block
        What the project file says of it, commented out where it is not used.
    told
        The reason, for the terminal.
    """

    item: Item
    role: Role
    block: Block
    told: tuple[Note, ...] = ()

    @property
    def used(self) -> bool:
        """Whether the project uses it."""
        return self.block.on and self.role is not Role.UNUSED


def path_text(path: Path, folder: Path) -> str:
    """Return a path as the project file writes it: relative to it, with ``/``."""
    try:
        return Path(os.path.relpath(path.absolute(), folder.absolute())).as_posix()
    except ValueError:  # on another drive
        return path.absolute().as_posix()


def source_keys(item: Item, folder: Path, *, name: str = "path") -> list[Key]:
    """Return the keys that say where an item is."""
    keys = [Key(name, path_text(item.path, folder))]
    if item.part is not None:
        keys.append(Key("sheet" if item.is_sheet else "layer", item.part))
    return keys


def people_keys(groups: dict[str, tuple[str, ...]], note: Note) -> list[Key]:
    """Return the key `population`; a group of one column is written as that column."""
    if not groups:
        return []
    shown = {g: cols[0] if len(cols) == 1 else list(cols) for g, cols in groups.items()}
    return [Key("population", shown, note)]
