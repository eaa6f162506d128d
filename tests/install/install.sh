# SPDX-License-Identifier: Apache-2.0
# Installs into a path with a space; a stranger's project builds against it by find_package and by
# pkg-config, and runs. libweir shows only what is ours and needs only libev.
set -eu
root=$1 build=$2 work=$3
rm -rf "$work"
mkdir -p "$work"
tree="$work/moved tree" stranger="$work/a stranger"
export XDG_CACHE_HOME="$work/cache"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

quietly() {
    "$@" >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        fail "$*"
    }
}

expect_sums() {
    [ "$("$@")" = "$(printf '3\n2147483648')" ] || fail "$* gives something else"
}

# Installed in one place, used in another: nothing in the tree knows where it is.
quietly "$CMAKE" --install "$build" --prefix "$work/first place"
mv "$work/first place" "$tree"
libweir=$(find "$tree" -name libweir.so)
lib=$(dirname "$libweir")

# find_package and weir_add_module, built again after a change of what the spec imports.
cp -r "$root/tests/install/stranger" "$stranger"
quietly "$CMAKE" -G Ninja -S "$stranger" -B "$work/a build" -DCMAKE_C_COMPILER="$CC" \
    -DCMAKE_PREFIX_PATH="$tree" -DCMAKE_C_FLAGS="-Wall -Wextra -Werror"
quietly "$CMAKE" --build "$work/a build"
expect_sums "$work/a build/stranger"
expect_sums "$work/a build/stranger_static"
quietly "$CMAKE" --build "$work/a build"
grep -q 'no work to do' "$work/log" || fail "a second build does something"
sed -i 's/Sum:  {value: i64}/Sum:  {value: i64, note: optional i32}/' "$stranger/types.weir.yaml"
quietly "$CMAKE" --build "$work/a build"
grep -q has_note "$work/a build/adder.weir/adder.weir.h" || fail "an import changed in vain"

# pkg-config and one line of cc; the words of pkg-config are quoted, as a path has a space.
export PKG_CONFIG_PATH="$lib/pkgconfig"
quietly "$tree/bin/weir" gen --output "$work" "$stranger/adder.weir.yaml"
eval "set -- $(pkg-config --cflags --libs weir)"
"$CC" -std=c17 -I "$work" -o "$work/plain" "$stranger/main.c" "$stranger/nodes.c" \
    "$work/adder.weir.c" "$@" "-Wl,-rpath,$lib"
expect_sums "$work/plain"
[ "$(pkg-config --modversion weir)" = "$("$tree/bin/weir" --version | cut -d ' ' -f 2)" ] ||
    fail "weir.pc has another version"

# The installed command finds its headers and its library beside it.
"$tree/bin/weir" run --quiet "$root/examples/hello/hello.weir.yaml" >"$work/out"
diff "$root/examples/hello/expected.jsonl" "$work/out" || fail "hello gives something else"

others=$(nm -D --defined-only "$libweir" | awk '$3 !~ /^weir_/ {print $3}')
[ -z "$others" ] || fail "libweir exports what is not its own: $others"
needed=$(readelf -d "$libweir" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' |
    grep -v -E '^(libev|libc|libm|ld-linux.*)\.so\.[0-9]+$' || true)
[ -z "$needed" ] || fail "libweir needs more than libev: $needed"
readelf -d "$libweir" | grep -q 'SONAME.*libweir\.so\.[0-9.]*\]' || fail "libweir has no SONAME"

for page in share/man/man1/weir.1 share/bash-completion/completions/weir; do
    [ -s "$tree/$page" ] || fail "$page is not installed"
done
