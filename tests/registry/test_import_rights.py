"""Forms of callers who are asked who they are: rows of others' divisions, and what one sent is no other's to see."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from deploy.demo.forms import fill
from deploy.demo.regions.benxi.story import POLICY
from services.registry import forms
from shared.web import imports
from shared.web.issuers import Issuers
from tests.registry.office import ROWS, Office, office
from tests.support.asked import refusal
from tests.support.issuer import SmallIssuer, issuing


class Counter(NamedTuple):
    """A registry to which several officers hand in forms."""

    office: Office
    issuer: SmallIssuer

    def sent_by(self, sub: str, role: str = "poverty_office", division: str = "2105") -> None:
        """From now on this person sends what is sent."""
        held = {"roles": [{"role": role, "division": division}]}
        self.office.client.headers["Authorization"] = f"Bearer {self.issuer.token(sub=sub, zhucun=held)}"

    async def filled(self, *, bad: bool = False) -> bytes:
        """The form of villages with the demo's rows; with `bad`, one of them without a name."""
        rows = [dict(row) for row in ROWS["villages"]]
        if bad:
            rows[1]["name"] = "？"
        template = (await self.office.get("/v1/templates/villages", place="2105")).content
        return fill(template, forms.FORMS["villages"].form([POLICY]), rows)


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Counter]:
    async with issuing() as issuer:
        issuers = Issuers([issuer.trusted()], tmp_path, b"secret")
        async with office(f"sqlite+aiosqlite:///{tmp_path}/registry.sqlite3", issuers=issuers) as desk:
            yield Counter(desk, issuer)


@pytest.mark.parametrize(("role", "division"), [("poverty_office", "52"), ("team", "2105")])
async def test_a_form_with_rows_about_which_its_sender_has_no_say_is_refused(
    counter: Counter, role: str, division: str
) -> None:
    counter.sent_by("mine")
    file = await counter.filled()
    counter.sent_by("another's", role, division)
    modes: tuple[dict[str, Any], ...] = ({}, {"dry_run": True}, {"keep_good": True})
    for params in modes:
        (fault,) = refusal(await counter.office.send("villages", file, **params), 403)
        assert fault["rule"] == "role" and ROWS["villages"][0]["name"] not in fault["zh"]
    counter.sent_by("mine")
    assert (await counter.office.get("/v1/villages", place="2105")).json() == []
    assert (await counter.office.hand_in("villages", file))["applied"]


async def test_a_copy_with_errors_is_for_who_sent_the_file(counter: Counter) -> None:
    counter.sent_by("mine")
    report = await counter.office.hand_in("villages", await counter.filled(bad=True))
    assert report["counts"]["bad"] == 1
    counter.sent_by("another's")
    refusal(await counter.office.client.get(report["copy"]), 404)
    counter.sent_by("mine")
    await counter.office.get(report["copy"])


async def test_how_far_an_import_is_is_told_to_who_sent_it(counter: Counter) -> None:
    counter.sent_by("mine")
    file = await counter.filled()
    going = asyncio.create_task(counter.office.hand_in("villages", file, "the key of this file"))
    seen: dict[str, set[bool]] = {"mine": set(), "another's": set()}
    while not going.done():
        await asyncio.sleep(0.001)
        for who, running in seen.items():
            if imports.RUNNING:
                counter.sent_by(who)
                headers = {"Idempotency-Key": "the key of this file"}
                answer = await counter.office.client.get("/v1/imports/villages/progress", headers=headers)
                running.add(answer.json()["running"])
    assert (await going)["applied"]
    assert True in seen["mine"] and seen["another's"] == {False}


async def template(counter: Counter) -> bytes:
    return (await counter.office.get("/v1/templates/villages", place="2105")).content


def with_people(template: bytes, population: int) -> bytes:
    """The form with one of the demo's villages, which has as many inhabitants."""
    row = ROWS["villages"][0] | {"population": population}
    return fill(template, forms.FORMS["villages"].form([POLICY]), [row])


async def population(counter: Counter) -> int:
    (state,) = (await counter.office.get("/v1/villages", place="2105")).json()
    return int(state["population"])


async def overwrite(counter: Counter, file: bytes, key: str) -> dict[str, Any]:
    """Hand a file in and confirm the differences that the report shows."""
    report = await counter.office.hand_in("villages", file, f"{key} is shown")
    if report["confirm"] is None:
        return report
    return await counter.office.hand_in("villages", file, f"{key} is sure", confirm=report["confirm"])


async def test_a_row_that_would_overwrite_what_another_changed_since_the_form_was_issued_is_refused(
    counter: Counter,
) -> None:
    counter.sent_by("li")
    assert (await counter.office.hand_in("villages", with_people(await template(counter), 900)))["applied"]
    issued = await template(counter)
    counter.sent_by("wu")
    assert (await overwrite(counter, with_people(issued, 950), "wu's"))["applied"]
    counter.sent_by("li")
    report = await counter.office.hand_in("villages", with_people(issued, 910), "li's form")
    assert (report["applied"], report["confirm"]) == (False, None)
    (error,) = report["errors"]
    assert error["column"] == "户籍人口" and "此表签发之后" in error["zh"] and "950" in error["zh"]
    assert "changed since the form was issued" in error["en"]
    assert await population(counter) == 950
    assert (await overwrite(counter, with_people(await template(counter), 910), "li's new"))["applied"]
    assert await population(counter) == 910


async def test_what_one_has_entered_oneself_is_corrected_by_the_same_form(counter: Counter) -> None:
    counter.sent_by("li")
    issued = await template(counter)
    assert (await counter.office.hand_in("villages", with_people(issued, 900)))["applied"]
    assert (await overwrite(counter, with_people(issued, 910), "li's"))["applied"]
    assert await population(counter) == 910


async def test_a_row_that_overwrites_nothing_is_taken_whatever_else_has_changed(counter: Counter) -> None:
    counter.sent_by("li")
    issued = await template(counter)
    counter.sent_by("wu")
    assert (await counter.office.hand_in("villages", with_people(issued, 900), "wu's form"))["applied"]
    counter.sent_by("li")
    report = await counter.office.hand_in("villages", with_people(issued, 900), "li's form")
    assert report["applied"] and report["counts"]["unchanged"] == 1


async def test_a_third_file_of_one_officer_waits_and_another_officer_does_not(counter: Counter) -> None:
    counter.sent_by("li")
    file = await counter.filled()
    sent = [
        asyncio.create_task(counter.office.send("villages", file, f"li's file {n}", dry_run=True)) for n in range(3)
    ]
    await asyncio.sleep(0)
    counter.sent_by("wu")
    others = await counter.office.send("villages", file, "wu's file", dry_run=True)
    answers = [await one for one in sent]
    assert [answer.status_code for answer in answers] == [200, 200, 429] and others.status_code == 200
    (fault,) = refusal(answers[-1], 429)
    assert answers[-1].headers["retry-after"] == "10" and "正在导入" in fault["zh"]
    counter.sent_by("li")
    assert (await counter.office.send("villages", file, "li's file 2", dry_run=True)).status_code == 200
