/* SPDX-License-Identifier: Apache-2.0 */
/* workflow.c - what a workflow costs that is no engine: its rows by bare SQLite, a commit, children
 * that answer. */
#include "bench/workflow.h"

#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store/store.h"

enum { MOST_CHILDREN = 256 };

/* --- SQLite --- */

static sqlite3 *open_file(const char *path)
{
    sqlite3 *database = NULL;

    if (sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
            SQLITE_OK ||
        sqlite3_exec(database, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", NULL, NULL,
                     NULL) != SQLITE_OK)
        bench_die("%s: %s", path, sqlite3_errmsg(database));
    return database;
}

void hand_make_store(const char *path)
{
    weir_store *store = NULL;
    weir_error *error = NULL;
    char url[300];

    snprintf(url, sizeof url, "sqlite:%s", path);
    if (store_open(url, 1000000000, &store, &error) != WEIR_OK)
        bench_die("%s", weir_error_message(error));
    store_close(store);
}

static sqlite3_stmt *prepare(sqlite3 *database, const char *text)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v3(database, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
        SQLITE_OK)
        bench_die("%s: %s", text, sqlite3_errmsg(database));
    return statement;
}

static void run(sqlite3_stmt *statement)
{
    if (sqlite3_step(statement) != SQLITE_DONE)
        bench_die("%s: %s", sqlite3_sql(statement), sqlite3_errmsg(sqlite3_db_handle(statement)));
    sqlite3_reset(statement);
}

typedef struct hand {
    sqlite3_stmt *begin, *commit, *add_execution, *add_payload, *add_task, *add_event, *claim,
        *finish, *count_down, *end, *end_payload;
} hand;

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void prepare_all(sqlite3 *database, hand *h)
{
    *h = (hand){
        .begin = prepare(database, "BEGIN IMMEDIATE"),
        .commit = prepare(database, "COMMIT"),
        .add_execution = prepare(
            database, "INSERT INTO executions (id, plan, workflow, state, unfinished, round, "
                      "created) VALUES (1, 1, 'bench', 'Running', ?1, 0, ?2)"),
        .add_payload =
            prepare(database, "INSERT INTO payloads (execution, input) VALUES (1, '{}')"),
        .add_task =
            prepare(database,
                    "INSERT INTO tasks (execution, position, plan, name, state, waiting, attempt, "
                    "spent, lost, due, queued, priority, round, token) "
                    "VALUES (1, ?1, 1, ?2, 'Ready', 0, 0, 0, 0, ?3, 1, 0, ?1, 0)"),
        .add_event =
            prepare(database,
                    "INSERT INTO events (execution, position, time, from_state, to_state, runner, "
                    "attempt) VALUES (1, ?1, ?2, ?3, ?4, 1, ?5)"),
        .claim = prepare(database,
                         "UPDATE tasks SET state = 'Running', attempt = 1, token = 1, runner = 1, "
                         "started = ?2, queued = NULL WHERE execution = 1 AND position = ?1"),
        .finish = prepare(database,
                          "UPDATE tasks SET state = 'Completed', verdict = 'success', spent = 1, "
                          "ended = ?2, writes = '{\"delete\":[],\"set\":{}}' "
                          "WHERE execution = 1 AND position = ?1"),
        .count_down =
            prepare(database, "UPDATE executions SET unfinished = unfinished - ?1 WHERE id = 1"),
        .end =
            prepare(database, "UPDATE executions SET state = 'Completed', ended = ?1 WHERE id = 1"),
        .end_payload = prepare(database, "UPDATE payloads SET context = '{}' WHERE execution = 1")};
}

static void add_event(const hand *h, int task, int64_t time, const char *from, const char *to,
                      int attempt)
{
    sqlite3_bind_int(h->add_event, 1, task);
    sqlite3_bind_int64(h->add_event, 2, time);
    sqlite3_bind_text(h->add_event, 3, from, -1, SQLITE_STATIC);
    sqlite3_bind_text(h->add_event, 4, to, -1, SQLITE_STATIC);
    sqlite3_bind_int(h->add_event, 5, attempt);
    run(h->add_event);
}

/* One transaction: the execution and all its tasks, which are Ready. */
static void start(const hand *h, int count)
{
    char name[16];
    int64_t time = now();

    run(h->begin);
    sqlite3_bind_int(h->add_execution, 1, count);
    sqlite3_bind_int64(h->add_execution, 2, time);
    run(h->add_execution);
    run(h->add_payload);
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "t%d", i);
        sqlite3_bind_int(h->add_task, 1, i);
        sqlite3_bind_text(h->add_task, 2, name, -1, SQLITE_STATIC);
        sqlite3_bind_int64(h->add_task, 3, time);
        run(h->add_task);
        add_event(h, i, time, NULL, "Pending", 0);
        add_event(h, i, time, "Pending", "Ready", 0);
    }
    run(h->commit);
}

