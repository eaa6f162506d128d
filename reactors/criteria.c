/* SPDX-License-Identifier: Apache-2.0 */
/* criteria.c - asks a criteria tree whether a firing is due, and what it takes (rule E4).
 *
 * A name is true while a boundary waits in its queue, since the event of the oldest one; `when_all`
 * since the latest of its children, `when_any` since the earliest of those that are true. Under
 * sequential `when_any` takes the child that has been true longest, with those true since the same
 * event; under latest every child that is true.
 */
#include "reactors/reactor.h"

typedef struct answer {
    uint64_t since; /* number of an event; meaningful where `take` is not 0 */
    uint64_t take;  /* bit per input; 0: not true */
} answer;

typedef struct question {
    const weir_reactor *reactor;
    const weir_backlog *backlog;
    const weir_criterion *next; /* in prefix order */
} question;

static answer ask(question *asked);

static answer ask_all(question *asked, uint32_t children)
{
    answer all = {0, 0};
    bool whole = true;

    for (uint32_t i = 0; i < children; i++) {
        answer child = ask(asked);
        whole = whole && child.take != 0;
        all.take |= child.take;
        if (child.since > all.since)
            all.since = child.since;
    }
    return whole ? all : (answer){0, 0};
}

static answer ask_any(question *asked, uint32_t children)
{
    bool every = asked->reactor->module->strategy == WEIR_LATEST;
    answer any = {UINT64_MAX, 0};

    for (uint32_t i = 0; i < children; i++) {
        answer child = ask(asked);
        if (child.take == 0)
            continue;
        if (every || child.since == any.since)
            any.take |= child.take;
        else if (child.since < any.since)
            any.take = child.take;
        if (child.since < any.since)
            any.since = child.since;
    }
    return any;
}

static answer ask(question *asked)
{
    const weir_criterion *criterion = asked->next++;

    if (criterion->kind == WEIR_CRITERION_ALL)
        return ask_all(asked, criterion->count);
    if (criterion->kind == WEIR_CRITERION_ANY)
        return ask_any(asked, criterion->count);
    const weir_queue *queue = &asked->backlog->queues[criterion->input];
    if (queue->first == NULL)
        return (answer){0, 0};
    return (answer){queue->first->event, 1ull << criterion->input};
}

bool weir_criteria_ask(const weir_reactor *reactor, const weir_backlog *backlog, uint64_t *take)
{
    question asked = {reactor, backlog, reactor->module->criteria};

    *take = ask(&asked).take;
    return *take != 0;
}
