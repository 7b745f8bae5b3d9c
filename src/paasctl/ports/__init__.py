"""What we need from outside, in our words: read `world.py` first. Protocols only.

A `...Reads` protocol has no mutating method anywhere in it: a verb is handed `Reads`,
and that is what makes a dry run safe.
"""
