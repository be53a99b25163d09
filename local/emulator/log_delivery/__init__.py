"""What CloudWatch Logs does with an event beyond keeping it: filters, transformers, subscriptions; what Lambda logs."""
