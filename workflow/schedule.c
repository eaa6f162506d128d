/* SPDX-License-Identifier: Apache-2.0 */
/* schedule.c - the slots of a schedule. */
#include "workflow/schedule.h"

#include <stdio.h>
#include <string.h>

#include "core/calendar.h"
#include "core/clock.h"

static const int64_t SECOND = 1000000000, DAY = 86400 * INT64_C(1000000000);

enum { MOST_COUNTED = 100000 }; /* missed slots */

/* --- Reading --- */

/* Of an option, or of the workflow. */
static weir_place place_of(const weir_module_workflow *workflow, const char *name)
{
    for (size_t i = 0; i < workflow->schedule.count; i++)
        if (strcmp(workflow->schedule.items[i].name, name) == 0)
            return workflow->schedule.items[i].place;
    return workflow->place;
}

/* Takes `why`. */
static weir_status refuse(const weir_module_workflow *workflow, const char *name, weir_error *why,
                          weir_error **error)
{
    weir_error_set_at(error, WEIR_SPEC, place_of(workflow, name),
                      "`schedule:` of workflow '%s': %s", workflow->name, weir_error_message(why));
    weir_error_free(why);
    return WEIR_SPEC;
}

static weir_status read_time(const weir_module_workflow *workflow, const char *name,
                             const char *text, int64_t otherwise, int64_t *ret, weir_error **error)
{
    bool range;

    *ret = otherwise;
    if (text == NULL || weir_calendar_read_time(text, strlen(text), ret, &range))
        return WEIR_OK;
    return weir_error_set_at(error, WEIR_SPEC, place_of(workflow, name),
                             "`schedule:` of workflow '%s': '%s' of option '%s' is no time; write "
                             "2026-03-01T02:00:00Z, or a date",
                             workflow->name, text, name);
}

static weir_status read_all(schedule *s, const weir_module_workflow *workflow, weir_error **error)
{
    weir_schedule_config *config = &s->config;
    weir_error *why = NULL;
    char what[200];

    snprintf(what, sizeof what, "`schedule:` of workflow '%.100s'", workflow->name);
    weir_status status =
        weir_options_read(weir_schedule_options.items, weir_schedule_options.count, what,
                          workflow->schedule.items, workflow->schedule.count, config, error);
    if (status == WEIR_OK)
        status = read_time(workflow, "start", config->start, INT64_MIN, &s->start, error);
    if (status == WEIR_OK)
        status = read_time(workflow, "end", config->end, INT64_MAX, &s->end, error);
    if (status != WEIR_OK)
        return status;
    if (weir_cron_read(config->cron, &s->cron, &why) != WEIR_OK)
        return refuse(workflow, "cron", why, error);
    if (weir_zone_open(config->timezone, &s->zone, &why) != WEIR_OK)
        return refuse(workflow, "timezone", why, error);
    return WEIR_OK;
}

/* What is declared, in the order in which it is. */
static void sum_up(schedule *s, const weir_module_workflow *workflow)
{
    weir_digest sum = WEIR_DIGEST_START;

    for (size_t i = 0; i < workflow->schedule.count; i++) {
        weir_digest_add_text(&sum, workflow->schedule.items[i].name);
        weir_digest_add_text(&sum, workflow->schedule.items[i].text);
    }
    weir_digest_print(sum, s->digest);
}

weir_status schedule_new(const weir_module_workflow *workflow, schedule **ret, weir_error **error)
{
    schedule *s = weir_alloc(sizeof *s);

    if (s == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    weir_status status = read_all(s, workflow, error);
    if (status != WEIR_OK) {
        schedule_free(s);
        return status;
    }
    sum_up(s, workflow);
    *ret = s;
    return WEIR_OK;
}

void schedule_free(schedule *s)
{
    if (s == NULL)
        return;
    weir_zone_free(s->zone);
    weir_options_free(weir_schedule_options.items, weir_schedule_options.count, &s->config);
    weir_free(s);
}

weir_status schedule_check(const char *workflow, const weir_setting *settings, size_t count,
                           weir_place place, weir_error **error)
{
    const weir_module_workflow declared = {
        .name = workflow, .schedule = {settings, count}, .place = place};
    schedule *made = NULL;
    weir_status status = schedule_new(&declared, &made, error);

    schedule_free(made);
    return status;
}

/* --- Slots --- */

/* Seconds, rounded down. */
static int64_t seconds_of(int64_t ns)
{
    return ns / SECOND - (ns % SECOND < 0);
}

int64_t schedule_next(const schedule *s, int64_t after)
{
    int64_t seconds;

    if (s->start != INT64_MIN && after < s->start)
        after = s->start - 1;
    if (!weir_cron_next(&s->cron, s->zone, seconds_of(after), &seconds) ||
        seconds > INT64_MAX / SECOND || seconds * SECOND >= s->end)
        return 0;
    return seconds * SECOND;
}

int64_t schedule_due(const schedule *s, int64_t slot)
{
    weir_digest sum = WEIR_DIGEST_START;

    if (s->config.jitter == 0)
        return slot;
    weir_digest_add_text(&sum, s->digest);
    weir_digest_add(&sum, &slot, sizeof slot);
    return weir_later(slot, (int64_t)(sum.a % (uint64_t)s->config.jitter));
}

int32_t schedule_date(const schedule *s, int64_t slot)
{
    const int64_t day = 86400;
    int64_t time = seconds_of(slot);

    time += weir_zone_period(s->zone, time).offset;
    return (int32_t)(time / day - (time % day < 0));
}

/* Keeps the newest ones that are not too old. */
static void keep(const schedule *s, schedule_missed *missed, int64_t slot, int64_t now)
{
    size_t room = s->config.catchup == WEIR_CATCHUP_SKIP   ? 0
                  : s->config.catchup == WEIR_CATCHUP_LAST ? 1
                                                           : (size_t)s->config.max_catchup;

    missed->all++;
    if (room == 0 || (s->config.max_age != INT64_MAX && now - slot > s->config.max_age)) {
        missed->last = slot;
        return;
    }
    if (missed->count == room) {
        missed->last = missed->newest[0];
        memmove(missed->newest, missed->newest + 1, --missed->count * sizeof *missed->newest);
    }
    missed->newest[missed->count++] = slot;
}

weir_status schedule_skip_missed(const schedule *s, int64_t slot, int64_t now, schedule_missed *ret,
                                 int64_t *ret_slot, weir_error **error)
{
    *ret = (schedule_missed){
        .newest = weir_alloc_array((size_t)s->config.max_catchup + 1, sizeof *ret->newest)};
    if (ret->newest == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    while (slot != 0 && weir_later(schedule_due(s, slot), s->config.grace) < now) {
        keep(s, ret, slot, now);
        slot = schedule_next(s, slot);
        /* Slots of each second over years are not counted one by one. */
        if (ret->all == MOST_COUNTED && slot < now - s->config.grace - DAY) {
            ret->uncounted = true;
            slot = schedule_next(s, now - s->config.grace - DAY);
        }
    }
    *ret_slot = slot;
    return WEIR_OK;
}
