"""XLS, XLSB and ODS workbooks, read in a process of their own.

The library that reads them is fast but ends its process on a file made to harm it (a single cell
in the last row and column is enough). So it gets one, with a limit to its memory.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from circles.errors import InputError
from circles.tables.columns import cell_text
from circles.tables.grid import Merge, Row, filled_rows

OLD_WORKBOOKS: Final = frozenset({".xls", ".xlsb", ".ods"})
_CHILD: Final = Path(__file__).with_name("_workbook_process.py")
_TIMEOUT_S: Final = 300


@dataclass(frozen=True)
class OldSheet:
    """A sheet of an old workbook: its rows, its merged cells, and whether it is hidden."""

    rows: tuple[Row, ...]
    merges: tuple[Merge, ...]
    hidden: bool


def read_old_workbook(path: Path) -> Mapping[str, OldSheet]:
    """Read all sheets of an XLS, XLSB or ODS workbook.

    Raises
    ------
    InputError
        It is damaged, locked with a password, or too large.
    """
    try:
        # The command is our own script; the path is handed over as it is, without a shell.
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-I", str(_CHILD), str(path.absolute())],
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError, ValueError) as error:
        raise _damaged(path, str(error)) from error
    if done.returncode != 0:
        raise _damaged(path, "the program that reads it gave up")
    told = json.loads(done.stdout)
    if "error" in told:
        raise _damaged(path, told["error"])
    return {page["name"]: _sheet(page) for page in told["sheets"]}


def _damaged(path: Path, reason: str) -> InputError:
    return InputError(
        f"{path}: the file cannot be read as a workbook ({reason}); "
        "open it in a spreadsheet program and save it as .xlsx"
    )


def _sheet(page: dict[str, Any]) -> OldSheet:
    rows = ((number, [_cell(cell) for cell in cells]) for number, cells in page["rows"])
    merges = tuple(Merge(top, bottom, left, right) for top, bottom, left, right in page["merges"])
    return OldSheet(filled_rows(rows), merges, bool(page["hidden"]))


def _cell(cell: object) -> str | None:
    if isinstance(cell, dict):
        when = cell["when"]
        return cell_text(datetime.fromisoformat(when) if "T" in when else date.fromisoformat(when))
    return cell_text(cell)
