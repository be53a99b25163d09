"""A small agent for production: one pod of it answers questions with the tools of its tenant (R17).

`python -m reference_agent` serves HTTP on port 8080: `POST /ask`, `GET /health`, `GET /ready`. It is a model for agents
of your own (docs/guides/agents.md): what any agent needs is in `gateway_agent`, what it adds is here.
"""
