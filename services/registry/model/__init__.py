"""The registry's rules: functions of state, message, policy and date, without I/O, clock or framework."""

from services.registry.model.baseline import Baseline
from services.registry.model.checklist import Checklists
from services.registry.model.clock import Clock
from services.registry.model.decap import Decap
from services.registry.model.listing import Listing
from services.registry.model.party import Party, Person
from services.registry.model.register import Register
from services.registry.model.resolution import Resolution
from services.registry.model.roll import Roll
from services.registry.model.roster import Enrolment, Roster
from services.registry.model.units import Adoption, Cadre, Jurisdiction, Unit
from services.registry.model.village import Village
from services.registry.model.why import Reason, why_not_yet
from services.registry.model.yearbook import Yearbook

__all__ = [
    "Adoption",
    "Baseline",
    "Cadre",
    "Checklists",
    "Clock",
    "Decap",
    "Enrolment",
    "Jurisdiction",
    "Listing",
    "Party",
    "Person",
    "Reason",
    "Register",
    "Resolution",
    "Roll",
    "Roster",
    "Unit",
    "Village",
    "Yearbook",
    "why_not_yet",
]
