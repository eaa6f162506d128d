/* SPDX-License-Identifier: Apache-2.0 */
/* tasks.c - the task functions of etl.weir.yaml: they read columns from the context, and set what
 * they found. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etl.weir.h"

enum { DAYS = 366 };

/* The numbers of a column, "[1.5,2,..]"; 0: there is no such column. */
static size_t column(weir_task *task, const char *name, double values[DAYS])
{
    const char *at = weir_task_get(task, name);
    size_t count = 0;

    while (at != NULL && count < DAYS && (at = strpbrk(at, "-0123456789")) != NULL) {
        char *end;
        values[count++] = strtod(at, &end);
        at = end;
    }
    return count;
}

static double percent(double from, double to)
{
    return 100 * (to / from - 1);
}

weir_answer etl_check(weir_task *task)
{
    double high[DAYS], low[DAYS], close[DAYS];
    size_t count = column(task, "close", close);

    if (column(task, "high", high) != count || column(task, "low", low) != count)
        return weir_task_fail_for_good(task, "the columns differ in length");
    for (size_t i = 0; i < count; i++)
        if (!(low[i] <= close[i] && close[i] <= high[i]))
            return weir_task_fail_for_good(task, "bar %zu closes outside of its day", i + 1);
    return WEIR_TASK_DONE;
}

/* From the last close of a month to that of the next; the first month from its first close. */
weir_answer etl_months(weir_task *task)
{
    double month[DAYS], close[DAYS], from = 0;
    size_t count = column(task, "close", close), size = 0;
    char text[512];

    if (column(task, "month", month) != count)
        return weir_task_fail_for_good(task, "the columns differ in length");
    for (size_t i = 0; i < count; i++) {
        from = i == 0 ? close[i] : from;
        if (i + 1 < count && month[i + 1] == month[i])
            continue;
        size += (size_t)snprintf(text + size, sizeof text - size, "%s%02.0f %+7.2f %%",
                                 size != 0 ? "\n" : "", month[i], percent(from, close[i]));
        from = close[i];
    }
    weir_task_set_text(task, "months", text);
    return WEIR_TASK_DONE;
}

weir_answer etl_swings(weir_task *task)
{
    double close[DAYS], best = 0, worst = 0;
    size_t count = column(task, "close", close);

    for (size_t i = 1; i < count; i++) {
        double move = percent(close[i - 1], close[i]);
        best = move > best ? move : best;
        worst = move < worst ? move : worst;
    }
    weir_task_set_number(task, "best", best);
    weir_task_set_number(task, "worst", worst);
    return WEIR_TASK_DONE;
}

weir_answer etl_risk(weir_task *task)
{
    double close[DAYS], top = 0, fall = 0;
    size_t count = column(task, "close", close);

    for (size_t i = 0; i < count; i++) {
        top = close[i] > top ? close[i] : top;
        fall = percent(top, close[i]) < fall ? percent(top, close[i]) : fall;
    }
    weir_task_set_number(task, "fall", fall);
    return WEIR_TASK_DONE;
}
