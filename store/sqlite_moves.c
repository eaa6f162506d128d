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
    weir_status status =
        sqlite_ask_number(store, SQL_COUNT_TAG, ARGUMENTS(TEXT(lane->tag)), &running, error);
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
    const store_argument arguments[] = {NUMBER(lane->plan), TEXT(lane->tag), NUMBER(want->root)};
    sqlite3_stmt *row = sqlite_bind(store, which, arguments, want->root != 0 ? 3 : 2, error);
    if (row == NULL)
        return WEIR_IO;
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
    sqlite3_stmt *statement = sqlite_bind(store, SQL_CLAIM,
                                          ARGUMENTS(NUMBER(head->execution), NUMBER(head->position),
                                                    NUMBER(want->runner), NUMBER(want->time)),
                                          error);
    int64_t attempt = 0;

    if (statement == NULL)
        return WEIR_IO;
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
    return sqlite_put(store, SQL_ROUND_OF_PLAN, "be written",
                      ARGUMENTS(NUMBER(plan), NUMBER(round)), error);
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
    weir_status status =
        sqlite_ask_number(store, SQL_NEXT_ROUND, ARGUMENTS(NUMBER(execution)), ret_round, error);
    *ret_held = *ret_round < 0;
    *ret_round = *ret_held ? -*ret_round : *ret_round;
    return status;
}

static weir_status do_move(sqlite_store *store, const store_task_move *move, int64_t *ret_attempt,
                           weir_error **error)
{
    int64_t round = 0;
    bool held = false, ready = move->to == STORE_READY;
    bool later = move->to == STORE_DEFERRED && move->due != 0;
    weir_status status = ready ? find_place(store, move->execution, &round, &held, error) : WEIR_OK;

    if (status != WEIR_OK)
        return status;
    return sqlite_ask_number(
        store, SQL_MOVE_TASK,
        ARGUMENTS(NUMBER(move->execution), NUMBER(move->position),
                  TEXT(store_state_text(move->from)), NUMBER(move->token),
                  TEXT(store_state_text(move->to)), NUMBER(move->due),
                  TEXT(store_verdict_text(move->verdict)), TEXT(move->reason), TEXT(move->writes),
                  TEXT(move->log), NUMBER(move->spent), NUMBER(move->lost), TEXT(move->seen),
                  NUMBER(move->waiting),
                  NUMBER_IF((ready && !held) || later, ready && move->due <= move->time),
                  NUMBER_IF(ready, round), NUMBER(move->time), NUMBER(move->keeps),
                  SOME(move->patience), NUMBER(move->resumes), TEXT(move->awaits), SOME(move->ask)),
        ret_attempt, error);
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
    int64_t token;
    weir_status status = sqlite_ask_number(
        store, SQL_ASK_AT,
        ARGUMENTS(NUMBER(asking->execution), NUMBER(asking->position), NUMBER(asking->token),
                  NUMBER(asking->ask), NUMBER(asking->runner), TEXT(asking->reason)),
        &token, error);

    return status == WEIR_NOT_FOUND ? store_refuse_asking(asking, error) : status;
}

weir_status sqlite_queue(weir_store *base, int64_t execution, int64_t position, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;

    return sqlite_put(store, SQL_QUEUE, "be written",
                      ARGUMENTS(NUMBER(execution), NUMBER(position)), error);
}

/* --- Transitions of executions --- */

/* What is Ready can be claimed where the execution runs, and only there. */
static weir_status hold(sqlite_store *store, int64_t execution, bool runs, int64_t time,
                        weir_error **error)
{
    return sqlite_put(store, SQL_HOLD, "be written",
                      ARGUMENTS(NUMBER(execution), NUMBER(runs), NUMBER(time)), error);
}

static weir_status set_context(sqlite_store *store, const store_execution_move *move,
                               weir_error **error)
{
    return sqlite_put(store, SQL_SET_CONTEXT, "be written",
                      ARGUMENTS(NUMBER(move->execution), TEXT(move->context)), error);
}

static weir_status do_execution(sqlite_store *store, const store_execution_move *move,
                                weir_error **error)
{
    bool ends = store_state_is_end(move->to);
    int64_t id;
    weir_status status =
        sqlite_ask_number(store, SQL_MOVE_EXECUTION,
                          ARGUMENTS(NUMBER(move->execution), TEXT(store_state_text(move->from)),
                                    TEXT(store_state_text(move->to)), TEXT(move->reason),
                                    NUMBER(move->time), NUMBER(ends), SOME(move->deadline)),
                          &id, error);

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
    int64_t id;
    weir_status status = sqlite_ask_number(store, SQL_ADOPT,
                                           ARGUMENTS(NUMBER(execution), NUMBER(token)), &id, error);

    return status == WEIR_NOT_FOUND ? store_refuse_adoption(execution, error) : status;
}

/* --- Counts --- */

static weir_status count(weir_store *base, sqlite_statement which, int64_t execution,
                         int64_t number, int64_t *ret, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    weir_status status =
        sqlite_ask_number(store, which, ARGUMENTS(NUMBER(execution), NUMBER(number)), ret, error);

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
    int64_t found;
    weir_status status = sqlite_ask_number(
        store, SQL_HAND_ON,
        ARGUMENTS(NUMBER(execution), NUMBER(position), NUMBER(waiting), TEXT(seen)), &found, error);

    return status == WEIR_NOT_FOUND ? store_refuse_handing(position, error) : status;
}

weir_status sqlite_count_unfinished(weir_store *base, int64_t execution, int64_t by,
                                    int64_t *ret_unfinished, weir_error **error)
{
    return count(base, SQL_COUNT_UNFINISHED, execution, by, ret_unfinished, error);
}
