"""The headers by which a target learns who calls, without anything of the CDK, so that settings can read them too."""

VERIFIED_HEADERS = ("X-Tenant-ID", "X-Client-ID", "X-Org-ID", "X-User-Context")
"""What the request interceptor says of the caller, from the verified token alone. Nothing else may set them."""

REQUEST_HEADERS = ("X-Request-ID", "X-Correlation-ID")
"""What names the request. A caller may choose its correlation id, so that an API may take them as arguments too."""


def names_the_caller(header: str) -> bool:
    """Whether a server could take `header` for one of `VERIFIED_HEADERS`.

    Names of headers know no case (RFC 9110, section 5.1), and servers that hand headers on as CGI variables take an
    underscore for a hyphen (RFC 3875, section 4.1.18).
    """
    return header.strip().replace("_", "-").lower() in {name.lower() for name in VERIFIED_HEADERS}