static void change(const hand *h, sqlite3_stmt *statement, int task, int64_t time, const char *from,
                   const char *to)
{
    sqlite3_bind_int(statement, 1, task);
    sqlite3_bind_int64(statement, 2, time);
    run(statement);
    add_event(h, task, time, from, to, 1);
}

/* One transaction: those of [from, from + group) begin, those of the group before end. */
static void turn(const hand *h, int from, int group, int count)
{
    int64_t time = now();

    run(h->begin);
    for (int i = from - group < 0 ? 0 : from - group; i < from && i < count; i++)
        change(h, h->finish, i, time, "Running", "Completed");
    for (int i = from; i < from + group && i < count; i++)
        change(h, h->claim, i, time, "Ready", "Running");
    sqlite3_bind_int(h->count_down, 1, group);
    run(h->count_down);
    if (from >= count) {
        sqlite3_bind_int64(h->end, 1, time);
        run(h->end);
        run(h->end_payload);
    }
    run(h->commit);
}

double hand_write_tasks(const char *path, int count, int group)
{
    sqlite3 *database = open_file(path);
    hand h;

    prepare_all(database, &h);
    if (sqlite3_exec(database,
                     "INSERT INTO runners (name, started, beat) VALUES ('bench', 1, 1);"
                     "INSERT INTO plans (version, workflow, round) VALUES ('v', 'bench', 0)",
                     NULL, NULL, NULL) != SQLITE_OK)
        bench_die("%s: %s", path, sqlite3_errmsg(database));
    int64_t began = bench_now_ns();
    start(&h, count);
    for (int at = 0; at < count + group; at += group)
        turn(&h, at, group, count);
    double seconds = (double)(bench_now_ns() - began) / 1e9;
    for (sqlite3_stmt *next; (next = sqlite3_next_stmt(database, NULL)) != NULL;)
        sqlite3_finalize(next);
    sqlite3_close(database);
    return seconds;
}

double hand_commit(const char *path, int count)
{
    sqlite3 *database = open_file(path);
    double *times = calloc((size_t)count, sizeof *times);

    if (sqlite3_exec(database,
                     "INSERT INTO runners (id, name, started, beat) VALUES (1, 'x', 1, 1)", NULL,
                     NULL, NULL) != SQLITE_OK)
        bench_die("%s: %s", path, sqlite3_errmsg(database));
    sqlite3_stmt *change_one = prepare(database, "UPDATE runners SET beat = ?1 WHERE id = 1");
    for (int i = 0; i < count; i++) {
        int64_t began = bench_now_ns();
        sqlite3_bind_int64(change_one, 1, began);
        run(change_one);
        times[i] = (double)(bench_now_ns() - began);
    }
    sqlite3_finalize(change_one);
    sqlite3_close(database);
    double median = bench_median(times, (size_t)count);
    free(times);
    return median;
}

/* --- Children --- */

typedef struct child {
    int to, from;
    pid_t pid;
} child;

static void answer_all(int from, int to)
{
    char word[64];
    ssize_t size;

    while ((size = read(from, word, sizeof word)) > 0)
        if (write(to, word, (size_t)size) != size)
            break;
    _exit(0);
}

static child fork_child(void)
{
    int to[2], from[2];

    if (pipe(to) != 0 || pipe(from) != 0)
        bench_die("there are no pipes");
    pid_t pid = fork();
    if (pid < 0)
        bench_die("there are no processes");
    if (pid == 0) {
        close(to[1]);
        close(from[0]);
        answer_all(to[0], from[1]);
    }
    close(to[0]);
    close(from[1]);
    return (child){.to = to[1], .from = from[0], .pid = pid};
}

static void ask(const child *c)
{
    static const char word[32] = "do it";

    if (write(c->to, word, sizeof word) != (ssize_t)sizeof word)
        bench_die("a child is gone");
}

static double ask_all(const child *children, int most, int count)
{
    struct pollfd fds[MOST_CHILDREN];
    char word[64];
    int asked = 0, answered = 0;

    for (int i = 0; i < most; i++)
        fds[i] = (struct pollfd){.fd = children[i].from, .events = POLLIN};
    int64_t began = bench_now_ns();
    for (; asked < most; asked++)
        ask(&children[asked]);
    while (answered < count && poll(fds, (nfds_t)most, -1) > 0)
        for (int i = 0; i < most; i++) {
            if (fds[i].revents == 0 || read(fds[i].fd, word, sizeof word) <= 0)
                continue;
            answered++;
            if (asked < count)
                ask(&children[i]);
            asked++;
        }
    return (double)(bench_now_ns() - began) / 1e9;
}

double hand_ask_children(int count, int most)
{
    child children[MOST_CHILDREN];

    for (int i = 0; i < most; i++)
        children[i] = fork_child();
    double seconds = ask_all(children, most, count);
    for (int i = 0; i < most; i++) {
        close(children[i].to);
        close(children[i].from);
    }
    for (int i = 0; i < most; i++)
        waitpid(children[i].pid, NULL, 0);
    return seconds;
}
