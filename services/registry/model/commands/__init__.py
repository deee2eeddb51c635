"""What people ask of the registry, a file for each subject; its events are in the file of the same name of
`shared/contracts/registry`. A village is named by its stable id, the code that it was first registered under.

Whoever needs a command imports it from here; a new one needs nothing but its class in the file of its subject.
"""

from services.registry.model.commands.baseline import *
from services.registry.model.commands.checklist import *
from services.registry.model.commands.clock import *
from services.registry.model.commands.correction import *
from services.registry.model.commands.decap import *
from services.registry.model.commands.exit import *
from services.registry.model.commands.forgetting import *
from services.registry.model.commands.letter import *
from services.registry.model.commands.listing import *
from services.registry.model.commands.measurement import *
from services.registry.model.commands.monitoring import *
from services.registry.model.commands.party import *
from services.registry.model.commands.procedure import *
from services.registry.model.commands.register import *
from services.registry.model.commands.resolution import *
from services.registry.model.commands.units import *
from services.registry.model.commands.village import *
