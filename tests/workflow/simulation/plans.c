/* SPDX-License-Identifier: Apache-2.0 */
/* plans.c - workflows at random, and what their tasks do: by the seed, the execution, the task and
 * the run, so that it does not depend on who runs it when. */
#include <stdio.h>
#include <string.h>

#include "core/calendar.h"
#include "tests/workflow/simulation/world.h"

static const int64_t SECOND = 1000000000;

/* --- What a task does --- */

static uint64_t mix(uint64_t word)
{
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9u;
    word = (word ^ word >> 27) * 0x94d049bb133111ebu;
    return word ^ word >> 31;
}

static void write_some(weir_task *task, uint64_t dice, json_t *run)
{
    json_t *set = json_object(), *gone = json_array();
    char key[3] = "k0";
    int64_t value = (int64_t)(dice % 1000);

    for (int i = 0; i < 2 && (dice >> i & 1) != 0; i++) {
        key[1] = (char)('0' + (dice >> (8 + 2 * i)) % 4);
        if (dice >> 60 == 0) {
            weir_task_set_text(task, key, "text");
            json_object_set_new(set, key, json_string("text"));
        } else {
            weir_task_set_integer(task, key, value + i);
            json_object_set_new(set, key, json_integer(value + i));
        }
    }
    key[1] = (char)('0' + (dice >> 16) % 4);
    if ((dice >> 20) % 8 == 0) {
        weir_task_delete(task, key);
        json_object_del(set, key);
        json_array_append_new(gone, json_string(key));
    }
    json_object_set_new(run, "set", set);
    json_object_set_new(run, "delete", gone);
}

static weir_answer answer(weir_task *task, uint64_t dice, json_t *run)
{
    int64_t delay = (int64_t)(dice >> 32) % 40 * SECOND;
    bool cancelled = weir_task_is_cancelled(task) && dice % 2 == 0;
    int luck = (int)(dice >> 24) % 100;

    if (luck < 70 && !cancelled) {
        json_object_set_new(run, "answer", json_string("done"));
        return WEIR_TASK_DONE;
    }
    json_object_set_new(run, "class", json_string(luck < 80 ? "io" : "failed"));
    json_object_set_new(run, "answer",
                        json_string(luck < 86   ? "failed"
                                    : luck < 92 ? "for good"
                                                : "retry"));
    if (luck < 80)
        return weir_task_fail_class(task, "io", "its luck is %d", luck);
    if (luck < 86)
        return weir_task_fail(task, "its luck is %d", luck);
    if (luck < 92)
        return weir_task_fail_for_good(task, "its luck is %d", luck);
    json_object_set_new(run, "delay", json_integer(delay));
    return weir_task_retry_after(task, delay, "its luck is %d", luck);
}

/* Before it has written anything; once it goes on, it does not wait again. */
static weir_answer wait_for_a_while(weir_task *task, uint64_t dice, json_t *run)
{
    int64_t delay = (int64_t)(dice >> 16) % 300 * SECOND;

    json_object_set_new(run, "answer", json_string("deferred"));
    json_object_set_new(run, "delay", json_integer(delay));
    return weir_task_defer_for(task, delay);
}

static weir_answer acts(weir_task *task)
{
    world *w = weir_task_user(task);
    const char *saw = weir_task_context(task), *name = weir_task_name(task);
    uint64_t dice = mix(mix(mix(w->seed) + (uint64_t)weir_task_execution(task)) +
                        (uint64_t)weir_task_attempt(task) * 100 + (uint64_t)name[0]);
    json_t *run = json_pack("{s:I, s:s, s:I}", "execution", (json_int_t)weir_task_execution(task),
                            "task", name, "attempt", (json_int_t)weir_task_attempt(task));

    if (weir_task_item(task) == NULL && name[1] == '\0') /* those see what their task does */
        json_object_set_new(run, "saw", json_loads(saw, 0, NULL));

    if (world_trace)
        printf("    %s runs, attempt %lld\n", weir_task_key(task),
               (long long)weir_task_attempt(task));
    json_array_append_new(w->runs, run);
    if (mix(dice + 1) % 8 == 0 && !weir_task_resumed(task))
        return wait_for_a_while(task, mix(dice + 2), run);
    write_some(task, dice, run);
    return answer(task, mix(dice), run);
}

