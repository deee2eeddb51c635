"""What people ask of the dispatch, a file for each subject; its events are in the file of the same name of
`shared/contracts/dispatch`. `body` is the role that acts; another role than the rule names is refused.

Whoever needs a command imports it from here; a new one needs nothing but its class in the file of its subject.
"""

from services.dispatch.model.commands.commitments import *
from services.dispatch.model.commands.contacts import *
from services.dispatch.model.commands.course import *
from services.dispatch.model.commands.leave import *
from services.dispatch.model.commands.matching import *
from services.dispatch.model.commands.members import *
from services.dispatch.model.commands.pairings import *
from services.dispatch.model.commands.partners import *
from services.dispatch.model.commands.posts import *
from services.dispatch.model.commands.presence import *
from services.dispatch.model.commands.release import *
from services.dispatch.model.commands.takeover import *
from services.dispatch.model.commands.team import *
from services.dispatch.model.commands.term import *
from services.dispatch.model.commands.training import *
from services.dispatch.model.commands.withdrawal import *
