/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate.c - walks the tree of an expression: paths, logic, tasks; evaluate_values.c has what
 * works on values. */
#include "workflow/evaluate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "workflow/evaluate_values.h"

/* --- The tree --- */

static const char *head_of(const json_t *tree)
{
    const char *head = json_string_value(json_array_get(tree, 0));

    return head != NULL ? head : "";
}

static const json_t *arg_of(const json_t *tree, size_t at)
{
    return json_array_get(tree, at + 1);
}

static bool is_root(const char *head)
{
    return strcmp(head, "context") == 0 || strcmp(head, "input") == 0 ||
           strcmp(head, "item") == 0 || strcmp(head, "index") == 0;
}

/* A path as it is written, in `text`; else "a value". */
static void describe(const json_t *tree, char *text, size_t size)
{
    const char *head = head_of(tree);
    char inner[120];

    if (strcmp(head, ".") == 0) {
        describe(arg_of(tree, 0), inner, sizeof inner);
        snprintf(text, size, "%s.%s", inner, json_string_value(arg_of(tree, 1)));
    } else if (strcmp(head, "[]") == 0) {
        describe(arg_of(tree, 0), inner, sizeof inner);
        if (json_is_integer(arg_of(tree, 1)))
            snprintf(text, size, "%s[%lld]", inner, (long long)json_integer_value(arg_of(tree, 1)));
        else
            snprintf(text, size, "%s[..]", inner);
    } else if (is_root(head)) {
        snprintf(text, size, "%s", head);
    } else {
        snprintf(text, size, "a value");
    }
}

static json_t *walk(evaluation *e, const json_t *tree);

/* The value of an argument; NULL: it failed. */
static json_t *walk_arg(evaluation *e, const json_t *tree, size_t at)
{
    return walk(e, arg_of(tree, at));
}

static json_t *wrong_type(evaluation *e, const json_t *tree, const json_t *value,
                          const char *wanted)
{
    char path[160];

    describe(tree, path, sizeof path);
    return evaluation_fail_with(e, path, value, wanted);
}

/* --- Paths --- */

/* What is there, or NULL: it is not, or (e->reason) something above it is no object or list. */
static json_t *find(evaluation *e, const json_t *tree)
{
    const char *head = head_of(tree);

    if (strcmp(head, "context") == 0)
        return json_incref((json_t *)(uintptr_t)e->scope->context);
    if (strcmp(head, "input") == 0)
        return json_incref((json_t *)(uintptr_t)e->scope->input);
    if (strcmp(head, "item") == 0)
        return json_incref((json_t *)(uintptr_t)e->scope->item);
    if (strcmp(head, "index") == 0)
        return json_integer(e->scope->index);
    if (strcmp(head, ".") != 0 && strcmp(head, "[]") != 0)
        return walk(e, tree);
    json_t *owner = find(e, arg_of(tree, 0)), *key, *found = NULL;
    if (owner == NULL)
        return NULL;
    key = head[0] == '.' ? json_incref((json_t *)(uintptr_t)arg_of(tree, 1)) : walk_arg(e, tree, 1);
    if (json_is_object(owner) && json_is_string(key))
        found = json_object_get(owner, json_string_value(key));
    else if (json_is_array(owner) && json_is_integer(key) && json_integer_value(key) >= 0)
        found = json_array_get(owner, (size_t)json_integer_value(key));
    else if (key != NULL && !(json_is_array(owner) && json_is_integer(key)))
        wrong_type(e, arg_of(tree, 0), owner, json_is_string(key) ? "an object" : "a list");
    json_incref(found);
    json_decref(key);
    json_decref(owner);
    return found;
}

static json_t *read_path(evaluation *e, const json_t *tree)
{
    char path[160];
    json_t *found = find(e, tree);

    if (found == NULL && e->reason[0] == '\0') {
        describe(tree, path, sizeof path);
        evaluation_fail(e, "there is no '%s'", path);
    }
    return found;
}

static json_t *has(evaluation *e, const json_t *tree)
{
    json_t *found = find(e, arg_of(tree, 0));
    bool failed = found == NULL && e->reason[0] != '\0';

    json_decref(found);
    return failed ? NULL : json_boolean(found != NULL);
}

/* --- Logic --- */

/* False: it failed. */
static bool walk_truth(evaluation *e, const json_t *tree, size_t at, bool *ret)
{
    json_t *value = walk_arg(e, tree, at);
    bool good = json_is_boolean(value);

    if (value != NULL && !good)
        wrong_type(e, arg_of(tree, at), value, "true or false");
    *ret = json_is_true(value);
    json_decref(value);
    return good;
}

static json_t *and_or(evaluation *e, const json_t *tree)
{
    bool stop = head_of(tree)[0] == '|', value;

    if (!walk_truth(e, tree, 0, &value) || (value != stop && !walk_truth(e, tree, 1, &value)))
        return NULL;
    return json_boolean(value);
}

static json_t * not(evaluation * e, const json_t *tree)
{
    bool value;

    return walk_truth(e, tree, 0, &value) ? json_boolean(!value) : NULL;
}

