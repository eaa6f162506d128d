# SPDX-License-Identifier: Apache-2.0
"""Random types of valid specs, the names and texts of everything, and values."""
import base64
import random
import string

from random_expr import Shape

INTEGERS = {f'{sign}{bits}': bits for sign in 'iu' for bits in (8, 16, 32, 64)}
SCALARS = ['bool', *INTEGERS, 'f32', 'f64', 'timestamp', 'duration', 'date', 'string', 'bytes']
KEYS = ['bool', *INTEGERS, 'string', 'bytes']
WORDS = ['alpha', 'beta', 'gamma', 'delta', 'kappa', 'lambda', 'omega', 'sigma', 'theta', 'zeta',
         'quote', 'trade', 'order', 'level', 'book', 'fill', 'price', 'size', 'side', 'spread']
# Words of C and C++, and of the generated code.
HOSTILE = ['int', 'class', 'double', 'template', 'new', 'register', 'this', 'status', 'count',
           'value', 'firing', 'error', 'out', 'result', 'results', 'frame', 'frames', 'saved', 't1',
           'linux', 'unix', 'errno', 'main', 'exit', 'char', 'restrict', 'and', 'cell', 'user',
           'runtime', 'text', 'size_t', 'uint8_t', 'int64_t', 'captures', 'outlets',
           'counts', 'given', 'route', 'static_assert', 'a', 'b', 'at', 'left', 'target', 'reader',
           'field', 'seen0', 'start', 'data', 'name', 'time', 'min', 'max', 'abs', 'has',
           'stdout', 'assert', 'offsetof', 'memcpy', 'memset', 'NULL']
AWKWARD = ['has_a', 'a_count', 'a_size', 'HTTPCode', 'HttpCode', 'a_out', 'b_state', 'x_fire',
           'on_a', 'push_a', 'A', 'B2b', 'a1', 'order_book', 'OrderBook', 'weir_error']
DOCS = ['A plain sentence.', '*/ ends it', '/* begins', 'what??/', 'a \\', 'ends with \\\n next',
        '"quoted', "it's", '100 % of %s %n', 'non-ASCII: ä € 😀', 'two\nlines\n', '\ttab', '# no',
        'a: b', '{x}', 'x' * 120, 'word ' * 40 + '"', '??=??(', '// \\', '*', '/', '%', '\x07bell',
        '*\\\n/']


class Member:
    def __init__(self, shape, more):
        self.shape, self.more = shape, more

    @property
    def optional(self):
        return self.shape.optional or 'default' in self.more


class Type:
    def __init__(self, name, fields=None, values=None):
        self.name, self.fields, self.values, self.doc = name, fields, values, None


