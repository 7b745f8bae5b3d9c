"""An image registry over HTTP (distribution-spec 1.1) whose content is an OCI image layout on disk.

`serving.py` starts one, `api.py` answers, `folder.py` keeps, `receiving.py` and `uploads.py` receive, `logins.py` asks
who it is, `rules.py` says where registries differ.
"""
