"""Making text safe for files and terminals, so that nothing in it is carried out as a formula or a command.

A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and a terminal takes what follows an
escape character for a command; marks of direction make one text look like another. What people typed may hold all of
these, so whatever writes a file uses `cell`, and whatever prints uses `line`.
"""

import re
from typing import Final

_UNSEEN: Final = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    r"\ud800-\udfff\U000e0000-\U000e007f"
)
"""Characters that nobody sees: controls, marks of direction and width, lone surrogates; not tabs and line breaks."""
_GONE: Final = re.compile(f"[{_UNSEEN}]")
_MARKED: Final = re.compile(rf"[\t\n{_UNSEEN}]")
_FORMULA: Final = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
_APOSTROPHES: Final = re.compile(rf"'*(?:{_FORMULA.pattern})")


def seen(text: str) -> str:
    """The text without the characters that nobody sees."""
    return _GONE.sub("", text)


def is_formula(text: str) -> bool:
    """Whether a spreadsheet may take the text for a formula."""
    return bool(_FORMULA.match(text))


def cell(text: str) -> str:
    """The text as a cell of a .csv file. If a spreadsheet could take it for a formula, an apostrophe goes before it."""
    out = seen(text)
    return f"'{out}" if _APOSTROPHES.match(out) else out


def typed(text: str) -> str:
    """The reverse of `cell`: takes the apostrophe away. Unseen characters, which `cell` dropped, do not come back."""
    return text[1:] if text.startswith("'") and _APOSTROPHES.match(text) else text


def line(text: str) -> str:
    """The text as one line for a terminal: each unseen character is shown by its code, such as `\\x1b`."""
    return _MARKED.sub(_code, text)


def lines(text: str) -> str:
    """The same as `line` for a text of several lines: line breaks and tabs are kept."""
    return _GONE.sub(_code, text)


def _code(unseen: re.Match[str]) -> str:
    return unseen[0].encode("unicode_escape", "surrogatepass").decode()
