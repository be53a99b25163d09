"""Prints what the kit costs in time: `make bench`. Nothing is asserted; numbers need a quiet machine."""

from tests.bench import (
    client,
    cold_import,
    conversation_agent,
    conversations,
    gateway_load,
    gateway_request,
    synth,
    targets,
    tenants,
    token_claims,
    warm_call,
)


def main() -> None:
    """Run all benchmarks, the quick ones first."""
    print("Warm tool call (median of 9 times 200 calls)", flush=True)
    warm_call.run()
    print("The request interceptor (import: median of 9 processes; decision: 5000 calls)", flush=True)
    gateway_request.run()
    print("The pre-token trigger (5000 calls)", flush=True)
    token_claims.run()
    print("The command-line client (median of 9 processes)", flush=True)
    client.run()
    print("Cold import (median of 9 processes)", flush=True)
    cold_import.run()
    print("Synthesis (median of 5 processes)", flush=True)
    synth.run()
    print("Conversations of 10, 100 and 500 messages in the emulated DynamoDB (median of 15 calls)", flush=True)
    conversations.run()
    print("The conversational agent (import: median of 5 processes; answers: median of 20)", flush=True)
    conversation_agent.run()
    print("Targets at scale (median of 3 processes)", flush=True)
    targets.run()
    print("Tenants at scale, two agents each, without policy packs (one process each)", flush=True)
    tenants.run()
    print("tools/call through the local gateway, everything as deployed", flush=True)
    gateway_load.run()


if __name__ == "__main__":
    main()
