/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_moves.c - what changes rows of the PostgreSQL store: claims, transitions, counts. */
#include <stdio.h>

#include "core/buffer.h"
#include "store/lanes.h"
#include "store/postgres.h"

/* --- Claims --- */

/* What there is to be claimed of a lane; nobody else has it. */
typedef struct lane_found {
    PGresult *rows; /* priority, round, execution, position */
    int next;
    int64_t running; /* with its tag, before this claim */
} lane_found;

typedef struct claiming {
    postgres_store *store;
    const store_claim *want;
    lane_head *heads;
    lane_found *found;
    weir_buffer executions, positions; /* that were chosen, as arrays */
    size_t count;
} claiming;

static const char *tag_of(const store_lane *lane)
{
    return lane->tag != NULL ? lane->tag : "";
}

static weir_status find_heads(claiming *c, size_t lane, weir_error **error)
{
    const store_lane *of = &c->want->lanes[lane];
    bool any = c->want->root == 0;
    const store_argument arguments[] = {NUMBER(of->plan), TEXT(tag_of(of)), NUMBER(c->want->most),
                                        NUMBER(c->want->root)};

    return postgres_ask(c->store, any ? PG_HEADS : PG_HEADS_OF_ONE, arguments, any ? 3 : 4,
                        &c->found[lane].rows, error);
}

/* Two that claim with tags come one after the other, or each would see a place that is left. */
static weir_status count_running(claiming *c, size_t lane, bool *locked, weir_error **error)
{
    const store_lane *of = &c->want->lanes[lane];
    weir_status status = WEIR_OK;

    if (of->tag == NULL || PQntuples(c->found[lane].rows) == 0)
        return WEIR_OK;
    if (!*locked)
        status = postgres_post(c->store, PG_LOCK_TAGS, NO_ARGUMENTS, error);
    *locked = true;
    return status == WEIR_OK ? postgres_ask_number(c->store, PG_COUNT_TAG, ARGUMENTS(TEXT(of->tag)),
                                                   &c->found[lane].running, error)
                             : status;
}

static bool is_full(const claiming *c, size_t lane)
{
    const store_lane *lanes = c->want->lanes;
    int64_t running = c->found[lane].running;

    for (size_t i = 0; i < c->want->lane_count; i++)
        if (lanes_share_tag(&lanes[i], &lanes[lane]))
            running += (int64_t)c->heads[i].served;
    return lanes[lane].tag != NULL && running >= lanes[lane].limit;
}

static void look(claiming *c, size_t lane)
{
    const lane_found *found = &c->found[lane];
    lane_head *head = &c->heads[lane];

    head->empty = found->next >= PQntuples(found->rows) || is_full(c, lane);
    if (head->empty)
        return;
    head->priority = postgres_number(found->rows, found->next, 0);
    head->round = postgres_number(found->rows, found->next, 1);
    head->execution = postgres_number(found->rows, found->next, 2);
    head->position = postgres_number(found->rows, found->next, 3);
}

static weir_status choose(claiming *c, weir_error **error)
{
    weir_status status = WEIR_OK;
    size_t lane;

    for (; c->count < c->want->most && status == WEIR_OK; c->count++) {
        for (size_t i = 0; i < c->want->lane_count; i++)
            look(c, i);
        if ((lane = lanes_choose(c->want, c->heads)) == c->want->lane_count)
            break;
        weir_buffer_printf(&c->executions, "%c%lld", c->count == 0 ? '{' : ',',
                           (long long)c->heads[lane].execution);
        weir_buffer_printf(&c->positions, "%c%lld", c->count == 0 ? '{' : ',',
                           (long long)c->heads[lane].position);
        c->heads[lane].served++;
        c->found[lane].next++;
        status = postgres_post(
            c->store, PG_PASS_ROUND,
            ARGUMENTS(NUMBER(c->want->lanes[lane].plan), NUMBER(c->heads[lane].round)), error);
    }
    weir_buffer_text(&c->executions, "}");
    weir_buffer_text(&c->positions, "}");
    if (c->executions.failed || c->positions.failed)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    return status;
}

static weir_status take_chosen(claiming *c, store_take_task take, void *arg, weir_error **error)
{
    PGresult *result = NULL;
    weir_status status = postgres_ask(c->store, PG_CLAIM,
                                      ARGUMENTS(TEXT(c->executions.data), TEXT(c->positions.data),
                                                NUMBER(c->want->runner), NUMBER(c->want->time)),
                                      &result, error);

    for (int i = 0; status == WEIR_OK && i < PQntuples(result); i++) {
        store_task row = postgres_read_task(result, i);
        status = take(arg, &row, error);
    }
    PQclear(result);
    c->store->loose -= (int64_t)c->count;
    return status;
}

