# SPDX-License-Identifier: Apache-2.0
# The man page has no fault that man knows of; bash completes verbs and options.
. "$(dirname "$0")/common.sh"

expect_code 0 "$weir" reference man
if command -v man >/dev/null; then
    cp "$work/out" "$work/weir.1"
    expect_code 0 man --warnings -l "$work/weir.1"
    [ ! -s "$work/err" ] || fail "man warns: $(cat "$work/err")"
    expect_text "$work/out" "EXIT STATUS"
fi

for shell in zsh fish; do
    expect_code 0 "$weir" completion "$shell"
    expect_text "$work/out" "replay"
    ! command -v "$shell" >/dev/null || expect_code 0 "$shell" -n "$work/out"
done
expect_code 2 "$weir" completion csh

# complete WORD...: what bash offers for the last one.
complete_words() {
    # shellcheck disable=SC2016 # the inner shell expands
    bash -c 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _weir
        echo "${COMPREPLY[@]}"' bash "$work/completion" "$@"
}
"$weir" completion bash >"$work/completion"
expect_code 0 complete_words weir re
expect_text "$work/out" "replay reference"
expect_code 0 complete_words weir replay --s
expect_text "$work/out" "--speed --set --sink --stats"
