module testbed.invalid/pause

go 1.24
