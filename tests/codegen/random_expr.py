# SPDX-License-Identifier: Apache-2.0
"""Random expressions of a wanted type over what a spec declares there.

A scope is a list of leaves: what can be read, with its kind and the optionals that guard it. Kinds
are bool, int (i64 once widened), uint, f64, string, bytes, timestamp, duration, date, and the names
of enums and structs; a list's kind ends with [].
"""

WIDE = {'i8': 'int', 'i16': 'int', 'i32': 'int', 'i64': 'int', 'u8': 'uint', 'u16': 'uint',
        'u32': 'uint', 'u64': 'uint', 'f32': 'f64', 'f64': 'f64'}
LITERALS = {
    'bool': ['true', 'false', '(1 < 2)', '!(2 == 2)', '("a" != "b")', '(1 in [1, 2])', '(3u > 0u)'],
    'int': ['0', '1', '7', '-1', '100', '0x1f', 'int("12")', 'size("abc")', '(9 % 4)', '-(3)'],
    'uint': ['0u', '1u', '7u', '100u', 'uint(3)', 'u8(200)'],
    'f64': ['0.0', '1.5', '-2.25', '1e3', '.5', 'f64(3)', '(0.0 / 1.0)', 'double("2.5")'],
    'string': ['""', '"a"', "'b'", r'r"\d"', r'"q\"??/"', '"%s"', r'"\u00e4"', 'string(1)'],
    'bytes': ['b"a"', r'b"\x00\xff"', 'bytes("z")'],
    'timestamp': ['now', 'timestamp("2024-03-01T12:00:00Z")', 'timestamp(5)'],
    'duration': ['duration("250ms")', 'duration("-1h30m")', '(now - now)'],
}
ORDERED = ['int', 'uint', 'f64', 'string', 'timestamp', 'duration']


class Shape:
    """How a member or an input is declared: base 'u8', 'string', 'Quote'; [low, high] of a list."""

    def __init__(self, base, size=0, optional=False, low=None, high=None):
        self.base, self.size, self.optional, self.low, self.high = base, size, optional, low, high
        self.window = False

    @property
    def kind(self):
        return WIDE.get(self.base, self.base)

    @property
    def is_list(self):
        return self.high is not None

    def same(self, other):
        return (self.base, self.size, self.low, self.high) == (
            other.base, other.size, other.low, other.high)


class Leaf:
    def __init__(self, path, shape, guards, item=False):
        self.path, self.shape, self.guards, self.item = path, shape, guards, item

    @property
    def kind(self):
        return self.shape.kind + ('[]' if self.shape.is_list and not self.item else '')


def leaves_of(types, path, shape, guards=(), depth=0, item=False):
    """All that can be read through `path`, itself first."""
    if shape.optional and not item:
        guards = guards + (path,)
    found = [Leaf(path, shape, guards, item)]
    if shape.is_list and not item:
        if shape.window or shape.high > 0:
            found += leaves_of(types, path + '[0]', shape, guards, depth, True)
        if not shape.window and shape.low == shape.high:
            found += leaves_of(types, f'{path}[{shape.high - 1}]', shape, guards, depth, True)
        return found
    if shape.base in types and types[shape.base].fields is not None and depth < 3:
        for name, member in types[shape.base].fields.items():
            found += leaves_of(types, f'{path}.{name}', member.shape, guards, depth + 1)
    return found


