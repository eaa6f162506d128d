# SPDX-License-Identifier: Apache-2.0
"""What is killed, and what must be true of it after: for `kills` and `serve_kills`.

A random workflow has tasks in C and commands, some of which fail, wait, run once for each item of a list
or begin another workflow; some of them, and the whole, have hooks. Each effect is a line of the file
`ran`: key of the task, number of the run, answer. An execution and all that it has begun, read from the
database and not by weir, are a family; of it each member must tell a story that could be (checker.h), and
all together must be there as often as rules F12 and F16 say.
"""
import collections
import json
import subprocess

WAIT_NS = 3_000_000
MOST_RUNS = 100  # workers are killed, too, which is a failure
KILLED = "it was ended by signal 9 "
KINDS = ["exec", "call", "call", "waits", "fails", "items", "items_of", "begins"]
CHILD = {"a": {"kind": "call", "after": []}, "b": {"kind": "exec", "after": ["a"]}}


# --- What is run ---

class Workflow:
    """Tasks by name, each with a kind, what it comes after, and the hooks that it has."""

    def __init__(self, rng):
        self.items = rng.randint(0, 4)
        self.hooks = self.some_hooks(rng)
        self.tasks = {}
        names = [f"t{i}" for i in range(rng.randint(2, 7))]
        for i, name in enumerate(names):
            kind = rng.choice(KINDS) if i else rng.choice(["exec", "call"])
            after = set(rng.sample(names[:i], rng.randint(0, min(i, 3))))
            if kind.startswith("items"):
                after.add("t0")  # which writes the list
            self.tasks[name] = {"kind": kind, "after": sorted(after), "hooks": self.some_hooks(rng)}

    @staticmethod
    def some_hooks(rng):
        return [hook for hook in ("on_success", "on_failure") if rng.random() < 0.3]

    def writes(self, name, kind):
        """What one effect of a task sets."""
        if kind in ("items", "items_of", "fails", "hook"):
            return {}
        return {name: 1, **({"list": list(range(self.items))} if name == "t0" else {}),
                **({f"{name}_waited": 1} if kind == "waits" else {})}


def command(writes, answer="done"):
    """A command that notes that it ran, and leaves what it writes."""
    words = [f"echo $WEIR_TASK_KEY $WEIR_ATTEMPT {answer} >>ran"]
    if writes:
        words.append(f"""echo '{json.dumps({"set": writes})}' >"$WEIR_RESULT\"""")
    if answer == "failed":
        words.append("exit 1")
    return f"exec: [sh, -c, {json.dumps('; '.join(words))}]"


def retry_of(attempts):
    return f"retry: {{attempts: {attempts}, delay: 1ms}}"


def spec_of_hook(hook):
    body = "call: kills_hook" if hook == "on_success" else command({})
    return f"{hook}: {{{body}, {retry_of(MOST_RUNS)}}}"


def spec_of_task(workflow, name, task):
    kind = task["kind"]
    body = {"exec": command(workflow.writes(name, kind)), "fails": command({}, "failed"),
            "begins": "workflow: c", "items_of": "for_each: context.list, workflow: c",
            "items": "for_each: context.list, call: kills_item"}.get(kind, f"call: kills_{name}")
    body += f", {retry_of(2)}, allow_failure: true" if kind == "fails" else f", {retry_of(MOST_RUNS)}"
    if task["after"]:
        body = f"after: [{', '.join(task['after'])}], {body}"
    for hook in task.get("hooks", []):
        body += f", {spec_of_hook(hook)}"
    return f"      {name}: {{{body}}}"


SOURCE = """#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "kills.weir.h"
static weir_answer note(weir_task *task, const char *answer)
{
    int file = open("FOLDER/ran", O_WRONLY | O_APPEND);
    if (file < 0 || dprintf(file, "%s %d %s\\n", weir_task_key(task), (int)weir_task_attempt(task), answer) < 0)
        return weir_task_fail(task, "cannot write");
    close(file);
    return WEIR_TASK_DONE;
}
weir_answer kills_item(weir_task *task)
{
    weir_task_set_integer(task, "index", weir_task_index(task));
    return note(task, "done");
}
weir_answer kills_hook(weir_task *task)
{
    return note(task, "done");
}
"""
WAITS = """    if (!weir_task_resumed(task)) {
        weir_task_set_integer(task, "NAME_waited", 1);
        note(task, "deferred");
        return weir_task_defer_for(task, WAIT);
    }
"""


def write_source(workflow, folder):
    source = SOURCE.replace("FOLDER", str(folder))
    for name, task in [*workflow.tasks.items(), *CHILD.items()]:
        if task["kind"] in ("call", "waits"):
            waits = WAITS.replace("NAME", name).replace("WAIT)", f"{WAIT_NS})") if task["kind"] == "waits" else ""
            sets = "".join(f'    weir_task_set(task, "{key}", "{json.dumps(value)}");\n'
                           for key, value in workflow.writes(name, task["kind"]).items())
            source += f'weir_answer kills_{name}(weir_task *task)\n{{\n{waits}{sets}    return note(task, "done");\n}}\n'
    (folder / "tasks.c").write_text(source)