class TypeGenerator:
    """Names, texts, types, and values of them."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.wild = self.chance(0.2)  # names that may clash in C
        self.used = set()
        self.types = {'Tick': Type('Tick', fields={'time': Member(Shape('timestamp'), {}),
                                                   'n': Member(Shape('u64'), {})})}

    def chance(self, p):
        return self.rng.random() < p

    # --- Names and texts

    def name(self, capital=False):
        """A name that no other thing of the module has."""
        pool = WORDS + HOSTILE + (AWKWARD if self.wild else [])
        while True:
            name = self.rng.choice(pool)
            if self.chance(0.6) or len(self.used) > 40:
                name = self.rng.choice(WORDS) + str(self.rng.randrange(1000))
            if capital:
                name = name[0].upper() + name[1:]
            key = name.lower().replace('_', '')
            if key not in self.used and not name.endswith('_'):
                self.used.add(key)
                return name

    def member_names(self, count):
        pool = WORDS + HOSTILE + ['loop', 'package', 'if', 'event', 'state', 'now', 'x']
        return self.rng.sample(pool, count)

    def doc(self, target, p=0.15):
        if self.chance(p):
            target['doc'] = ' '.join(self.rng.sample(DOCS, self.rng.randint(1, 2)))

    # --- Types

    def shape(self, bases, plain=False):
        shape = Shape(self.rng.choice(bases))
        if shape.base in ('string', 'bytes'):
            shape.size = self.rng.choice([1, 2, 3, 8, 16, 31, 32, 255, 300])
        if plain:
            return shape
        shape.optional = self.chance(0.2)
        if self.chance(0.2):
            shape.high = self.rng.choice([1, 2, 3, 16, 17])
            shape.low = self.rng.choice([0, shape.high, shape.high, self.rng.randint(0, shape.high)])
        return shape

    def shape_text(self, shape):
        text = shape.base
        if shape.size:
            text += f'({shape.size})'
        if shape.base == 'timestamp' and self.chance(0.4):
            text += f'({self.rng.choice(["ns", "us", "ms", "s", "iso"])})'
        if shape.is_list:
            same = shape.low == shape.high and self.chance(0.9)
            text += f' x {shape.high}' if same else f' x {shape.low}..{shape.high}'
        return ('optional ' if shape.optional else '') + text

    def member(self, bases):
        shape, more = self.shape(bases), {}
        single = not shape.is_list and not shape.optional
        if single and (shape.base in SCALARS or self.types[shape.base].values) and self.chance(0.2):
            more['default'] = self.scalar(shape, True)
        if not shape.is_list and shape.kind in ('int', 'uint', 'f64') and self.chance(0.1):
            more['text'] = 'true'
        return Member(shape, more)

    def written(self, member, name):
        text = self.shape_text(member.shape)
        more = dict(member.more)
        if self.chance(0.1):
            more['wire'] = self.rng.choice([name[0].upper() + name[1:], f'{name}"?', f'{name}\\',
                                            f'{name} ä', f'{name}%d', f'{name}??/'])
        self.doc(more, 0.1)
        return {'type': text, **more} if more else text

    def make_types(self):
        for _ in range(self.rng.randint(0, 3)):
            name, values = self.name(True), self.member_names(self.rng.randint(1, 5))
            self.types[name] = Type(name, values=values)
        for _ in range(self.rng.randint(2, 7)):
            name = self.name(True)
            count = self.rng.choice([0, 1, 2, 3, 4, 5, 8, 12])
            bases = SCALARS * 2 + list(self.types)
            fields = {n: self.member(bases) for n in self.member_names(count)}
            self.types[name] = Type(name, fields=fields)

    def structs(self):
        return [t.name for t in self.types.values() if t.fields is not None]

    def type_data(self, kind):
        short, long = self.short_type(kind), {}
        self.doc(long)
        return {**long, 'fields' if kind.fields is not None else 'values': short} if long else short

    def short_type(self, kind):
        if kind.fields is not None:
            return {n: self.written(m, n) for n, m in kind.fields.items()}
        numbers = self.rng.sample(range(-1000, 1000), len(kind.values))
        numbers.sort()
        numbered = self.chance(0.4)
        return [f'{v} = {n}' if numbered and self.chance(0.9) else v
                for v, n in zip(kind.values, numbers)]

    def flat(self, type_name):
        fields = self.types[type_name].fields
        return bool(fields) and all(
            not m.shape.is_list and (m.shape.base in SCALARS or self.types[m.shape.base].values)
            for m in fields.values())

    # --- Values

    def scalar(self, shape, unit=False):
        rng, base = self.rng, shape.base
        if base in INTEGERS:
            low, high = (-2**(INTEGERS[base] - 1), 2**(INTEGERS[base] - 1) - 1) if base[
                0] == 'i' else (0, 2**INTEGERS[base] - 1)
            return rng.choice([0 if low == 0 else -1, low, high, 1, rng.randint(low, high)])
        if base in self.types:
            return rng.choice(self.types[base].values)
        if base == 'string':
            letters = string.ascii_letters + ' "\\?/*%é'
            text = ''.join(rng.choice(letters) for _ in range(rng.randint(0, shape.size)))
            return text.encode()[:shape.size].decode(errors='ignore')
        if base == 'bytes':
            return base64.b64encode(rng.randbytes(rng.randint(0, shape.size))).decode()
        return rng.choice({
            'bool': ['true', 'false'], 'f32': [0, -1.5, '1e10', '.5'], 'f64': [0, 2.25, '-1e300'],
            'timestamp': ['2024-01-31T12:00:00Z', '2024-01-31T12:00:01.5Z'], 'date': ['2024-02-29', '1969-12-31'],
            'duration': ['250ms', '1h30m', '-5s'] + ([] if unit else [7])}[base])

    def value(self, shape):
        if shape.optional and self.chance(0.3):
            return None
        if shape.is_list:
            item = Shape(shape.base, shape.size)
            return [self.value(item) for _ in range(self.rng.randint(shape.low, shape.high))]
        if shape.base in self.types and self.types[shape.base].fields is not None:
            return self.struct_value(shape.base)
        return self.scalar(shape)

    def struct_value(self, name):
        return {n: self.value(m.shape) for n, m in self.types[name].fields.items()
                if not m.optional or self.chance(0.5)}
