"""Excel forms that officers fill in: writing templates, reading returned forms, and copies with the errors marked.

A service declares a `Form`; `write_template` makes the file, `read_rows` streams what came back, as .xlsx or .csv, and
`annotate` returns the officer's file with every error beside its row. All three are synchronous and take a path or a
seekable binary file, so an HTTP handler runs them in a worker thread. Memory does not grow with the rows. A file that
is refused as a whole raises `WorkbookRefused`; a bad cell is a `CellError` of its row.
"""

from shared.workbook.form import MEDIA_TYPES, CellError, Column, Form, Note, Row
from shared.workbook.kinds import WorkbookRefused
from shared.workbook.reading import HeadingsRefused, has_headings, read_rows
from shared.workbook.tally import Summary, Tally
from shared.workbook.writing import annotate, write_template

__all__ = [
    "MEDIA_TYPES",
    "CellError",
    "Column",
    "Form",
    "HeadingsRefused",
    "Note",
    "Row",
    "Summary",
    "Tally",
    "WorkbookRefused",
    "annotate",
    "has_headings",
    "read_rows",
    "write_template",
]
