"""Shows that the contract suite has teeth: for each case, a change to the embedded world that only this case notices.

`python -m mutants find` looks for such changes and keeps them in `kept.json`; `python -m mutants check` makes each of
them again and fails where another set of cases notices. `nox -s mutants` runs it.
"""
