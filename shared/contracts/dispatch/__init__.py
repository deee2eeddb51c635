"""Events of the dispatch, a file for each subject: which unit and team serve which village, what they owe, and until
when. What people ask of it is in the file of the same name of `services/dispatch/model/commands`.

Whoever needs an event imports it from here; a new one needs nothing but its class in the file of its subject.
"""

from shared.contracts.dispatch.commitments import *
from shared.contracts.dispatch.contacts import *
from shared.contracts.dispatch.course import *
from shared.contracts.dispatch.leave import *
from shared.contracts.dispatch.matching import *
from shared.contracts.dispatch.members import *
from shared.contracts.dispatch.pairings import *
from shared.contracts.dispatch.partners import *
from shared.contracts.dispatch.pool import *
from shared.contracts.dispatch.posts import *
from shared.contracts.dispatch.presence import *
from shared.contracts.dispatch.release import *
from shared.contracts.dispatch.team import *
from shared.contracts.dispatch.term import *
from shared.contracts.dispatch.training import *
