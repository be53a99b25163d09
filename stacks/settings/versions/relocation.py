"""Copies a Lambda package under another name, with every mention of its own modules rewritten.

Only what Python resolves is rewritten, found by its parser: imports, the names that they bind, and texts that name a
module of the package where one is asked for by name. Comments and docstrings stay as their authors wrote them.
"""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

_BY_NAME = ("discover", "import_module")
"""Functions whose argument is a module's name."""

Span = tuple[int, int, int]
"""A line, from 1, and the bytes in it where a text begins and ends."""


def copy_package(package: str, *, source_root: Path, target: Path) -> None:
    """Copy what belongs to `package`, as its bundle holds it: the modules above it come along, other packages do not.

    Args:
        package: dotted, as `aws_operations.general`.
        source_root: the folder that holds `aws_operations`.
        target: the folder to make in place of `aws_operations`; its name becomes the package's first part.
    """
    outer, *inner = package.split(".")
    folder, into = source_root / outer, target
    into.mkdir(parents=True)
    for part in inner:
        for file in sorted(path for path in folder.iterdir() if path.is_file()):
            shutil.copyfile(file, into / file.name)
        folder, into = folder / part, into / part
        into.mkdir()
    shutil.copytree(folder, into, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    for module in target.rglob("*.py"):
        module.write_bytes(renamed(module.read_bytes(), before=outer, after=target.name))


def renamed(code: bytes, *, before: str, after: str) -> bytes:
    """Python code with the package `before` called `after`.

    Raises:
        SyntaxError: it is no Python.
    """
    lines = code.splitlines(keepends=True)
    spans = sorted(set(_mentions(ast.parse(code), before, lines)), reverse=True)  # from the end, so that columns hold
    for line, start, end in spans:
        text = lines[line - 1]
        lines[line - 1] = text[:start] + after.encode() + text[end:]
    return b"".join(lines)


def _mentions(tree: ast.Module, package: str, lines: list[bytes]) -> Iterator[Span]:
    """Where the package's name stands for the package."""
    binds = False
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and _within(node.module, package) and not node.level:
            yield _first(package, lines, node.lineno, node.col_offset + len("from"))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if _within(alias.name, package):
                    binds = binds or alias.asname is None
                    yield _first(package, lines, alias.lineno, alias.col_offset)
        elif isinstance(node, ast.Call) and _called(node) in _BY_NAME:
            for argument in node.args:
                if isinstance(argument, ast.Constant) and _within(argument.value, package):
                    yield _first(package, lines, argument.lineno, argument.col_offset)
    if binds:  # `import package.module` makes the package's name a variable
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id == package:
                yield node.lineno, node.col_offset, node.col_offset + len(package)


def _within(module: object, package: str) -> bool:
    return isinstance(module, str) and (module == package or module.startswith(f"{package}."))


def _called(call: ast.Call) -> str:
    """The last part of a called function's name."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _first(package: str, lines: list[bytes], line: int, start: int) -> Span:
    """Where the package's name comes next in a line, from the byte `start` on."""
    found = re.compile(rb"\b" + package.encode() + rb"\b").search(lines[line - 1], start)
    if found is None:  # a name may stand on another line than its `from` only after a backslash
        return _first(package, lines, line + 1, 0)
    return line, found.start(), found.end()


def version_span(code: bytes, *, server: str) -> Span | None:
    """Where `ToolServer("<server>", version="1.2.3")` has its version, quotes included; None where code has no such."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and _called(node) == "ToolServer" and _names(node, server):
            for keyword in node.keywords:
                value = keyword.value
                if keyword.arg == "version" and isinstance(value, ast.Constant) and value.end_col_offset is not None:
                    return value.lineno, value.col_offset, value.end_col_offset
    return None


def _names(call: ast.Call, server: str) -> bool:
    return any(isinstance(argument, ast.Constant) and argument.value == server for argument in call.args)
