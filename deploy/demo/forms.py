"""How the officers of the simulation hand in data: in the product's own Excel forms, filled in and sent back.

The values are put straight into the XML of the issued file, as Excel or WPS would do. So the file keeps its looks, its
drop-downs and its seals. A library that reads and writes whole workbooks takes ten times as long.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

import httpx

from deploy.demo.answers import Row
from services.registry import forms
from shared.policy import Policy
from shared.workbook import Form, excel

_SHEET: Final = "xl/worksheets/sheet1.xml"
_ROW: Final = re.compile(r'<row r="(\d+)"[^>]*>(.*?)</row>', re.DOTALL)
_CELL: Final = re.compile(r'<c r="([A-Z])\d+"(?:[^>]*/>|.*?</c>)', re.DOTALL)
_STYLE: Final = re.compile(r'<col min="(\d+)" max="(\d+)" [^>]*?style="(\d+)"')
_VILLAGE: Final = re.compile(r">(\d{12})<")


async def hand_in(
    ask: Callable[..., Awaitable[httpx.Response]],
    folder: Path,
    name: str,
    policy: Policy,
    place: str,
    key: str,
    rows: Sequence[Row],
) -> httpx.Response:
    """Fetch a division's form of this name, fill it in with rows of command fields, keep it in the folder, import it.

    The form's choices are those of the pack. `ask(method, path, **parts)` reaches the registry. The same key again has
    no further effect.
    """
    most = max(map(len, _by_village(rows).values()))
    template = await ask("GET", f"/v1/templates/{name}", params={"rows": most, "place": place})
    if template.is_error:
        return template
    filled = await asyncio.to_thread(fill, template.content, forms.FORMS[name].form([policy]), rows)
    await asyncio.to_thread(_keep, folder / f"{name}-{key}.xlsx", filled)
    return await ask(
        "POST", f"/v1/imports/{name}", content=filled, params={"place": place}, headers={"Idempotency-Key": key}
    )


def _keep(file: Path, content: bytes) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)


def fill(template: bytes, form: Form, rows: Sequence[Row]) -> bytes:
    """The template with these rows filled in: in the issued rows of their village if it has any, else from the top."""
    with ZipFile(BytesIO(template)) as issued, ZipFile(target := BytesIO(), "w", ZIP_DEFLATED) as filled:
        for part in issued.namelist():
            content = issued.read(part)
            filled.writestr(part, _sheet(content.decode(), form, rows).encode() if part == _SHEET else content)
    return target.getvalue()


def _sheet(xml: str, form: Form, rows: Sequence[Row]) -> str:
    styles = {at: style for first, last, style in _STYLE.findall(xml) for at in range(int(first) - 1, int(last))}
    if not form.sealed:
        lines = "".join(_line(number, {}, form, row, styles) for number, row in enumerate(rows, 2))
        return xml.replace("</sheetData>", f"{lines}</sheetData>")
    waiting = {village: iter(of_village) for village, of_village in _by_village(rows).items()}

    def put(line: re.Match[str]) -> str:
        village = _VILLAGE.search(line[2])
        row = next(waiting.get(village[1], iter(())), None) if village else None
        if row is None:
            return line[0]
        issued = {ord(cell[1]) - ord("A"): cell[0] for cell in _CELL.finditer(line[2])}
        return _line(int(line[1]), issued, form, row, styles)

    return _ROW.sub(put, xml)


def _by_village(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found = defaultdict(list)
    for row in rows:
        found[row.get("village") or ""].append(row)
    return found


def _line(number: int, issued: Mapping[int, str], form: Form, row: Row, styles: Mapping[int, str]) -> str:
    """A row of the sheet: the issued cells, and those that an officer fills in beside them."""
    cells = dict(issued)
    for at, column in enumerate(form.columns):
        field, _, part = column.field.partition(".")
        value = (row.get(field) or {}).get(part) if part else row.get(field)
        if value is not None and not column.prefilled:
            label = next((label for label, meant in column.labels.items() if meant == value), value)
            cells[at] = _cell(f"{chr(ord('A') + at)}{number}", styles[at], column.kind, label)
    return f'<row r="{number}">{"".join(cell for _, cell in sorted(cells.items()))}</row>'


def _cell(place: str, style: str, kind: str, value: Any) -> str:
    if kind in ("date", "month"):
        value = excel.serial(date.fromisoformat(str(value)))
    if kind in ("date", "month", "integer", "number"):
        return f'<c r="{place}" s="{style}"><v>{value}</v></c>'
    return f'<c r="{place}" s="{style}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
