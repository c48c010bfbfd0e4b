"""What the process leaves behind for whoever called it.

0    done, all is well
1    something is not right: a check failed; with --exit-code: not all is well, errors are open
2    a mistake on the command line, in a file or in a setting
3    the other side cannot be reached
70   going on would lose or corrupt something, or a fault of this program
130  interrupted
"""

from __future__ import annotations

from typing import Final

OK: Final = 0
NOT_RIGHT: Final = 1
USAGE: Final = 2
UNREACHABLE: Final = 3
FATAL: Final = 70
INTERRUPTED: Final = 130
