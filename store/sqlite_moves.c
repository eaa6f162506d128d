/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_moves.c - what changes rows of the SQLite store: claims, transitions, counts. */
#include "store/lanes.h"
#include "store/sqlite.h"

/* --- Claims --- */

static weir_status is_full(sqlite_store *store, const store_lane *lane, bool *ret,
                           weir_error **error)
{
    int64_t running = 0;

    *ret = false;
    if (lane->tag == NULL)
        return WEIR_OK;
    sqlite3_stmt *statement = sqlite_prepare(store, SQL_COUNT_TAG, error);
    if (statement == NULL)
        return WEIR_IO;
    sqlite_bind_text(statement, 1, lane->tag);
    weir_status status = sqlite_ask(store, SQL_COUNT_TAG, &running, error);
    *ret = running >= lane->limit;
    return status;
}

static weir_status look(sqlite_store *store, const store_claim *want, const store_lane *lane,
                        lane_head *head, weir_error **error)
{
    sqlite_statement which = want->root != 0 ? SQL_HEAD_OF_ONE : SQL_HEAD;
    weir_status status = is_full(store, lane, &head->empty, error);

    if (status != WEIR_OK || head->empty)
        return status;
    sqlite3_stmt *row = sqlite_prepare(store, which, error);
    if (row == NULL)
        return WEIR_IO;
    sqlite3_bind_int64(row, 1, lane->plan);
    sqlite_bind_text(row, 2, lane->tag);
    if (want->root != 0)
        sqlite3_bind_int64(row, 3, want->root);
    int code = sqlite3_step(row);
    head->empty = code != SQLITE_ROW;
    if (!head->empty) {
        head->priority = sqlite3_column_int64(row, 0);
        head->round = sqlite3_column_int64(row, 1);
        head->execution = sqlite3_column_int64(row, 2);
        head->position = sqlite3_column_int64(row, 3);
        store->base.counts.rows++;
    }
    status =
        code == SQLITE_ROW || code == SQLITE_DONE ? WEIR_OK : sqlite_fail(store, "be read", error);
    sqlite3_reset(row);
    return status;
}

static weir_status note_claim(weir_store *base, const store_claim *want, const lane_head *head,
                              int64_t attempt, weir_error **error)
{
    store_event event = {.position = head->position,
                         .time = want->time,
                         .from = STORE_READY,
                         .to = STORE_RUNNING,
                         .runner = want->runner,
                         .attempt = attempt};

    return sqlite_note(base, head->execution, &event, error);
}

static weir_status claim_one(sqlite_store *store, const store_claim *want, const lane_head *head,
                             store_take_task take, void *arg, weir_error **error)
{
    sqlite3_stmt *statement = sqlite_prepare(store, SQL_CLAIM, error);
    int64_t attempt = 0;

    if (statement == NULL)
        return WEIR_IO;
    sqlite3_bind_int64(statement, 1, head->execution);
    sqlite3_bind_int64(statement, 2, head->position);
    sqlite3_bind_int64(statement, 3, want->runner);
    sqlite3_bind_int64(statement, 4, want->time);
    int code = sqlite3_step(statement);
    weir_status status = code == SQLITE_ROW    ? WEIR_OK
                         : code == SQLITE_DONE ? store_refuse("task", head->position, STORE_READY,
                                                              STORE_RUNNING, error)
                                               : sqlite_fail(store, "be written", error);
    if (status == WEIR_OK) {
        store_task row = sqlite_read_task(statement);
        attempt = row.attempt;
        store->base.counts.rows++;
        status = take(arg, &row, error);
        if (sqlite3_step(statement) != SQLITE_DONE && status == WEIR_OK)
            status = sqlite_fail(store, "be written", error);
    }
    sqlite3_reset(statement);
    return status == WEIR_OK ? note_claim(&store->base, want, head, attempt, error) : status;
}

static weir_status pass_round(sqlite_store *store, int64_t plan, int64_t round, weir_error **error)
{
    sqlite3_stmt *statement = sqlite_prepare(store, SQL_ROUND_OF_PLAN, error);

    if (statement == NULL)
        return WEIR_IO;
    sqlite3_bind_int64(statement, 1, plan);
    sqlite3_bind_int64(statement, 2, round);
    return sqlite_do(store, SQL_ROUND_OF_PLAN, "be written", error);
}

