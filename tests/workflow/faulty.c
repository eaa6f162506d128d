/* SPDX-License-Identifier: Apache-2.0 */
/* faulty.c - each call is passed on, or fails in its place. */
#include "tests/workflow/faulty.h"

static bool strikes(weir_store *base, int call, bool commits)
{
    faulty *f = (faulty *)base;

    if (f->tour != NULL) {
        bool now = ++f->tour->reached[call] == f->tour->at;
        f->tour->struck += now;
        f->struck += now;
        return now;
    }
    if (f->left == 0 || (f->where != FAULTY_ANY && !commits) || --f->left != 0)
        return false;
    f->left = f->every;
    f->struck++;
    return true;
}

static weir_status fail(const weir_store *base, weir_error **error)
{
    return weir_error_set(error, ((const faulty *)base)->with, "it was made to fail");
}

static weir_store *inner_of(const weir_store *base)
{
    return ((const faulty *)base)->inner;
}

static void close_store(weir_store *base)
{
    store_close(inner_of(base));
}

static int descriptor(weir_store *base)
{
    return inner_of(base)->kind->descriptor(inner_of(base));
}

static bool has_changed(weir_store *base)
{
    return inner_of(base)->kind->has_changed(inner_of(base));
}

static void rollback(weir_store *base)
{
    inner_of(base)->kind->rollback(inner_of(base));
}

