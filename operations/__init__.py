"""What operators do to a deployed environment without deploying: block a tenant or an agent, and let it in again."""
