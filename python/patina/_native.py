# SPDX-License-Identifier: MIT
"""libpatina, loaded with ctypes. The package needs no compiler, and one build works with all versions
of Python. ctypes releases the GIL during calls."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

from patina import _abi

_library = ctypes.CDLL(str(Path(__file__).with_name("libpatina.so")))
_abi.declare(_library)


class Error(Exception):
    """A failure of the library. The message is the sentence that the command prints.

    Attributes:
        reason: name of the status: "too_short", "silent", "format", "usage" ...
    """

    def __init__(self, sentence: str, reason: str = "failed") -> None:
        super().__init__(sentence)
        self.reason = reason


def version() -> str:
    text: bytes = _library.patina_version()
    return text.decode()


def new(struct: str, **members: Any) -> Any:
    """Returns a struct of the library with the given members; the others are zero."""
    return _abi.STRUCT[struct](**members)


def call(function: str, *arguments: Any) -> None:
    """Calls a function that returns a status and takes a patina_error last. Raises Error."""
    err = new("patina_error")
    status = getattr(_library, function)(*arguments, ctypes.byref(err))
    if status == _abi.CONSTANTS["PATINA_OK"]:
        return
    reason = _library.patina_status_name(status).decode()
    raise Error(err.message.decode("utf-8", "replace") or reason, reason)


def release(function: str, struct: Any) -> None:
    """Calls a function that releases a struct."""
    getattr(_library, function)(ctypes.byref(struct))


def take_string(function: str, *arguments: Any) -> str:
    """Calls a function that returns text for patina_free(). Raises MemoryError."""
    pointer = getattr(_library, function)(*arguments)
    if not pointer:
        raise MemoryError(function)
    try:
        return ctypes.string_at(pointer).decode()
    finally:
        _library.patina_free(pointer)


class Handle:
    """A handle of the library, closed with the object."""

    def __init__(self, opener: str, closer: str | None, *arguments: Any) -> None:
        self.pointer = ctypes.c_void_p()
        # bound here, because globals may be gone when the interpreter exits
        self._close = getattr(_library, closer) if closer else None
        self._address = ctypes.byref(self.pointer)
        call(opener, *arguments, self._address)

    def __del__(self) -> None:
        if getattr(self, "_address", None) and self._close and self.pointer:
            self._close(self._address)
