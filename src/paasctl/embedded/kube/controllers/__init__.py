"""What makes rollouts happen in the simulated cluster: controllers, a scheduler, and a kubelet that plays by script.

    running = run(objects, clock, scripts=read_scripts([...]), pull=AskRegistry())
    running.logs("shop", "web-5d8-x", "web", previous=True)      # -> lines, or `Refusal` as the kubelet says it
    running.stop()

`objects` is the store (`model.Objects`). With a `RealClock` a thread of its own does the work; with a `DrivenClock`
nothing happens until `clock.advance(seconds)`, which runs everything that is due in order, and `advance()` lets the
controllers answer to what was just written. Everything is decided from stored objects: run again over a reopened
store, they go on.

Read `running.py` first, then `desk.py` (what every controller may use), then `deployments.py`; pods are played in
`node/`, by the rules of `scripts.py`.
"""
