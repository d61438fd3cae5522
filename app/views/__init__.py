"""HTTP answers that all routes share; the tables' own views are in `tables/views.py`.

json_errors.py   errors of `/api` as `{"error": {"code", "message", "field"}}`, in one table
health.py        `/health/live` and `/health/ready`, which names the degraded parts
prometheus.py    `/metrics`
analytics.py     `/api/v1/exchanges` and `/api/v1/stats`, from the analytics engine
bodies.py        `/api/v1/exchanges/{id}/body`, from the archive
live.py          `/api/v1/live`, gathered from all workers
tenancy.py       whose data a request may see
"""
