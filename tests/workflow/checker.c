/* SPDX-License-Identifier: Apache-2.0 */
/* checker.c - goes through the events of an execution, one by one, and asks of each whether it may
 * be. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/workflow/checker_parts.h"

bool check_wrong(check *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (!c->failed)
        vsnprintf(c->wrong, c->size, format, args);
    va_end(args);
    c->failed = true;
    return false;
}

const char *check_text(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));

    return text != NULL ? text : "";
}

int64_t check_number(const json_t *object, const char *member, int64_t otherwise)
{
    const json_t *value = json_object_get(object, member);

    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static const char *const names[] = {"",       "Pending",   "Ready",  "Running", "Deferred",
                                    "Paused", "Completed", "Failed", "Skipped", "Cancelled"};

const char *check_state_text(check_state state)
{
    return names[state];
}

static check_state read_state(const char *text)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], text) == 0)
            return (check_state)i;
    return CHECK_NONE;
}

bool check_is_end(check_state state)
{
    return state >= CHECK_COMPLETED;
}

/* --- F1: which transitions there are; the letters are those of the states --- */

static const char letters[] = "-PRUDAKFSC"; /* A: Paused; U: Running; K: Completed */

static bool is_move(bool task, check_state from, check_state to)
{
    const char *list = task ? "-P PR PS PF PC RU RC UK UF UR UC UD DK DR DF DC FP SP CP"
                            : "-P PU PA PF PC UA UK UF UC AU AF AC FU CU";

    for (const char *at = list; *at != '\0'; at += at[2] == ' ' ? 3 : 2)
        if (at[0] == letters[from] && at[1] == letters[to])
            return true;
    return false;
}

/* --- Tasks --- */

static bool is_deferral(const json_t *run)
{
    return strcmp(check_text(run, "answer"), "deferred") == 0;
}

/* The effect of its newest run; one that has waited has another, of the time before. */
static const json_t *find_run(const check *c, const check_task *task, bool deferral)
{
    const json_t *run;
    size_t i;

    json_array_foreach(json_object_get(c->story, "runs"), i,
                       run) if (strcmp(check_text(run, "task"), task->name) == 0 &&
                                check_number(run, "attempt", 0) == task->attempt &&
                                is_deferral(run) == deferral) return run;
    return NULL;
}

static const json_t *run_of(const check *c, const check_task *task)
{
    return find_run(c, task, false);
}

/* A task with items, or one that begins a workflow: its runs are told by what those came to. */
static bool begins_others(const check_task *task)
{
    return json_is_true(json_object_get(task->declared, "begins"));
}

static bool all_ended(const check *c, uint64_t among)
{
    for (size_t i = 0; i < c->count; i++)
        if ((among >> i & 1) != 0 && !check_is_end(c->tasks[i].state))
            return false;
    return true;
}

/* Pending -> Ready, Skipped or Failed */
static bool check_decision(check *c, check_task *task, check_state to)
{
    check_state wanted = CHECK_NONE;

    if (!all_ended(c, task->after))
        return check_wrong(c, "'%s' is decided before what it comes after has ended", task->name);
    if (!check_rule(c, task, &wanted))
        return false;
    return wanted == to ? true
                        : check_wrong(c, "'%s' is %s; by its rule it were %s", task->name,
                                      check_state_text(to), check_state_text(wanted));
}

/* What a run saw is what was written above it. */
static bool check_sight(check *c, const check_task *task)
{
    const json_t *saw = json_object_get(run_of(c, task), "saw");
    json_t *written = check_context(c, task->above);
    bool same = saw == NULL || json_equal(saw, written);

    json_decref(written);
    return same ? true
                : check_wrong(c, "run %lld of '%s' saw another context than was written",
                              (long long)task->attempt, task->name);
}

static bool is_early(const check *c, const check_task *task, const json_t *event)
{
    return check_number(event, "time", 0) < task->due &&
           !json_is_true(json_object_get(c->story, "loose_clock"));
}

