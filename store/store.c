/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - states, their transitions, and stores by URL. */
#include "store/store.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"

/* --- States --- */

static const char *const state_texts[] = {
#define STORE_STATE_TEXT(name, text) text,
    STORE_STATES(STORE_STATE_TEXT)
#undef STORE_STATE_TEXT
};

static const char *const outcome_texts[] = {
#define STORE_OUTCOME_TEXT(name, text) text,
    STORE_OUTCOMES(STORE_OUTCOME_TEXT)
#undef STORE_OUTCOME_TEXT
};

static const char *const role_texts[] = {
#define STORE_ROLE_TEXT(name, text) text,
    STORE_ROLES(STORE_ROLE_TEXT)
#undef STORE_ROLE_TEXT
};

const char *store_role_text(store_role role)
{
    return role_texts[role];
}

store_role store_role_read(const char *text)
{
    for (size_t i = 0; text != NULL && i < sizeof role_texts / sizeof *role_texts; i++)
        if (strcmp(role_texts[i], text) == 0)
            return (store_role)i;
    return STORE_ROLE_ITSELF;
}

const char *store_outcome_text(store_outcome outcome)
{
    return outcome_texts[outcome];
}

store_outcome store_outcome_read(const char *text)
{
    for (size_t i = 0; i < sizeof outcome_texts / sizeof *outcome_texts; i++)
        if (strcmp(outcome_texts[i], text) == 0)
            return (store_outcome)i;
    return STORE_SLOT_MISSED;
}

const char *store_state_text(store_state state)
{
    return state_texts[state];
}

store_state store_state_read(const char *text)
{
    for (size_t i = 0; text != NULL && i < sizeof state_texts / sizeof *state_texts; i++)
        if (strcmp(state_texts[i], text) == 0)
            return (store_state)i;
    return STORE_NONE;
}

bool store_state_is_end(store_state state)
{
    return state == STORE_COMPLETED || state == STORE_FAILED || state == STORE_SKIPPED ||
           state == STORE_CANCELLED;
}

/* --- Transitions (rule F1) --- */

typedef struct transition {
    store_state from, to;
} transition;

static const transition of_tasks[] = {
    {STORE_NONE, STORE_PENDING},       {STORE_PENDING, STORE_READY},
    {STORE_PENDING, STORE_SKIPPED},    {STORE_PENDING, STORE_CANCELLED},
    {STORE_PENDING, STORE_FAILED}, /* its rule could not be evaluated */
    {STORE_READY, STORE_RUNNING},      {STORE_READY, STORE_CANCELLED},
    {STORE_RUNNING, STORE_COMPLETED},  {STORE_RUNNING, STORE_FAILED},
    {STORE_RUNNING, STORE_READY},      {STORE_RUNNING, STORE_DEFERRED},
    {STORE_RUNNING, STORE_CANCELLED},  {STORE_DEFERRED, STORE_READY},
    {STORE_DEFERRED, STORE_FAILED},    {STORE_DEFERRED, STORE_CANCELLED},
    {STORE_DEFERRED, STORE_COMPLETED}, /* with what it has begun */
    {STORE_FAILED, STORE_PENDING},     {STORE_SKIPPED, STORE_PENDING},
    {STORE_CANCELLED, STORE_PENDING}, /* these: begun anew */
};

static const transition of_executions[] = {
    {STORE_NONE, STORE_PENDING},      {STORE_PENDING, STORE_RUNNING},
    {STORE_PENDING, STORE_PAUSED},    {STORE_PENDING, STORE_CANCELLED},
    {STORE_RUNNING, STORE_PAUSED},    {STORE_RUNNING, STORE_COMPLETED},
    {STORE_RUNNING, STORE_FAILED},    {STORE_RUNNING, STORE_CANCELLED},
    {STORE_PAUSED, STORE_RUNNING},    {STORE_PAUSED, STORE_PENDING},
    {STORE_PAUSED, STORE_CANCELLED},  {STORE_PENDING, STORE_FAILED},
    {STORE_PAUSED, STORE_FAILED},     {STORE_FAILED, STORE_RUNNING},
    {STORE_CANCELLED, STORE_RUNNING},
};

