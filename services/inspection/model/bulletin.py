"""The bulletin that a campaign ends with (通报, 1.5): awaited from the campaign's end, published, missed, taken back.

The software puts together what was recorded, and a named body publishes it. A campaign that found nothing owes a
bulletin, too.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from services.inspection.model.campaign import Campaign
from services.inspection.model.commands import PublishBulletin, WithdrawBulletin
from services.inspection.model.supervision import Supervision
from shared.calendar import DAY
from shared.contracts.inspection import BulletinMissed, BulletinPublished, BulletinWithdrawn, Noted
from shared.policy import Policy
from shared.policy.campaigns import Bulletin
from shared.rules import Change, Due, Key, Refused, State, addressed, require_body


def units(state: Campaign | None, command: PublishBulletin) -> Iterable[Key]:
    """The keys of the villages in which something was found, since the bulletin names their units."""
    return ((Supervision, village) for village, made in state.visited.items() if made.noted) if state else ()


def publish(
    state: Campaign | None, command: PublishBulletin, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """Publish what was recorded. Refused before the campaign has ended, and if a bulletin is out already."""
    campaign = addressed(state, command, "督查", "campaign")
    require_body(command.body, _terms(campaign).by, campaign.terms.rule)
    if not campaign.closed:
        raise Refused(
            campaign.terms.rule,
            f"督查“{campaign.id}”尚未结束（最后一日为{campaign.closes}），结束后方可印发通报",
            f"campaign {campaign.id!r} has not ended (its last day is {campaign.closes}); publish the bulletin then",
            field="campaign",
        )
    if campaign.published:
        raise Refused(
            campaign.terms.rule,
            f"督查“{campaign.id}”的通报已经印发；内容有误的，先撤回再印发",
            f"the bulletin of campaign {campaign.id!r} is published already; withdraw it first if it is wrong",
            field="campaign",
        )
    published = BulletinPublished(
        place=campaign.place,
        campaign=campaign.id,
        kind=campaign.terms.kind,
        planned=campaign.size,
        visited=len(campaign.visited),
        noted=tuple(
            Noted(
                village=village,
                unit=_unit(others.get((Supervision, village))),
                absent=made.absent,
                findings=made.findings,
                disputed=campaign.disputed.get(village, ()),
            )
            for village, made in sorted(campaign.visited.items())
            if made.noted
        ),
        missed=tuple(sorted(campaign.visits.keys() - campaign.visited.keys() - campaign.excused)),
        excused=tuple(sorted(campaign.excused)),
        late=campaign.bulletin_by is not None and today > campaign.bulletin_by,
        published_by=command.published_by,
    )
    return Change(campaign.but(published=True).timed(bulletin=None).counting("bulletin_by"), (published,))


def withdraw(state: Campaign | None, command: WithdrawBulletin, policy: Policy, today: date) -> Change:
    """Take a bulletin back. Another one is awaited.

    If the last day has passed, no event says that the bulletin is missed: either one was out on that day, or the event
    was told then. The next bulletin is marked as late in any case.
    """
    campaign = addressed(state, command, "督查", "campaign")
    require_body(command.body, _terms(campaign).by, campaign.terms.rule)
    if not campaign.published:
        raise Refused(
            campaign.terms.rule,
            f"督查“{campaign.id}”尚未印发通报，无可撤回",
            f"campaign {campaign.id!r} has no published bulletin that could be withdrawn",
            field="campaign",
            status=404,
        )
    withdrawn = BulletinWithdrawn(
        place=campaign.place, campaign=campaign.id, reason=command.reason, decided_by=command.decided_by
    )
    again, last = campaign.but(published=False), campaign.bulletin_by
    return Change(again.timed(bulletin=last + DAY if last and last >= today else None), (withdrawn,))


def miss(state: Campaign, due: Due, policy: Policy, today: date) -> Change:
    """The last day passed without a bulletin. Holidays may have moved it since the timer was set."""
    by = state.bulletin_by
    if by is None or by >= due.on:
        return Change(state.timed(bulletin=by and by + DAY))
    missed = BulletinMissed(place=state.place, campaign=state.id, kind=state.terms.kind, body=_terms(state).by, due=by)
    return Change(state, (missed,))


def _terms(campaign: Campaign) -> Bulletin:
    if campaign.terms.bulletin is None:
        raise Refused(
            campaign.terms.rule,
            f"按本地规定，督查“{campaign.id}”不印发通报",
            f"the pack asks for no bulletin of campaign {campaign.id!r}",
            field="campaign",
        )
    return campaign.terms.bulletin


def _unit(supervision: State | None) -> str | None:
    return (supervision.unit or None) if isinstance(supervision, Supervision) else None
