"""Survey and diagnosis (3.1)."""

from shared.policy.section import Found, Labels, Reference, Section
from shared.policy.when import When

SURVEY_KINDS = ("household_visit", "problem")
"""The survey kinds that every region must have, since rules count them (mechanism 3.1)."""


class Listing(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """摸底排查和集体会诊（3.1）。 · How a village is surveyed and diagnosed (mechanism 3.1)."""

    poverty_list: bool = True
    """是否还有贫困村名单；填 false 的不再列入村，此前列入的照旧办理。 ·
    Whether there is a poverty list; with false no village enters it, and those on it go on as before."""
    diagnose_by: When
    """集体会诊期限。自列入贫困村（registry.village.listed）起算。 ·
    The last day for the joint diagnosis. It is counted from the listing (`registry.village.listed`)."""
    problem_classes: Labels
    """贫困村类别：代码和名称。 · Why villages are poor: code and name."""
    topics: Labels
    """摸底内容：代码和名称。 · What the survey asks about: code and name."""
    survey_kinds: Labels
    """调查方式：代码和名称；household_visit（入户）和 problem（突出问题）不可缺。 · Kinds of record: code and name;
    `household_visit` and `problem` must be among them."""
    reference: Reference | None = None
    """本节依据。 · What the section rests on."""


def contradictions(listing: Listing) -> Found:
    """Find survey kinds that rules need and the pack does not list."""
    for name in SURVEY_KINDS:
        if name not in listing.survey_kinds:
            yield ("listing", "survey_kinds"), f"缺少保留代码 {name}", f"the reserved code {name} is missing"
