"""The inspection's commands, a file for each subject. The subject's events are in the file of the same name in
`shared/contracts/inspection`.

Import commands from here. A new one only needs its class in the file of its subject.
"""

from services.inspection.model.commands.appraisal import *
from services.inspection.model.commands.assessment import *
from services.inspection.model.commands.campaign import *
from services.inspection.model.commands.verification import *
