"""Tables for people who look at a terminal."""

from rich.table import Table


def folded(*headings: str, title: str | None = None) -> Table:
    """A table that cuts nothing off in a narrow terminal."""
    table = Table(title=title)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
