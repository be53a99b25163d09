"""AWS CodeDeploy for Lambda, which ministack does not have: deployments that CloudFormation makes of alias changes."""
