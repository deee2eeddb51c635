"""The rules of webhooks: pure functions of an endpoint, what its receiver answered, who asks, and the time."""

from services.webhooks.model.delivery import Held, Lag, Outcome
from services.webhooks.model.endpoint import Endpoint, NewEndpoint
from services.webhooks.model.right import Acting

__all__ = ["Acting", "Endpoint", "Held", "Lag", "NewEndpoint", "Outcome"]
