"""What the API server decides of objects: schema, defaults, ownership, patches. Pure: values in, values out.

Whoever answers requests needs `unknown.decoded` (the body) and then one call per write with a
`Write(loaded(), resource, by, now, validation=…, twice=…)`: `writing.created`, `replaced`, `patched`, `apply.applied`
or `scale.scaled`; `scale.scale_of`, `selectors` for lists, `printing.table` for `kubectl get`.
Each raises `Refusal` with the real server's status, reason, message and causes, and puts warnings into
`Write.warnings`. A write answers with the object to store, or with *the very object that was live* (`is`) where nothing
changed: then nothing is written and the version stays.
The store gives `metadata.uid` (before it asks: a job's selector needs it), `creationTimestamp`, `resourceVersion` and
the name after `generateName`, checks versions and preconditions, and never changes what it has given out.
"""
