# SPDX-License-Identifier: Apache-2.0
"""Writes plain data as YAML the way different people would: block and flow, quoted and bare."""
import json
import re

PLAIN = re.compile(r'[A-Za-z0-9_.][A-Za-z0-9_. ()+*/<>=-]*(?<! )')


def scalar(rng, value):
    text = str(value)
    if value is None:
        return 'null'
    if PLAIN.fullmatch(text) and ' #' not in text and rng.random() < 0.8:
        return text
    printable = all(c >= ' ' and c != '\x7f' for c in text)
    if printable and rng.random() < 0.4:
        return "'" + text.replace("'", "''") + "'"
    return json.dumps(text, ensure_ascii=rng.random() < 0.5)


def flow(rng, value):
    if isinstance(value, dict):
        pairs = [f'{scalar(rng, k)}: {flow(rng, v)}' for k, v in value.items()]
        return '{' + ', '.join(pairs) + '}'
    if isinstance(value, list):
        return '[' + ', '.join(flow(rng, v) for v in value) + ']'
    return scalar(rng, value)


def block(rng, value, indent, lines):
    """Appends the lines of a map or list that is not empty."""
    pairs = value.items() if isinstance(value, dict) else [(None, v) for v in value]
    for key, item in pairs:
        head = ' ' * indent + ('- ' if key is None else scalar(rng, key) + ':')
        nested = isinstance(item, (dict, list)) and item
        if nested and (indent < 4 or rng.random() < 0.5) and key is not None:
            lines.append(head)
            block(rng, item, indent + 2, lines)
            continue
        if rng.random() < 0.05:
            lines.append(' ' * indent + '# a comment */ ??/')
        text = flow(rng, item) if isinstance(item, (dict, list)) else scalar(rng, item)
        lines.append(head + ('' if key is None else ' ') + text)


def dump(rng, spec):
    if rng.random() < 0.1:  # JSON is YAML
        return json.dumps(spec, indent=rng.choice([None, 2]), ensure_ascii=False) + '\n'
    lines = []
    block(rng, spec, 0, lines)
    return '\n'.join(lines) + '\n'
