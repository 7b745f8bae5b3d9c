"""One library, one file (or folder). Adapters keep the ports' promises and turn library errors into `PaasError`s.

They may import ports, model, errors and the pure packages; nobody but `cli/` imports them: `wiring.py`, and what
joins the embedded world.
"""
