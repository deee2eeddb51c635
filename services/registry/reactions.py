"""The registry's part of the journey: it moves the village from stage to stage, and keeps what the stages rest on.

Where a command concerns several states, the village comes first: it refuses what its division or stage forbids.
"""

from collections.abc import Mapping

from services.registry.model import (
    Adoption,
    Baseline,
    Cadre,
    Clock,
    Jurisdiction,
    Register,
    Resolution,
    Unit,
    Village,
    baseline,
    clock,
    exit,
    parties,
    resolution,
)
from services.registry.model import commands as c
from services.registry.model import register as households
from services.registry.model import village as villages
from shared.contracts import dispatch as d
from shared.contracts import inspection as i
from shared.contracts import registry as r
from shared.contracts.calendar import DayDue
from shared.rules import Reaction, Rule, State, by, recoded

KINDS: tuple[type[State], ...] = (
    Clock,
    Jurisdiction,
    Adoption,
    Unit,
    Cadre,
    Village,
    Register,
    Baseline,
    Resolution,
)

REACTIONS: tuple[Reaction, ...] = (
    # The schedule of days fires, and the registry tells everyone which day has begun.
    Reaction(DayDue, Clock, lambda _due, _policy: ("china",), clock.strike),
    # Holidays are announced, and every service counts by them.
    Reaction(c.AnnounceHolidays, Clock, lambda _command, _policy: ("china",), clock.announce),
    # A region adopts its policy, and registers who can be sent.
    Reaction(c.AdoptPolicy, Jurisdiction, lambda _command, policy: (policy.jurisdiction,), parties.may_adopt),
    Reaction(c.AdoptPolicy, Adoption, lambda _command, policy: (policy.version,), parties.adopt),
    Reaction(c.RegisterUnit, Unit, by("unit"), parties.register_unit),
    Reaction(c.RegisterCadre, Unit, by("unit"), parties.needs_unit),
    Reaction(c.RegisterCadre, Cadre, by("cadre"), parties.register_cadre),
    # A village is registered and enters the list.
    Reaction(c.RegisterVillage, Village, by("village"), villages.register),
    Reaction(r.VillageRegistered, Village, by("village"), villages.moved),
    Reaction(r.VillageRegistered, Register, by("village"), households.counted),
    Reaction(r.VillageListed, Village, by("village"), villages.listed),
    Reaction(r.VillageListed, Baseline, by("village"), baseline.open_survey),
    Reaction(c.RecodeVillage, Village, by("village"), villages.recode),
    *(Reaction(r.VillageRecoded, kind, by("village"), recoded) for kind in (Village, Register, Baseline)),
    # It is surveyed and diagnosed.
    Reaction(c.RecordSurvey, Village, by("village"), villages.noted),
    Reaction(c.RecordSurvey, Baseline, by("village"), baseline.record),
    Reaction(c.RecordSurvey, Register, by("village"), households.visited),
    Reaction(c.Diagnose, Village, by("village"), villages.check_address),
    Reaction(c.Diagnose, Baseline, by("village"), baseline.diagnose),
    Reaction(r.VillageDiagnosed, Village, by("village"), villages.moved),
    # The dispatch finds a unit and a team for it, and they take up their work.
    Reaction(d.NeedUnmet, Village, by("village"), villages.unmatched),
    Reaction(d.VillageMatched, Village, by("village"), villages.moved),
    Reaction(d.TeamAssigned, Village, by("village"), villages.moved),
    Reaction(d.CommitmentSet, Village, by("village"), villages.moved),
    Reaction(d.HelpBegun, Village, by("village"), villages.moved),
    # Each year its households and indicators are measured.
    Reaction(c.RecordHouseholds, Village, by("village"), villages.noted),
    Reaction(c.RecordHouseholds, Register, by("village"), households.record),
    Reaction(c.MeasureIndicators, Village, by("village"), villages.check_address),
    Reaction(c.MeasureIndicators, Register, by("village"), households.measure),
    Reaction(r.IndicatorsMeasured, Village, by("village"), villages.measured),
    # When all criteria are met it leaves the list, step by step.
    Reaction(c.RequestExit, Village, by("village"), exit.may_request),
    Reaction(c.RequestExit, Register, by("village"), households.request),
    Reaction(r.ExitRequested, Village, by("village"), exit.requested),
    Reaction(i.ExitVerified, Village, by("village"), exit.verified),
    Reaction(c.PostNotice, Village, by("village"), exit.post_notice),
    Reaction(r.NoticePosted, Village, by("village"), villages.moved),
    Reaction(c.RaiseObjection, Village, by("village"), exit.raise_objection),
    Reaction(c.DecideObjection, Village, by("village"), exit.decide_objection),
    Reaction(r.ObjectionDecided, Register, by("village"), households.ask_again),
    Reaction(c.ApproveExit, Village, by("village"), exit.approve),
    Reaction(r.VillageDelisted, Village, by("village"), villages.moved),
    # Then it is watched, and listed again if it relapses.
    Reaction(d.TeamReleased, Village, by("village"), villages.moved),
    Reaction(c.ConfirmRelapse, Village, by("village"), villages.confirm_relapse),
    Reaction(r.VillageRelapsed, Village, by("village"), villages.moved),
    # On or off the list, it decides matters of its own.
    Reaction(c.OpenResolution, Village, by("village"), villages.check_address),
    Reaction(c.OpenResolution, Resolution, resolution.resolution_id, resolution.open_resolution),
    Reaction(c.TakeStep, Village, by("village"), villages.check_address),
    Reaction(c.TakeStep, Resolution, resolution.resolution_id, resolution.take_step),
)

# Days open the yearly measurement, and end a notice.
DUE: Mapping[type[State], Mapping[str, Rule]] = {Village: {"measure": villages.open_year, "notice": exit.end_notice}}