/* name, what it is given, and how that is passed on */
#define CALLS(X)                                                                                   \
    X(begin, (weir_store * base, bool write, int64_t *ret_now, weir_error **error),                \
      (inner_of(base), write, ret_now, error))                                                     \
    X(join,                                                                                        \
      (weir_store * base, const char *name, int64_t time, int64_t *ret_runner,                     \
       weir_error **error),                                                                        \
      (inner_of(base), name, time, ret_runner, error))                                             \
    X(beat, (weir_store * base, int64_t runner, int64_t time, weir_error * *error),                \
      (inner_of(base), runner, time, error))                                                       \
    X(offer, (weir_store * base, int64_t runner, int64_t plan, weir_error * *error),               \
      (inner_of(base), runner, plan, error))                                                       \
    X(end_runner, (weir_store * base, int64_t runner, int64_t time, weir_error * *error),          \
      (inner_of(base), runner, time, error))                                                       \
    X(each_runner, (weir_store * base, store_take_runner take, void *arg, weir_error **error),     \
      (inner_of(base), take, arg, error))                                                          \
    X(is_alive, (weir_store * base, int64_t runner, bool *ret, weir_error **error),                \
      (inner_of(base), runner, ret, error))                                                        \
    X(count_offers, (weir_store * base, int64_t plan, int64_t * ret, weir_error * *error),         \
      (inner_of(base), plan, ret, error))                                                          \
    X(add_plan, (weir_store * base, const store_plan *row, int64_t *ret_id, weir_error **error),   \
      (inner_of(base), row, ret_id, error))                                                        \
    X(add_execution,                                                                               \
      (weir_store * base, const store_execution *row, int64_t *ret_id, weir_error **error),        \
      (inner_of(base), row, ret_id, error))                                                        \
    X(add_task,                                                                                    \
      (weir_store * base, int64_t execution, int64_t plan, const store_task *row, int64_t time,    \
       weir_error **error),                                                                        \
      (inner_of(base), execution, plan, row, time, error))                                         \
    X(find_plan,                                                                                   \
      (weir_store * base, int64_t id, store_take_plan take, void *arg, weir_error **error),        \
      (inner_of(base), id, take, arg, error))                                                      \
    X(find_execution,                                                                              \
      (weir_store * base, int64_t id, const char *workflow, const char *key, bool whole,           \
       store_take_execution take, void *arg, weir_error **error),                                  \
      (inner_of(base), id, workflow, key, whole, take, arg, error))                                \
    X(each_execution,                                                                              \
      (weir_store * base, const store_filter *filter, store_take_execution take, void *arg,        \
       weir_error **error),                                                                        \
      (inner_of(base), filter, take, arg, error))                                                  \
    X(each_child,                                                                                  \
      (weir_store * base, int64_t parent, int64_t position, int64_t token,                         \
       store_take_execution take, void *arg, weir_error **error),                                  \
      (inner_of(base), parent, position, token, take, arg, error))                                 \
    X(count_below, (weir_store * base, int64_t root, int64_t * ret, weir_error * *error),          \
      (inner_of(base), root, ret, error))                                                          \
    X(find_task,                                                                                   \
      (weir_store * base, int64_t execution, int64_t position, bool whole, store_take_task take,   \
       void *arg, weir_error **error),                                                             \
      (inner_of(base), execution, position, whole, take, arg, error))                              \
    X(each_task,                                                                                   \
      (weir_store * base, int64_t execution, store_state state, bool whole, store_take_task take,  \
       void *arg, weir_error **error),                                                             \
      (inner_of(base), execution, state, whole, take, arg, error))                                 \
    X(each_event,                                                                                  \
      (weir_store * base, int64_t execution, int64_t after, store_take_event take, void *arg,      \
       weir_error **error),                                                                        \
      (inner_of(base), execution, after, take, arg, error))                                        \
    X(each_listed,                                                                                 \
      (weir_store * base, store_list list, int64_t number, size_t most, store_take_task take,      \
       void *arg, weir_error **error),                                                             \
      (inner_of(base), list, number, most, take, arg, error))                                      \
    X(next_due,                                                                                    \
      (weir_store * base, const store_asked *which, int64_t *ret_due, int64_t *ret_ask,            \
       weir_error **error),                                                                        \
      (inner_of(base), which, ret_due, ret_ask, error))                                            \
    X(each_asked,                                                                                  \
      (weir_store * base, const store_asked *which, store_take_task take, void *arg,               \
       weir_error **error),                                                                        \
      (inner_of(base), which, take, arg, error))                                                   \
    X(each_overdue,                                                                                \
      (weir_store * base, int64_t time, size_t most, store_take_execution take, void *arg,         \
       weir_error **error),                                                                        \
      (inner_of(base), time, most, take, arg, error))                                              \
    X(each_stuck,                                                                                  \
      (weir_store * base, int64_t after, size_t most, store_take_execution take, void *arg,        \
       int64_t *ret_last, weir_error **error),                                                     \
      (inner_of(base), after, most, take, arg, ret_last, error))                                   \
    X(each_unserved,                                                                               \
      (weir_store * base, int64_t after, int64_t last, int64_t time, store_take_execution take,    \
       void *arg, weir_error **error),                                                             \
      (inner_of(base), after, last, time, take, arg, error))                                       \
    X(mark_unserved, (weir_store * base, int64_t execution, int64_t time, weir_error * *error),    \
      (inner_of(base), execution, time, error))                                                    \
    X(each_schedule,                                                                               \
      (weir_store * base, const char *workflow, store_take_schedule take, void *arg,               \
       weir_error **error),                                                                        \
      (inner_of(base), workflow, take, arg, error))                                                \
    X(put_schedule, (weir_store * base, const store_schedule *row, weir_error **error),            \
      (inner_of(base), row, error))                                                                \
    X(each_slot,                                                                                   \
      (weir_store * base, const char *workflow, bool queued, size_t most, store_take_slot take,    \
       void *arg, weir_error **error),                                                             \
      (inner_of(base), workflow, queued, most, take, arg, error))                                  \
    X(put_slot, (weir_store * base, const store_slot *row, weir_error **error),                    \
      (inner_of(base), row, error))                                                                \
    X(each_trigger,                                                                                \
      (weir_store * base, const char *workflow, const char *name, store_take_trigger take,         \
       void *arg, weir_error **error),                                                             \
      (inner_of(base), workflow, name, take, arg, error))                                          \
    X(put_trigger, (weir_store * base, const store_trigger *row, weir_error **error),              \
      (inner_of(base), row, error))                                                                \
    X(has_fired,                                                                                   \
      (weir_store * base, const char *workflow, const char *name, const char *key, int64_t time,   \
       bool *ret, weir_error **error),                                                             \
      (inner_of(base), workflow, name, key, time, ret, error))                                     \
    X(each_firing,                                                                                 \
      (weir_store * base, const char *workflow, const char *name, size_t most,                     \
       store_take_firing take, void *arg, weir_error **error),                                     \
      (inner_of(base), workflow, name, most, take, arg, error))                                    \
    X(put_firing, (weir_store * base, const store_firing *row, weir_error **error),                \
      (inner_of(base), row, error))                                                                \
    X(set_paused,                                                                                  \
      (weir_store * base, const char *workflow, const char *name, int64_t since,                   \
       weir_error **error),                                                                        \
      (inner_of(base), workflow, name, since, error))                                              \
    X(claim,                                                                                       \
      (weir_store * base, const store_claim *want, store_take_task take, void *arg,                \
       weir_error **error),                                                                        \
      (inner_of(base), want, take, arg, error))                                                    \
    X(move_task, (weir_store * base, const store_task_move *move, weir_error **error),             \
      (inner_of(base), move, error))                                                               \
    X(move_tasks,                                                                                  \
      (weir_store * base, const store_task_move *moves, size_t count, bool *ret_refused,           \
       weir_error **error),                                                                        \
      (inner_of(base), moves, count, ret_refused, error))                                          \
    X(move_execution, (weir_store * base, const store_execution_move *move, weir_error **error),   \
      (inner_of(base), move, error))                                                               \
    X(hand_on,                                                                                     \
      (weir_store * base, int64_t execution, int64_t position, int64_t waiting, const char *seen,  \
       weir_error **error),                                                                        \
      (inner_of(base), execution, position, waiting, seen, error))                                 \
    X(adopt, (weir_store * base, int64_t execution, int64_t token, weir_error * *error),           \
      (inner_of(base), execution, token, error))                                                   \
    X(ask_at, (weir_store * base, const store_asking *asking, weir_error **error),                 \
      (inner_of(base), asking, error))                                                             \
    X(queue, (weir_store * base, int64_t execution, int64_t position, weir_error * *error),        \
      (inner_of(base), execution, position, error))                                                \
    X(count_down,                                                                                  \
      (weir_store * base, int64_t execution, int64_t position, int64_t * ret_waiting,              \
       bool *ret_ended, weir_error **error),                                                       \
      (inner_of(base), execution, position, ret_waiting, ret_ended, error))                        \
    X(count_unfinished,                                                                            \
      (weir_store * base, int64_t execution, int64_t by, int64_t * ret_unfinished,                 \
       weir_error * *error),                                                                       \
      (inner_of(base), execution, by, ret_unfinished, error))                                      \
    X(note, (weir_store * base, int64_t execution, const store_event *event, weir_error **error),  \
      (inner_of(base), execution, event, error))                                                   \
    X(answer,                                                                                      \
      (weir_store * base, store_question question, store_take_answer take, void *arg,              \
       weir_error **error),                                                                        \
      (inner_of(base), question, take, arg, error))                                                \
    X(prune,                                                                                       \
      (weir_store * base, int64_t time, size_t most, store_pruned * ret, weir_error * *error),     \
      (inner_of(base), time, most, ret, error))                                                    \
    X(backup, (weir_store * base, const char *path, weir_error **error),                           \
      (inner_of(base), path, error))                                                               \
    X(vacuum, (weir_store * base, weir_error * *error), (inner_of(base), error))