/* What another held while we looked is there for us a little later. */
static weir_status note_left(claiming *c, weir_error **error)
{
    weir_status status = WEIR_OK;
    int64_t one;

    for (size_t i = 0; i < c->want->lane_count && status == WEIR_OK && !c->store->left; i++) {
        const store_lane *lane = &c->want->lanes[i];
        if (lane->tag != NULL && is_full(c, i))
            continue;
        status = postgres_ask_number(
            c->store, PG_IS_LEFT,
            ARGUMENTS(NUMBER(lane->plan), TEXT(tag_of(lane)), NUMBER(c->want->root)), &one, error);
        c->store->left = status == WEIR_OK;
        if (status == WEIR_NOT_FOUND)
            status = WEIR_OK;
    }
    return status;
}

static weir_status claim(claiming *c, store_take_task take, void *arg, weir_error **error)
{
    weir_status status = WEIR_OK;
    bool locked = false;

    c->store->left = false;
    for (size_t i = 0; i < c->want->lane_count && status == WEIR_OK; i++)
        status = find_heads(c, i, error);
    for (size_t i = 0; i < c->want->lane_count && status == WEIR_OK; i++)
        status = count_running(c, i, &locked, error);
    if (status == WEIR_OK)
        status = choose(c, error);
    if (status == WEIR_OK && c->count != 0)
        status = take_chosen(c, take, arg, error);
    if (status == WEIR_OK && c->count < c->want->most)
        status = note_left(c, error);
    return status;
}

weir_status postgres_claim(weir_store *base, const store_claim *want, store_take_task take,
                           void *arg, weir_error **error)
{
    claiming c = {.store = (postgres_store *)base, .want = want};

    c.heads = weir_alloc_array(want->lane_count + 1, sizeof *c.heads);
    c.found = weir_alloc_array(want->lane_count + 1, sizeof *c.found);
    weir_status status = c.heads != NULL && c.found != NULL
                             ? claim(&c, take, arg, error)
                             : weir_error_set(error, WEIR_NOMEM, "out of memory");
    for (size_t i = 0; c.found != NULL && i < want->lane_count; i++)
        PQclear(c.found[i].rows);
    weir_buffer_free(&c.executions);
    weir_buffer_free(&c.positions);
    weir_free(c.heads);
    weir_free(c.found);
    return status;
}

/* --- Transitions --- */

static weir_status post_move(postgres_store *store, postgres_statement which,
                             const store_task_move *move, weir_error **error)
{
    return postgres_post(
        store, which,
        ARGUMENTS(
            NUMBER(move->execution), NUMBER(move->position), TEXT(store_state_text(move->from)),
            NUMBER(move->token), TEXT(store_state_text(move->to)), NUMBER(move->due),
            TEXT(store_verdict_text(move->verdict)), TEXT(move->reason), TEXT(move->writes),
            TEXT(move->log), NUMBER(move->spent), NUMBER(move->lost), TEXT(move->seen),
            NUMBER(move->waiting), NUMBER(move->time), SOME(move->runner), NUMBER(move->keeps),
            SOME(move->patience), NUMBER(move->resumes), TEXT(move->awaits), SOME(move->ask)),
        error);
}

/* One round trip for a series of them. */
static weir_status move_series(postgres_store *store, const store_task_move *moves, size_t count,
                               bool *ret_refused, weir_error **error)
{
    int64_t queued[POSTGRES_SERIES] = {0};
    bool missing[POSTGRES_SERIES] = {false};
    size_t sent = 0;
    weir_status status = WEIR_OK;

    if (store->count > POSTGRES_UNANSWERED / 2) /* room for them all */
        status = postgres_take_series(store, 0, queued, missing, error);
    for (size_t i = 0; i < count && status == WEIR_OK; i++) {
        ret_refused[i] = !store_is_move(&moves[i]);
        if (!ret_refused[i] &&
            (status = post_move(store, PG_MOVE_TASK, &moves[i], error)) == WEIR_OK)
            sent++;
    }
    if (status == WEIR_OK)
        status = postgres_take_series(store, sent, queued, missing, error);
    for (size_t i = 0, at = 0; i < count && status == WEIR_OK; i++)
        if (!ret_refused[i]) {
            ret_refused[i] = missing[at];
            store->loose += queued[at++];
        }
    return status;
}

weir_status postgres_move_tasks(weir_store *base, const store_task_move *moves, size_t count,
                                bool *ret_refused, weir_error **error)
{
    weir_status status = WEIR_OK;

    for (size_t at = 0, some; at < count && status == WEIR_OK; at += some) {
        some = count - at < POSTGRES_SERIES ? count - at : POSTGRES_SERIES;
        status = move_series((postgres_store *)base, moves + at, some, ret_refused + at, error);
    }
    return status;
}

/* What cannot be refused is not waited for. */
weir_status postgres_move_task(weir_store *base, const store_task_move *move, weir_error **error)
{
    postgres_store *store = (postgres_store *)base;
    bool refused = false;
    weir_status status;

    if (move->sure && store_is_move(move)) {
        store->loose += move->to == STORE_READY;
        return post_move(store, PG_MOVE_TASK_FOR_SURE, move, error);
    }
    status = postgres_move_tasks(base, move, 1, &refused, error);
    return status == WEIR_OK && refused
               ? store_refuse("task", move->position, move->from, move->to, error)
               : status;
}

