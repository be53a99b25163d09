"""The AgentCore Gateway on this machine: it serves what was deployed and refuses what AgentCore refuses."""
