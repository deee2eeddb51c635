"""Events of the registry, a file for each subject; what people ask of it is in the file of the same name of
`services/registry/model/commands`.

Whoever needs an event imports it from here; a new one needs nothing but its class in the file of its subject.
"""

from shared.contracts.registry.baseline import *
from shared.contracts.registry.checklist import *
from shared.contracts.registry.decap import *
from shared.contracts.registry.exit import *
from shared.contracts.registry.letter import *
from shared.contracts.registry.listing import *
from shared.contracts.registry.measurement import *
from shared.contracts.registry.monitoring import *
from shared.contracts.registry.party import *
from shared.contracts.registry.procedure import *
from shared.contracts.registry.register import *
from shared.contracts.registry.resolution import *
from shared.contracts.registry.units import *
from shared.contracts.registry.village import *
