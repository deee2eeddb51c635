"""Excel forms that officers fill in: writing templates, reading returned forms, and copies with the errors marked.

A service declares a `Form`; `write_template` makes the file, `read_rows` streams what came back, as .xlsx or .csv, and
`annotate` returns the officer's file with every error beside its row. All three are synchronous and take a path or a
seekable binary file, so an HTTP handler runs them in a worker thread. Memory does not grow with the rows. A file that
is refused as a whole raises `WorkbookRefused`; a bad cell is a `CellError` of its row.

The readers and writers in `reading` and `writing` are not imported here: their libraries take 20 MiB of memory, and a
service needs them only once a form is asked for.
"""

from shared.workbook.form import MEDIA_TYPES, CellError, Column, Form, Kind, Note, Row
from shared.workbook.kinds import HeadingsRefused, WorkbookRefused
from shared.workbook.tally import Summary, Tally

__all__ = [
    "MEDIA_TYPES",
    "CellError",
    "Column",
    "Form",
    "HeadingsRefused",
    "Kind",
    "Note",
    "Row",
    "Summary",
    "Tally",
    "WorkbookRefused",
]
