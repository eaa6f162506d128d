/* SPDX-License-Identifier: Apache-2.0 */
/* origin.c - what becomes of each event: tickets for those that wait, and the ledger.
 *
 * Most events are done as soon as they have been handed on and never get a ticket. A ticket is made
 * when somebody has to keep the event beyond its own step; it counts its holders.
 */
#include <weir/sources.h>

enum { PART_SLAB = 4096 };

weir_status weir_origin_init(weir_origin *origin, const char *name, uint32_t limit,
                             weir_error **error)
{
    /* Not zeroed: pages that are never used are never touched, so that a high limit costs little.
     */
    weir_ticket *tickets = weir_realloc(NULL, limit * sizeof *tickets);

    if (tickets == NULL)
        return weir_error_set(error, WEIR_NOMEM, "'%s': no memory for %u events in flight", name,
                              limit);
    *origin = (weir_origin){.name = name, .tickets = tickets, .limit = limit};
    return WEIR_OK;
}

/* Parts come from slabs, the first of which is made with the origin. */
typedef struct weir_part_slab {
    struct weir_part_slab *next;
    uint32_t fresh, count;
    weir_ticket_part parts[];
} weir_part_slab;

static bool add_slab(weir_origin *origin, uint32_t count)
{
    weir_part_slab *slab = weir_realloc(NULL, sizeof *slab + count * sizeof *slab->parts);

    if (slab == NULL)
        return false;
    slab->next = origin->part_slabs;
    slab->fresh = 0;
    slab->count = count;
    origin->part_slabs = slab;
    return true;
}

static weir_ticket_part *take_part(weir_origin *origin)
{
    weir_ticket_part *part = origin->free_parts;

    if (part != NULL) {
        origin->free_parts = part->next;
        return part;
    }
    if (origin->part_slabs->fresh == origin->part_slabs->count && !add_slab(origin, PART_SLAB))
        return NULL;
    return &origin->part_slabs->parts[origin->part_slabs->fresh++];
}

weir_status weir_origin_init_inner(weir_origin *origin, const char *name, uint32_t limit,
                                   weir_error **error)
{
    weir_status status = weir_origin_init(origin, name, limit, error);

    origin->inner = true;
    if (status == WEIR_OK && !add_slab(origin, limit))
        return weir_error_set(error, WEIR_NOMEM, "'%s': out of memory", name);
    return status;
}

void weir_origin_free(weir_origin *origin)
{
    while (origin->part_slabs != NULL) {
        weir_part_slab *next = origin->part_slabs->next;
        weir_free(origin->part_slabs);
        origin->part_slabs = next;
    }
    weir_free(origin->tickets);
    weir_free(origin->partitions);
    *origin = (weir_origin){0};
}

uint64_t weir_ledger_waiting(const weir_ledger *ledger)
{
    return ledger->received - ledger->fired - ledger->kept - ledger->filtered - ledger->collapsed -
           ledger->dropped - ledger->dead;
}

void weir_ledger_add(weir_ledger *ledger, uint32_t outcome, uint64_t count)
{
    if ((outcome & WEIR_DEAD) != 0)
        ledger->dead += count;
    else if ((outcome & WEIR_FIRED) != 0)
        ledger->fired += count;
    else if ((outcome & WEIR_COLLAPSED) != 0)
        ledger->collapsed += count;
    else if ((outcome & WEIR_FILTERED) != 0)
        ledger->filtered += count;
    else
        ledger->kept += count;
}

/* --- Partitions --- */

/* A place that a partition has left, or one more. */
static weir_partition *add_partition(weir_origin *origin)
{
    for (uint32_t i = 0; i < origin->partition_count; i++)
        if (origin->partitions[i].vacant)
            return &origin->partitions[i];
    if (origin->partition_count == origin->partition_room) {
        uint32_t room = origin->partition_room != 0 ? origin->partition_room * 2 : 4;
        weir_partition *grown = weir_realloc(origin->partitions, room * sizeof *grown);
        if (grown == NULL)
            return NULL;
        origin->partitions = grown;
        origin->partition_room = room;
    }
    return &origin->partitions[origin->partition_count++];
}

