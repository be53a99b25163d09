"""What can go wrong in a tool server, sorted by who has to act: the author, the caller, or the platform team."""


class DeclarationError(Exception):
    """A tool is declared in a way that cannot work; raised at import, so synth and tests stop on it.

    The message names the tool, the parameter or action, what was found and what to write instead.
    """


class ToolError(Exception):
    """An expected failure that the caller (a model) can read and act on.

    Raise it from a tool with one sentence that says what was refused and what would work. The toolkit returns
    the sentence to the caller as it is, so it must hold nothing that the caller may not see.

    Args:
        message: The sentence for the caller.
        code: A short word for the log record, which never carries the message (it may quote arguments).
        cause: What the record should say beside the code, such as AWS's own error code; no arguments.
    """

    def __init__(self, message: str, *, code: str = "refused", cause: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.cause = cause


class InternalToolError(Exception):
    """An unexpected failure: the caller learns the correlation id, the log has the traceback."""
