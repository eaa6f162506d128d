# SPDX-License-Identifier: Apache-2.0
# The help is complete; a terminal is shown colours and progress, a pipe is not.
. "$(dirname "$0")/common.sh"
cd "$work"

expect_code 2 "$weir"
expect_text "$work/err" "check"
expect_code 0 "$weir" --version
expect_text "$work/out" "weir 0."
expect_code 0 "$weir" help
for verb in $(sed -n 's/^## weir //p' "$root/docs/reference/cli.md"); do
    expect_code 0 "$weir" --help
    expect_text "$work/out" "$verb "
    expect_code 0 "$weir" "$verb" --help
    expect_text "$work/out" "weir $verb"
    # All that the page of reference lists.
    cp "$work/out" shown
    sed -n "/^## weir $verb\$/,/^## /s/^| \`\(-., \)*\`*\(--[a-z-]*\).*/\2/p" "$root/docs/reference/cli.md" >options
    while read -r option; do
        expect_text shown "$option"
    done <options
done
expect_code 2 "$weir" run --no-such-option x.weir.yaml
expect_text "$work/err" "--no-such-option"
expect_code 2 "$weir" run --set
expect_text "$work/err" "--set"
expect_code 2 "$weir" convert --from json --to
expect_code 2 "$weir" check

printf 'module: a\ntypes: {Q: {a: f65}, R: {a: f64}}\ntypes: {}\n' >bad.weir.yaml
on_terminal "$weir" check bad.weir.yaml
expect_text seen "${escape}[31m: error:${escape}[0m"
TERM=xterm expect_code 2 "$weir" check bad.weir.yaml
! grep -q "$escape" "$work/err" || fail "colours in a pipe"
NO_COLOR=1 on_terminal "$weir" check bad.weir.yaml
! grep -q "${escape}\[31m" seen || fail "colours in spite of NO_COLOR"
cp "$root/examples/hello/hello.weir.yaml" "$root/examples/hello/quotes.csv" .
expect_code 0 "$weir" build -o hello.so hello.weir.yaml
on_terminal "$weir" replay hello.so
expect_text seen "3 events, 0 dead letters"
