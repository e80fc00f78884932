"""Celery tasks: load, call a service, nothing more. Each may run twice, late, or be killed halfway."""
