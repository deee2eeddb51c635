"""Letters of responsibility between a county and its townships (1.2), which the county's roster keeps.

    New Year's Day ─► owed by each township ─► signed ─► perhaps broken
                        └─ its day is over: told once, and owed until the end of the year

A township is known by the codes of its villages: one that has no village any more owes nothing.
"""

from collections.abc import Iterable
from datetime import date

from msgspec.structs import replace

from services.registry.model.commands import BreakLetter, SignLetter, WithdrawLetter
from services.registry.model.roster import Roster, Signed, letter_overdue
from shared.contracts.registry import LetterBroken, LetterSigned, LetterWithdrawn
from shared.divisions import place_of
from shared.policy import Policy
from shared.policy.letters import Letter
from shared.rules import Change, Refused, addressed, entry, require_body

RULE = "1.2"


def county_of(command: SignLetter | BreakLetter | WithdrawLetter, _policy: Policy) -> Iterable[str]:
    """The county in which the township lies."""
    return (place_of(command.division.partition(":")[2]),)


def _owed(
    roster: Roster | None, command: SignLetter | BreakLetter | WithdrawLetter, policy: Policy
) -> tuple[Roster, Letter, str, Signed]:
    """The roster, the pack's letter, its key in the roster, and its state there. Raises Refused if nobody owes it,
    or if the command names another county than the township's."""
    one = entry(command.kind, policy.letters, RULE, "责任书", "letter")
    key = f"{command.kind}/{command.year}/{command.division.partition(':')[2]}"
    if roster is None or key not in roster.letters:
        years = sorted({at.split("/")[1] for at in roster.letters if at.startswith(f"{one.kind}/")} if roster else ())
        raise Refused(
            one.rule,
            f"该区划没有{command.year}年度的“{one.label}”需要办理；应当是本县有村的乡镇，"
            f"年度：{'、'.join(years) or '无'}",
            f"{command.division} owes no {one.kind} of {command.year}; a township of the county with villages does, of "
            f"{', '.join(years) or 'no year'}",
            field="division",
        )
    return addressed(roster, command, "区划", "division"), one, key, roster.letters[key]


def sign(roster: Roster | None, command: SignLetter, policy: Policy, today: date) -> Change:
    """The township signed. It is a renewal if it had signed the year before."""
    roster, one, key, letter = _owed(roster, command, policy)
    require_body(command.body, one.by, one.rule)
    if letter.on:
        return Change(roster)
    before = roster.letters.get(key.replace(f"/{command.year}/", f"/{command.year - 1}/"))
    event = LetterSigned(
        place=roster.place,
        division=command.division,
        kind=one.kind,
        year=command.year,
        renewed=before is not None and before.on is not None,
        signed_by=command.signed_by,
    )
    return Change(roster.having(key, replace(letter, on=today)), (event,))


def find_broken(roster: Roster | None, command: BreakLetter, policy: Policy, _today: date) -> Change:
    """A body finds that the township broke its letter."""
    roster, one, key, letter = _owed(roster, command, policy)
    require_body(command.body, one.judged_by, one.rule)
    if letter.broken:
        return Change(roster)
    if letter.on is None:
        raise Refused(
            one.rule,
            f"该乡镇尚未签订{command.year}年度的“{one.label}”，不能认定未履行",
            f"{command.division} has not signed {one.kind} of {command.year}, and cannot have broken it",
        )
    event = LetterBroken(
        place=roster.place,
        division=command.division,
        kind=one.kind,
        year=command.year,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    return Change(roster.having(key, replace(letter, broken=True)), (event,))


def withdraw(roster: Roster | None, command: WithdrawLetter, policy: Policy, today: date) -> Change:
    """Take back the latest entry, which was a mistake: that the letter was broken, or else its signature.

    If a signature is withdrawn after the letter's last day, it is told as overdue, unless that was told before.
    """
    roster, one, key, letter = _owed(roster, command, policy)
    if letter.on is None:
        raise Refused(
            one.rule,
            f"该乡镇{command.year}年度的“{one.label}”没有可以撤回的登记",
            f"nothing was entered about {one.kind} of {command.year} of {command.division}",
        )
    event = LetterWithdrawn(
        place=roster.place,
        division=command.division,
        kind=one.kind,
        year=command.year,
        broken=letter.broken,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    if letter.broken:
        return Change(roster.having(key, replace(letter, broken=False)), (event,))
    again = roster.having(key, Signed(letter.due))
    missed = letter.on <= letter.due < today
    return Change(again, (event, letter_overdue(again, key, one)) if missed else (event,))