static weir_status claim_from(sqlite_store *store, const store_claim *want, lane_head *heads,
                              store_take_task take, void *arg, weir_error **error)
{
    weir_status status = WEIR_OK;
    size_t lane;

    for (size_t i = 0; i < want->lane_count && status == WEIR_OK; i++)
        status = look(store, want, &want->lanes[i], &heads[i], error);
    for (size_t i = 0; i < want->most && status == WEIR_OK; i++) {
        if ((lane = lanes_choose(want, heads)) == want->lane_count)
            break;
        status = claim_one(store, want, &heads[lane], take, arg, error);
        if (status == WEIR_OK)
            status = pass_round(store, want->lanes[lane].plan, heads[lane].round, error);
        heads[lane].served++;
        /* What was claimed counts for the limit of its tag, which other plans may have, too. */
        for (size_t j = 0; j < want->lane_count && status == WEIR_OK; j++)
            if (j == lane || lanes_share_tag(&want->lanes[j], &want->lanes[lane]))
                status = look(store, want, &want->lanes[j], &heads[j], error);
    }
    return status;
}

weir_status sqlite_claim(weir_store *base, const store_claim *want, store_take_task take, void *arg,
                         weir_error **error)
{
    lane_head *heads = weir_alloc_array(want->lane_count + 1, sizeof *heads);

    if (heads == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    weir_status status = claim_from((sqlite_store *)base, want, heads, take, arg, error);
    weir_free(heads);
    return status;
}

/* --- Transitions of tasks --- */

/* A task that becomes Ready takes its place in the queue, unless its execution is held. */
static weir_status find_place(sqlite_store *store, int64_t execution, int64_t *ret_round,
                              bool *ret_held, weir_error **error)
{
    sqlite3_stmt *statement = sqlite_prepare(store, SQL_NEXT_ROUND, error);

    if (statement == NULL)
        return WEIR_IO;
    sqlite3_bind_int64(statement, 1, execution);
    weir_status status = sqlite_ask(store, SQL_NEXT_ROUND, ret_round, error);
    *ret_held = *ret_round < 0;
    *ret_round = *ret_held ? -*ret_round : *ret_round;
    return status;
}

static void bind_move(sqlite3_stmt *statement, const store_task_move *move)
{
    sqlite3_bind_int64(statement, 1, move->execution);
    sqlite3_bind_int64(statement, 2, move->position);
    sqlite_bind_text(statement, 3, store_state_text(move->from));
    sqlite3_bind_int64(statement, 4, move->token);
    sqlite_bind_text(statement, 5, store_state_text(move->to));
    sqlite3_bind_int64(statement, 6, move->due);
    sqlite_bind_text(statement, 7, store_verdict_text(move->verdict));
    sqlite_bind_text(statement, 8, move->reason);
    sqlite_bind_text(statement, 9, move->writes);
    sqlite_bind_text(statement, 10, move->log);
    sqlite3_bind_int64(statement, 11, move->spent);
    sqlite3_bind_int64(statement, 12, move->lost);
    sqlite_bind_text(statement, 13, move->seen);
    sqlite3_bind_int64(statement, 14, move->waiting);
    sqlite3_bind_int64(statement, 17, move->time);
    sqlite3_bind_int(statement, 18, move->keeps);
    sqlite_bind_some(statement, 19, move->patience);
    sqlite3_bind_int(statement, 20, move->resumes);
    sqlite_bind_text(statement, 21, move->awaits);
    sqlite_bind_some(statement, 22, move->ask);
}

static weir_status do_move(sqlite_store *store, const store_task_move *move, int64_t *ret_attempt,
                           weir_error **error)
{
    int64_t round = 0;
    bool held = false, ready = move->to == STORE_READY;
    weir_status status = ready ? find_place(store, move->execution, &round, &held, error) : WEIR_OK;
    sqlite3_stmt *statement =
        status == WEIR_OK ? sqlite_prepare(store, SQL_MOVE_TASK, error) : NULL;

    if (statement == NULL)
        return status != WEIR_OK ? status : WEIR_IO;
    bind_move(statement, move);
    if (ready && !held)
        sqlite3_bind_int(statement, 15, move->due <= move->time);
    else if (move->to == STORE_DEFERRED && move->due != 0)
        sqlite3_bind_int(statement, 15, 0);
    if (ready)
        sqlite3_bind_int64(statement, 16, round);
    return sqlite_ask(store, SQL_MOVE_TASK, ret_attempt, error);
}

weir_status sqlite_move_task(weir_store *base, const store_task_move *move, weir_error **error)
{
    int64_t attempt = 0;

    if (!store_is_move(move))
        return store_refuse("task", move->position, move->from, move->to, error);
    weir_status status = do_move((sqlite_store *)base, move, &attempt, error);
    if (status == WEIR_NOT_FOUND)
        return store_refuse("task", move->position, move->from, move->to, error);
    store_event event = {.position = move->position,
                         .time = move->time,
                         .from = move->from,
                         .to = move->to,
                         .runner = move->runner,
                         .attempt = attempt,
                         .reason = move->reason};
    return status == WEIR_OK ? sqlite_note(base, move->execution, &event, error) : status;
}

weir_status sqlite_move_tasks(weir_store *base, const store_task_move *moves, size_t count,
                              bool *ret_refused, weir_error **error)
{
    weir_status status = WEIR_OK;

    for (size_t i = 0; i < count && status == WEIR_OK; i++) {
        weir_error *why = NULL;
        status = sqlite_move_task(base, &moves[i], &why);
        ret_refused[i] = status == WEIR_STATE;
        if (ret_refused[i])
            status = WEIR_OK;
        else if (status != WEIR_OK)
            weir_error_set(error, status, "%s", weir_error_message(why));
        weir_error_free(why);
    }
    return status;
}

weir_status sqlite_ask_at(weir_store *base, const store_asking *asking, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite3_stmt *statement = sqlite_prepare(store, SQL_ASK_AT, error);
    int64_t token;

    if (statement == NULL)
        return WEIR_IO;
    sqlite3_bind_int64(statement, 1, asking->execution);
    sqlite3_bind_int64(statement, 2, asking->position);
    sqlite3_bind_int64(statement, 3, asking->token);
    sqlite3_bind_int64(statement, 4, asking->ask);
    sqlite3_bind_int64(statement, 5, asking->runner);
    sqlite_bind_text(statement, 6, asking->reason);
    weir_status status = sqlite_ask(store, SQL_ASK_AT, &token, error);
    return status == WEIR_NOT_FOUND ? store_refuse_asking(asking, error) : status;
}

weir_status sqlite_queue(weir_store *base, int64_t execution, int64_t position, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite3_stmt *statement = sqlite_prepare(store, SQL_QUEUE, error);

    if (statement == NULL)
        return WEIR_IO;
    sqlite3_bind_int64(statement, 1, execution);
    sqlite3_bind_int64(statement, 2, position);
    return sqlite_do(store, SQL_QUEUE, "be written", error);
}

/* --- Transitions of executions --- */

/* What is Ready can be claimed where the execution runs, and only there. */
static weir_status hold(sqlite_store *store, int64_t execution, bool runs, int64_t time,
                        weir_error **error)
{
    sqlite3_stmt *statement = sqlite_prepare(store, SQL_HOLD, error);

    if (statement == NULL)
        return WEIR_IO;
    sqlite3_bind_int64(statement, 1, execution);
    sqlite3_bind_int(statement, 2, runs);
    sqlite3_bind_int64(statement, 3, time);
    return sqlite_do(store, SQL_HOLD, "be written", error);
}

static weir_status set_context(sqlite_store *store, const store_execution_move *move,
                               weir_error **error)
{
    sqlite3_stmt *statement = sqlite_prepare(store, SQL_SET_CONTEXT, error);

    if (statement == NULL)
        return WEIR_IO;
    sqlite3_bind_int64(statement, 1, move->execution);
    sqlite_bind_text(statement, 2, move->context);
    return sqlite_do(store, SQL_SET_CONTEXT, "be written", error);
}

static weir_status do_execution(sqlite_store *store, const store_execution_move *move,
                                weir_error **error)
{
    sqlite3_stmt *statement = sqlite_prepare(store, SQL_MOVE_EXECUTION, error);
    bool ends = store_state_is_end(move->to);
    int64_t id;

    if (statement == NULL)
        return WEIR_IO;
    sqlite3_bind_int64(statement, 1, move->execution);
    sqlite_bind_text(statement, 2, store_state_text(move->from));
    sqlite_bind_text(statement, 3, store_state_text(move->to));
    sqlite_bind_text(statement, 4, move->reason);
    sqlite3_bind_int64(statement, 5, move->time);
    sqlite3_bind_int(statement, 6, ends);
    sqlite_bind_some(statement, 7, move->deadline);
    weir_status status = sqlite_ask(store, SQL_MOVE_EXECUTION, &id, error);
    if (status == WEIR_OK && (move->context != NULL || store_state_is_end(move->from)))
        status = set_context(store, move, error);
    if (status != WEIR_OK || (move->from == STORE_PENDING && move->to == STORE_RUNNING) ||
        (ends && move->context != NULL))
        return status; /* nothing of it is Ready that could not be claimed before */
    return hold(store, move->execution, !ends && move->to != STORE_PAUSED, move->time, error);
}

weir_status sqlite_move_execution(weir_store *base, const store_execution_move *move,
                                  weir_error **error)
{
    weir_status status = store_may_move(false, move->from, move->to)
                             ? do_execution((sqlite_store *)base, move, error)
                             : WEIR_NOT_FOUND;

    if (status == WEIR_NOT_FOUND)
        return store_refuse("execution", move->execution, move->from, move->to, error);
    store_event event = {.position = -1,
                         .time = move->time,
                         .from = move->from,
                         .to = move->to,
                         .runner = move->runner,
                         .reason = move->reason};
    return status == WEIR_OK ? sqlite_note(base, move->execution, &event, error) : status;
}

weir_status sqlite_adopt(weir_store *base, int64_t execution, int64_t token, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite3_stmt *statement = sqlite_prepare(store, SQL_ADOPT, error);
    int64_t id;

    if (statement == NULL)
        return WEIR_IO;
    sqlite3_bind_int64(statement, 1, execution);
    sqlite3_bind_int64(statement, 2, token);
    weir_status status = sqlite_ask(store, SQL_ADOPT, &id, error);
    return status == WEIR_NOT_FOUND ? store_refuse_adoption(execution, error) : status;
}

/* --- Counts --- */

static weir_status count(weir_store *base, sqlite_statement which, int64_t execution,
                         int64_t number, int64_t *ret, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite3_stmt *statement = sqlite_prepare(store, which, error);

    if (statement == NULL)
        return WEIR_IO;
    sqlite3_bind_int64(statement, 1, execution);
    sqlite3_bind_int64(statement, 2, number);
    weir_status status = sqlite_ask(store, which, ret, error);
    if (status != WEIR_NOT_FOUND)
        return status;
    return weir_error_set(error, WEIR_STATE, "nothing is left to be waited for in execution %lld",
                          (long long)execution);
}

weir_status sqlite_count_down(weir_store *base, int64_t execution, int64_t position,
                              int64_t *ret_waiting, bool *ret_ended, weir_error **error)
{
    int64_t answer = 0;
    weir_status status = count(base, SQL_COUNT_DOWN, execution, position, &answer, error);

    *ret_waiting = store_waiting(answer, ret_ended);
    return status;
}

weir_status sqlite_hand_on(weir_store *base, int64_t execution, int64_t position, int64_t waiting,
                           const char *seen, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite3_stmt *statement = sqlite_prepare(store, SQL_HAND_ON, error);
    int64_t found;

    if (statement == NULL)
        return WEIR_IO;
    sqlite3_bind_int64(statement, 1, execution);
    sqlite3_bind_int64(statement, 2, position);
    sqlite3_bind_int64(statement, 3, waiting);
    sqlite_bind_text(statement, 4, seen);
    weir_status status = sqlite_ask(store, SQL_HAND_ON, &found, error);
    return status == WEIR_NOT_FOUND ? store_refuse_handing(position, error) : status;
}

weir_status sqlite_count_unfinished(weir_store *base, int64_t execution, int64_t by,
                                    int64_t *ret_unfinished, weir_error **error)
{
    return count(base, SQL_COUNT_UNFINISHED, execution, by, ret_unfinished, error);
}