class Expressions:
    def __init__(self, rng, types, leaves):
        self.rng, self.types, self.leaves = rng, types, leaves

    def pick(self, kind):
        found = [leaf for leaf in self.leaves if leaf.kind == kind]
        return self.rng.choice(found) if found else None

    def literal(self, kind):
        if kind in LITERALS:
            return self.rng.choice(LITERALS[kind])
        if kind in self.types and self.types[kind].values is not None:
            return f'{kind}.{self.rng.choice(self.types[kind].values)}'
        return None

    def guarded(self, leaf, yes, no):
        """`yes` where all of the leaf's optionals are there, else `no`."""
        guards = ' && '.join(f'has({path})' for path in leaf.guards)
        return f'({guards} ? {yes} : {no})' if guards else yes

    def leaf(self, kind, depth):
        """A declared value, or None where nothing has this type."""
        leaf = self.pick(kind)
        if leaf is None:
            return self.literal(kind)
        if not leaf.guards:
            return leaf.path
        if kind == 'bytes':  # no `?:` between them
            return self.literal(kind)
        other = self.literal(kind)
        if other is None:
            plain = [l for l in self.leaves if l.kind == kind and not l.guards]
            return self.rng.choice(plain).path if plain else None
        return self.guarded(leaf, leaf.path, other)

    def make(self, kind, depth=3):
        """Text of an expression of this kind, or None: nothing can be made of it."""
        if depth <= 0 or self.rng.random() < 0.25:
            return self.leaf(kind, depth)
        maker = getattr(self, '_' + kind, None)
        if maker is not None and self.rng.random() < 0.8:
            return maker(depth - 1)
        if kind != 'bytes' and self.rng.random() < 0.5:
            a, b = self.make(kind, depth - 1), self.make(kind, depth - 1)
            if a is not None and b is not None and kind not in ('date',):
                return f'({self.make("bool", depth - 1)} ? {a} : {b})'
        return self.leaf(kind, depth)

    def _arithmetic(self, kind, operators, depth):
        operator = self.rng.choice(operators)
        right = self.make(kind, depth)
        if operator in '/%' and self.rng.random() < 0.8:
            right = self.rng.choice({'int': ['2', '7'], 'uint': ['2u', '3'],
                                     'f64': ['2.0', '4']}[kind])
        return f'({self.make(kind, depth)} {operator} {right})'

    def _int(self, depth):
        way = self.rng.randrange(7)
        if way == 0:
            listing = [l for l in self.leaves if l.kind.endswith('[]') or l.kind in
                       ('string', 'bytes')]
            leaf = self.rng.choice(listing) if listing else None
            if leaf is not None:
                return self.guarded(leaf, f'size({leaf.path})', '0')
        if way == 1:
            return f'abs({self.make("int", depth)})'
        if way == 2:
            return f'{self.rng.choice(["min", "max"])}({self.make("int", depth)}, ' \
                   f'{self.make("int", depth)}, 5)'
        if way == 3:
            enums = [t for t in self.types.values() if t.values is not None]
            if enums:
                return f'int({self.leaf(self.rng.choice(enums).name, depth)})'
        if way == 4:
            return f'{self.rng.choice(["i64", "int", "i32", "i8"])}(' \
                   f'{self.make(self.rng.choice(["uint", "f64", "int"]), depth)})'
        return self._arithmetic('int', '+-*/%', depth)

    def _uint(self, depth):
        if self.rng.random() < 0.2:
            value = self.make('int', depth)
            value = '1' if value.startswith('-') else value  # a literal is looked at at once
            return f'{self.rng.choice(["u64", "uint", "u16", "u8"])}({value})'
        return self._arithmetic('uint', '+-*/%', depth)

    def _f64(self, depth):
        way = self.rng.randrange(5)
        if way == 0:
            return f'{self.rng.choice(["f64", "double", "f32"])}(' \
                   f'{self.make(self.rng.choice(["int", "uint"]), depth)})'
        if way == 1:
            return f'max({self.make("f64", depth)}, 1)'
        return self._arithmetic('f64', '+-*/', depth)

    def _string(self, depth):
        way = self.rng.randrange(3)
        if way == 0:
            return f'string({self.make(self.rng.choice(["int", "bool", "uint"]), depth)})'
        return self.leaf('string', depth)

    def _timestamp(self, depth):
        return f'({self.leaf("timestamp", depth)} + {self.leaf("duration", depth)})'

    def _duration(self, depth):
        if self.rng.random() < 0.5:
            return f'({self.leaf("timestamp", depth)} - {self.leaf("timestamp", depth)})'
        return f'({self.leaf("duration", depth)} + {self.leaf("duration", depth)})'

    def _bool(self, depth):
        way = self.rng.randrange(8)
        if way == 0:
            operator = self.rng.choice(['&&', '||'])
            return f'({self.make("bool", depth)} {operator} {self.make("bool", depth)})'
        if way == 1:
            return f'!({self.leaf("bool", depth)})'
        if way == 2:
            guards = sorted({path for leaf in self.leaves for path in leaf.guards[:1]})
            if guards:
                return f'has({self.rng.choice(guards)})'
        if way == 3:
            method = self.rng.choice(['startsWith', 'endsWith', 'contains'])
            return f'({self.leaf("string", depth)}).{method}({self.leaf("string", depth)})'
        if way == 4:  # always one way, and yet without a warning
            kind = self.rng.choice(ORDERED)
            value = self.leaf(kind, depth)
            low = {'uint': '0', 'int': '-9223372036854775807', 'f64': '-1e308'}.get(kind, value)
            return self.rng.choice([f'({value} == {value})', f'({value} >= {low})',
                                    f'({value} != {value})'])
        if way == 5:
            lists = [l for l in self.leaves if l.kind in ('int[]', 'string[]', 'f64[]', 'uint[]')
                     and not l.shape.window]
            if lists:
                leaf = self.rng.choice(lists)
                value = self.make(leaf.kind[:-2], depth)
                return self.guarded(leaf, f'({value} in {leaf.path})', 'false')
        if way == 6:
            names = [t for t in self.types.values() if t.values is not None]
            if names:
                name = self.rng.choice(names).name
                return f'({self.leaf(name, depth)} {self.rng.choice(["==", "!="])} ' \
                       f'{self.leaf(name, depth)})'
        kind = self.rng.choice(ORDERED)
        operator = self.rng.choice(['<', '<=', '>', '>=', '==', '!='])
        return f'({self.make(kind, depth)} {operator} {self.make(kind, depth)})'

    def assign(self, shape):
        """An expression for a member of this shape, or None."""
        if shape.is_list:
            same = [l for l in self.leaves if l.shape.is_list and not l.item and
                    l.shape.same(shape) and not l.guards]
            return self.rng.choice(same).path if same else None
        if shape.optional:  # may be set from what may be absent
            same = [l for l in self.leaves if l.kind == shape.kind and len(l.guards) < 2 and
                    l.shape.optional and not l.item and l.guards == (l.path,)]
            if same and self.rng.random() < 0.5:
                return self.rng.choice(same).path
        if shape.base in ('string', 'bytes'):
            leaf = self.pick(shape.base)
            short = '"a"' if shape.base == 'string' else 'b"a"'
            if leaf is None or (leaf.guards and shape.base == 'bytes'):
                return short
            return self.guarded(leaf, leaf.path, short)
        if shape.base in self.types and self.types[shape.base].fields is not None:
            same = [l for l in self.leaves if l.kind == shape.base and not l.guards]
            return self.rng.choice(same).path if same else None
        if shape.kind in ('int', 'uint', 'f64') and self.rng.random() < 0.2:
            return self.rng.choice(['0', '1', '100', '2'])  # takes the member's type
        return self.make(shape.kind)