/* Ready -> Running */
static bool check_begin(check *c, check_task *task, const json_t *event)
{
    if (!all_ended(c, task->after))
        return check_wrong(c, "'%s' begins before what it comes after has ended", task->name);
    if (c->state != CHECK_PENDING && c->state != CHECK_RUNNING)
        return check_wrong(c, "'%s' begins while the execution is %s", task->name,
                           check_state_text(c->state));
    int64_t next = task->attempt + !task->goes_on;
    if (check_number(event, "attempt", 0) != next)
        return check_wrong(c, "'%s' begins run %lld after run %lld", task->name,
                           (long long)check_number(event, "attempt", 0), (long long)task->attempt);
    if (is_early(c, task, event))
        return check_wrong(c, "'%s' begins run %lld %lld ns before its delay is over", task->name,
                           (long long)next,
                           (long long)(task->due - check_number(event, "time", 0)));
    task->attempt = next;
    task->goes_on = false;
    return check_sight(c, task);
}

/* Running -> Completed */
static bool check_done(check *c, check_task *task)
{
    const json_t *run = run_of(c, task);

    if (run == NULL || strcmp(check_text(run, "answer"), "done") != 0)
        return check_wrong(c, "'%s' is Completed by run %lld, which was not done", task->name,
                           (long long)task->attempt);
    if (++task->completed != 1)
        return check_wrong(c, "'%s' is Completed %d times", task->name, task->completed);
    task->spent++;
    task->writes = run;
    return true;
}

/* Running -> Ready or Failed, its runner being gone */
static bool check_loss(check *c, check_task *task, check_state to)
{
    bool over = task->lost >= check_number(c->story, "most_lost", 3) ||
                strcmp(check_text(task->declared, "on_lost"), "fail") == 0 ||
                !check_retries(task, "lost");

    task->lost++;
    return (to == CHECK_FAILED) == over
               ? true
               : check_wrong(c, "'%s' is %s after it was lost %lld times", task->name,
                             check_state_text(to), (long long)task->lost);
}

/* Running -> Ready or Failed, as it answered */
static bool check_failure(check *c, check_task *task, check_state to, int64_t time)
{
    const json_t *run = run_of(c, task);
    const char *answer = check_text(run, "answer");

    if (answer[0] == '\0' || strcmp(answer, "done") == 0)
        return check_wrong(c, "'%s' is %s by run %lld, which did not fail", task->name,
                           check_state_text(to), (long long)task->attempt);
    task->spent++;
    bool over = task->spent >= check_number(task->declared, "attempts", 3) ||
                strcmp(answer, "for good") == 0 || !check_retries(task, check_text(run, "class"));
    if ((to == CHECK_FAILED) != over)
        return check_wrong(c, "'%s' is %s after attempt %lld, which answered '%s'", task->name,
                           check_state_text(to), (long long)task->spent, answer);
    task->due = time + (strcmp(answer, "retry") == 0 ? check_number(run, "delay", 0)
                                                     : check_delay(task, task->spent));
    return true;
}

/* Running -> Ready, Failed, Cancelled */
static bool check_end_of_run(check *c, check_task *task, check_state to, const json_t *event)
{
    const char *reason = check_text(event, "reason");

    if (to == CHECK_CANCELLED)
        return check_is_end(c->state)
                   ? true
                   : check_wrong(c, "'%s' is Cancelled while the execution is %s", task->name,
                                 check_state_text(c->state));
    if (strncmp(reason, "it was lost with ", 17) == 0)
        return check_loss(c, task, to);
    if (to == CHECK_READY && json_is_true(json_object_get(run_of(c, task), "handed_back")))
        return true;
    return check_failure(c, task, to, check_number(event, "time", 0));
}

/* Running -> Deferred */
static bool check_deferral(check *c, check_task *task, const json_t *event)
{
    const json_t *run = find_run(c, task, true);

    if (begins_others(task))
        return true;
    if (run == NULL)
        return check_wrong(c, "'%s' waits by run %lld, which did not say so", task->name,
                           (long long)task->attempt);
    task->due = check_number(event, "time", 0) + check_number(run, "delay", 0);
    return true;
}

