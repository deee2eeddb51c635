"""Excel files as other programs make them, built part by part, and the rows of a form that say what a command says."""

import io
import zipfile
from typing import Any

from shared.forms import Blank, Heading, Known


def saved(book: Any) -> io.BytesIO:
    file = io.BytesIO()
    book.save(file)
    return file


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def package(
    body: str, strings: str = "", styles: str = "", book: str = "", main: str = MAIN, office: str = OFFICE
) -> io.BytesIO:
    """A file built part by part: the rows of its sheet, its string table, its styles, what stands in its workbook."""
    wrap = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<{0} xmlns="{1}" xmlns:r="{2}">{3}</{0}>'.format
    links = 'Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
    parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": f'<{links}><Relationship Id="a" Type="{office}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
        "xl/_rels/workbook.xml.rels": f"<{links}>"
        + "".join(
            f'<Relationship Id="{kind}" Type="{office}/{kind}" Target="{kind}.xml"/>'
            for kind in ("worksheet", "styles", "sharedStrings")
        )
        + "</Relationships>",
        "xl/workbook.xml": wrap(
            "workbook", main, office, book + '<sheets><sheet name="表" sheetId="1" r:id="worksheet"/></sheets>'
        ),
        "xl/worksheet.xml": wrap("worksheet", main, office, f"<sheetData>{body}</sheetData>"),
        "xl/sharedStrings.xml": wrap("sst", main, office, strings),
        "xl/styles.xml": wrap("styleSheet", main, office, styles),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return file


STYLES = (
    '<numFmts><numFmt numFmtId="176" formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="31"/><xf numFmtId="176"/></cellXfs>'
)


def with_part(file: io.BytesIO, name: str, data: bytes) -> io.BytesIO:
    """The file with one part replaced or added."""
    made = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, data)
    return made


def cells(blank: Blank, known: Known, row: Known) -> list[dict[str, Any]]:
    """The rows of a form that say what a command says: known fields as issued, all others as people fill them in, who
    also type over what is only suggested."""
    suggested = {one.field for one in blank.headings if isinstance(one, Heading) and one.suggested}
    flat: dict[str, Any] = {**row, **known, **{field: row[field] for field in suggested & row.keys()}}
    for field, value in row.items():
        if isinstance(value, dict) and field != blank.repeats:
            flat |= {f"{field}.{part}": of for part, of in value.items()}
    if not blank.repeats:
        return [flat]
    parts = row.get(blank.repeats, ())
    if isinstance(parts, dict):
        key = blank.key[-1].partition(".")[2]
        parts = [{key: id, **part} for id, part in parts.items()]
    return [{**flat, **{f"{blank.repeats}.{part}": of for part, of in one.items()}} for one in parts] or [flat]
