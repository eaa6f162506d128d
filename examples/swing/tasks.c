/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "swing.weir.h"

/* The input comes as JSON, and is read as the struct that the spec declares. */
weir_answer swing_report(weir_task *task)
{
    const char *text = weir_task_input(task), *kind = "";
    weir_slice json = {(const unsigned char *)text, text != NULL ? strlen(text) : 0};
    swing_look_into_input input;
    weir_wire_error error;
    double before = 0, after = 0;
    char day[16], line[200];

    if (weir_decode(&swing_look_into_input_type, WEIR_FORMAT_JSON, json, &input, &error) != WEIR_OK)
        return weir_task_fail_for_good(task, "%s", error.message);
    weir_task_get_text(task, "kind", &kind);
    weir_task_get_number(task, "before", &before);
    weir_task_get_number(task, "after", &after);
    time_t midnight = (time_t)input.day * 86400;
    strftime(day, sizeof day, "%Y-%m-%d", gmtime(&midnight));
    snprintf(line, sizeof line, "%s: %s of %+.1f%% after %+.1f%% in a week; then %+.1f%%", day,
             kind, 100 * input.move, before, after);
    weir_task_set_text(task, "report", line);
    return WEIR_TASK_DONE;
}
