/* SPDX-License-Identifier: Apache-2.0 */
/* job_result.c - what a run has written, as text: before it waited, or as a command left it. */
#include <string.h>

#include "core/calendar.h"
#include "core/text.h"
#include "workflow/job.h"
#include "workflow/json.h"

/* --- What it wrote before it waited --- */

bool job_take_draft(weir_task *job, const char *text)
{
    char reason[200];
    json_t *draft = text != NULL ? json_from_text(text, reason, sizeof reason) : NULL;
    json_t *item;
    size_t i;

    if (text == NULL)
        return true;
    bool good = draft != NULL && json_object_update(job->set, json_object_get(draft, "set")) == 0;

    good = good && json_object_update(job->context, job->set) == 0;
    json_array_foreach(json_object_get(draft, "delete"), i, item)
    {
        good = good && json_object_set_new(job->gone, json_string_value(item), json_true()) == 0;
        json_object_del(job->context, json_string_value(item));
    }
    job->resumed = true;
    json_decref(draft);
    return good;
}

/* --- What a command left --- */

/* {"for": "10m"}, {"until": "2026-03-29T01:00:00Z"} or {"condition": NAME}. False: none of them. */
static bool take_deferral(weir_task *job, const json_t *what)
{
    const char *time = json_string_value(json_object_get(what, "until"));
    const char *delay = json_string_value(json_object_get(what, "for"));
    const char *condition = json_string_value(json_object_get(what, "condition"));
    int64_t number = 0;
    bool range = false;

    if (json_object_size(what) != 1)
        return false;
    if (time != NULL && weir_calendar_read_time(time, strlen(time), &number, &range) && !range)
        job->answer = weir_task_defer_until(job, number);
    else if (delay != NULL && weir_text_duration(delay, &number) && number >= 0)
        job->answer = weir_task_defer_for(job, number);
    else if (condition != NULL)
        job->answer = weir_task_defer_on(job, condition);
    else
        return false;
    return true;
}

/* The part of that name; *ret_good false: it is of another type. */
static json_t *part_of(const json_t *result, const char *name, json_type type, size_t *known,
                       bool *ret_good)
{
    json_t *part = json_object_get(result, name);

    *known += part != NULL;
    *ret_good = *ret_good && (part == NULL || json_typeof(part) == type);
    return part;
}

void job_take_result(weir_task *job, const char *text)
{
    char reason[200] = "";
    json_t *result = json_from_text(text, reason, sizeof reason), *item;
    const char *key;
    size_t i, known = 0;
    bool good = json_is_object(result);
    json_t *written = part_of(result, "set", JSON_OBJECT, &known, &good);
    json_t *gone = part_of(result, "delete", JSON_ARRAY, &known, &good);
    json_t *waits = part_of(result, "defer", JSON_OBJECT, &known, &good);

    if (!good || json_object_size(result) != known ||
        (waits != NULL && !take_deferral(job, waits))) {
        job_fail(
            job, WEIR_TASK_FAILED_GOOD,
            "what it left in WEIR_RESULT is not {\"set\": {..}, \"delete\": [..]}, nor that with "
            "\"defer\": {\"for\": \"10m\"}, {\"until\": TIME} or {\"condition\": NAME}%s%s",
            reason[0] != '\0' ? ": " : "", reason);
        json_decref(result);
        return;
    }
    json_object_foreach(written, key, item) job_set(job, key, json_incref(item), "");
    json_array_foreach(gone, i, item)
    {
        if (json_is_string(item))
            weir_task_delete(job, json_string_value(item));
        else
            job_refuse(job, WEIR_ENCODE, "delete", "it is to list keys");
    }
    json_decref(result);
}
