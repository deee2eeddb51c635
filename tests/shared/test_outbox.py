"""How facts become atomic batches: of one stream, of bounded size, and the same ones after any crash."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import Payload
from shared.contracts.dispatch import HelpBegun
from shared.contracts.registry import CadreRegistered
from shared.engine import outbox
from shared.engine.flow import Cause, Fact, derived_id
from shared.stream.bus import OPEN, SEALED

DAY = date(2016, 1, 4)


def rows(sealed: list[bool], after: int = 0) -> list[dict[str, object]]:
    """What a commit writes whose facts are sealed or open in this order."""
    cause = Cause(derived_id("a cause"), "", Payload(place="210500"))
    cadre = CadreRegistered(
        place="210500", cadre="C1", unit="U1", rank="staff", party_member=True, work_since=DAY, born_on=DAY,
        reserve=False,
    )  # fmt: skip
    helped = HelpBegun(place="210502", village="210502001001", unit="U1")
    facts = [Fact(derived_id(after, n), cause, cadre if one else helped, "", b"{}", "") for n, one in enumerate(sealed)]
    return [*outbox.rows(facts, after=after, service="dispatch", schemas="http://localhost/schemas", today=DAY)]


def test_facts_that_alternate_between_the_streams_make_few_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "BATCH", 3)
    written = rows([False, True, False, True, False, False, True, True])
    batches = outbox.batches(written, 8)
    assert [(batch.stream, len(batch.messages), batch.last) for batch in batches] == [
        (OPEN, 3, 1),  # The sealed fact behind the first is not out yet.
        (SEALED, 3, 5),
        (OPEN, 1, 7),
        (SEALED, 1, 8),
    ]


@given(commits=st.lists(st.lists(st.booleans(), min_size=1, max_size=12), min_size=1, max_size=4))
def test_after_a_crash_the_batches_that_were_not_out_are_made_again(commits: list[list[bool]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "BATCH", 4)
        journal: list[dict[str, object]] = []
        for sealed in commits:
            journal += rows(sealed, after=len(journal))
        batches = outbox.batches(journal, len(journal))
        assert sum(len(batch.messages) for batch in batches) == len(journal)
        for stream, is_sealed in ((OPEN, False), (SEALED, True)):
            said = [message.id for batch in batches if batch.stream == stream for message in batch.messages]
            assert said == [row["id"] for row in journal if row["sealed"] is is_sealed]
        assert all(len(batch.messages) <= 4 for batch in batches)
        assert batches[-1].last == len(journal)
        for number, batch in enumerate(batches, 1):
            left = [row for row in journal if row["batch"] > batch.last]  # type: ignore[operator]
            assert outbox.batches(left, len(journal)) == batches[number:]
