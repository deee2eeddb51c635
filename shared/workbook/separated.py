"""The rows of a .csv file as a stream: UTF-8 with or without its mark, or GB18030 as a Chinese Excel writes it."""

import codecs
import csv
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, Final

from shared.workbook.sheet import LAST_COLUMN, Cells, WorkbookRefused

MARK: Final = codecs.BOM_UTF8
"""What Excel writes before UTF-8, and without which it takes a file for GB18030."""
ENCODINGS: Final = ("utf-8", "gb18030")
"""In the order of trial: Chinese in GB18030 is next to never valid UTF-8, while the reverse often holds."""
_CHUNK, _LONGEST_LINE = 2**16, 2**20

_ENCODING = (
    "不是 .xlsx 工作簿，也不是 UTF-8 或 GB18030 编码的 .csv，或者设了打开密码。请取消密码，并另存为 .xlsx 或“CSV UTF-8”后"
    "重新上传。",
    "It is neither an .xlsx workbook nor a .csv in UTF-8 or GB18030, or it is protected by a password. Remove the "
    "password, save it as .xlsx or as “CSV UTF-8” and upload it again.",
)
_BROKEN = (
    "第{line}行附近不是有效的 .csv：引号没有成对，或者一行过长。请用 Excel 或 WPS 打开，另存为新的 .csv 后重新上传。",
    "Near line {line} this is no valid .csv: a quotation mark has no partner, or a line is too long. Open it in Excel or "
    "WPS, save it as a new .csv and upload it again.",
)
