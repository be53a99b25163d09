"""What the workloads report: metrics, alarms, logs (R12); the one role that reads log events."""
