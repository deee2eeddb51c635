"""One line of the benchmark report. Ratios within one run are what counts, since machines are noisy."""

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one measurement says. Its `key` is what a later run is compared by, such as `way.sqlite`."""

    key: str
    zh: str
    en: str
    value: float
    unit: str
    """`events/s`, `ms`, `s`, `MiB`, `bytes/village` and so on."""
    beside: str = ""
    """What the ratio is to, in English; empty where there is nothing to compare with."""
    ratio: float | None = None
    """The value divided by that of `beside`, measured in the same run."""
    least: float | None = None
    """The aim for the ratio (or for the value, where there is none): it should be at least this."""
    most: float | None = None
    """The aim for the ratio (or for the value, where there is none): it should be at most this."""
    note: str = ""
    """What a reader must know to judge the figure."""

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None if there is none."""
        judged = self.value if self.ratio is None else self.ratio
        if self.least is None and self.most is None:
            return None
        return (self.least is None or judged >= self.least) and (self.most is None or judged <= self.most)
