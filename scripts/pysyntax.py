#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""pysyntax.py FOLDER... - compiles every Python file in the folders, with or without .py in its name; writes nothing."""

import os
import sys


def is_python(path):
    if path.endswith(".py"):
        return True
    with open(path, "rb") as file:
        return file.readline().startswith(b"#!/usr/bin/python3")


def main():
    bad = 0
    for folder in sys.argv[1:]:
        for where, _, names in os.walk(folder):
            for path in (os.path.join(where, name) for name in sorted(names) if not name.endswith(".pyc")):
                if not is_python(path):
                    continue
                try:
                    with open(path, encoding="utf-8") as file:
                        compile(file.read(), path, "exec")
                except SyntaxError as error:
                    print(f"{path}:{error.lineno}: {error.msg}", file=sys.stderr)
                    bad = 1
    sys.exit(bad)


if __name__ == "__main__":
    main()
