"""What people ask of the inspection, a file for each subject; its events are in the file of the same name of
`shared/contracts/inspection`.

Whoever needs a command imports it from here; a new one needs nothing but its class in the file of its subject.
"""

from services.inspection.model.commands.appraisal import *
from services.inspection.model.commands.assessment import *
from services.inspection.model.commands.campaign import *
from services.inspection.model.commands.verification import *
