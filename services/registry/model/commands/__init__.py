"""The registry's commands, a file for each subject. Most subjects have their events in a file of the same name in
`shared/contracts/registry`. A village is named by its stable id, the code that it was first registered under.

Import commands from here. A new one only needs its class in the file of its subject.
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
