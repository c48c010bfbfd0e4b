"""What can go wrong, by exit code.

StackError                1  a part did not come up, or would not stop
  UsageError              2  the command line or a setting is wrong
  PortTakenError          4  somebody else listens on a port of this stack
  MissingPackageError     5  the system lacks a program, and this program may not install it
  NeedFailedError         1  a part was left out because of another's failure
NotReadyError             -  a health check failed; asked again until the deadline
"""

from __future__ import annotations


class StackError(Exception):
    """The stack cannot do what was asked; the message says which part, why, and what to do."""

    exit_code = 1


class UsageError(StackError):
    """The command line asks for something that does not exist or does not fit the running stack."""

    exit_code = 2


class PortTakenError(StackError):
    """A port of the stack is held by a process that is not of this stack."""

    exit_code = 4


class MissingPackageError(StackError):
    """A program of the operating system is missing; the message holds the command that installs it."""

    exit_code = 5


class NeedFailedError(StackError):
    """A part was not started, because one that it needs did not come up."""


class NotReadyError(Exception):
    """A part does not answer its health check yet; the message is the reason of the last try."""
