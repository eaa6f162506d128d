# SPDX-License-Identifier: Apache-2.0
# A parameter's text means the same as a default in the spec and behind --set: all forms of a number.
. "$(dirname "$0")/common.sh"
cd "$work"

# Type, text, value as JSON.
cat >taken <<'END'
f64 .5 0.5
f64 -.5 -0.5
f64 5. 5
f64 +5 5
f64 1e3 1000
f64 007.50 7.5
f64 2E-2 0.02
f64 100000000000000000000 1e20
f32 .1 0.1
i32 +5 5
i32 1e3 1000
i32 -1.50e1 -15
i32 007 7
i8 -128 -128
u8 2.55e2 255
u8 -0 0
i64 -9223372036854775808 -9223372036854775808
u64 18446744073709551615 18446744073709551615
u64 1e19 10000000000000000000
u64 1000e-3 1
timestamp 1e3 1000
timestamp 1970-01-01T00:00:01Z 1000000000
duration 1.5s 1500000000
duration -5ms -5000000
END
# Type, text: neither takes these.
cat >refused <<'END'
f64 .
f64 1e
f64 0x10
f64 1,5
f64 inf
f64 1e999
i32 1.5
i32 1e10
i32 1e-1
i32 0x10
u8 256
u8 -1
i64 9223372036854775808
u64 18446744073709551616
u64 1e999999999999999999999
timestamp yesterday
duration 5
duration 1e3
duration 5parsecs
bool yes
date 2024-13-01
END

# spec FILE DEFAULT: a module that prints all parameters of `taken`; DEFAULT is `given` or a text.
spec() {
    {
        echo "module: forms"
        echo "params:"
        awk -v text="$2" '{ d = text == "given" ? $2 : text; if ($1 == "duration" && text != "given") d = d "s"
            printf "  p%d: {type: %s, default: \"%s\"}\n", NR, $1, d }' taken
        echo "types:"
        echo "  In: {x: i64}"
        awk '{ printf "%s  p%d: %s", NR == 1 ? "  Out: {" : ", ", NR, $1 } END { print "}" }' taken
        echo "sources: {items: {kind: file, type: In, path: in.csv}}"
        echo "graphs:"
        echo "  g:"
        echo "    when_any: [items]"
        echo "    nodes:"
        awk '{ printf "%sp%d: params.p%d", NR == 1 ? "      n: {in: items, out: Out, set: {" : ", ", NR, NR }
            END { print "}, to: out}" }' taken
        echo "sinks: {out: {kind: stdout, type: Out}}"
    } >"$1"
}
printf 'x\n1\n' >in.csv
awk '{ printf "%s\"p%d\":%s", NR == 1 ? "{" : ",", NR, $3 } END { print "}" }' taken >expected
spec defaults.weir.yaml given
spec set.weir.yaml 1
set --
while read -r _ text _; do
    set -- "$@" --set "params.p$(($# / 2 + 1))=$text"
done <taken
expect_code 0 "$weir" run defaults.weir.yaml
diff expected out || fail "defaults mean something else"
expect_code 0 "$weir" run "$@" set.weir.yaml
diff expected out || fail "--set means something else"

while read -r type text; do
    printf 'module: m\nparams: {p: {type: %s, default: "%s"}}\n' "$type" "$text" >bad.weir.yaml
    expect_code 2 "$weir" check bad.weir.yaml
    expect_text err "the default '$text' of 'p' is no $type: expected"
    number=$(awk -v type="$type" '$1 == type { print NR; exit }' taken)
    if [ -n "$number" ]; then
        expect_code 2 "$weir" run --set "params.p$number=$text" set.weir.yaml
        expect_text err "parameter 'p$number': "
    fi
done <refused
