"""What the functions share that judge and record calls: token_claims, gateway_request, gateway_response, audit_router.

It is a package beside `toolkit` because these functions offer no tools and a tool server judges no calls; neither is in
the other's bundle (docs/decisions/interceptors.md). boto3, joserfc and Powertools are imported where they are first
needed, so that importing a handler is quick.
"""
