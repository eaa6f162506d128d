/* SPDX-License-Identifier: Apache-2.0 */
/* story.c - the checker of executions that were disturbed. */
#include "tests/workflow/story.h"

#include <stdatomic.h>
#include <string.h>

static atomic_int effects[STORY_TASKS];

static weir_answer counts(weir_task *task)
{
    atomic_fetch_add(&effects[weir_task_name(task)[0] - 'a'], 1);
    weir_task_set_integer(task, weir_task_name(task), 1);
    return WEIR_TASK_DONE;
}

const flow_task story_tasks[] = {
    {"a", NULL, counts, NULL, NULL}, {"b", "a", counts, NULL, NULL},
    {"c", "b", counts, NULL, NULL},  {"d", "a", counts, NULL, NULL},
    {"e", "a", counts, NULL, NULL},  {"f", "c d e", counts, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL}};

void story_begin(void)
{
    for (size_t i = 0; i < STORY_TASKS; i++)
        atomic_store(&effects[i], 0);
}

int story_runs(void)
{
    int sum = 0;

    for (size_t i = 0; i < STORY_TASKS; i++)
        sum += atomic_load(&effects[i]);
    return sum;
}

/* What the events have told so far; the last place is the execution's. */
typedef struct story {
    store_state states[STORY_TASKS + 1];
    int64_t attempts[STORY_TASKS];
    int completed[STORY_TASKS + 1];
} story;

static const char *text_of(const json_t *event, const char *member)
{
    const char *text = json_string_value(json_object_get(event, member));

    return text != NULL ? text : "";
}

static void check_begin(story *s, size_t place, int64_t attempt)
{
    const char *after = story_tasks[place].after;

    for (; after != NULL && *after != '\0'; after++)
        if (*after != ' ')
            assert_true(store_state_is_end(s->states[*after - 'a']));
    assert_int_equal(attempt, s->attempts[place] + 1);
    s->attempts[place] = attempt;
}

static void take_event(story *s, const json_t *event)
{
    const char *name = text_of(event, "task");
    bool task = name[0] != '\0';
    size_t place = task ? (size_t)(name[0] - 'a') : STORY_TASKS;
    store_state from = store_state_read(text_of(event, "from"));
    store_state to = store_state_read(text_of(event, "to"));

    if (to == STORE_NONE)
        return; /* a note */
    assert_int_equal(from, s->states[place]);
    assert_true(store_may_move(task, from, to));
    s->states[place] = to;
    s->completed[place] += to == STORE_COMPLETED;
    if (task && to == STORE_RUNNING)
        check_begin(s, place, json_integer_value(json_object_get(event, "attempt")));
}

void story_check(weir_runner *runner, int64_t id)
{
    json_t *events = flow_events(runner, id), *result = flow_result(runner, id), *event;
    story s = {{STORE_NONE}, {0}, {0}};
    size_t i;

    json_array_foreach(events, i, event) take_event(&s, event);
    assert_string_equal(flow_status(result), "Completed");
    for (i = 0; i <= STORY_TASKS; i++)
        assert_int_equal(s.completed[i], 1);
    for (i = 0; i < STORY_TASKS; i++) {
        assert_string_equal(flow_text(result, story_tasks[i].name, "state"), "Completed");
        assert_int_equal(flow_attempts(result, story_tasks[i].name), s.attempts[i]);
        assert_in_range(atomic_load(&effects[i]), 1, s.attempts[i]);
        assert_int_equal(json_integer_value(json_object_get(json_object_get(result, "context"),
                                                            story_tasks[i].name)),
                         1);
    }
    json_decref(events);
    json_decref(result);
}