def write(workflow, folder, trigger=""):
    """Spec and source; `trigger` is a line of the workflow."""
    lines = ["module: kills", "workflows:", "  w:", *([f"    {trigger}"] if trigger else []),
             *[f"    {spec_of_hook(hook)}" for hook in workflow.hooks], "    tasks:"]
    lines += [spec_of_task(workflow, name, task) for name, task in workflow.tasks.items()]
    lines += ["  c:", "    tasks:"] + [spec_of_task(workflow, name, task) for name, task in CHILD.items()]
    (folder / "kills.weir.yaml").write_text("\n".join(lines) + "\n")
    write_source(workflow, folder)
    (folder / "ran").write_text("")


# --- What is recorded ---

EXECUTIONS = ("SELECT e.id, e.workflow, e.state, e.role, e.parent, e.parent_position, e.parent_token, e.item, p.context "
              "FROM executions e JOIN payloads p ON p.execution = e.id ORDER BY e.id")
TASKS = "SELECT execution, position, name, state, attempt FROM tasks ORDER BY execution, position"
EVENTS = "SELECT number, execution, position, from_state, to_state, attempt, time, reason FROM events ORDER BY number"

Execution = collections.namedtuple("Execution", "id workflow state role parent position token item context")
Task = collections.namedtuple("Task", "execution position name state attempt")
Event = collections.namedtuple("Event", "number execution position before after attempt time reason")


class Record:
    """All that a store has, by `query`, and the file `ran`."""

    def __init__(self, query, ran):
        self.executions = {row[0]: Execution(*row[:8], json.loads(row[8] or "null")) for row in query(EXECUTIONS)}
        self.children, self.tasks = collections.defaultdict(list), collections.defaultdict(dict)
        self.events, self.ran = collections.defaultdict(list), collections.defaultdict(list)
        for execution in self.executions.values():
            self.children[execution.parent].append(execution)
        for row in query(TASKS):
            self.tasks[row[0]][row[1]] = Task(*row)
        for row in query(EVENTS):
            self.events[row[1]].append(Event(*row))
        for line in ran.splitlines():
            key, attempt, answer = line.split()
            execution, name = key.split("/", 1)
            self.ran[int(execution)].append((name, int(attempt), answer))

    def roots(self):
        return self.children[None]


# --- What must be true of it ---

class Wrong(AssertionError):
    pass


def declared(workflow, execution):
    """Of the tasks of an execution: name, kind, after, hooks."""
    if execution.workflow in ("w", "c"):
        return workflow.tasks if execution.workflow == "w" else CHILD
    name = execution.workflow.split("/", 1)[1]
    if execution.role == "hook":
        return {name: {"kind": "hook", "after": []}}
    return {name: {"kind": "item" if workflow.tasks[name]["kind"] == "items" else "begins", "after": []}}


