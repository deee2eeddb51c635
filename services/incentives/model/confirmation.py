"""What named bodies do about statements: confirm them, correct them, explain pay below the floor (0.11, 2.8)."""

from datetime import date

from msgspec.structs import replace

from services.incentives.model.commands import ConfirmStatements, CorrectStatement, ExplainPay
from services.incentives.model.keeping import RULE
from services.incentives.model.payroll import Payee, Payroll, Sum, asked, short
from shared.contracts import Event
from shared.contracts.incentives import (
    AllowancesConfirmed,
    PayExplained,
    StatementConfirmed,
    StatementCorrected,
)
from shared.policy import Policy
from shared.rules import Change, Refused, addressed, known, require_body


def confirm(payroll: Payroll | None, command: ConfirmStatements, policy: Policy, today: date) -> Change:
    """The body that the pack names confirms all statements of one kind and month in a village."""
    payroll = addressed(payroll, command, "报酬补贴", "the payroll of")
    told: tuple[Event, ...] = ()
    of_team = list[tuple[str, Sum]]()
    found = False
    for payee in payroll.payees.values():
        for cause, one in payee.sums.items():
            if (payee.kind, one.year, one.month) != (command.kind, command.year, command.month):
                continue
            found = True
            require_body(command.body, one.by, one.rule)
            if one.confirm_by:
                after = payroll.payees[f"{payee.kind}/{payee.person}"]
                payroll = payroll.keep(replace(after, sums={**after.sums, cause: replace(one, confirm_by=None)}))
                if cause.startswith("days/"):
                    of_team.append((payee.person, one))
                else:
                    told = (*told, payroll.tell(StatementConfirmed, payee, one, confirmed_by=command.confirmed_by))
    if not found:
        _require_kept(payroll, command.year, policy)
        raise Refused(
            "0.11",
            "该村该月没有这一项待核定的报酬补贴，请核对种类和月份",
            "no statement of this kind and month was drawn for the village; check both",
            field="month",
            status=404,
        )
    by = command.confirmed_by
    return Change(payroll, (*told, *payroll.tell_team(AllowancesConfirmed, command.kind, of_team, confirmed_by=by)))


def correct(payroll: Payroll | None, command: CorrectStatement, policy: Policy, today: date) -> Change:
    """The body corrects one part of a statement, which then has to be confirmed again."""
    payroll = addressed(payroll, command, "报酬补贴", "the payroll of")
    payee = _paid(payroll, command, policy)
    found = next(
        (
            (cause, one)
            for cause, one in payee.sums.items()
            if (one.year, one.month) == (command.year, command.month) and command.part in one.parts
        ),
        None,
    )
    if found is None:
        _require_kept(payroll, command.year, policy)
        raise Refused(
            "0.11",
            "该月没有含这一部分的报酬补贴，请核对月份和组成部分",
            "no statement of that month has this part; check the month and the part",
            field="part",
            status=404,
        )
    cause, one = found
    require_body(command.body, one.by, one.rule)
    if one.parts[command.part] == command.yuan:
        return Change(payroll)
    terms = next((terms for terms in policy.statements if terms.kind == payee.kind), None)
    since = terms.confirm_within.after(today, policy.calendar) if terms else today
    after = replace(one, parts={**one.parts, command.part: command.yuan}, confirm_by=since)
    after = asked(after, terms, policy, today) if terms else after
    payee = replace(payee, sums={**payee.sums, cause: after})
    payroll = payroll.keep(payee)
    said = {"parts": after.parts, "before": one.total, "reason": command.reason, "decided_by": command.corrected_by}
    corrected = payroll.tell(StatementCorrected, payee, after, **said)
    return Change(payroll, (corrected, *(short(payroll, payee, after, terms) if terms else ())))


def explain(payroll: Payroll | None, command: ExplainPay, policy: Policy, today: date) -> Change:
    """The body that the pack names says why somebody is paid less than the floor (2.8)."""
    payroll = addressed(payroll, command, "报酬补贴", "the payroll of")
    payee = _paid(payroll, command, policy)
    owing = {
        cause: one
        for cause, one in payee.sums.items()
        if (one.year, one.month) == (command.year, command.month) and one.explains
    }
    if not owing:
        _require_kept(payroll, command.year, policy)
        raise Refused(
            "2.8",
            "该月的报酬没有低于最低数额，或者不须说明原因，请核对月份",
            "nothing of that month is below the floor, or nobody has to say why; check the month",
            field="month",
            status=404,
        )
    for one in owing.values():
        assert one.explains
        require_body(command.body, one.explains, one.rule)
    given = {cause: replace(one, explain_by=None, why=command.why) for cause, one in owing.items()}
    changed = [one for cause, one in given.items() if one != payee.sums[cause]]
    payroll = payroll.keep(replace(payee, sums={**payee.sums, **given}))
    told = (payroll.tell(PayExplained, payee, one, explained_by=command.explained_by) for one in changed)
    return Change(payroll, tuple(told))


def _paid(payroll: Payroll, command: CorrectStatement | ExplainPay, policy: Policy) -> Payee:
    """The payee that a command is about. Refused if nothing of the year is kept any more, or the id is unknown."""
    payee = payroll.payee(command.kind, command.person)
    if payee is None:
        _require_kept(payroll, command.year, policy)
    return known(payee, "领取人", "the payee", command.person)


def _require_kept(payroll: Payroll, year: int, policy: Policy) -> None:
    """Refuse a command about a year of which nothing is kept any more."""
    if year <= payroll.dropped:
        zh = (
            f"{payroll.dropped}年及以前的报酬补贴保存期限已届满，不再保存，不能核定、更正或者说明原因；"
            "确需更正的，依财务档案办理"
        )
        en = f"what was paid until {payroll.dropped} is kept no more, and nothing can be said of it; go by the accounts"
        raise Refused(policy.keeping.rule if policy.keeping else RULE, zh, en, field="year")
