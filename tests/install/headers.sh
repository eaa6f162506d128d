# SPDX-License-Identifier: Apache-2.0
# Each public header compiles by itself, as C17 and as C++17, without a warning.
set -eu
root=$1 work=$3
warnings="-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef -Wcast-qual -Werror"
count=0
mkdir -p "$work"
for header in "$root"/include/weir/*.h; do
    name=$(basename "$header")
    # A part of another header says so and refuses; it is compiled with that one.
    ! grep -q '#error "include <weir/' "$header" || continue
    echo "#include <weir/$name>" >"$work/alone.c"
    cp "$work/alone.c" "$work/alone.cpp"
    # shellcheck disable=SC2086
    "$CC" -std=c17 $warnings -Wstrict-prototypes -fsyntax-only -I "$root/include" "$work/alone.c"
    # shellcheck disable=SC2086
    "$CXX" -std=c++17 $warnings -fsyntax-only -I "$root/include" "$work/alone.cpp"
    count=$((count + 1))
done
[ "$count" -gt 10 ] || { echo "FAILED: only $count headers" >&2; exit 1; }
