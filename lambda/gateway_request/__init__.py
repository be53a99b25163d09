"""The gateway's REQUEST interceptor: says who calls, by the token alone, and refuses what needs no policy to judge."""