static json_t *choose(evaluation *e, const json_t *tree)
{
    bool value;

    return walk_truth(e, tree, 0, &value) ? walk_arg(e, tree, value ? 1 : 2) : NULL;
}

/* --- Lists --- */

static json_t *in(evaluation *e, const json_t *tree)
{
    json_t *value = walk_arg(e, tree, 0), *list = walk_arg(e, tree, 1), *item;
    bool found = false, good = value != NULL && json_is_array(list);
    size_t i;

    if (value != NULL && list != NULL && !good)
        wrong_type(e, arg_of(tree, 1), list, "a list");
    if (good)
        json_array_foreach(list, i, item) found |= evaluation_equal(value, item);
    json_decref(value);
    json_decref(list);
    return good ? json_boolean(found) : NULL;
}

static json_t *list(evaluation *e, const json_t *tree)
{
    json_t *whole = json_array();

    for (size_t i = 0; i + 1 < json_array_size(tree); i++) {
        json_t *item = walk_arg(e, tree, i);
        if (item == NULL || json_array_append_new(whole, item) != 0) {
            json_decref(whole);
            return NULL;
        }
    }
    return whole;
}

/* --- Tasks --- */

static json_t *ask_task(evaluation *e, const json_t *tree)
{
    const char *head = head_of(tree), *name = json_string_value(arg_of(tree, 0));

    for (size_t i = 0; i < e->scope->task_count && name != NULL; i++) {
        const evaluate_task *task = &e->scope->tasks[i];
        if (strcmp(task->name, name) != 0)
            continue;
        if (strcmp(head, "state") == 0)
            return json_string(store_state_text(task->state));
        return json_boolean(task->verdict ==
                            (strcmp(head, "failed") == 0 ? STORE_FAILURE : STORE_SUCCESS));
    }
    return evaluation_fail(e, "it asks for the task '%s', which is not in `after:`",
                           name != NULL ? name : "");
}

/* --- All --- */

static json_t *literal_text(evaluation *e, const json_t *tree)
{
    (void)e;
    return json_incref((json_t *)(uintptr_t)arg_of(tree, 0));
}

static const struct {
    const char *head;
    json_t *(*walk)(evaluation *e, const json_t *tree);
} forms[] = {
    {"text", literal_text},
    {"context", read_path},
    {"input", read_path},
    {"item", read_path},
    {"index", read_path},
    {".", read_path},
    {"[]", read_path},
    {"has", has},
    {"&&", and_or},
    {"||", and_or},
    {"!", not },
    {"?", choose},
    {"in", in},
    {"list", list},
    {"failed", ask_task},
    {"succeeded", ask_task},
    {"state", ask_task},
};

static bool is_path(const json_t *tree)
{
    const char *head = head_of(tree);

    return strcmp(head, ".") == 0 || strcmp(head, "[]") == 0 || is_root(head);
}

static const char *kind_of(const json_t *value)
{
    return json_is_number(value)    ? "a number"
           : json_is_string(value)  ? "a text"
           : json_is_boolean(value) ? "true or false"
           : json_is_array(value)   ? "a list"
           : json_is_object(value)  ? "an object"
                                    : "null";
}

/* What is wrong with a value is said of the path that it came by; where two do not go together, and
 * one is written in the expression, of the other one. */
static void tell_wrong(evaluation *e, const json_t *const *sources, json_t *const *args,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t other = 1 - i;
        if (args[i] != e->wrong)
            continue;
        if (count == 2 && !is_path(sources[i]) && is_path(sources[other]))
            wrong_type(e, sources[other], args[other], kind_of(args[i]));
        else
            wrong_type(e, sources[i], args[i], e->wanted);
        return;
    }
}

/* What takes values, all of them. */
static json_t *apply(evaluation *e, const json_t *tree)
{
    enum { MOST_ARGS = 64 };
    json_t *args[MOST_ARGS] = {NULL};
    const json_t *sources[MOST_ARGS] = {NULL};
    size_t count = json_array_size(tree) - 1;
    json_t *value = NULL;
    bool good = count <= MOST_ARGS;

    for (size_t i = 0; i < count && good; i++) {
        sources[i] = arg_of(tree, i);
        good = (args[i] = walk(e, sources[i])) != NULL;
    }
    if (good)
        value = evaluation_apply(e, head_of(tree), args, count);
    if (good && value == NULL && e->wrong != NULL)
        tell_wrong(e, sources, args, count);
    e->wrong = NULL;
    for (size_t i = 0; i < count && i < MOST_ARGS; i++)
        json_decref(args[i]);
    return value;
}

static json_t *walk(evaluation *e, const json_t *tree)
{
    if (!json_is_array(tree))
        return json_incref((json_t *)(uintptr_t)tree);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strcmp(forms[i].head, head_of(tree)) == 0)
            return forms[i].walk(e, tree);
    return apply(e, tree);
}

json_t *evaluate(const json_t *tree, const evaluate_scope *scope, char *reason, size_t size)
{
    evaluation e = {.scope = scope, .reason = reason, .size = size};

    reason[0] = '\0';
    json_t *value = walk(&e, tree);
    if (value == NULL && reason[0] == '\0')
        snprintf(reason, size, "out of memory");
    return value;
}
