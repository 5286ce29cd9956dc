"""What the driver of a batch lays down for the workers: by path, and checked before it is opened.

The files are Python's own (pickle), which can run whatever their writer wants. A worker opens one
only if its checksum is the one that came with the task: writing to the folder is not enough. Who
holds the scheduler can run anything on a worker without such a file.
"""

import hashlib
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from circles.errors import InputError


@dataclass(frozen=True)
class Laid:
    """A file that was laid down.

    Parameters
    ----------
    path
        Where; workers on other machines find it under the same path.
    sha256
        Its checksum.
    """

    path: str
    sha256: str


def lay_down(value: Any, path: Path) -> Laid:
    """Write a value where workers find it.

    Raises
    ------
    OSError
        It cannot be written.
    """
    content = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return Laid(str(path), hashlib.sha256(content).hexdigest())


def pick_up(laid: Laid) -> Any:
    """Read a value that was laid down.

    Raises
    ------
    InputError
        It is not there for this machine, or not as it was laid down.
    """
    try:
        content = Path(laid.path).read_bytes()
    except OSError as error:
        message = (
            f"{laid.path}: this worker cannot read what the batch laid down for it "
            f"({error.strerror or error}); results must be in a folder that all machines share"
        )
        raise InputError(message) from error
    if hashlib.sha256(content).hexdigest() != laid.sha256:
        message = f"{laid.path}: somebody changed what the batch laid down; start it again"
        raise InputError(message)
    return pickle.loads(content)  # noqa: S301 - the checksum came with the task