weir_partition *weir_origin_find(const weir_origin *origin, int32_t number)
{
    for (uint32_t i = 0; i < origin->partition_count; i++)
        if (origin->partitions[i].number == number && !origin->partitions[i].vacant)
            return &origin->partitions[i];
    return NULL;
}

bool weir_origin_enter(weir_origin *origin, int32_t number, int64_t position)
{
    weir_partition *partition = weir_origin_find(origin, number);

    if (partition == NULL) {
        partition = add_partition(origin);
        if (partition == NULL)
            return false;
        *partition = (weir_partition){
            .number = number, .next = position, .ready = position, .committed = position};
    }
    origin->place = (uint32_t)(partition - origin->partitions);
    return true;
}

/* Its undone events go on, in no list any more. */
void weir_origin_leave(weir_origin *origin, int32_t number)
{
    weir_partition *partition = weir_origin_find(origin, number);

    if (partition == NULL)
        return;
    for (weir_ticket *ticket = partition->oldest, *next; ticket != NULL; ticket = next) {
        next = ticket->next;
        ticket->place = WEIR_NONE;
    }
    partition->oldest = partition->newest = NULL;
    partition->ready = partition->committed = partition->next;
    partition->vacant = true;
}

/* Tickets are made in the order of their positions: that of the event on its way is the newest. */
static void link_ticket(weir_origin *origin, weir_ticket *ticket)
{
    weir_partition *partition = &origin->partitions[origin->place];

    ticket->place = origin->place;
    ticket->older = partition->newest;
    if (partition->newest != NULL)
        partition->newest->next = ticket;
    else
        partition->oldest = ticket;
    partition->newest = ticket;
}

static void unlink_ticket(weir_origin *origin, const weir_ticket *ticket)
{
    if (ticket->place == WEIR_NONE)
        return;
    weir_partition *partition = &origin->partitions[ticket->place];
    if (ticket->older != NULL)
        ticket->older->next = ticket->next;
    else
        partition->oldest = ticket->next;
    if (ticket->next != NULL)
        ticket->next->older = ticket->older;
    else
        partition->newest = ticket->older;
}

/* --- Tickets --- */

static weir_ticket *take_ticket(weir_origin *origin)
{
    weir_ticket *ticket = origin->free;

    if (!weir_origin_has_room(origin))
        return NULL;
    if (ticket != NULL)
        origin->free = ticket->next;
    else
        ticket = &origin->tickets[origin->fresh++];
    origin->in_flight++;
    return ticket;
}

weir_ticket *weir_event_hold(weir_event *event)
{
    if (event->ticket == NULL) {
        weir_ticket *ticket = take_ticket(event->origin);
        if (ticket == NULL)
            return NULL;
        /* One hold is the event's own, given up by weir_event_finish. */
        *ticket = (weir_ticket){.origin = event->origin,
                                .position = event->position,
                                .time = event->time,
                                .partition = event->partition,
                                .holds = 1};
        event->ticket = ticket;
        if (event->origin->commits)
            link_ticket(event->origin, ticket);
    }
    event->ticket->holds++;
    return event->ticket;
}

void weir_ticket_hold(weir_ticket *ticket)
{
    ticket->holds++;
}

/* Its last holder has let go. */
static void end(weir_ticket *ticket)
{
    weir_origin *origin = ticket->origin;

    if (!origin->inner)
        weir_ledger_add(&origin->ledger, ticket->outcome, 1);
    if (origin->commits)
        unlink_ticket(origin, ticket);
}

static void free_ticket(weir_ticket *ticket)
{
    weir_origin *origin = ticket->origin;

    ticket->next = origin->free;
    origin->free = ticket;
    origin->in_flight--;
}

static void give_up(weir_ticket **ended, weir_ticket *ticket, uint32_t outcome)
{
    ticket->outcome |= outcome;
    if (--ticket->holds != 0)
        return;
    end(ticket);
    ticket->next = *ended;
    *ended = ticket;
}

