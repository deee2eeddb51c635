"""The rules of the dispatch, without I/O, clock or framework.

- `eligibility`: who may go. `matching`: which unit goes to which village. `optimum`: the proof that no other way is
  better.
- `pool`: a jurisdiction's needs (villages without a unit) and offers (units and cadres). `division`: what moves between
  pools. `choice` and `members`: people's changes to a proposed or working team.
- `link`: the tie between a village and its unit and team. `team`: the rules for it, from diagnosis to release.
- `bonds`: who is bound to a village without a team, and what they owe. `contacts`: the rules for cadres, such as
  leaders at contact points. `partners`: for parties, such as firms; `pledges`: what these promise. `visits`: of both.
- `pairings`: cadres who are responsible for households, by village; `helpers`: by unit, with quotas by rank.
- `linkage`: who answers together for a village, level by level.
- `owed`: what unit and team owe the village meanwhile. `commitments`: the rules for that.
"""