/* --- What is declared --- */

/* Options of one task or schedule. */
typedef struct options {
    weir_setting *items;
    size_t *count;
} options;

static void add(world_plan *made, options list, const char *name, uint64_t value, const char *unit)
{
    list.items[(*list.count)++] = (weir_setting){
        .name = name,
        .text = weir_arena_printf(&made->arena, "%llu%s", (unsigned long long)value, unit)};
}

static void add_word(options list, json_t *told, const char *name, const char *word)
{
    list.items[(*list.count)++] = (weir_setting){.name = name, .text = word};
    if (told != NULL)
        json_object_set_new(told, name, json_string(word));
}

static void add_retry(world *w, world_plan *made, weir_module_task *task, json_t *told)
{
    static const char *const backoffs[] = {"fixed", "linear", "exponential"};
    weir_setting *items = weir_arena_alloc(&made->arena, 5 * sizeof *items);
    options list = {items, &task->retry.count};
    uint64_t attempts = 1 + world_roll(w, 3), delay = world_roll(w, 30);
    bool jitter = world_roll(w, 2) == 0;

    task->retry.items = items;
    add(made, list, "attempts", attempts, "");
    add(made, list, "delay", delay, "s");
    add(made, list, "max_delay", 40, "s");
    add_word(list, told, "backoff", backoffs[world_roll(w, 3)]);
    add_word(list, NULL, "jitter", jitter ? "true" : "false");
    json_object_set_new(told, "attempts", json_integer((json_int_t)attempts));
    json_object_set_new(told, "delay", json_integer((json_int_t)delay * SECOND));
    json_object_set_new(told, "max_delay", json_integer(40 * SECOND));
    json_object_set_new(told, "jitter", json_boolean(jitter));
}

static void add_rule(world *w, world_plan *made, options list, weir_module_task *task, json_t *told)
{
    static const char *const words[] = {"all_done", "none_failed", "all_success", "any_failed",
                                        "any_success"};
    uint64_t kind = world_roll(w, 12);
    const char *text;

    if (kind < 5 && (kind < 3 || task->after_count != 0)) {
        add_word(list, told, "run_if", words[kind]);
        return;
    }
    if (kind > 6 || task->after_count == 0)
        return;
    if (kind == 5)
        text = weir_arena_printf(&made->arena, "[\"%s\",\"%c\"]",
                                 world_roll(w, 2) == 0 ? "failed" : "succeeded",
                                 'a' + (int)task->after[0]);
    else
        text = weir_arena_printf(&made->arena, "[\">\",[\".\",[\"context\"],\"k%d\"],%d]",
                                 (int)world_roll(w, 4), (int)world_roll(w, 1000));
    task->rule = (weir_module_expression){text, text};
    json_object_set_new(told, "rule", json_loads(text, 0, NULL));
}

static void add_concurrency(world *w, world_plan *made, weir_module_task *task, json_t *told)
{
    weir_setting *items = weir_arena_alloc(&made->arena, 2 * sizeof *items);
    options list = {items, &task->concurrency.count};
    /* A tag has one limit wherever it is named. */
    bool one = world_roll(w, 2) == 0;

    task->concurrency.items = items;
    add_word(list, told, "tag", one ? "one" : "two");
    add_word(list, NULL, "limit", one ? "1" : "2");
    json_object_set_new(told, "limit", json_integer(one ? 1 : 2));
}

static void do_itself(weir_module_task *task)
{
    task->call = acts;
    task->call_name = "acts";
}

