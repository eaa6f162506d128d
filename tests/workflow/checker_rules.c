/* SPDX-License-Identifier: Apache-2.0 */
/* checker_rules.c - what the rules say, in the simplest way. */
#include <string.h>

#include "tests/workflow/checker_parts.h"

/* --- F2: does it run? --- */

static int count(const check *c, const check_task *task, check_verdict verdict)
{
    int sum = 0;

    for (size_t i = 0; i < c->count; i++)
        sum += (task->after >> i & 1) != 0 && c->tasks[i].verdict == verdict;
    return sum;
}

static const char *word_of(const check_task *task)
{
    const char *word = check_text(task->declared, "run_if");

    return word[0] != '\0' ? word : "all_success";
}

static const check_task *find(const check *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->tasks[i].name, name) == 0)
            return &c->tasks[i];
    return NULL;
}

/* ["failed", NAME], ["succeeded", NAME], [">", [".", ["context"], KEY], NUMBER] */
static bool rule_of_tree(check *c, const check_task *task, const json_t *tree, check_state *ret)
{
    const char *verb = json_string_value(json_array_get(tree, 0));
    const json_t *second = json_array_get(tree, 1);
    bool holds = false;

    if (verb == NULL)
        return check_wrong(c, "the rule of '%s' is not understood", task->name);
    if (strcmp(verb, ">") == 0) {
        json_t *context = check_context(c, task->above);
        const json_t *value =
            json_object_get(context, json_string_value(json_array_get(second, 2)));
        bool good = json_is_integer(value);
        holds = good && json_integer_value(value) > json_integer_value(json_array_get(tree, 2));
        json_decref(context);
        *ret = !good ? CHECK_FAILED : holds ? CHECK_READY : CHECK_SKIPPED;
        return true;
    }
    const check_task *other = find(c, json_string_value(second));
    if (other == NULL || (strcmp(verb, "failed") != 0 && strcmp(verb, "succeeded") != 0))
        return check_wrong(c, "the rule of '%s' is not understood", task->name);
    holds = other->verdict == (verb[0] == 'f' ? CHECK_FAILURE : CHECK_SUCCESS);
    *ret = holds ? CHECK_READY : CHECK_SKIPPED;
    return true;
}

bool check_rule(check *c, const check_task *task, check_state *ret)
{
    const json_t *tree = json_object_get(task->declared, "rule");
    const char *word = word_of(task);
    int failures = count(c, task, CHECK_FAILURE), successes = count(c, task, CHECK_SUCCESS);
    int neither = count(c, task, CHECK_NEITHER);
    bool holds = false;

    if (tree != NULL)
        return rule_of_tree(c, task, tree, ret);
    if (strcmp(word, "all_success") == 0)
        holds = failures == 0 && neither == 0;
    else if (strcmp(word, "all_done") == 0)
        holds = true;
    else if (strcmp(word, "any_success") == 0)
        holds = successes > 0;
    else if (strcmp(word, "any_failed") == 0)
        holds = failures > 0;
    else if (strcmp(word, "none_failed") == 0)
        holds = failures == 0;
    else
        return check_wrong(c, "'%s' has the rule '%s'", task->name, word);
    *ret = holds ? CHECK_READY : CHECK_SKIPPED;
    return true;
}

check_verdict check_verdict_of(const check *c, const check_task *task)
{
    bool words = json_object_get(task->declared, "rule") == NULL;

    if (task->state == CHECK_COMPLETED)
        return CHECK_SUCCESS;
    if (task->state == CHECK_FAILED)
        return json_is_true(json_object_get(task->declared, "allow_failure")) ? CHECK_SUCCESS
                                                                              : CHECK_FAILURE;
    return task->state == CHECK_SKIPPED && words && strcmp(word_of(task), "any_failed") != 0 &&
                   count(c, task, CHECK_FAILURE) > 0
               ? CHECK_FAILURE
               : CHECK_NEITHER;
}

/* --- F4: the context --- */

/* The value that a run left under a key, null where it deleted it; NULL: it did neither. */
static const json_t *write_of(const json_t *run, const char *key)
{
    const json_t *value = json_object_get(json_object_get(run, "set"), key), *item;
    size_t i;

    json_array_foreach(json_object_get(run, "delete"), i,
                       item) if (strcmp(json_string_value(item), key) == 0) return json_null();
    return value;
}

/* The last one along the DAG; of several side by side, the later in the spec. */
static const json_t *winner(const check *c, uint64_t among, const char *key)
{
    uint64_t writers = 0;
    const json_t *last = NULL;

    for (size_t i = 0; i < c->count; i++)
        if ((among >> i & 1) != 0 && c->tasks[i].state == CHECK_COMPLETED &&
            write_of(c->tasks[i].writes, key) != NULL)
            writers |= UINT64_C(1) << i;
    for (size_t i = 0; i < c->count; i++) {
        bool covered = false;
        for (size_t j = 0; j < c->count; j++)
            covered |= (writers >> j & 1) != 0 && (c->tasks[j].above >> i & 1) != 0;
        if ((writers >> i & 1) != 0 && !covered)
            last = write_of(c->tasks[i].writes, key);
    }
    return last;
}

json_t *check_context(const check *c, uint64_t among)
{
    json_t *context = json_object(), *value;
    const char *key;

    for (size_t i = 0; i < c->count; i++)
        json_object_foreach(json_object_get(c->tasks[i].writes, "set"), key, value)
        {
            const json_t *last = winner(c, among, key);
            if (last != NULL && !json_is_null(last))
                json_object_set_new(context, key, json_deep_copy(last));
        }
    return context;
}

/* --- F9: attempts --- */

bool check_retries(const check_task *task, const char *error_class)
{
    const json_t *list = json_object_get(task->declared, "retry_on"), *item;
    size_t i;

    json_array_foreach(list, i,
                       item) if (strcmp(json_string_value(item), error_class) == 0) return true;
    return list == NULL;
}

int64_t check_delay(const check_task *task, int64_t spent)
{
    int64_t delay = check_number(task->declared, "delay", 0);
    int64_t most = check_number(task->declared, "max_delay", INT64_MAX);
    const char *backoff = check_text(task->declared, "backoff");

    if (strcmp(backoff, "linear") == 0)
        delay *= spent;
    for (int64_t i = 1; strcmp(backoff, "exponential") == 0 && i < spent && delay < most; i++)
        delay *= 2;
    delay = delay < most ? delay : most;
    return json_is_true(json_object_get(task->declared, "jitter")) ? delay - delay / 4 : delay;
}
