"""The errors this library raises: one root and a few kinds.

Every message says what was found, where, what was expected and what to do.
"""

from collections.abc import Sequence


class CirclesError(Exception):
    """Anything `circles` refuses or fails to do; the root of all its errors."""


class InputError(CirclesError, ValueError):
    """What was given cannot be used: a file, a column, a value, a parameter."""


class FaultsError(InputError):
    """One input has several faults; all of them are named at once.

    Parameters
    ----------
    where
        The file, table or argument that was checked.
    faults
        One sentence for each fault.
    """

    def __init__(self, where: str, faults: Sequence[str]) -> None:
        self.where = where
        self.faults = tuple(faults)
        count = len(self.faults)
        head = f"{where}: {count} fault{'s' if count != 1 else ''}"
        super().__init__("\n".join([head, *(f"  - {fault}" for fault in self.faults)]))


class DownloadError(CirclesError):
    """A server did not give what was asked of it."""


class OutputError(CirclesError):
    """A result could not be written."""