/* What it does itself, or an earlier one of the world's workflows, which it begins. */
static void choose_work(world *w, world_plan *made, weir_module_task *task, json_t *told)
{
    size_t place = (size_t)(made - w->plans);

    if (place == 0 || world_roll(w, 4) != 0) {
        do_itself(task);
        return;
    }
    size_t begun = world_roll(w, place);
    task->workflow = w->plans[begun].name;
    made->begins |= 1u << begun | w->plans[begun].begins;
    json_object_set_new(told, "begins", json_true());
}

/* --- What it begins one by one --- */

static void add_part(world_plan *made, const char *name, json_t *told)
{
    json_object_set_new(made->parts, name, json_pack("[o]", told));
}

/* Whether it runs, and what becomes of its failure, is of all items together. */
static void add_items(world *w, world_plan *made, weir_module_task *task, json_t *told)
{
    static const char *const lists[] = {"[\"list\"]", "[\"list\",1]", "[\"list\",1,1]",
                                        "[\"list\",3,1,2]"};
    static const char *const of_all[] = {"run_if", "rule", "allow_failure"};
    const char *text = lists[world_roll(w, sizeof lists / sizeof *lists)];
    json_t *item = json_copy(told), *list = json_loads(text, 0, NULL);

    for (size_t i = 0; i < sizeof of_all / sizeof *of_all; i++)
        json_object_del(item, of_all[i]);
    json_object_set_new(item, "after", json_array());
    add_part(made, weir_arena_printf(&made->arena, "%s/%s", made->name, task->name), item);
    json_array_remove(list, 0);
    json_object_set_new(told, "items", list);
    json_object_set_new(told, "begins", json_true());
    task->for_each = (weir_module_expression){text, text};
}

/* `task`: "", or "NAME/" of one. */
static const weir_module_task *make_hook(world *w, world_plan *made, const char *task,
                                         const char *on)
{
    weir_module_task *hook = weir_arena_alloc(&made->arena, sizeof *hook);
    json_t *told = json_object();

    do_itself(hook);
    json_object_set_new(told, "after", json_array());
    json_object_set_new(told, "name",
                        json_string(weir_arena_printf(&made->arena, "%s%s", task, on)));
    add_retry(w, made, hook, told);
    add_part(made, weir_arena_printf(&made->arena, "%s/%s%s", made->name, task, on), told);
    return hook;
}

static void add_hooks(world *w, world_plan *made, weir_module_task *task)
{
    const char *name = weir_arena_printf(&made->arena, "%s/", task->name);

    if (world_roll(w, 8) == 0)
        task->on_success = make_hook(w, made, name, "on_success");
    if (world_roll(w, 8) == 0)
        task->on_failure = make_hook(w, made, name, "on_failure");
}

/* --- Workflows --- */

static void make_task(world *w, world_plan *made, weir_module_task *task, uint32_t number)
{
    static const char *const io[] = {"io", "lost", NULL};
    uint32_t *after = weir_arena_alloc(&made->arena, (number + 1) * sizeof *after);
    weir_setting *items = weir_arena_alloc(&made->arena, 8 * sizeof *items);
    options list = {items, &task->settings.count};
    json_t *names = json_array(), *told = json_object();

    task->name = weir_arena_printf(&made->arena, "%c", 'a' + (int)number);
    choose_work(w, made, task, told);
    for (uint32_t i = 0; i < number; i++)
        if (world_roll(w, number) < 2) {
            after[task->after_count++] = i;
            json_array_append_new(names, json_string(made->workflow.tasks[i].name));
        }
    task->after = after;
    task->settings.items = items;
    json_object_set_new(told, "name", json_string(task->name));
    json_object_set_new(told, "after", names);
    add_rule(w, made, list, task, told);
    add_retry(w, made, task, told);
    if (world_roll(w, 5) == 0) {
        add_word(list, NULL, "allow_failure", "true");
        json_object_set_new(told, "allow_failure", json_true());
    }
    if (world_roll(w, 10) == 0)
        add_word(list, told, "on_lost", "fail");
    if (world_roll(w, 10) == 0) {
        task->retry_on = &io[world_roll(w, 2)];
        json_t *classes = json_array();
        for (size_t i = 0; task->retry_on[i] != NULL; i++)
            json_array_append_new(classes, json_string(task->retry_on[i]));
        json_object_set_new(told, "retry_on", classes);
    }
    uint64_t priority = world_roll(w, 4);
    add(made, list, "priority", priority, "");
    json_object_set_new(told, "priority", json_integer((json_int_t)priority));
    if (world_roll(w, 5) == 0)
        add_concurrency(w, made, task, told);
    if (world_roll(w, 5) == 0)
        add_items(w, made, task, told);
    add_hooks(w, made, task);
    json_array_append_new(made->told, told);
}

