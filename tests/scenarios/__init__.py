"""What the AWS tools are tried against: data in an account, and calls of every operation that find it."""
