"""Output on a terminal. Text from data is shown as it is: markup and control characters in it have no effect."""

from typing import Any

from rich.console import Console
from rich.style import StyleType
from rich.table import Table
from rich.text import Text

from shared.neutral import lines as neutral

__all__ = ["Terminal", "folded", "neutral"]


_LETTERS = {"✓": "+", "✗": "x"}


class Terminal(Console):
    """A console that treats every string as plain text without markup, also in tables. Styles are arguments."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, highlight=False, emoji=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Rich calls this for every string that is printed or put into a cell."""
        return super().render_str(neutral(text), **options)

    def say(self, text: str, style: StyleType | None = None) -> None:
        """Print a text. The terminal may wrap its lines, but nothing is cut off."""
        self.print(text, style=style, soft_wrap=True)

    def good(self, text: str) -> None:
        """Say that something is well."""
        self.say_marked("✓", "green", text)

    def bad(self, text: str) -> None:
        """Say that something is wrong."""
        self.say_marked("✗", "bold red", text)

    def note(self, text: str) -> None:
        """Say what somebody should know."""
        self.say_marked("!", "yellow", text)

    def say_marked(self, mark: str, style: str, text: str) -> None:
        """Say something behind a coloured mark, or a letter where the output has no marks, such as a file in GBK."""
        try:
            mark.encode(self.encoding)
        except UnicodeEncodeError:
            mark = _LETTERS[mark]
        self.print(Text.assemble((mark, style), " ", neutral(text)), soft_wrap=True)


def folded(*headings: str, title: str | None = None) -> Table:
    """A table that cuts nothing off in a narrow terminal."""
    table = Table(title=title)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
