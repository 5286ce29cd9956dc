"""Networks on disk: a folder of Arrow files, read whole or by bounding box.

Nodes, streets and barriers are layers in the open Arrow IPC format, cut into batches;
``network.json`` says where each batch lies and which area it covers, so that a district reads its
own and no other. Streets of an extract lie along a space-filling curve: a box is a few runs.
The format is told in ``docs/network.md``.
"""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from circles.errors import InputError, OutputError
from circles.network.contents import FILE, FILES, Contents, DamagedError
from circles.network.folder import is_url, opened, shown
from circles.network.model import WalkNetwork

if TYPE_CHECKING:
    from circles.osm import Box

#: How the folder of a saved network may be called; any other name is as good.
SUFFIXES: Final = (".network", ".circles")


def named_saved(location: Path | str) -> bool:
    """Tell whether a path or URL is called as saved networks are, be it there or not."""
    return str(location).rstrip("/\\").lower().endswith(SUFFIXES)


def is_saved(location: Path | str) -> bool:
    """Tell whether a path or URL is a saved network: by its name, or by what is in the folder."""
    if named_saved(location):
        return True
    try:
        return not is_url(location) and (Path(location) / FILE).is_file()
    except OSError:  # a name that no file can have
        return False


def save_network(network: WalkNetwork, path: Path | str) -> Path:
    """Save a network as a folder; one that is there is replaced only when all is written.

    The same network gives the same bytes. Attributes of a networkx graph it was made from are not
    saved.

    Parameters
    ----------
    network
        The network.
    path
        The folder to make, by custom with the ending ``.network``.

    Raises
    ------
    OutputError
        The folder cannot be written, or something else than a saved network is in its place.
    """
    if is_url(path):
        message = f"{shown(path)}: save the network in a folder and copy the folder there"
        raise OutputError(message)
    path = Path(path)
    if path.exists() and not (path / FILE).is_file():
        message = f"{path} exists and is no saved network; choose another name"
        raise OutputError(message)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as beside:
            folder = Path(beside) / "network"
            folder.mkdir()
            _write(network, folder)
            _exchange(folder, path, Path(beside) / "old")
    except OSError as error:
        message = f"{path}: the network cannot be saved ({error.strerror or error})"
        raise OutputError(message) from error
    return path


def load_network(path: Path | str, *, box: "Box | None" = None) -> WalkNetwork:
    """Load a saved network, whole or the part of a district.

    A part keeps the coordinate system, the report, and which streets may be joined, as they are of
    the whole network. Barriers that touch the box or one of the part's streets come along.

    Parameters
    ----------
    path
        The folder, or the URL of one in a store that fsspec reads, such as
        ``s3://bucket/city.network``.
    box
        West, south, east, north, degrees: load only the streets whose own box touches it, in the
        order they have in the whole network. Streets that leave the box are loaded whole; the
        `box` of the part is what the whole network covers of the one given.

    Raises
    ------
    InputError
        It is no saved network, of another version, or damaged; or no street is in the box.
    """
    from circles.network.parts import read_part, read_whole  # pyarrow loads with it

    name = shown(path)
    with opened(path) as folder:
        try:
            contents = Contents.from_json(folder.read(FILE), name)
            if box is None:
                return read_whole(folder, contents)
            return read_part(folder, contents, box, name)
        except DamagedError as error:
            message = f"{name}: this saved network is damaged ({error}); save it again"
            raise InputError(message) from error


def _write(network: WalkNetwork, folder: Path) -> None:
    from circles.network import columns  # pyarrow loads with it

    heights = network.edges.elevation_m is not None
    tables = {
        "nodes": (columns.node_schema(), columns.node_batches(network)),
        "edges": (columns.edge_schema(heights=heights), columns.edge_batches(network)),
        "barriers": (columns.barrier_schema(), columns.barrier_batches(network)),
    }
    batches = {
        table: columns.write_batches(folder / FILES[table], *content)
        for table, content in tables.items()
    }
    contents = Contents(network.crs, network.report, network.box, heights, **batches)
    (folder / FILE).write_text(contents.to_json(), "utf-8", newline="\n")


def _exchange(new: Path, path: Path, old: Path) -> None:
    """Move a folder into its place; what was there comes back if that fails."""
    if not path.exists():
        new.rename(path)
        return
    path.rename(old)
    try:
        new.rename(path)
    except OSError:
        old.rename(path)
        raise