/* Deferred -> Ready, Failed, Completed: what it has begun has ended, or it goes on. */
static bool check_end_of_wait(check *c, check_task *task, check_state to, const json_t *event)
{
    if (begins_others(task))
        return to == CHECK_COMPLETED ? check_done(c, task)
                                     : check_failure(c, task, to, check_number(event, "time", 0));
    if (to == CHECK_COMPLETED)
        return check_wrong(c, "'%s' is Completed while it waits", task->name);
    if (to == CHECK_READY && is_early(c, task, event))
        return check_wrong(c, "'%s' goes on before its time has come", task->name);
    task->goes_on = to == CHECK_READY;
    return true;
}

/* Failed, Skipped, Cancelled -> Pending: the execution is tried again. */
static bool check_anew(check *c, check_task *task)
{
    task->spent = task->lost = task->due = 0;
    task->goes_on = false;
    task->verdict = CHECK_OPEN;
    return c->state == CHECK_RUNNING ? true
                                     : check_wrong(c, "'%s' begins anew while the execution is %s",
                                                   task->name, check_state_text(c->state));
}

static bool check_task_move(check *c, check_task *task, check_state to, const json_t *event)
{
    check_state from = task->state;

    if (from == CHECK_PENDING && to != CHECK_CANCELLED)
        return check_decision(c, task, to);
    if (from == CHECK_READY && to == CHECK_RUNNING)
        return check_begin(c, task, event);
    if (from == CHECK_RUNNING && to == CHECK_COMPLETED)
        return check_done(c, task);
    if (from == CHECK_RUNNING)
        return to == CHECK_DEFERRED ? check_deferral(c, task, event)
                                    : check_end_of_run(c, task, to, event);
    if (from == CHECK_DEFERRED && to != CHECK_CANCELLED)
        return check_end_of_wait(c, task, to, event);
    if (to == CHECK_PENDING && from != CHECK_NONE)
        return check_anew(c, task);
    if (to == CHECK_CANCELLED && !check_is_end(c->state))
        return check_wrong(c, "'%s' is Cancelled while the execution is %s", task->name,
                           check_state_text(c->state));
    return true;
}

/* --- The execution --- */

/* F3 */
static check_state end_of(const check *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->tasks[i].state == CHECK_FAILED && c->tasks[i].verdict == CHECK_FAILURE)
            return CHECK_FAILED;
    return CHECK_COMPLETED;
}

static bool check_execution_move(check *c, check_state to, const json_t *event)
{
    bool ended = all_ended(c, UINT64_MAX);

    c->cut_short = check_is_end(to) && to == CHECK_CANCELLED;
    if (to == CHECK_COMPLETED && !ended)
        return check_wrong(c, "it is Completed before all of its tasks have ended");
    if (to == CHECK_FAILED && strstr(check_text(event, "reason"), "its timeout of") != NULL) {
        c->cut_short = true;
        return true;
    }
    if (to == CHECK_FAILED && !ended)
        return check_wrong(c, "it has Failed before all of its tasks have ended: %s",
                           check_text(event, "reason"));
    if ((to == CHECK_FAILED || to == CHECK_COMPLETED) && end_of(c) != to)
        return check_wrong(c, "it is %s; by its tasks it were %s", check_state_text(to),
                           check_state_text(end_of(c)));
    return true;
}

/* --- Events --- */

static bool take_event(check *c, const json_t *event)
{
    const char *name = check_text(event, "task");
    check_task *task = NULL;
    check_state to = read_state(check_text(event, "to"));

    if (to == CHECK_NONE)
        return true; /* a note */
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->tasks[i].name, name) == 0)
            task = &c->tasks[i];
    if (task == NULL && name[0] != '\0')
        return check_wrong(c, "there is no task '%s'", name);
    check_state *at = task != NULL ? &task->state : &c->state;
    check_state from = read_state(check_text(event, "from"));
    if (from != *at || !is_move(task != NULL, from, to))
        return check_wrong(c, "%s goes from %s to %s, being %s", task != NULL ? name : "it",
                           check_state_text(from), check_state_text(to), check_state_text(*at));
    if (!(task != NULL ? check_task_move(c, task, to, event) : check_execution_move(c, to, event)))
        return false;
    *at = to;
    if (task != NULL && check_is_end(to))
        task->verdict = check_verdict_of(c, task);
    return true;
}