/* Feedback makes long chains of parts, so they are taken one by one. */
void weir_ticket_release(weir_ticket *ticket, uint32_t outcome)
{
    weir_ticket *ended = NULL;

    give_up(&ended, ticket, outcome);
    while (ended != NULL) {
        weir_ticket *done = ended;
        weir_ticket_part *part;
        ended = done->next;
        while ((part = done->parts) != NULL) {
            done->parts = part->next;
            give_up(&ended, part->ticket, done->outcome);
            part->next = done->origin->free_parts;
            done->origin->free_parts = part;
        }
        free_ticket(done);
    }
}

/* --- Tickets with parts --- */

/* `part` is given up by its holder. */
static bool add_part(weir_ticket *batch, weir_ticket *ticket)
{
    weir_ticket_part *part = take_part(batch->origin);

    if (part == NULL)
        return false;
    *part = (weir_ticket_part){.ticket = ticket};
    if (batch->parts != NULL)
        batch->last_part->next = part;
    else
        batch->parts = part;
    batch->last_part = part;
    return true;
}

bool weir_ticket_add_event(weir_ticket *batch, weir_event *event)
{
    weir_ticket *ticket = weir_event_hold(event);

    if (!add_part(batch, ticket)) {
        weir_ticket_release(ticket, WEIR_DEAD);
        return false;
    }
    if (event->rounds > batch->rounds)
        batch->rounds = event->rounds;
    return true;
}

static bool is_new(weir_ticket *ticket, uint32_t burial)
{
    bool new = ticket->burial != burial;

    ticket->burial = burial;
    return new;
}

/* Depth first, in the order of parts; the way back is kept in the tickets themselves, which as
 * tickets of many stand in no list. */
void weir_ticket_walk(weir_ticket *ticket, uint32_t burial,
                      void (*visit)(weir_ticket *ticket, void *arg), void *arg)
{
    weir_ticket *at = NULL;

    for (;;) {
        bool new = is_new(ticket, burial);
        if (new && ticket->parts == NULL)
            visit(ticket, arg);
        if (new && ticket->parts != NULL) {
            ticket->walk = ticket->parts;
            ticket->older = at;
            at = ticket;
        }
        while (at != NULL && at->walk == NULL)
            at = at->older;
        if (at == NULL)
            return;
        ticket = at->walk->ticket;
        at->walk = at->walk->next;
    }
}

static bool is_among(weir_ticket *const *tickets, uint32_t count, const weir_ticket *ticket)
{
    for (uint32_t i = 0; i < count; i++)
        if (tickets[i] == ticket)
            return true;
    return false;
}

/* Adds a part with a hold of its own. */
static bool join(weir_ticket *group, weir_ticket *ticket)
{
    weir_ticket_hold(ticket);
    if (add_part(group, ticket))
        return true;
    weir_ticket_release(ticket, 0);
    return false;
}

static weir_ticket *begin_group(weir_origin *groups, weir_ticket *first)
{
    weir_ticket *group = take_ticket(groups);

    if (group == NULL)
        return NULL;
    *group = (weir_ticket){.origin = groups, .holds = 1};
    if (join(group, first))
        return group;
    weir_ticket_release(group, 0);
    return NULL;
}

weir_ticket *weir_ticket_join(weir_origin *groups, weir_ticket *const *tickets, uint32_t count)
{
    weir_ticket *first = NULL, *group = NULL;

    for (uint32_t i = 0; i < count; i++) {
        if (tickets[i] == NULL || is_among(tickets, i, tickets[i]))
            continue;
        if (first == NULL) {
            first = tickets[i];
            continue;
        }
        if (group == NULL && (group = begin_group(groups, first)) == NULL)
            return NULL;
        if (!join(group, tickets[i])) {
            weir_ticket_release(group, 0);
            return NULL;
        }
    }
    if (group == NULL && first != NULL)
        weir_ticket_hold(first);
    return group != NULL ? group : first;
}

void weir_event_finish(weir_event *event)
{
    if (event->ticket != NULL)
        weir_ticket_release(event->ticket, event->outcome);
    else
        weir_ledger_add(&event->origin->ledger, event->outcome, 1);
}
