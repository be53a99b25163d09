"""What every agent of this kit shares: its token, the gateway's tools for Strands, the choice of a model (R15, R17).

`conversation_agent` and `reference_agent` are made of it, and so is an agent of your own (docs/guides/agents.md). This
package imports nothing: its modules do, `gateway_agent.gateway` the most (Strands and the MCP SDK, about two seconds),
so that a service answers a health check before it can answer a question.
"""
