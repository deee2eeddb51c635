"""The pages of events say what the contracts say, all of it, and today's."""

import re

from deploy import event_pages
from shared.contracts import EVENTS


def test_the_pages_are_fresh_and_no_event_is_missing() -> None:
    pages = event_pages.pages()
    written = {path.name: path.read_text("utf-8") for path in event_pages.FOLDER.glob("*.md")}
    assert written == pages, "docs/events is stale; run `zhucun contracts`"
    told = re.findall(r"^## (\S+)$", "\n".join(pages.values()), re.MULTILINE)
    assert sorted(told) == sorted(EVENTS)


def test_a_section_says_what_an_event_does_to_a_village_and_who_acts_on_it() -> None:
    page = event_pages.pages()["registry.md"]
    section = page[page.index("\n## registry.village.delisted.v1") :].split("\n## ")[1]
    assert "zhucun.v1.*.*.*.registry.village.delisted" in section and "zhucun-sealed" not in section
    assert "公示中 → 已出列 · on public notice → removed from the list" in section
    assert re.search("services that act on it：.*dispatch", section)
    assert '"incidence"' in section and "schemas/registry.village.delisted.v1.json" in section
