/* SPDX-License-Identifier: Apache-2.0 */
/* arrivals.c - a look at a folder: which files are new, and whole.
 *
 * A file is fired on once for its path, size and time of change. It is whole when these have been
 * the same for `settle`: by its time of change, or since a look first saw it so, which is kept from
 * look to look. So a file that is renamed into the folder is whole at once where it has not been
 * changed lately, and one that is still written waits.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/clock.h"
#include "workflow/job.h"
#include "workflow/json.h"
#include "workflow/trigger.h"

enum { MOST_WAITING = 10000 }; /* files that are not whole, of which a look takes notice */

static const int64_t SECOND = 1000000000, DAY = 86400000000000;

/* One of the folder. */
typedef struct arrival {
    char *name;
    int64_t size, changed;
    struct arrival *next;
} arrival;

typedef struct folder_look {
    weir_task *task;
    trigger *t;
    char *folder;         /* whole */
    const char *pattern;  /* of names */
    const json_t *before; /* {name: [size, changed, since]}: that were not whole */
    json_t *waiting;
    arrival *new; /* by name; the first TRIGGER_FIRES */
    size_t count;
    known_files still; /* of those known: what is still there */
    char odd[256];     /* a name that is no UTF-8 and was not known */
    size_t odd_count;
} folder_look;

/* --- What is known --- */

