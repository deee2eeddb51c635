"""The Excel forms of all services, and the commands that come of rows that are written into one and read again."""

from collections.abc import Mapping, Sequence
from datetime import date
from importlib import import_module
from io import BytesIO

from deploy.demo.answers import Row
from deploy.demo.regions.benxi.story import POLICY
from deploy.local.supervisor import SERVICES
from shared.contracts import Command
from shared.forms import Blank, Known
from shared.policy import Policy
from shared.workbook.reading import read_rows
from shared.workbook.writing import write_template
from tests.support.workbooks import cells

SECRET = b"s"
FORMS: Mapping[tuple[str, str], Blank] = {
    (service, name): blank
    for service in SERVICES
    for name, blank in import_module(f"services.{service}.forms").FORMS.items()
}
Pair = tuple[Known, Row]


def read_back(blank: Blank, pairs: Sequence[Pair], policy: Policy = POLICY) -> list[Command]:
    """What comes of the rows, written into the form, read and turned into commands."""
    form, file = blank.form([policy]), BytesIO()
    filled = [line for known, row in pairs for line in cells(blank, known, row)]
    days = {column.field for column in form.columns if column.kind in ("date", "month")}
    for line in filled:
        line |= {day: date.fromisoformat(line[day]) for day in days if isinstance(line.get(day), str)}
        columns = {column.field for column in form.columns}
        line |= {"name": line.get("name") or "某村"} if "name" in columns else {}
    write_template(form, file, prefilled=filled, secret=SECRET)
    said = [blank.said(form, rows) for rows in blank.together(form, read_rows(form, file, secret=SECRET))]
    wrong = [one for one in said if not isinstance(one, Command)]
    assert not wrong, wrong[0]
    return said  # type: ignore[return-value]
