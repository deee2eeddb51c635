"""The rules of webhooks: pure functions of an endpoint, what its receiver answered, and the time."""

from services.webhooks.model.delivery import Held, Outcome
from services.webhooks.model.endpoint import Endpoint, NewEndpoint

__all__ = ["Endpoint", "Held", "NewEndpoint", "Outcome"]
