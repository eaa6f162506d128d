# SPDX-License-Identifier: Apache-2.0
"""Random valid specs: everything that the spec language has, in combinations nobody would write."""
from random_expr import Expressions, Shape, leaves_of
from random_types import HOSTILE, KEYS, SCALARS, WORDS, Type, TypeGenerator
from random_yaml import dump


class Room:
    """An accumulator, an argument, a node's value or a route: what a node can read."""

    def __init__(self, name, type_name, window=0, key=None, optional=False):
        self.name, self.type, self.window, self.key = name, type_name, window, key
        self.shape = Shape(type_name, optional=optional, low=0, high=window) if window else Shape(
            type_name, optional=optional)
        self.shape.window = bool(window)
        self.feeds = self.read = self.optional = False
        self.needs = {}  # {router: route} of all that must be taken for it


class Generator(TypeGenerator):
    def __init__(self, seed):
        super().__init__(seed)
        self.params, self.sources, self.accumulators, self.calls = {}, {}, {}, {}
        self.reactors, self.graphs, self.sinks = {}, {}, {}
        self.rooms, self.events, self.sink_types, self.dead = [], {}, {}, []

    # --- Expressions

    def expressions(self, roots):
        leaves = []
        for name, shape in roots:
            leaves += leaves_of(self.types, name, shape)
        for name, shape in self.params.items():
            leaves += leaves_of(self.types, f'params.{name}', shape)
        readable = [l for l in leaves if not set(l.path.replace('[', '.').split('.')) &
                    {'loop', 'package', 'if'}]
        return Expressions(self.rng, self.types, readable)

    def set_of(self, type_name, made, copied):
        """`set:` of a node or stream that writes this type, or None where nothing fits."""
        result = {}
        for name, member in self.types[type_name].fields.items():
            if (copied or member.optional) and self.chance(0.6):
                continue
            text = made.assign(member.shape)
            if text is None and not (copied or member.optional):
                return None
            if text is not None:
                result[name] = text
        return result

    # --- Rooms

    def make_params(self):
        bases = SCALARS + [t.name for t in self.types.values() if t.values]
        for name in self.member_names(self.rng.randint(0, 4)):
            self.params[name] = self.shape(bases, True)

    def param_data(self):
        data = {}
        for name, shape in self.params.items():
            data[name] = {'type': self.shape_text(shape), 'default': self.scalar(shape, True)}
            self.doc(data[name])
        return data

    def format_for(self, type_name, formats):
        return self.rng.choice([f for f in formats if f != 'csv' or self.flat(type_name)])

    def make_source(self):
        kind = self.rng.choice(['channel', 'channel', 'channel', 'file', 'timer', 'unix'])
        data = {'kind': kind}
        if kind == 'timer':
            data['every'] = self.rng.choice(['250ms', '1m30s'])
            type_name = 'Tick'
        else:
            data['type'] = type_name = self.rng.choice(self.structs())
            times = [n for n, m in self.types[type_name].fields.items() if m.shape.base ==
                     'timestamp' and not m.shape.optional and not m.shape.is_list]
            if times and self.chance(0.5):
                data['time'] = self.rng.choice(times)
        if kind == 'file':
            data['format'] = self.format_for(type_name, ['csv', 'json', 'msgpack', 'raw'])
            data['path'] = self.rng.choice(['in.data', '${NO:-a}/b*.data', 'ä "x"\\??/'])
        if kind == 'unix':
            data['path'] = 'in.sock'
            data['format'] = self.rng.choice(['json', 'msgpack', 'raw'])
        if kind == 'channel' and self.chance(0.3):
            data['capacity'] = 16
        if self.chance(0.1):
            data['turn'] = self.rng.randint(1, 9)
        self.doc(data)
        return data, type_name

    def make_sources(self):
        for _ in range(self.rng.randint(1, 4)):
            name = self.name()
            self.sources[name], type_name = self.make_source()
            self.events[name] = type_name
            self.rooms.append(Room(name, type_name))  # its own passthrough

    def key_of(self, type_name):
        enums = [t.name for t in self.types.values() if t.values]
        fields = [(n, m.shape) for n, m in self.types[type_name].fields.items()
                  if m.shape.base in KEYS + enums and not m.shape.optional and not m.shape.is_list]
        if not fields or self.chance(0.6):
            return None, None
        chosen = self.rng.sample(fields, self.rng.randint(1, min(2, len(fields))))
        names = [n for n, _ in chosen]
        return names, tuple((s.base, s.size) for _, s in chosen)

    def stream(self, data, event):
        out = data['out'] = self.rng.choice(self.structs())
        roots = [('event', Shape(event))]
        fields = {n: self.member(SCALARS) for n in self.member_names(self.rng.randint(0, 3))}
        if fields:
            data['state'] = {n: self.shape_text(m.shape) for n, m in fields.items()}
            self.types['state'] = Type('state', fields=fields)
            roots.append(('state', Shape('state')))
        made = self.expressions(roots)
        if fields:
            del self.types['state']
        written = self.set_of(out, made, False) if self.chance(0.6) else None
        if written:
            data['set'] = written
            update = {n: made.assign(m.shape) for n, m in fields.items() if self.chance(0.7)}
            update = {n: text for n, text in update.items() if text is not None}
            if update:
                data['update'] = update
        if self.chance(0.3):
            data['where'] = (made if written else self.expressions(roots[:1])).make('bool')
        return out

    def accumulator(self):
        kind = self.rng.choice(['passthrough', 'passthrough', 'stream', 'polling', 'batch', 'state'])
        data, window, name = {}, 0, self.name()
        if kind != 'passthrough' or self.chance(0.2):
            data['kind'] = kind
        if kind == 'polling':
            data.update(out=self.rng.choice(self.structs()), every='1s')
            if self.chance(0.5):
                data['call'] = 'call_' + data['out']
            if self.chance(0.3):
                data['inline'] = 'true'
            return name, data, Room(name, data['out'])
        if self.chance(0.8):
            data['source'] = self.rng.choice(list(self.sources))
            event = self.events[data['source']]
        else:
            data['type'] = event = self.rng.choice(self.structs())
        key, key_type = self.key_of(event)
        if key:
            data['key'] = key[0] if len(key) == 1 and self.chance(0.5) else key
        out = event
        if kind == 'stream':
            out = self.stream(data, event)
        elif self.chance(0.3):
            data['where'] = self.expressions([('event', Shape(event))]).make('bool')
        if kind == 'batch':
            data['max_size'] = window = self.rng.randint(1, 9)
            if self.chance(0.5):
                data['every'] = '10ms'
        if kind == 'state':
            data['size'] = window = self.rng.randint(1, 9)
        room = Room(name, out, window, key_type)
        room.feeds = event
        return name, data, room

    def make_accumulators(self):
        for _ in range(self.rng.randint(0, 6)):
            name, data, room = self.accumulator()
            self.doc(data)
            self.accumulators[name] = data
            self.rooms.append(room)

    def sink_for(self, type_name):
        same = [s for s, t in self.sink_types.items() if t == type_name]
        if same and self.chance(0.7):
            return self.rng.choice(same)
        name = self.name()
        kind = self.rng.choice(['callback', 'stdout', 'file'])
        data = {'kind': kind, 'type': type_name}
        if kind != 'callback':
            data['format'] = self.format_for(type_name, ['csv', 'json', 'msgpack'])
        if kind == 'file':
            data['path'] = f'{name}.out'
        self.doc(data)
        self.sinks[name], self.sink_types[name] = data, type_name
        return name

    def dead_letters(self, data, p=0.15):
        if not self.chance(p):
            return
        name = None
        if not self.dead or self.chance(0.3):
            name = self.name()
            self.sinks[name] = {'kind': 'file', 'path': f'{name}.jsonl'}
            self.dead.append(name)
        data['dead_letters'] = name or self.rng.choice(self.dead + ['none'])

    # --- Reactors

    def criteria(self, rooms, depth=0):
        """Names each of `rooms` once."""
        rooms = list(rooms)
        word = self.rng.choice(['when_any', 'when_all'])
        if len(rooms) < 2 or depth == 2 or self.chance(0.5):
            return {word: [room.name for room in rooms]}
        cut = self.rng.randint(1, len(rooms) - 1)
        return {word: [r.name for r in rooms[:cut]] + [self.criteria(rooms[cut:], depth + 1)]}

    def reactor(self, must=None):
        """Its data, and the rooms that its graphs may read."""
        first = must or self.rng.choice(self.rooms)
        same = [r for r in self.rooms if r.key == first.key and r is not first]
        named = [first] + self.rng.sample(same, min(len(same), self.rng.choice([0, 0, 1, 2, 3])))
        data = self.criteria(named)
        readable = [r for r in self.rooms if r.key is None or r.key == first.key]
        if self.chance(0.4):
            asked = self.rng.sample(readable, min(3, len(readable)))
            # Guarded by has() it may be absent.
            roots = [(r.name, Shape(r.type, optional=True)
                      if not r.window and self.chance(0.3) else r.shape) for r in asked]
            data['where'] = self.expressions(roots).make('bool')
        if self.chance(0.3):
            data['strategy'] = self.rng.choice(['latest', 'sequential'])
        options = {'capacity': '16', 'wait': '1h', 'warming': '250ms', 'max_keys': '100'}
        for option in self.rng.sample(list(options), self.rng.choice([0, 0, 1, 2])):
            data[option] = options[option]
        for room in named:
            room.read = True
        self.doc(data)
        return data, readable

    # --- Graphs

    def operand(self, room):
        return ('optional ' if room.optional else '') + room.name

    def pick_inputs(self, rooms, p_optional):
        chosen = self.rng.sample(rooms, min(len(rooms), self.rng.choice([1, 1, 2, 3])))
        needs = {}
        for room in chosen:  # two routes of one node never come together
            clash = any(needs.get(router, route) != route for router, route in room.needs.items())
            room.optional = clash or self.chance(p_optional)
            if not room.optional:
                needs.update(room.needs)
        return chosen, needs

    def node(self, name, rooms):
        """Data of a node, and what it gives: [room]."""
        inputs, needs = self.pick_inputs(rooms, 0.25)
        data, results = self.form(name, inputs)
        for room in results:
            router, _, route = room.name.partition('.')
            room.needs = {**needs, router: route} if route else needs
        return data, results

    def route(self, type_name):
        data = {'type': type_name}
        self.doc(data)
        return data if len(data) > 1 else type_name

    def form(self, name, inputs):
        names = [self.operand(r) for r in inputs]
        data = {'in': names[0] if len(names) == 1 and self.chance(0.7) else names}
        roots = [(r.name, Shape(r.type, r.shape.size, r.optional, r.shape.low, r.shape.high))
                 for r in inputs]
        for room, (_, shape) in zip(inputs, roots):
            shape.window = bool(room.window)
        made = self.expressions(roots)
        if self.chance(0.2):
            data['where'] = made.make('bool')
        for room in inputs:
            room.read = True
        self.doc(data)
        form = self.rng.choice(['set', 'set', 'c', 'pass', 'routes'])
        structs = self.structs()
        if form == 'pass' and len(inputs) == 1 and inputs[0].type in structs:
            return data, [Room(name, inputs[0].type, inputs[0].window)]
        if form == 'routes':
            routes = {r: self.rng.choice(structs + ['none'])
                      for r in self.member_names(self.rng.randint(1, 4))}
            data['routes'] = {r: self.route(t) for r, t in routes.items()}
            return data, [Room(f'{name}.{r}', t) for r, t in routes.items() if t != 'none']
        data['out'] = out = self.rng.choice(
            structs + [r.type for r in inputs if r.type in structs and not r.window] * 3)
        if form == 'set':
            copied = any(r.type == out and not r.window and not r.optional for r in inputs)
            written = self.set_of(out, made, copied)
            if written is not None:
                data['set'] = written
        if 'set' not in data and self.chance(0.3):
            data['state'] = {n: self.shape_text(self.member(SCALARS + structs).shape)
                             for n in self.member_names(self.rng.randint(1, 3))}
        return data, [Room(name, out)]

    def targets(self, room):
        feeds = [a.name for a in self.rooms if a.feeds == room.type]
        found = [self.sink_for(room.type)]
        if feeds and self.chance(0.3):
            found.append(self.rng.choice(feeds))
        return found if len(found) > 1 or self.chance(0.2) else found[0]

    def nodes(self, rooms, called):
        nodes, given = {}, []
        for _ in range(self.rng.randint(1, 7)):
            name = self.name()
            data, results = self.node(name, rooms + given)
            single = len(results) == 1 and 'routes' not in data and not results[0].window
            if single and not called and self.chance(0.2):
                data['to'] = self.targets(results[0])
                results[0].read = True
            nodes[name] = data
            given += results
        for room in [r for r in given if not r.read]:
            if '.' not in room.name and not room.window:
                if not called:
                    nodes[room.name]['to'] = self.targets(room)
                continue
            name = self.name()
            nodes[name] = {'in': room.name}
            if room.window:
                nodes[name]['out'] = self.rng.choice(self.structs())
            if not called:
                nodes[name]['to'] = self.targets(Room(name, nodes[name].get('out', room.type)))
        items = list(nodes.items())
        if self.chance(0.3):
            self.rng.shuffle(items)
        return dict(items)

    def graph(self, data, rooms):
        if self.chance(0.2):
            data['on_error'] = self.rng.choice(['halt', 'retry', {'retry': {'attempts': 5}},
                                                {'retry': {'delay': '1ms', 'backoff': 'linear'}}])
        if self.chance(0.1):
            data['slow'] = '5ms'
        self.dead_letters(data)
        self.doc(data)
        data['nodes'] = self.nodes(rooms, False)

    def called_graph(self):
        bases = [b for b in SCALARS if b != 'bytes'] + list(self.types)
        rooms, args = [], {}
        for name in self.rng.sample(WORDS + HOSTILE, self.rng.randint(1, 4)):
            if name.endswith('_'):
                continue
            member = self.member(bases)
            shape = member.shape
            if shape.base == 'string':
                shape.low = shape.high = None
            shape.window = shape.is_list
            args[name] = self.shape_text(shape)
            room = Room(name, shape.base, optional=shape.optional)
            room.shape, room.window = shape, shape.is_list
            rooms.append(room)
        saved, self.used = self.used, self.used | {n.lower().replace('_', '') for n in args}
        nodes = self.nodes(rooms, True)
        self.used = saved | self.used
        for room in [r for r in rooms if not r.read]:
            name = self.name()
            nodes[name] = {'in': room.name,
                           'out': self.rng.choice(self.structs())}
        return {'args': args, 'nodes': nodes}, {n: r.shape for n, r in zip(args, rooms)}

    def make_graphs(self):
        for _ in range(self.rng.randint(0, 2)):
            name = self.name()
            self.reactors[name], rooms = self.reactor()
            for _ in range(self.rng.randint(1, 2)):
                graph = self.graphs[self.name()] = {'trigger': name}
                self.graph(graph, rooms)
        for _ in range(self.rng.randint(1, 3)):
            data, rooms = self.reactor()
            self.graphs[self.name()] = data
            self.graph(data, rooms)
        for _ in range(self.rng.randint(0, 2)):
            name = self.name()
            self.graphs[name], self.calls[name] = self.called_graph()
        for room in [r for r in self.rooms if r.name in self.accumulators and not r.read]:
            data, rooms = self.reactor(room)
            self.graphs[self.name()] = data
            self.graph(data, rooms)
        fed = {a.get('source') for a in self.accumulators.values()}
        for room in [r for r in self.rooms if r.name in self.sources and not r.read]:
            if room.name not in fed:
                data, rooms = self.reactor(room)
                self.graphs[self.name()] = data
                self.graph(data, rooms)

    # --- The whole

    def steps(self):
        steps = []
        for name, source in self.sources.items():
            if source['kind'] != 'timer' and source.get('format') != 'raw':
                values = [self.struct_value(self.events[name]) for _ in range(self.rng.randint(1, 3))]
                steps.append({'send': {name: values}})
        for name, data in self.accumulators.items():
            if data.get('kind') == 'batch':
                steps.append({'flush': name})
        for name, args in self.calls.items():
            given = {n: self.value(s) for n, s in args.items()}
            steps.append({'call': {name: given}})
        self.rng.shuffle(steps)
        return steps + [{'advance': '1s'}]

    def spec(self):
        """The files of a spec: {name: text}; main.weir.yaml is the spec."""
        self.make_types()
        self.make_params()
        self.make_sources()
        self.make_accumulators()
        self.make_graphs()
        self.module = self.rng.choice(['m', 'market', 'int', 'Module2'])
        spec, files = {'module': self.module}, {}
        self.doc(spec)
        types = {n: self.type_data(t) for n, t in self.types.items() if n != 'Tick'}
        if self.chance(0.2):
            shared = {n: types.pop(n) for n in self.rng.sample(list(types), len(types) // 2)}
            files['shared.weir.yaml'] = dump(self.rng, {'doc': 'Shared.', 'types': shared})
            spec['import'] = ['shared.weir.yaml']
        items = list(types.items())
        self.rng.shuffle(items)
        for source in self.sources.values():
            self.dead_letters(source)
        self.dead_letters(spec)
        spec.update(types=dict(items), params=self.param_data(), sources=self.sources,
                    accumulators=self.accumulators, reactors=self.reactors, graphs=self.graphs,
                    sinks=self.sinks, tests={'all': self.steps()})
        files['main.weir.yaml'] = dump(self.rng, {k: v for k, v in spec.items() if v})
        return files
