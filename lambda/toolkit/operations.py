"""Tools that are a family of read operations behind one `operation` argument."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, get_args

from toolkit.errors import DeclarationError, ToolError

Answer = dict[str, Any]


class Operations:
    """The operations of one tool, each a function with keyword parameters of its own.

    Args:
        choice: The Literal that annotates the tool's `operation` parameter.
        functions: Operation names to functions; a parameter without default is one the operation needs.

    Raises:
        DeclarationError: The names of the two differ.
    """

    def __init__(self, choice: Any, functions: Mapping[str, Callable[..., Answer]]) -> None:
        if list(get_args(choice)) != list(functions):
            raise DeclarationError(f"the operations {list(functions)} are not those of the Literal {get_args(choice)}")
        self._functions = functions

    def call(self, operation: str, **arguments: Any) -> Answer:
        """Call an operation with the arguments that were given; None stands for one that was not.

        Args:
            operation: One of the names.
            **arguments: Every argument the tool takes, beside the operation.

        Raises:
            ToolError: The operation needs an argument that was not given, or one was given that it does not take.
        """
        function = self._functions[operation]
        parameters = inspect.signature(function).parameters
        given = {name: value for name, value in arguments.items() if value is not None}
        problems = [
            f"{operation} needs {name}"
            for name, parameter in parameters.items()
            if parameter.default is parameter.empty and name not in given
        ]
        problems += [f"{operation} does not take {name}" for name in given if name not in parameters]
        if problems:
            raise ToolError("; ".join(problems), code="invalid_arguments")
        return function(**given)


def check_page_size(page_size: int, *, least: int, most: int) -> int:
    """The page size, when the service takes it.

    Raises:
        ToolError: It is outside the range.
    """
    if not least <= page_size <= most:
        raise ToolError(f"page_size must be from {least} to {most}, not {page_size}", code="invalid_arguments")
    return page_size
