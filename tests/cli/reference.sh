# SPDX-License-Identifier: Apache-2.0
# The pages of docs/reference are what the command prints.
. "$(dirname "$0")/common.sh"

for page in options cli errors metrics; do
    expect_code 0 "$weir" reference "$page"
    diff "$root/docs/reference/$page.md" "$work/out" ||
        fail "docs/reference/$page.md is stale: weir reference $page >docs/reference/$page.md"
done
expect_code 2 "$weir" reference none