static void make_schedule(world *w, world_plan *made)
{
    static const char *const catchups[] = {"skip", "last", "all"};
    static const char *const overlaps[] = {"skip", "allow", "queue", "cancel_previous"};
    static const int minutes[] = {1, 5, 7, 30};
    weir_setting *items = weir_arena_alloc(&made->arena, 10 * sizeof *items);
    options list = {items, &made->workflow.schedule.count};
    uint64_t jitter = world_roll(w, 3) == 0 ? 1 + world_roll(w, 20) : 0, grace = world_roll(w, 70);

    made->workflow.schedule.items = items;
    made->every = minutes[world_roll(w, 4)];
    made->overlap = overlaps[world_roll(w, 4)];
    made->end = w->now + made->every * 60 * (int64_t)(2 + world_roll(w, 14)) * SECOND;
    add_word(list, NULL, "cron", weir_arena_printf(&made->arena, "*/%d * * * *", (int)made->every));
    add_word(list, NULL, "overlap", made->overlap);
    uint64_t catchup = world_roll(w, 3);
    add_word(list, NULL, "catchup", catchups[catchup]);
    add(made, list, "max_catchup", 1 + world_roll(w, 4), "");
    add(made, list, "grace", grace, "s");
    add(made, list, "jitter", jitter, "s");
    char *end = weir_arena_alloc(&made->arena, WEIR_CALENDAR_TIME + 1);
    *weir_calendar_print_time(end, made->end) = '\0';
    add_word(list, NULL, "end", end);
    if (world_roll(w, 4) == 0)
        add(made, list, "max_age", 60 + world_roll(w, 1000), "s");
    if (catchup == 0 && strcmp(made->overlap, "queue") != 0)
        made->lateness = (int64_t)(jitter + grace) * SECOND;
}

void world_make_plan(world *w, world_plan *made, size_t number)
{
    uint32_t count = 1 + (uint32_t)world_roll(w, 8);
    weir_module_task *tasks = weir_arena_alloc(&made->arena, count * sizeof *tasks);
    weir_setting *items = weir_arena_alloc(&made->arena, sizeof *items);

    snprintf(made->name, sizeof made->name, "w%zu", number);
    made->told = json_array();
    made->parts = json_object();
    made->workflow = (weir_module_workflow){
        .name = made->name, .tasks = tasks, .task_count = count, .settings = {.items = items}};
    for (uint32_t i = 0; i < count; i++)
        make_task(w, made, &tasks[i], i);
    if (world_roll(w, 4) == 0)
        made->workflow.on_success = make_hook(w, made, "", "on_success");
    if (world_roll(w, 4) == 0)
        made->workflow.on_failure = make_hook(w, made, "", "on_failure");
    if (world_roll(w, 3) == 0)
        make_schedule(w, made);
    options list = {items, &made->workflow.settings.count};
    if (world_roll(w, 4) == 0)
        add(made, list, "timeout", 2 + world_roll(w, 120), "m");
    else
        add_word(list, NULL, "timeout", "none");
    made->module = (weir_module){.generation = WEIR_GENERATION,
                                 .name = made->name,
                                 .workflows = &made->workflow,
                                 .workflow_count = 1};
}

void world_free_plan(world_plan *made)
{
    json_decref(made->told);
    json_decref(made->parts);
    weir_arena_free(&made->arena);
}
