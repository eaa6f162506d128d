/* SPDX-License-Identifier: Apache-2.0 */
/* workflow.c - what durable tasks cost: workflow FOLDER [URL PEER ...], FOLDER for the files of
 * stores, URL an empty database of PostgreSQL, PEER the command of workflow_graphile.mjs.
 *
 *     durable_tasks   tasks a second that do nothing, on threads, 32 in flight, each with its row,
 *                     events and context, against the same rows by bare SQLite, as many in a commit
 *     isolated_tasks  seconds for as many in processes, against a round trip through a pipe to a
 *                     child that is there already, and what they take on threads
 *     chain_latency   median time from the end of a task to the begin of the next one, against one
 *                     commit that changes one row
 *     postgres_tasks  tasks a second that do nothing, on threads, 32 in flight, against jobs of
 *                     graphile-worker, which it deletes; same server, same settings
 *
 * Files with `synchronous = FULL`.
 */
#include "bench/workflow.h"
#include "bench/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "workflow/runner.h"

enum { TASKS = 2000, HOPS = 200, SLOTS = 32, ROUNDS = 15 };

static const char *folder;

/* A file that is not there. */
static const char *new_file(void)
{
    static const char *const endings[] = {"", "-lock", "-wal", "-shm"};
    static char path[256];
    char other[300];

    snprintf(path, sizeof path, "%s/bench.db", folder);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(other, sizeof other, "%s%s", path, endings[i]);
        unlink(other);
    }
    return path;
}

static flow_run run(flow_job job)
{
    char url[300];

    snprintf(url, sizeof url, "sqlite:%s", new_file());
    job.store = url;
    return flow_job_run(&job);
}

static const char *new_store(void)
{
    const char *path = new_file();

    hand_make_store(path);
    return path;
}

/* --- The cases: what a round gives for each side --- */

typedef struct pair {
    double ours, reference;
} pair;

static pair durable(void)
{
    flow_run ours = run((flow_job){.count = TASKS, .slots = SLOTS});
    int group = (int)(ours.group + 0.5);

    return (pair){TASKS / ours.seconds,
                  TASKS / hand_write_tasks(new_store(), TASKS, group > 0 ? group : 1)};
}

static pair isolated(void)
{
    double ours = run((flow_job){.count = TASKS, .slots = SLOTS, .isolated = true}).seconds;
    double threads = run((flow_job){.count = TASKS, .slots = SLOTS}).seconds;

    return (pair){ours * 1e6 / TASKS, (threads + hand_ask_children(TASKS, SLOTS)) * 1e6 / TASKS};
}

static pair chain(void)
{
    double ours = run((flow_job){.count = HOPS, .slots = SLOTS, .chain = true}).hop;

    return (pair){ours / 1e3, hand_commit(new_store(), HOPS) / 1e3};
}

static peer graphile;
static const char *server;

static pair postgres(void)
{
    double ours =
        flow_job_run(&(flow_job){.store = server, .count = TASKS, .slots = SLOTS}).seconds;

    return (pair){TASKS / ours, TASKS / peer_ask(&graphile, TASKS)};
}

static void measure(const char *name, const char *unit, bool higher, pair (*round)(void))
{
    double ours[ROUNDS], reference[ROUNDS], ratios[ROUNDS];
    const bench_case c = {.bench = "workflow", .name = name, .unit = unit, .higher = higher};

    round();
    for (int i = 0; i < ROUNDS; i++) {
        pair p = round();
        ours[i] = p.ours;
        reference[i] = p.reference;
        ratios[i] = p.ours / p.reference;
    }
    bench_print(&c, bench_median(ours, ROUNDS), bench_median(reference, ROUNDS),
                bench_median(ratios, ROUNDS), ROUNDS);
}

int main(int count, char **arguments)
{
    weir_worker_main(count, arguments);
    if (count < 2 || count == 3)
        bench_die("workflow FOLDER [URL PEER ...]");
    folder = arguments[1];
    measure("durable_tasks", "tasks/s", true, durable);
    measure("isolated_tasks", "us", false, isolated);
    measure("chain_latency", "us", false, chain);
    if (count == 2)
        return 0;
    server = arguments[2];
    graphile = peer_begin(&arguments[3]);
    measure("postgres_tasks", "tasks/s", true, postgres);
    peer_end(&graphile);
    return 0;
}
