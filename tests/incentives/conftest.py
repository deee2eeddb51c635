"""What the tests of the incentives begin with."""

import pytest

from deploy.demo.world import World
from tests.incentives.cases import world_with


@pytest.fixture
def world() -> World:
    return world_with()
