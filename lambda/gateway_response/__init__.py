"""The gateway's RESPONSE interceptor: what of an answer the caller may see, and the end of its audit record."""