weir_status postgres_ask_at(weir_store *base, const store_asking *asking, weir_error **error)
{
    int64_t token;
    weir_status status = postgres_ask_number(
        (postgres_store *)base, PG_ASK_AT,
        ARGUMENTS(NUMBER(asking->execution), NUMBER(asking->position), NUMBER(asking->token),
                  NUMBER(asking->ask), NUMBER(asking->runner), TEXT(asking->reason)),
        &token, error);

    return status == WEIR_NOT_FOUND ? store_refuse_asking(asking, error) : status;
}

weir_status postgres_queue(weir_store *base, int64_t execution, int64_t position,
                           weir_error **error)
{
    postgres_store *store = (postgres_store *)base;

    store->loose++;
    return postgres_post(store, PG_QUEUE, ARGUMENTS(NUMBER(execution), NUMBER(position)), error);
}

static weir_status do_execution(postgres_store *store, const store_execution_move *move,
                                weir_error **error)
{
    bool ends = store_state_is_end(move->to);
    bool files = move->context != NULL || store_state_is_end(move->from);
    int64_t id;
    weir_status status =
        postgres_ask_number(store, PG_MOVE_EXECUTION,
                            ARGUMENTS(NUMBER(move->execution), TEXT(store_state_text(move->from)),
                                      TEXT(store_state_text(move->to)), TEXT(move->reason),
                                      NUMBER(move->time), NUMBER(ends), SOME(move->deadline),
                                      TEXT(move->context), NUMBER(files), SOME(move->runner)),
                            &id, error);

    if (status != WEIR_OK || (move->from == STORE_PENDING && move->to == STORE_RUNNING))
        return status;
    store->told = true;
    if (ends && move->context != NULL)
        return status; /* nothing of it is Ready that could not be claimed before */
    return postgres_post(store, PG_HOLD,
                         ARGUMENTS(NUMBER(move->execution),
                                   NUMBER(!ends && move->to != STORE_PAUSED), NUMBER(move->time)),
                         error);
}

weir_status postgres_move_execution(weir_store *base, const store_execution_move *move,
                                    weir_error **error)
{
    weir_status status = store_may_move(false, move->from, move->to)
                             ? do_execution((postgres_store *)base, move, error)
                             : WEIR_NOT_FOUND;

    return status == WEIR_NOT_FOUND
               ? store_refuse("execution", move->execution, move->from, move->to, error)
               : status;
}

weir_status postgres_adopt(weir_store *base, int64_t execution, int64_t token, weir_error **error)
{
    int64_t id;
    weir_status status = postgres_ask_number(
        (postgres_store *)base, PG_ADOPT, ARGUMENTS(NUMBER(execution), NUMBER(token)), &id, error);

    return status == WEIR_NOT_FOUND ? store_refuse_adoption(execution, error) : status;
}

/* --- Counts and events --- */

static weir_status count(weir_store *base, postgres_statement which, int64_t execution,
                         int64_t number, int64_t *ret, weir_error **error)
{
    weir_status status = postgres_ask_number(
        (postgres_store *)base, which, ARGUMENTS(NUMBER(execution), NUMBER(number)), ret, error);

    if (status != WEIR_NOT_FOUND)
        return status;
    return weir_error_set(error, WEIR_STATE, "nothing is left to be waited for in execution %lld",
                          (long long)execution);
}

weir_status postgres_count_down(weir_store *base, int64_t execution, int64_t position,
                                int64_t *ret_waiting, bool *ret_ended, weir_error **error)
{
    int64_t answer = 0;
    weir_status status = count(base, PG_COUNT_DOWN, execution, position, &answer, error);

    *ret_waiting = store_waiting(answer, ret_ended);
    return status;
}

weir_status postgres_hand_on(weir_store *base, int64_t execution, int64_t position, int64_t waiting,
                             const char *seen, weir_error **error)
{
    int64_t found;
    weir_status status = postgres_ask_number(
        (postgres_store *)base, PG_HAND_ON,
        ARGUMENTS(NUMBER(execution), NUMBER(position), NUMBER(waiting), TEXT(seen)), &found, error);

    return status == WEIR_NOT_FOUND ? store_refuse_handing(position, error) : status;
}

weir_status postgres_count_unfinished(weir_store *base, int64_t execution, int64_t by,
                                      int64_t *ret_unfinished, weir_error **error)
{
    return count(base, PG_COUNT_UNFINISHED, execution, by, ret_unfinished, error);
}

weir_status postgres_note(weir_store *base, int64_t execution, const store_event *event,
                          weir_error **error)
{
    const char *from = event->from != STORE_NONE ? store_state_text(event->from) : NULL;
    const char *to = event->to != STORE_NONE ? store_state_text(event->to) : NULL;

    return postgres_post((postgres_store *)base, PG_ADD_EVENT,
                         ARGUMENTS(NUMBER(execution),
                                   NUMBER_IF(event->position >= 0, event->position),
                                   NUMBER(event->time), TEXT(from), TEXT(to), SOME(event->runner),
                                   SOME(event->attempt), TEXT(event->reason)),
                         error);
}