class Family:
    """An execution that nobody has begun, and what is below it."""

    def __init__(self, workflow, record, checker, most_lost, loose_clock):
        self.workflow, self.record, self.checker, self.most_lost = workflow, record, checker, most_lost
        self.loose_clock = loose_clock
        self.members = 0

    def hear(self, execution):
        """The execution, after those that it has begun."""
        self.members += 1
        tasks, position_of = declared(self.workflow, execution), {}
        for position, task in self.record.tasks[execution.id].items():
            position_of[task.name] = position
        if set(position_of) != set(tasks):
            raise Wrong(f"execution {execution.id} has the tasks {sorted(position_of)}")
        begun, runs = {child.id for child in self.record.children[execution.id]}, []
        for name, task in tasks.items():
            runs += self.runs_of(execution, position_of[name], name, task, begun)
            self.look_for_hooks(execution, position_of[name], name, task.get("hooks", []), begun)
        if execution.workflow == "w":
            self.look_for_hooks(execution, None, None, self.workflow.hooks, begun)
        if begun:
            raise Wrong(f"execution {execution.id} has begun {sorted(begun)}, and should not have")
        self.tell(execution, tasks, runs)

    # --- What a task has begun ---

    def runs_of(self, execution, position, name, task, begun):
        if task["kind"] in ("items", "items_of", "begins"):
            return self.runs_by_children(execution, position, name, task, begun)
        writes, runs = {"set": self.writes_of(execution, name, task)}, []
        killed = {event.attempt for event in self.record.events[execution.id]
                  if event.position == position and (event.reason or "").startswith(KILLED)}
        for who, attempt, answer in self.record.ran[execution.id]:
            if who == name and (answer == "deferred" or attempt not in killed):
                more = {"delay": WAIT_NS} if answer == "deferred" else writes
                runs.append({"task": name, "attempt": attempt, "answer": answer, **more})
        return runs + [{"task": name, "attempt": attempt, "answer": "failed"} for attempt in sorted(killed)]

    def writes_of(self, execution, name, task):
        return {"index": execution.item} if task["kind"] == "item" else self.workflow.writes(name, task["kind"])

    def runs_by_children(self, execution, position, name, task, begun):
        """One run for each time that it has begun to wait, or had nothing to wait for."""
        runs, claims = [], 0
        for event in self.record.events[execution.id]:
            if event.position != position:
                continue
            claims += event.after == "Running"
            if event.after == "Deferred":
                children = self.begun_by(execution, position, claims, event, task, begun)
                contexts = [self.result_of(child, name, task) for child in children]
                value = contexts[0] if task["kind"] == "begins" else contexts
                runs.append({"task": name, "attempt": event.attempt, "answer": "done", "set": {name: value}})
            elif (event.before, event.after) == ("Running", "Completed"):
                runs.append({"task": name, "attempt": event.attempt, "answer": "done", "set": {name: []}})
        return runs

    @staticmethod
    def result_of(child, name, task):
        return child.context[name] if task["kind"] == "items_of" else child.context

    def begun_by(self, execution, position, token, event, task, begun):
        """Each item once, or one workflow; in the order of the items."""
        role = "workflow" if task["kind"] == "begins" else "item"
        wanted = [0] if role == "workflow" else list(range(self.workflow.items))
        children = [child for child in self.record.children[execution.id]
                    if (child.role, child.position, child.token) == (role, position, token)]
        if sorted(child.item or 0 for child in children) != wanted:
            raise Wrong(f"execution {execution.id}: run {event.attempt} of task {position} has begun "
                        f"{[(child.id, child.item) for child in children]}, not {wanted}")
        for child in children:
            self.hear(child)
            begun.remove(child.id)
            self.in_order(event, child, self.end_of(execution, position, event))
        return sorted(children, key=lambda child: child.item or 0)

    def end_of(self, execution, position, after):
        return next((event for event in self.record.events[execution.id]
                     if event.position == position and event.after and event.number > after.number), None)

    def in_order(self, before, child, after):
        """A child begins after the event that began it, and ends before what it is waited for by."""
        events = self.record.events[child.id]
        last = max(event.number for event in events if event.position is None and event.after)
        if events[0].number < before.number or (after is not None and after.number < last):
            raise Wrong(f"execution {child.id} of '{child.workflow}' is out of order")

    def look_for_hooks(self, execution, position, name, hooks, begun):
        """One for each end, and none without."""
        ends = [event for event in self.record.events[execution.id]
                if event.position == position and event.after in ("Completed", "Failed")]
        found = [child for child in self.record.children[execution.id] if (child.role, child.position) == ("hook", position)]
        for end in ends:
            hook = "on_success" if end.after == "Completed" else "on_failure"
            if hook not in hooks:
                continue
            path = f"{execution.workflow}/{name}/{hook}" if name else f"{execution.workflow}/{hook}"
            own = [child for child in found if child.workflow == path]
            if len(own) != 1:
                raise Wrong(f"execution {execution.id}: '{path}' was begun {len(own)} times")
            self.hear(own[0])
            self.in_order(end, own[0], None)
            begun.remove(own[0].id)

    # --- Its story ---

    def tell(self, execution, tasks, runs):
        rows = self.record.tasks[execution.id]
        lost = collections.Counter(event.position for event in self.record.events[execution.id]
                                   if (event.reason or "").startswith("it was lost with "))
        if lost and max(lost.values()) > self.most_lost:
            raise Wrong(f"execution {execution.id}: lost {lost} by {self.most_lost} crashes")
        names = ("number", "from", "to", "attempt", "time", "reason")
        events = [{**{k: v for k, v in zip(names, (e.number, e.before, e.after, e.attempt, e.time, e.reason)) if v is not None},
                   **({"task": rows[e.position].name} if e.position is not None else {})}
                  for e in self.record.events[execution.id]]
        result = {"status": execution.state, "context": execution.context,
                  "tasks": {task.name: {"state": task.state, "attempts": task.attempt} for task in rows.values()}}
        told = [{"name": name, "after": task["after"],
                 **({"begins": True} if task["kind"] in ("items", "items_of", "begins") else {}),
                 **({"attempts": 2, "allow_failure": True} if task["kind"] == "fails" else {"attempts": MOST_RUNS}),
                 "delay": 1_000_000, "jitter": True}
                for name, task in tasks.items()]
        wrong = self.checker.ask({"tasks": told, "most_lost": 1000, "loose_clock": self.loose_clock, "runs": runs,
                                  "events": events, "result": result})
        if wrong or execution.state != "Completed":
            raise Wrong(f"execution {execution.id} of '{execution.workflow}': {wrong or 'it ends as ' + execution.state}")


class Checker:
    """The program `story_checker`, which is asked again and again."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, story):
        self.process.stdin.write(json.dumps(story) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()



def check(workflow, record, checker, root, crashes, loose_clock=False):
    """Raises Wrong; how many executions there were below and with `root`. With `loose_clock` nothing is said of
    delays: a transaction of PostgreSQL is of the time at which it began, so that a runner may claim what another
    has just released with a time that lies a little before that."""
    family = Family(workflow, record, checker, crashes, loose_clock)
    family.hear(root)
    return family.members