static uint64_t sum_of(const char *key)
{
    weir_digest sum = WEIR_DIGEST_START;

    weir_digest_add_text(&sum, key);
    return sum.a;
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static bool is_known(const known_files *known, uint64_t sum)
{
    return known->count != 0 &&
           bsearch(&sum, known->items, known->count, sizeof sum, by_number) != NULL;
}

/* What finds no memory is asked for again. */
static void add_known(known_files *known, uint64_t sum)
{
    if (known->count == known->room) {
        size_t room = known->room != 0 ? 2 * known->room : 256;
        uint64_t *items = weir_realloc(known->items, room * sizeof *items);
        if (items == NULL)
            return;
        known->items = items;
        known->room = room;
    }
    known->items[known->count++] = sum;
}

void arrivals_note(trigger *t, const char *key)
{
    add_known(&t->known, sum_of(key));
    if (t->known.count > 1) /* in between looks nobody searches */
        qsort(t->known.items, t->known.count, sizeof *t->known.items, by_number);
}

/* Files that have gone are forgotten, so that as much is known as is in the folder. */
static void keep_known(folder_look *look)
{
    weir_free(look->t->known.items);
    look->t->known = look->still;
    look->still = (known_files){0};
    if (look->t->known.count > 1)
        qsort(look->t->known.items, look->t->known.count, sizeof *look->t->known.items, by_number);
}

/* --- One file --- */

/* The folder as it is declared: where it lies may be another place for another runner. */
static void write_key(const folder_look *look, const arrival *file, weir_buffer *key)
{
    const char *files = look->t->declared->files;

    weir_buffer_append(key, files, (size_t)(look->pattern - files));
    weir_buffer_printf(key, "%s %lld %lld", file->name, (long long)file->size,
                       (long long)file->changed);
}

static int64_t number_at(const json_t *list, size_t at)
{
    return json_integer_value(json_array_get(list, at));
}

/* False: it waits, and since when is kept. */
static bool is_whole(folder_look *look, const arrival *file)
{
    const json_t *before = json_object_get(look->before, file->name);
    bool same = before != NULL && number_at(before, 0) == file->size &&
                number_at(before, 1) == file->changed;
    int64_t settle = look->t->config.settle, now = look->t->now;
    int64_t since = same ? number_at(before, 2) : now;

    if (now - file->changed >= settle || now - since >= settle)
        return true;
    if (json_object_size(look->waiting) < MOST_WAITING)
        json_object_set_new(look->waiting, file->name,
                            json_pack("[I, I, I]", (json_int_t)file->size,
                                      (json_int_t)file->changed, (json_int_t)since));
    return false;
}

/* In its place among those that are new. False: out of memory. */
static bool add_new(folder_look *look, const arrival *file)
{
    arrival **at = &look->new, *added = weir_alloc(sizeof *added);

    if (added == NULL || (added->name = weir_strdup(file->name)) == NULL) {
        weir_free(added);
        return false;
    }
    added->size = file->size;
    added->changed = file->changed;
    while (*at != NULL && strcmp((*at)->name, added->name) < 0)
        at = &(*at)->next;
    added->next = *at;
    *at = added;
    look->count++;
    return true;
}

static bool take_file(folder_look *look, const arrival *file)
{
    weir_buffer key = {0};
    bool good = true;

    write_key(look, file, &key);
    uint64_t sum = key.failed ? 0 : sum_of(key.data);
    bool known = is_known(&look->t->known, sum);
    bool named = json_is_clean(file->name);
    if (known || !named)
        add_known(&look->still, sum);
    if (!known && !named) {
        snprintf(look->odd, sizeof look->odd, "%s", file->name);
        look->odd_count++;
    } else if (!known && !key.failed && is_whole(look, file)) {
        look->t->more = look->count == TRIGGER_FIRES;
        good = look->t->more || add_new(look, file);
    }
    good = good && !key.failed;
    weir_buffer_free(&key);
    return good;
}

/* --- The folder --- */

static weir_answer no_folder(const folder_look *look)
{
    return weir_task_fail(look->task, "cannot read the folder '%s': %s", look->folder,
                          strerror(errno));
}

/* The folder that the pattern stands in, with all links resolved: paths are good anywhere. */
static bool find_folder(folder_look *look)
{
    const char *files = look->t->declared->files, *slash = strrchr(files, '/');
    const char *base = look->t->plan->folder;
    weir_buffer path = {0};

    look->pattern = slash != NULL ? slash + 1 : files;
    if (files[0] != '/' && base != NULL)
        weir_buffer_printf(&path, "%s/", base);
    weir_buffer_append(&path, files, (size_t)(look->pattern - files));
    if (path.size == 0)
        weir_buffer_text(&path, ".");
    if (path.failed) {
        weir_buffer_free(&path);
        errno = ENOMEM;
        return false;
    }
    char *real = realpath(path.data, NULL);
    look->folder = weir_strdup(real != NULL ? real : path.data);
    free(real);
    int why = errno;
    weir_buffer_free(&path);
    errno = why;
    return real != NULL && look->folder != NULL;
}

static bool read_entry(folder_look *look, int folder, const char *name)
{
    struct stat found;

    if (fnmatch(look->pattern, name, FNM_PERIOD) != 0 || fstatat(folder, name, &found, 0) != 0 ||
        !S_ISREG(found.st_mode))
        return true;
    return take_file(look,
                     &(arrival){.name = (char *)(uintptr_t)name,
                                .size = found.st_size,
                                .changed = found.st_mtim.tv_sec * SECOND + found.st_mtim.tv_nsec});
}

static weir_answer read_folder(folder_look *look)
{
    DIR *folder = opendir(look->folder);
    struct dirent *entry;
    bool good = true;

    if (folder == NULL)
        return no_folder(look);
    errno = 0;
    while (good && (entry = readdir(folder)) != NULL) {
        good = read_entry(look, dirfd(folder), entry->d_name);
        errno = 0;
    }
    int why = errno;
    closedir(folder);
    errno = why;
    if (!good)
        return weir_task_fail(look->task, "out of memory");
    return why == 0 ? WEIR_TASK_DONE : no_folder(look);
}

/* No JSON holds a name that is no UTF-8: it is told, once, and passed over. */
static bool tell_odd(folder_look *look)
{
    weir_buffer line = {0};

    json_clean(look->odd, strlen(look->odd));
    weir_buffer_printf(
        &line,
        "%zu files are passed over, as their names are no UTF-8, '%s/%s' among them; "
        "rename them",
        look->odd_count, look->folder, look->odd);
    look->task->log = line.failed ? NULL : weir_strdup(line.data);
    weir_buffer_free(&line);
    return look->task->log != NULL;
}

/* --- Firing --- */

/* The key of the workflow's input; NULL: it does not want it. */
static const char *key_of(const weir_type *type, const char *name)
{
    for (uint32_t i = 0; type != NULL && i < type->field_count; i++)
        if (strcmp(type->fields[i].name, name) == 0)
            return type->fields[i].wire;
    return type == NULL ? name : NULL;
}

/* False: out of memory. */
static bool add_input(json_t *input, const char *key, json_t *value)
{
    if (key == NULL || value == NULL) {
        json_decref(value);
        return value != NULL;
    }
    return json_object_set_new(input, key, value) == 0;
}

static json_t *input_of(const folder_look *look, const arrival *file)
{
    const weir_type *type = look->t->input;
    json_t *input = json_object();
    weir_buffer path = {0};

    weir_buffer_printf(&path, "%s/%s", strcmp(look->folder, "/") != 0 ? look->folder : "",
                       file->name);
    bool good = input != NULL && !path.failed &&
                add_input(input, key_of(type, "path"), json_string(path.data)) &&
                add_input(input, key_of(type, "name"), json_string(file->name)) &&
                add_input(input, key_of(type, "size"), json_integer(file->size));
    weir_buffer_free(&path);
    if (good)
        return input;
    json_decref(input);
    return NULL;
}

static void fire_one(const folder_look *look, const arrival *file, json_t *all)
{
    weir_buffer key = {0};
    json_t *input = input_of(look, file);

    write_key(look, file, &key);
    if (input != NULL && !key.failed)
        json_array_append_new(all, json_pack("[s, O]", key.data, input));
    json_decref(input);
    weir_buffer_free(&key);
}

static weir_answer fire_all(const folder_look *look)
{
    json_t *all = json_array();

    for (const arrival *file = look->new; file != NULL; file = file->next)
        fire_one(look, file, all);
    char *text = json_to_text(all);
    bool good = text != NULL && weir_task_set(look->task, TRIGGER_FIRED, text) == WEIR_OK;
    json_decref(all);
    weir_free(text);
    return good ? WEIR_TASK_DONE : weir_task_fail(look->task, "out of memory");
}

static weir_answer keep_waiting(const folder_look *look)
{
    char *text = json_to_text(look->waiting);
    bool good = text != NULL && weir_task_set(look->task, "waiting", text) == WEIR_OK;

    weir_free(text);
    if (json_object_size(look->waiting) != 0 && look->t->config.settle < look->t->config.every)
        look->task->delay = look->t->config.settle;
    return good ? WEIR_TASK_DONE : weir_task_fail(look->task, "out of memory");
}

static void free_look(folder_look *look)
{
    while (look->new != NULL) {
        arrival *file = look->new;
        look->new = file->next;
        weir_free(file->name);
        weir_free(file);
    }
    json_decref(look->waiting);
    weir_free(look->still.items);
    weir_free(look->folder);
}

weir_answer arrivals_look(weir_task *task)
{
    trigger *t = weir_task_user(task);
    folder_look look = {.task = task, .t = t, .waiting = json_object()};

    look.before = json_object_get(task->context, "waiting");
    if (t->now - t->known_since >= DAY) {
        t->known.count = 0;
        t->known_since = t->now;
    }
    weir_answer answer = find_folder(&look) ? read_folder(&look) : no_folder(&look);
    if (answer == WEIR_TASK_DONE)
        keep_known(&look);
    if (answer == WEIR_TASK_DONE && look.odd_count != 0 && !tell_odd(&look))
        answer = weir_task_fail(task, "out of memory");
    if (answer == WEIR_TASK_DONE && look.new != NULL)
        answer = fire_all(&look);
    if (answer == WEIR_TASK_DONE)
        answer = keep_waiting(&look);
    free_look(&look);
    return answer;
}
