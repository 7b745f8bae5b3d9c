"""Images from Dockerfiles, built by BuildKit through its own programs: `buildctl`, or `docker buildx`.

Read `buildctl.py` first; `asked.py` is what is asked for and by which words, `run.py` one build by a program,
`child.py` the program that runs, `rawjson.py` what it says, `unpack.py` and `laying.py` how the image comes out.
`choose.py` decides who builds Dockerfiles at all. What holds for any build of a Dockerfile is in `docker/`.
May import: docker/, oci, ports, model, errors.
"""
