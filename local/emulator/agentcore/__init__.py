"""The control plane of AgentCore Gateway, generated from the API's own model where the model says it.

docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/Welcome.html
"""
