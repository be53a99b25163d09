"""Firehose: buffers, the processors for what CloudWatch Logs sends, and objects that its role may write."""
