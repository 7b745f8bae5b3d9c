module testbed.invalid/app

go 1.24
