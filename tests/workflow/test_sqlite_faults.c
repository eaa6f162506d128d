/* SPDX-License-Identifier: Apache-2.0 */
/* test_sqlite_faults.c - a disk that is full, and one that fails, at each write: nothing is lost,
 * nothing is recorded twice (F17). Between SQLite and the files stands a file system of ours. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/workflow/story.h"

static struct {
    int left; /* writes until it strikes; 0: it does not */
    int code;
    bool lasts; /* each write since then, too */
    int struck;
} disk;

/* A file of ours; the real one stands behind it. */
typedef struct shim_file {
    sqlite3_file base;
    sqlite3_file *real;
} shim_file;

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((shim_file *)file)->real;
}

static bool strikes(void)
{
    bool strikes = (disk.left != 0 && --disk.left == 0) || (disk.struck != 0 && disk.lasts);

    disk.struck += strikes;
    return strikes;
}

/* name, what it is given, what is passed on; those that put something on the disk strike */
#define CALLS(X)                                                                                   \
    X(xRead, (sqlite3_file * f, void *data, int size, sqlite3_int64 at),                           \
      (real_of(f), data, size, at), false)                                                         \
    X(xWrite, (sqlite3_file * f, const void *data, int size, sqlite3_int64 at),                    \
      (real_of(f), data, size, at), strikes())                                                     \
    X(xTruncate, (sqlite3_file * f, sqlite3_int64 size), (real_of(f), size), strikes())            \
    X(xFileSize, (sqlite3_file * f, sqlite3_int64 * ret), (real_of(f), ret), false)                \
    X(xLock, (sqlite3_file * f, int level), (real_of(f), level), false)                            \
    X(xUnlock, (sqlite3_file * f, int level), (real_of(f), level), false)                          \
    X(xCheckReservedLock, (sqlite3_file * f, int *ret), (real_of(f), ret), false)                  \
    X(xFileControl, (sqlite3_file * f, int what, void *arg), (real_of(f), what, arg), false)       \
    X(xSectorSize, (sqlite3_file * f), (real_of(f)), false)                                        \
    X(xDeviceCharacteristics, (sqlite3_file * f), (real_of(f)), false)                             \
    X(xShmMap, (sqlite3_file * f, int page, int size, int extend, void volatile **ret),            \
      (real_of(f), page, size, extend, ret), false)                                                \
    X(xShmLock, (sqlite3_file * f, int at, int count, int flags), (real_of(f), at, count, flags),  \
      false)                                                                                       \
    X(xShmUnmap, (sqlite3_file * f, int gone), (real_of(f), gone), false)

#define DEFINE(name, parameters, arguments, strike)                                                \
    static int do_##name parameters                                                                \
    {                                                                                              \
        return (strike) ? disk.code : real_of(f)->pMethods->name arguments;                        \
    }
CALLS(DEFINE)
#undef DEFINE

/* No power is lost here. */
static int do_xSync(sqlite3_file *f, int flags)
{
    (void)f;
    (void)flags;
    return strikes() ? disk.code : SQLITE_OK;
}

static void do_xShmBarrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int do_xClose(sqlite3_file *f)
{
    int code = real_of(f)->pMethods->xClose(real_of(f));

    free(real_of(f));
    return code;
}

static const sqlite3_io_methods methods = {.iVersion = 2,
#define MEMBER(name, parameters, arguments, strike) .name = do_##name,
                                           CALLS(MEMBER)
#undef MEMBER
                                               .xShmBarrier = do_xShmBarrier,
                                           .xSync = do_xSync,
                                           .xClose = do_xClose};

static sqlite3_vfs *real_system, system_shim;

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret)
{
    shim_file *f = (shim_file *)file;

    (void)vfs;
    f->real = calloc(1, (size_t)real_system->szOsFile);
    if (f->real == NULL)
        return SQLITE_NOMEM;
    int code = real_system->xOpen(real_system, name, f->real, flags, ret);
    f->base.pMethods = code == SQLITE_OK ? &methods : NULL;
    if (code != SQLITE_OK)
        free(f->real);
    return code;
}

static int set_up(void **state)
{
    (void)state;
    real_system = sqlite3_vfs_find(NULL);
    system_shim = *real_system;
    system_shim.zName = "shim";
    system_shim.szOsFile = sizeof(shim_file);
    system_shim.xOpen = open_file;
    return sqlite3_vfs_register(&system_shim, 1);
}

/* --- Lives on a bad disk --- */

static weir_status open_runner(const char *url, const flow *f, weir_runner **ret,
                               weir_error **error)
{
    const weir_setting poll = {.name = "poll", .text = "5ms"};
    weir_status status = weir_runner_open(url, &poll, 1, ret, error);

    if (status != WEIR_OK)
        return status;
    runner_use_virtual_time(*ret, FLOW_START);
    return weir_runner_load(*ret, &f->module, NULL, error);
}

static weir_status live(weir_runner **runner, const char *url, const flow *f, int64_t *id,
                        weir_error **error)
{
    weir_status status = *runner == NULL ? open_runner(url, f, runner, error) : WEIR_OK;

    if (status == WEIR_OK)
        status = weir_workflow_start(*runner, "flow", "{}", "key", id, error);
    return status == WEIR_OK ? weir_workflow_run(*runner, *id, error) : status;
}

/* The n-th write fails, and those behind it until somebody has made room. False: there were fewer.
 */
static bool fail_at(const flow *f, int n, int code, bool lasts)
{
    char url[256];
    int64_t id = 0;
    weir_runner *runner = NULL;
    weir_error *failure = NULL;

    snprintf(url, sizeof url, "%s", flow_new_file());
    story_begin();
    disk.left = n;
    disk.code = code;
    disk.lasts = lasts;
    disk.struck = 0;
    weir_status status = live(&runner, url, f, &id, &failure);
    int struck = disk.struck;
    disk.left = disk.struck = 0;
    if (status != WEIR_OK) {
        assert_int_equal(status, WEIR_IO);
        assert_non_null(strstr(weir_error_message(failure), "cannot"));
        weir_error_free(failure);
        weir_runner_close(runner);
        runner = NULL;
        FLOW_OK(live(&runner, url, f, &id, &error));
    }
    story_check(runner, id);
    weir_runner_close(runner);
    return struck != 0;
}

static void fail_everywhere(int code, bool lasts)
{
    flow *f = flow_new(story_tasks);
    int n = 1;

    while (fail_at(f, n, code, lasts))
        n++;
    assert_true(n > 50);
    flow_free(f);
}

static void a_disk_can_be_full(void **state)
{
    (void)state;
    fail_everywhere(SQLITE_FULL, true);
}

static void a_write_can_fail(void **state)
{
    (void)state;
    fail_everywhere(SQLITE_IOERR_WRITE, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_disk_can_be_full),
        cmocka_unit_test(a_write_can_fail),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