#define ID(name, parameters, arguments) CALL_##name,
enum { CALLS(ID) CALL_commit, CALL_COUNT };
#undef ID
_Static_assert((int)CALL_COUNT == (int)FAULTY_CALLS, "FAULTY_CALLS is how many there are");

/* All of the interface is here: two texts, what can fail, and what cannot be made to: open, close,
 * descriptor, has_changed, rollback, is_there. */
_Static_assert(sizeof(weir_store_kind) == (2 + CALL_COUNT + 6) * sizeof(void *),
               "the interface has calls that are not among CALLS");

#define NAME(name, parameters, arguments) [CALL_##name] = #name,
const char *const faulty_names[FAULTY_CALLS] = {CALLS(NAME)[CALL_commit] = "commit"};
#undef NAME

static weir_status commit(weir_store *base, weir_error **error)
{
    bool struck = strikes(base, CALL_commit, true);

    if (!struck || ((const faulty *)base)->where == FAULTY_COMMITTED) {
        weir_status status = inner_of(base)->kind->commit(inner_of(base), error);
        return struck && status == WEIR_OK ? fail(base, error) : status;
    }
    rollback(base);
    return fail(base, error);
}

#define DEFINE(name, parameters, arguments)                                                        \
    static weir_status do_##name parameters                                                        \
    {                                                                                              \
        return strikes(base, CALL_##name, false) ? fail(base, error)                               \
                                                 : inner_of(base)->kind->name arguments;           \
    }
CALLS(DEFINE)
#undef DEFINE

static const weir_store_kind faulty_kind = {.name = "faulty",
                                            .close = close_store,
                                            .descriptor = descriptor,
                                            .has_changed = has_changed,
                                            .commit = commit,
                                            .rollback = rollback,
#define MEMBER(name, parameters, arguments) .name = do_##name,
                                            CALLS(MEMBER)
#undef MEMBER
};

void faulty_wrap(faulty *f, weir_store *inner, int n, int every, weir_status with)
{
    *f = (faulty){
        .base = {.kind = &faulty_kind}, .inner = inner, .left = n, .every = every, .with = with};
}
