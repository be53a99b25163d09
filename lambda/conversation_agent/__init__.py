"""The conversational agent as a web service: FastAPI behind a function URL, through the AWS Lambda Web Adapter.

`python -m conversation_agent` serves it. Who calls is decided by IAM (`callers`), which tenant by the function's own
settings (`settings`); a question is one turn of a conversation (`turns`), answered by a Strands agent that uses the
gateway's tools (`agent`), streamed as server-sent events (`events`) and stored as it is said.
"""
