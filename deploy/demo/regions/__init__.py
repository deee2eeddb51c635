"""The regions whose stories can be played: a folder for each, with its story and the figures of its document."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from deploy.demo.records import Figure, Records
from deploy.demo.regions.benxi import figures as benxi
from deploy.demo.regions.benxi.story import Benxi
from deploy.demo.regions.guizhou import figures as guizhou
from deploy.demo.regions.guizhou.story import Guizhou
from deploy.demo.regions.jalaid import figures as jalaid
from deploy.demo.regions.jalaid.story import Jalaid
from deploy.demo.regions.xixiu import figures as xixiu
from deploy.demo.regions.xixiu.story import Xixiu
from deploy.demo.regions.zunyi import figures as zunyi
from deploy.demo.regions.zunyi.story import Zunyi
from deploy.demo.scenario import Scenario
from shared.contracts import Event

Ways = Mapping[tuple[str, str], int]
"""How often things went wrong, by what went wrong in Chinese and English."""


class Region(NamedTuple):
    """A region as the demo plays it."""

    name: tuple[str, str]
    document: str
    """The document whose figures are shown beside the system's."""
    story: type[Scenario]
    figures: Callable[[Records], list[Figure]]
    ways: Callable[[Records], Ways]
    others: Sequence[type[Event]] = ()
    """The types of events about anything else than a village that both tables need as well."""


REGIONS: Final[Mapping[str, Region]] = {
    "benxi": Region(("本溪", "Benxi"), "S3", Benxi, benxi.figures, benxi.ways),
    "guizhou": Region(("贵州", "Guizhou"), "S4", Guizhou, guizhou.figures, guizhou.ways, guizhou.OTHERS),
    "jalaid": Region(("扎赉特旗", "Jalaid Banner"), "S0", Jalaid, jalaid.figures, jalaid.ways),
    "xixiu": Region(("西秀区", "Xixiu District"), "S1", Xixiu, xixiu.figures, xixiu.ways, xixiu.OTHERS),
    "zunyi": Region(("遵义", "Zunyi"), "S2", Zunyi, zunyi.figures, zunyi.ways, zunyi.OTHERS),
}
