"""The platform on this machine: the emulated AWS, the local gateway, and the command that runs both."""
