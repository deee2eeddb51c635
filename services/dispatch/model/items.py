"""The items of a commitment: how they are numbered, and what a command must not say about them."""

from collections.abc import Iterable

from msgspec.structs import replace

from services.dispatch.model.commands import Held, Reconcile, SetCommitment, Settle, WithdrawCommitment
from services.dispatch.model.owed import TERM, Commitments, Owed
from shared.contracts.dispatch import Item
from shared.labels import label, said
from shared.policy import Commitment, Policy
from shared.rules import Refused, addressed, entry


def joined(given: tuple[Item, ...], waiting: Iterable[Item]) -> tuple[Item, ...]:
    """The new items, and after them those that waited, with the next numbers. An item that waited and was entered again
    counts once."""
    answered = {item.problem for item in given if item.problem is not None}
    texts = {item.text for item in given}
    rest = [item for item in waiting if item.problem not in answered and item.text not in texts]
    first = max((item.number for item in given), default=0) + 1
    return *given, *(replace(item, number=first + n) for n, item in enumerate(rest))


def unlinked(items: Iterable[Item]) -> tuple[Item, ...]:
    """Items without their links to the problems of an earlier diagnosis and the targets of its plan."""
    return tuple(Item(item.number, item.text) for item in items)


def period_of(
    state: Commitments | None, command: SetCommitment | Reconcile | Settle | WithdrawCommitment, policy: Policy
) -> tuple[Commitments, Owed]:
    """The state and the period that a command is about. Raises Refused if there is none."""
    state = addressed(state, command)
    commitment = commitment_of(command, policy)
    cadre = command.cadre if isinstance(command, SetCommitment | WithdrawCommitment) else None
    key = f"{command.kind}/{command.period}/{cadre or ''}".removesuffix("/")
    owed = state.owed.get(key)
    if owed is None:
        now = [one.key for _, one in sorted(state.owed.items()) if one.steps]
        raise Refused(
            commitment.rule,
            f"{said('owed', key, policy)}现在不需办理；当前待办：{said('owed', now, policy) or '无'}",
            f"{key} is not owed now; what is: {', '.join(now) or 'nothing'}",
            field="period",
        )
    return state, owed


def commitment_of(
    command: SetCommitment | Reconcile | Settle | WithdrawCommitment | Held, policy: Policy
) -> Commitment:
    """The pack's commitment that a command names. Raises Refused if there is none."""
    return entry(command.kind, policy.commitments, "1.2", "责任事项", "commitment")


def require_enough(items: tuple[Item, ...], commitment: Commitment) -> None:
    """Refuse fewer items than the pack asks for."""
    if len(items) < commitment.items_at_least:
        raise Refused(
            commitment.rule,
            f"{commitment.label}至少要有 {commitment.items_at_least} 项，现有 {len(items)} 项，请补充",
            f"{commitment.kind} needs {commitment.items_at_least} items and has {len(items)}; add some",
            field="items",
            status=422,
        )


def require_known(state: Commitments, items: tuple[Item, ...], commitment: Commitment, period: str) -> None:
    """Refuse items that serve a goal which the commitment before this one has not set (plans form a tree, 3.5), and
    duties and sources of money that the pack does not have (2.3, 3.5)."""
    of, goals = commitment.serves or commitment.after, _goals(state, commitment, period)
    if unknown := sorted({item.goal for item in items if item.goal is not None} - {*goals}):
        raise Refused(
            "3.5",
            f"所服务的上一级责任事项没有编号为{'、'.join(map(str, unknown))}的目标"
            f"（现有{'、'.join(map(str, goals)) or '无'}），请核对",
            f"{of or 'what comes before'} has no goals {unknown} but {goals or 'none'}; check them",
            field="items",
            status=422,
        )
    duties = {item.duty for item in items if item.duty}
    sources = {source for item in items for source in item.sources}
    for codes, known in ((duties, commitment.duties or {}), (sources, commitment.sources or {})):
        if strange := sorted(codes - {*known}):
            raise Refused(
                commitment.rule,
                f"{commitment.label}没有代码为“{strange[0]}”的职责或者经费来源"
                f"，可填：{'、'.join(known.values()) or '无'}",
                f"{commitment.kind} has no duty or source {strange[0]!r}; it has {', '.join(known) or 'none'}",
                field="items",
                status=422,
            )


def _goals(state: Commitments, commitment: Commitment, period: str) -> list[int]:
    """The numbers of what a commitment's items may serve: of the same year, where it is set each year."""
    of = commitment.serves or commitment.after
    plans = [one for one in state.owed.values() if one.kind == of and (period == TERM or one.period in (TERM, period))]
    return sorted({item.number for plan in plans for item in plan.items})


def require_whole(
    state: Commitments, items: tuple[Item, ...], commitment: Commitment, period: str, policy: Policy
) -> None:
    """Refuse items that serve no goal where the pack asks for one, duties without an item, and money from nowhere.

    What was set before the system was used is not held to this: it was made by other rules.
    """
    duties, sources = commitment.duties or {}, commitment.sources or {}
    stray = [item.number for item in items if commitment.serves and item.goal is None]
    missing = sorted({*duties} - {item.duty for item in items})
    unpaid = [item.number for item in items if sources and item.yuan and not item.sources]
    if stray:
        there = _goals(state, commitment, period)
        zh = f"编号为{'、'.join(map(str, stray))}的没有写明对应{label('kind', commitment.serves or '', policy)}的哪项"
        zh += f"（现有{'、'.join(map(str, there)) or '无'}），请补充"
        en = f"each item of {commitment.kind} serves one of {commitment.serves}, which are {there or 'none'}; "
        en += f"{stray} serve none"
    elif missing:
        zh = f"每项职责至少填一条，还缺：{'、'.join(duties[code] for code in missing)}"
        en = f"each duty of {commitment.kind} has an item; there is none of {', '.join(missing)}"
    elif unpaid:
        zh = f"编号为{'、'.join(map(str, unpaid))}的写明了经费，还要写明经费来源：{'、'.join(sources.values())}"
        en = f"items {unpaid} cost money; say from where it comes: {', '.join(sources)}"
    else:
        return
    raise Refused("3.5" if stray else commitment.rule, f"{commitment.label}：{zh}", en, field="items", status=422)


def require_items(owed: Owed, numbers: tuple[int, ...], commitment: Commitment, field: str) -> None:
    """Refuse numbers that no item of the period has."""
    unknown = sorted(set(numbers) - {item.number for item in owed.items})
    if unknown:
        raise Refused(
            commitment.rule,
            f"{commitment.label}没有编号为{'、'.join(map(str, unknown))}的事项，请核对",
            f"{owed.key} has no items numbered {unknown}; check them",
            field=field,
            status=422,
        )
