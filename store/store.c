/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - states, their transitions, and stores by URL. */
#include "store/store.h"

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
    {STORE_NONE, STORE_PENDING},      {STORE_PENDING, STORE_READY},
    {STORE_PENDING, STORE_SKIPPED},   {STORE_PENDING, STORE_CANCELLED},
    {STORE_PENDING, STORE_FAILED}, /* its rule could not be evaluated */
    {STORE_READY, STORE_RUNNING},     {STORE_READY, STORE_CANCELLED},
    {STORE_RUNNING, STORE_COMPLETED}, {STORE_RUNNING, STORE_FAILED},
    {STORE_RUNNING, STORE_READY},     {STORE_RUNNING, STORE_DEFERRED},
    {STORE_RUNNING, STORE_CANCELLED}, {STORE_DEFERRED, STORE_READY},
    {STORE_DEFERRED, STORE_FAILED},   {STORE_DEFERRED, STORE_CANCELLED},
    {STORE_FAILED, STORE_PENDING},    {STORE_SKIPPED, STORE_PENDING},
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

/* --- URLs --- */

static const weir_store_kind *const kinds[] = {&store_sqlite};

weir_status store_open(const char *url, int64_t busy, weir_store **ret, weir_error **error)
{
    size_t length = strcspn(url, ":");
    weir_nearest nearest = {.wanted = url};
    char hint[128];

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (url[length] == ':' && strncmp(kinds[i]->name, url, length) == 0 &&
            kinds[i]->name[length] == '\0')
            return kinds[i]->open(url + length + 1, busy, ret, error);
        weir_nearest_offer(&nearest, kinds[i]->name);
    }
    return weir_error_set(error, WEIR_INVALID, "'%s' names no store: write sqlite:FILE%s", url,
                          weir_nearest_hint(&nearest, hint, sizeof hint));
}

void store_close(weir_store *store)
{
    if (store != NULL)
        store->kind->close(store);
}
