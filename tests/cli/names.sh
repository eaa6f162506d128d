# SPDX-License-Identifier: Apache-2.0
# Whatever a valid spec names, its C compiles without a warning, and its header as C++.
. "$(dirname "$0")/common.sh"

for spec in own_words builtin_types everything; do
    mkdir "$work/$spec"
    expect_code 0 "$weir" gen "$root/tests/codegen/good/$spec.weir.yaml" -o "$work/$spec"
    for file in "$work/$spec"/*.weir.c; do
        expect_code 0 "${CC:-cc}" -std=gnu17 -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
            -Wstrict-prototypes -Wmissing-prototypes -Werror -I"$root/include" -I"$work/$spec" \
            -fsyntax-only "$file"
    done
    for file in "$work/$spec"/*.weir.h; do
        printf '#include "%s"\n' "$file" >"$work/$spec/include.cpp"
        expect_code 0 c++ -std=c++17 -Wall -Wextra -Werror -I"$root/include" -fsyntax-only \
            "$work/$spec/include.cpp"
    done
done
