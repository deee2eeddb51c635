"""Events of the inspection, a file for each subject: campaigns and their visits, assessments, verifications of exits.

Whoever needs an event imports it from here; a new one needs nothing but its class in the file of its subject.
"""

from shared.contracts.inspection.appraisal import *
from shared.contracts.inspection.assessment import *
from shared.contracts.inspection.campaign import *
from shared.contracts.inspection.verification import *