/* --- What there is beside events --- */

static bool check_runs(check *c)
{
    const json_t *run, *other;
    size_t i, j;

    json_array_foreach(json_object_get(c->story, "runs"), i, run)
    {
        const check_task *task = NULL;
        for (size_t t = 0; t < c->count; t++)
            if (strcmp(c->tasks[t].name, check_text(run, "task")) == 0)
                task = &c->tasks[t];
        int64_t attempt = check_number(run, "attempt", 0);
        if (task == NULL || attempt < 1 || attempt > task->attempt)
            return check_wrong(c, "run %lld of '%s' had an effect, and no event",
                               (long long)attempt, check_text(run, "task"));
        json_array_foreach(json_object_get(c->story, "runs"), j,
                           other) if (j != i && check_number(other, "attempt", 0) == attempt &&
                                      is_deferral(other) == is_deferral(run) &&
                                      strcmp(check_text(other, "task"), task->name) ==
                                          0) return check_wrong(c,
                                                                "run %lld of '%s' had two effects",
                                                                (long long)attempt, task->name);
    }
    return true;
}

static bool check_end(check *c)
{
    const json_t *result = json_object_get(c->story, "result");
    json_t *context = check_context(c, UINT64_MAX);
    bool same = c->cut_short || json_equal(context, json_object_get(result, "context"));

    json_decref(context);
    if (!check_is_end(c->state))
        return check_wrong(c, "it has not ended, being %s", check_state_text(c->state));
    if (strcmp(check_text(result, "status"), check_state_text(c->state)) != 0)
        return check_wrong(c, "it is %s; the events say %s", check_text(result, "status"),
                           check_state_text(c->state));
    if (!same)
        return check_wrong(c, "its context is not what its tasks have written");
    for (size_t i = 0; i < c->count; i++) {
        const check_task *task = &c->tasks[i];
        const json_t *told = json_object_get(json_object_get(result, "tasks"), task->name);
        if (!check_is_end(task->state))
            return check_wrong(c, "'%s' has not ended, being %s", task->name,
                               check_state_text(task->state));
        if (strcmp(check_text(told, "state"), check_state_text(task->state)) != 0 ||
            check_number(told, "attempts", -1) != task->attempt)
            return check_wrong(c, "'%s' is %s after %lld runs; the events say %s, %lld", task->name,
                               check_text(told, "state"),
                               (long long)check_number(told, "attempts", -1),
                               check_state_text(task->state), (long long)task->attempt);
    }
    return true;
}

/* --- The whole --- */

static bool read_task(check *c, const json_t *declared)
{
    check_task *task = &c->tasks[c->count];
    const json_t *name;
    size_t i;

    *task = (check_task){.declared = declared, .name = check_text(declared, "name")};
    json_array_foreach(json_object_get(declared, "after"), i, name) for (size_t j = 0; j < c->count;
                                                                         j++)
    {
        if (strcmp(c->tasks[j].name, json_string_value(name)) != 0)
            continue;
        task->after |= UINT64_C(1) << j;
        task->above |= UINT64_C(1) << j | c->tasks[j].above;
    }
    if (task->name[0] == '\0' || (size_t)__builtin_popcountll(task->after) != i)
        return check_wrong(c, "task %zu is not understood", c->count);
    c->count++;
    return true;
}

static bool hear(check *c)
{
    const json_t *item;
    size_t i;

    json_array_foreach(
        json_object_get(c->story, "tasks"), i,
        item) if (c->count == CHECK_TASKS ||
                  !read_task(c, item)) return check_wrong(c, "at most %d tasks are understood",
                                                          CHECK_TASKS);
    json_array_foreach(json_object_get(c->story, "events"), i,
                       item) if (!take_event(c, item)) return false;
    return check_runs(c) && check_end(c);
}

bool checker_hear(const json_t *story, char *wrong, size_t size)
{
    check c = {.story = story, .wrong = wrong, .size = size};

    return hear(&c);
}
