"""The rules of the dispatch, without I/O, clock or framework.

`eligibility` says who may go, `matching` which unit goes where and `optimum` why no other way is better; `pool` holds
the needs and offers of a jurisdiction. `link` is what binds a unit and its team to a village, with the
rules in `team` from diagnosis to release; `owed` is what is owed there meanwhile, with the rules in `commitments`.
"""
