# SPDX-License-Identifier: MIT
"""run_script.py - runs the Python part of a command test: run_script.py MODULES [ARGUMENT]... <SCRIPT

The script starts with everything from MODULES (comma-separated). An assertion without a message of
its own gets one: its source line and the values of the variables in it.
"""

import ast
import linecache
import sys
from types import FunctionType, ModuleType

VALUE_MAX = 200  # characters shown of a value


def describe(source, variables):
    shown = {name: value for name, value in variables.items()
             if not isinstance(value, (FunctionType, ModuleType, type))}
    return source + "".join(f"\n    {name} = {repr(value)[:VALUE_MAX]}" for name, value in shown.items())


class MessageAdder(ast.NodeTransformer):
    def visit_Assert(self, node):
        if node.msg is None:
            names = {name.id for name in ast.walk(node.test) if isinstance(name, ast.Name)}
            variables = ("{name: value for name, value in {**globals(), **locals()}.items() "
                         f"if name in {names}}}")
            message = f"describe_assertion({ast.unparse(node.test)!r}, {variables})"
            node.msg = ast.parse(message, mode="eval").body
        return node


def main():
    modules, *sys.argv[1:] = sys.argv[1:]
    name = "<script>"
    source = "".join(f"from {module} import *; " for module in modules.split(",")) + "\n" + \
        sys.stdin.read()
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    tree = ast.fix_missing_locations(MessageAdder().visit(ast.parse(source, name)))
    exec(compile(tree, name, "exec"), {"__name__": "__main__", "describe_assertion": describe})


if __name__ == "__main__":
    main()
