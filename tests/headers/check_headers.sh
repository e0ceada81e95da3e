#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# check_headers.sh - every public header, and the example in it, compiles alone as C and C++; the declarations of the
# Python package agree with them
set -u
cd "$(dirname "$0")/../.." || exit 1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
warnings=(-Wall -Wextra -Wpedantic -Werror -fsyntax-only -Iinclude)

# compile FILE: as C11 and as C++17.
compile() {
    cc -std=c11 -Wstrict-prototypes "${warnings[@]}" -x c "$1" &&
        c++ -std=c++17 "${warnings[@]}" -x c++ "$1"
}

for header in include/patina/*.h; do
    name=patina/$(basename "$header")
    echo "#include <$name>" >"$work/alone.c"
    compile "$work/alone.c" || bad=1
    grep -q '^extern "C" {' "$header" || ! grep -q 'PATINA_API [a-z]' "$header" || {
        echo "$header: no extern \"C\""
        bad=1
    }
    {
        printf '#include <stdio.h>\n#include <patina/patina.h>\n#include <%s>\nint main(void) {\n' "$name"
        sed -n '/^ \* @code$/,/^ \* @endcode$/{/@/d;s/^ \* \{0,1\}//p}' "$header"
        printf 'return 0;\n}\n'
    } >"$work/example.c"
    [ "$(wc -l <"$work/example.c")" -gt 6 ] || {
        echo "$header: no example between @code and @endcode"
        bad=1
    }
    compile "$work/example.c" || {
        echo "$header: its example does not compile"
        bad=1
    }
done
python3 tests/python/check_abi.py | cc -std=c11 -Iinclude -fsyntax-only -x c - || {
    echo "python/patina/_abi.py: a declaration differs from the header"
    bad=1
}
exit "$bad"
