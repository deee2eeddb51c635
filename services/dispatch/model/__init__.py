"""The rules of the dispatch, without I/O, clock or framework.

`eligibility` says who may go, `matching` which unit goes where and `optimum` why no other way is better; `pool` holds
the needs and offers of a jurisdiction. `assignment` is one village's link to its unit and team: `team` has the rules of
its life from diagnosis to release, `commitments` those of what is owed meanwhile.
"""