static bool is_among(const transition *list, size_t count, store_state from, store_state to)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].from == from && list[i].to == to)
            return true;
    return false;
}

bool store_may_move(bool task, store_state from, store_state to)
{
    return task ? is_among(of_tasks, sizeof of_tasks / sizeof *of_tasks, from, to)
                : is_among(of_executions, sizeof of_executions / sizeof *of_executions, from, to);
}

bool store_may_be(bool task, store_state state)
{
    for (int from = STORE_NONE; from <= STORE_CANCELLED; from++)
        if (store_may_move(task, (store_state)from, state))
            return true;
    return false;
}

bool store_is_move(const store_task_move *move)
{
    return store_may_move(true, move->from, move->to) && move->to != STORE_RUNNING &&
           store_state_is_end(move->to) == (move->verdict != STORE_OPEN);
}

weir_status store_refuse(const char *what, int64_t number, store_state from, store_state to,
                         weir_error **error)
{
    return weir_error_set(error, WEIR_STATE, "%s %lld cannot go from %s to %s", what,
                          (long long)number, store_state_text(from), store_state_text(to));
}

weir_status store_refuse_adoption(int64_t execution, weir_error **error)
{
    return weir_error_set(error, WEIR_STATE, "nobody has begun execution %lld",
                          (long long)execution);
}

weir_status store_refuse_handing(int64_t position, weir_error **error)
{
    return weir_error_set(error, WEIR_STATE, "task %lld has not ended, and has nothing to hand on",
                          (long long)position);
}

weir_status store_refuse_asking(const store_asking *asking, weir_error **error)
{
    return weir_error_set(error, WEIR_STATE,
                          "task %lld does not wait for a condition that could be asked",
                          (long long)asking->position);
}

/* --- Verdicts --- */

static const char *const verdicts[] = {NULL, "success", "failed", "neither"};

const char *store_verdict_text(store_verdict verdict)
{
    return verdicts[verdict];
}

store_verdict store_verdict_read(const char *text)
{
    for (size_t i = 1; text != NULL && i < sizeof verdicts / sizeof *verdicts; i++)
        if (strcmp(verdicts[i], text) == 0)
            return (store_verdict)i;
    return STORE_OPEN;
}

/* --- URLs --- */

static const weir_store_kind *const kinds[] = {&store_sqlite, &store_postgres};

/* The kind of the URL; *ret_place is what stands behind its name. */
static const weir_store_kind *kind_of(const char *url, const char **ret_place, weir_error **error)
{
    size_t length = strcspn(url, ":");
    char wanted[32], hint[128];
    weir_nearest nearest = {.wanted = wanted};

    snprintf(wanted, sizeof wanted, "%.*s", (int)length, url);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (url[length] == ':' && strcmp(kinds[i]->name, wanted) == 0) {
            *ret_place = url + length + 1;
            return kinds[i];
        }
        weir_nearest_offer(&nearest, kinds[i]->name);
    }
    /* Without what comes behind the kind: it may hold a password. */
    weir_error_set(error, WEIR_INVALID,
                   "'%.*s' names no store: write sqlite:FILE or "
                   "postgresql://USER@HOST/DATABASE%s",
                   (int)length, url, weir_nearest_hint(&nearest, hint, sizeof hint));
    return NULL;
}

weir_status store_open(const char *url, int64_t busy, weir_store **ret, weir_error **error)
{
    const char *place = NULL;
    const weir_store_kind *kind = kind_of(url, &place, error);

    return kind != NULL ? kind->open(place, busy, ret, error) : WEIR_INVALID;
}

weir_status store_open_old(const char *url, int64_t busy, weir_store **ret, weir_error **error)
{
    const char *place = NULL;
    const weir_store_kind *kind = kind_of(url, &place, error);

    if (kind == NULL)
        return WEIR_INVALID;
    if (kind->is_there != NULL && !kind->is_there(place))
        return weir_error_set(error, WEIR_NOT_FOUND, "there is no store '%s'", place);
    return kind->open(place, busy, ret, error);
}

void store_close(weir_store *store)
{
    if (store != NULL)
        store->kind->close(store);
}
