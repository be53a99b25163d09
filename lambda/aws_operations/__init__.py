"""Read-only AWS operations for agents (R12), one sub-package a tool server.

The servers are split by what their roles may read: an agent that lists queues has no way to the bill or to log events.
A module is a family of operations of one service; adding a tool is adding a module beside the others.

- `general`, server aws-operations: what runs and how it was deployed (EC2, Lambda, ECS, EKS, CloudFormation), S3
- `data`, server aws-data: databases and messages (RDS, DynamoDB, SNS, SQS)
- `monitoring`, server aws-monitoring: metrics, alarms, logs
- `edge`, server aws-edge: what the outside sees (Route 53, API Gateway, SES)
- `ai`, server aws-ai: models (Bedrock, SageMaker)
- `account`, server aws-account: who may do what (IAM), and the bill
"""
