"""The story behind an award: it is told in public only if a body says so and the person whom it is about agrees."""

from datetime import date

from services.incentives.model.commands import TellStory
from services.incentives.model.record import Record, but, case_of
from shared.contracts.incentives import OfStory, StoryPublished, StoryWithdrawn
from shared.policy import Policy
from shared.rules import Change, Refused, require_body

_PERSONS = ("cadre", "village_cadre")


def tell_story(record: Record | None, command: TellStory, policy: Policy, today: date) -> Change:
    """The body decides whether the story is told in public, and may decide otherwise later (1.16)."""
    record, case = case_of(record, command)
    if not case.terms.story_by or case.status != "imposed":
        raise Refused(
            "1.16",
            "该事项没有可以公开宣传的事迹：不是已作出的表彰，或者规定不公开宣传",
            "there is no story to tell here: it is no award that was decided, or the policy tells none",
        )
    require_body(command.body, case.terms.story_by, case.terms.clause)
    if command.public:
        _require_consent(record, command)
    story_in = (command.story_in or "") if command.public else ""
    before, kept = case.story_in, record.keep(command.outcome, but(case, story_in=story_in))
    if story_in == (before or ""):
        return Change(kept)

    award = case.terms.award
    assert award  # No pack has a `story_by` without it.

    def told(event: type[OfStory], where: str) -> OfStory:
        return event(
            place=case.place,
            village=case.village,
            kind=case.terms.kind,
            award=award,
            story_in=where,
            decided_by=command.decided_by,
        )

    withdrawn = (told(StoryWithdrawn, before),) if before else ()
    published = (told(StoryPublished, story_in),) if story_in else ()
    return Change(kept, (*withdrawn, *published))


def _require_consent(record: Record, command: TellStory) -> None:
    """Refuse a story that nobody could find, or about a person who did not agree."""
    if not command.story_in:
        zh, en = "公开宣传的，请填写在何处刊播", "say where the story can be read or seen"
        raise Refused("1.16", zh, en, field="story_in", status=422)
    if record.subject_kind in _PERSONS and not command.agreed:
        raise Refused(
            "PIPL 25",
            "公开个人事迹须取得本人单独同意，未经同意不得公开",
            "a person's story is told in public only if that person agreed to it",
            field="agreed",
            status=422,
        )
