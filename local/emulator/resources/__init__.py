"""The CloudFormation resource types that ministack lacks or gets wrong, each on top of the emulated API."""
