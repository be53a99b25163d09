"""AgentCore Gateway, Identity and Runtime, generated from the APIs' own models where the models say it.

docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/Welcome.html and
docs.aws.amazon.com/bedrock-agentcore/latest/APIReference/Welcome.html
"""
