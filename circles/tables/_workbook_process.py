"""A program of its own: read the workbook it is given and write its cells as JSON.

It imports nothing of the library, so that it starts fast, and may die without harm.
"""

import datetime
import json
import sys
from typing import Any

MAX_MEMORY_BYTES = 4 << 30
MAX_CELLS = 20_000_000


def read(path: str) -> dict[str, Any]:
    """Return the sheets of a workbook, or what is wrong with it."""
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_path(path)
        return {"sheets": [sheet(book, page) for page in book.sheets_metadata]}
    except (python_calamine.CalamineError, OSError, ValueError, MemoryError) as error:
        return {"error": str(error) or type(error).__name__}


def sheet(book: Any, page: Any) -> dict[str, Any]:
    """Return the rows of a sheet that are not empty, by number from 1, and its merged cells."""
    table = book.get_sheet_by_name(page.name)
    if table.total_height * table.total_width > MAX_CELLS:
        message = f"the sheet {page.name!r} has more than {MAX_CELLS} cells"
        raise ValueError(message)
    rows = [
        (number, [plain(cell) for cell in cells])
        for number, cells in enumerate(table.to_python(skip_empty_area=False), start=1)
        if any(cell != "" for cell in cells)
    ]
    merges = [
        (top + 1, bottom + 1, left, right)
        for (top, left), (bottom, right) in table.merged_cell_ranges or []
    ]
    hidden = str(page.visible).rpartition(".")[2] != "Visible"
    return {"name": page.name, "rows": rows, "merges": merges, "hidden": hidden}


def plain(cell: object) -> object:
    """Return a cell as JSON has it; a date as an object of its own."""
    if isinstance(cell, datetime.datetime | datetime.date):
        return {"when": cell.isoformat()}
    if cell is None or isinstance(cell, str | int | float | bool):
        return cell
    return str(cell)


def limit_memory() -> None:
    """Set a limit to this process's memory, where the system has such limits."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))


if __name__ == "__main__":
    limit_memory()
    json.dump(read(sys.argv[1]), sys.stdout)
