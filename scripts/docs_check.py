#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the documentation to the sources.

A fenced block under `<!-- from: PATH -->` stands in that file, line for line; links between
documents lead somewhere.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"<!-- from: (\S+) -->\n```\w*\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")


def block_errors(path: pathlib.Path, text: str) -> list[str]:
    errors = []
    for match in BLOCK.finditer(text):
        source = ROOT / match[1]
        line = text.count("\n", 0, match.start()) + 1
        if not source.is_file():
            errors.append(f"{path.relative_to(ROOT)}:{line}: there is no {match[1]}")
        elif "\n" + match[2] not in "\n" + source.read_text():
            errors.append(f"{path.relative_to(ROOT)}:{line}: the block is not in {match[1]}")
    if len(BLOCK.findall(text)) != text.count("<!-- from: "):
        errors.append(f"{path.relative_to(ROOT)}: a `from:` mark has no block below it")
    return errors


def link_errors(path: pathlib.Path, text: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}: '{match[1]}' leads nowhere"
        for match in LINK.finditer(text)
        if not (path.parent / match[1]).exists()
    ]


def main() -> int:
    documents = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/*.md")]
    errors = []
    for path in documents:
        text = path.read_text()
        errors += block_errors(path, text) + link_errors(path, text)
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
