/* SPDX-License-Identifier: Apache-2.0 */
/* rule.c - the expressions of a task over what it sees: whether it runs, and with which words. */
#include <stdio.h>
#include <string.h>

#include "workflow/json.h"
#include "workflow/ledger.h"
#include "workflow/secret.h"

enum { WHY = 500 };

/* --- run_if --- */

weir_status ledger_take_input(void *arg, const store_execution *row, weir_error **error)
{
    char reason[200] = "";

    if ((*(json_t **)arg = json_from_text(row->input, reason, sizeof reason)) != NULL)
        return WEIR_OK;
    return weir_error_set(error, WEIR_IO, "the input of execution %lld cannot be read: %s",
                          (long long)row->id, reason);
}

static bool ask(const plan_task *task, const evaluate_scope *scope, char *reason, size_t size)
{
    char why[WHY] = "";
    json_t *value = evaluate(task->rule, scope, why, sizeof why);
    bool holds = json_is_true(value);

    if (value != NULL && !json_is_boolean(value)) {
        char *text = json_to_text(value);
        snprintf(why, sizeof why, "it gives %.80s, which is neither true nor false",
                 text != NULL ? text : "something");
        weir_free(text);
    }
    if (why[0] != '\0') {
        snprintf(reason, size, "run_if '%.400s' cannot be evaluated: %s", task->declared->rule.text,
                 why);
        json_clean(reason, strlen(reason));
    }
    json_decref(value);
    return holds;
}

weir_status ledger_ask_rule(ledger *l, const plan *p, int64_t id, uint32_t position,
                            const char *seen, const evaluate_task *tasks, bool *ret_holds,
                            char *reason, size_t size, weir_error **error)
{
    const plan_task *task = &p->tasks[position];
    json_t *context = NULL, *input = NULL;
    weir_status status = ledger_context(l, p, id, seen, -2, &context, error);

    reason[0] = '\0';
    if (status == WEIR_OK)
        status = l->store->kind->find_execution(l->store, id, NULL, NULL, true, ledger_take_input,
                                                &input, error);
    if (status == WEIR_OK) {
        const evaluate_scope scope = {.context = context,
                                      .input = input,
                                      .tasks = tasks,
                                      .task_count = task->declared->after_count};
        *ret_holds = ask(task, &scope, reason, size);
    }
    json_decref(context);
    json_decref(input);
    return status;
}

/* --- Words --- */

/* NULL: the job has failed. */
static const char *word_of(weir_task *job, const evaluate_scope *scope, const char *text,
                           const json_t *tree)
{
    char why[WHY] = "";
    json_t *value = evaluate(tree, scope, why, sizeof why);
    const char *word = NULL;

    if (json_is_string(value))
        word = weir_arena_copy(&job->texts, json_string_value(value), json_string_length(value));
    else
        job_fail(job, WEIR_TASK_FAILED_GOOD, "the word '%.400s' of its command cannot be had: %s",
                 text, why);
    json_decref(value);
    return word;
}

/* ["secret", name]; NULL: the job has failed. */
static const char *secret_of(weir_task *job, const char *folder, const char *name)
{
    char why[WHY] = "";
    const char *secret = secret_read(folder, name, &job->texts, why, sizeof why);
    size_t count = 0;

    if (secret == NULL) {
        job_fail(job, WEIR_TASK_FAILED_GOOD, "the secret '%s' cannot be had: %s", name, why);
        return NULL;
    }
    while (job->secrets[count] != NULL)
        count++;
    job->secrets[count] = secret;
    return secret;
}

static const char *fill_word(weir_task *job, const evaluate_scope *scope, const char *folder,
                             size_t at)
{
    const plan_task *task = &job->plan->tasks[job->position];
    const json_t *tree = task->words[at];
    const char *head = json_string_value(json_array_get(tree, 0));

    if (tree == NULL)
        return task->declared->exec[at];
    if (head != NULL && strcmp(head, "secret") == 0)
        return secret_of(job, folder, json_string_value(json_array_get(tree, 1)));
    return word_of(job, scope, task->declared->exec[at], tree);
}

weir_status rule_fill_words(const ledger *l, weir_task *job, weir_error **error)
{
    const plan_task *task = &job->plan->tasks[job->position];
    const evaluate_scope scope = job_scope(job);
    size_t count = 0;

    if (task->words == NULL)
        return WEIR_OK;
    while (task->declared->exec[count] != NULL)
        count++;
    const char **words = weir_arena_alloc(&job->texts, (count + 1) * sizeof *words);
    job->secrets = weir_arena_alloc(&job->texts, (count + 1) * sizeof *job->secrets);
    if (words == NULL || job->secrets == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    for (size_t i = 0; i < count && job->answer == WEIR_TASK_DONE; i++)
        words[i] = fill_word(job, &scope, l->config.secrets, i);
    job->words = words;
    return job->texts.failed ? weir_error_set(error, WEIR_NOMEM, "out of memory") : WEIR_OK;
}
