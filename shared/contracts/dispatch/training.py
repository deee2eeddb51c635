"""Which skills are lacking, and which training was missed."""

from shared.contracts import Event, values
from shared.contracts.dispatch.course import Heads
from shared.contracts.values import Code, Count, Day, Organ, VillageId


class SkillsReported(Event, frozen=True, kw_only=True):
    """How many people in a village lack which skills, so that courses follow (缺什么补什么, 1.8)."""

    label = ("报告所缺技能", "lacking skills reported")
    source = "1.8"
    village: VillageId
    kind: Code
    lacking: Heads
    reported_by: Organ


class TrainingMissed(Event, frozen=True, kw_only=True):
    """Training that was owed did not take place in time.

    It concerns members of a team (2.12), cadres who are bound to the village otherwise, or a skill that is lacking
    (1.8). It is told to the body that has to see to the courses. Those who were sent without training are not at fault.
    """

    label = ("培训未按期完成", "training missed")
    source = "2.12"
    village: VillageId
    kind: Code
    skill: Code | None = None
    """The skill that is lacking; None if it is cadres who were not trained."""
    due: Day
    missing: Count
    """How many cadres were not trained, or how many people lack the skill."""
    owed_by: values.EventRole


class TrainingCompleted(Event, frozen=True, kw_only=True):
    """Training that had been missed is made up for, or was recorded late: nobody in the village lacks it now."""

    label = ("培训已补齐", "training completed")
    source = "2.12"
    village: VillageId
    kind: Code
    skill: Code | None = None
