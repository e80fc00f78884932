"""PostgreSQL, Redis and an S3 server on this machine out of wheels, and the process supervisor of `make run`."""
