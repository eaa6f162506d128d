/* SPDX-License-Identifier: Apache-2.0 */
/* source.h - a Kafka source at work, between its files.
 *
 *     librdkafka's fetchers -> `messages` -> batch -> span -> the engine
 *                              client.queue: rebalances, commits, errors, logs
 *
 * Records have a queue of their own, so that rebalances and commits are served also while nothing
 * is read: back-pressure is not reading.
 */
#ifndef WEIR_KAFKA_SOURCE_H
#define WEIR_KAFKA_SOURCE_H

#include <regex.h>

#include <weir/sources.h>

#include "kafka/client.h"
#include "kafka/options.h"

/* A small record in librdkafka's queue costs more than KAFKA_BESIDE bytes beside its own. */
enum { KAFKA_BATCH = 8192, KAFKA_TOPIC_SHIFT = 16, KAFKA_BESIDE = 512 };

/* What one field of the type gets from a record. */
typedef struct kafka_target {
    const weir_field *field; /* NULL: none */
    const char *header;
} kafka_target;

/* One partition that this process reads. `number` is the engine's: of the first topic as Kafka
 * counts, of the n-th 65,536 * (n - 1) more. */
typedef struct kafka_partition {
    int32_t number;
    int32_t partition;
    uint32_t topic;          /* its place in the source's list */
    int64_t next;            /* behind the newest record that was put into a span or passed over */
    int64_t to_commit;       /* what the engine said; -1: nothing yet */
    int64_t committed;       /* what the cluster has; -1: unknown */
    int64_t placed;          /* where it began; below 0: nobody knows yet */
    int64_t end;             /* of `until`: it is at its end there; INT64_MAX: none */
    rd_kafka_queue_t *queue; /* of a replay: its own */
    rd_kafka_message_t *head;
    int64_t head_time;
    bool ended;
    bool at_end;  /* nothing was behind the newest record, as of the last fetch; where `until` is */
    bool revoked; /* it goes to another member: nothing more of it is handed on */
} kafka_partition;

typedef struct kafka_source {
    kafka_client client;
    weir_source *source;
    const kafka_source_config *config;
    rd_kafka_queue_t *messages;
    rd_kafka_message_t **batch; /* KAFKA_BATCH places */
    size_t at, count;           /* put; there */
    int64_t handled;            /* bytes since the fetchers were woken */
    char **topics;              /* names that were seen, by place */
    uint32_t topic_count;
    kafka_partition *partitions;
    uint32_t partition_count, partition_room;
    kafka_partition *newest; /* the one that the last record was of */
    const rd_kafka_topic_t *newest_topic;
    char *pattern; /* of topics, for whole names; NULL: none */
    regex_t matcher;
    bool assigned, cooperative;

    /* A revoke under way: the list is what to give back; NULL: none. */
    rd_kafka_topic_partition_list_t *revoking;
    int64_t revoke_until;

    /* Partitions of which the cluster is asked where they begin and end; NULL: none. */
    rd_kafka_topic_partition_list_t *placing;
    bool placing_again, stale; /* stale: the answer that is under way is of no use */
    int64_t ask_at;            /* not before */

    bool committing; /* a commit is on its way */
    bool dirty;      /* something is to be committed */
    bool spoilt;     /* partitions went whose results are in an open transaction */
    int64_t commit_at, commit_began, commit_logged;
    int64_t poll_at, poll_every, look_at;
    int64_t owners_at;     /* when it is asked who of the group has what; 0: no */
    uint64_t owners_asked; /* after so many rebalances */
    size_t unowned;        /* partitions that were nobody's when it joined again */
    int64_t again_at; /* the group's positions could not be asked: assigned again then; 0: no */

    double allowance;            /* of max_rate */
    int64_t allowed_at, rate_at; /* counted; the next is allowed then */

    int64_t start_time; /* of `start`, nanoseconds; else INT64_MIN */
    int64_t until_time; /* of `until`; INT64_MAX: none, or the end */
    int64_t start_offset;
    bool until_end;
    kafka_target key, time, *headers;
    size_t header_count;
    bool closing;
    bool replaying;               /* partitions merge by time, and end */
    unsigned char *scratch_value; /* of a record that is looked at */
    weir_header *scratch;         /* headers of the newest original */
    size_t scratch_room;

    uint64_t lag, catch_up, rate; /* as of the newest statistics */
    uint64_t counted;             /* events until then */
    int64_t lag_at;
    uint64_t rebalances, commits, commit_failures, handed_back;
    int64_t commit_time; /* nanoseconds that the newest commit took */
} kafka_source;

/* --- source.c --- */

/* Wakes the source when the next thing is due. */
void kafka_arm(kafka_source *state);

/* --- configure.c --- */

/* NULL: `error` says why. */
rd_kafka_conf_t *kafka_configure(kafka_source *state, weir_error **error);
/* So many bytes of records a queue of librdkafka takes before it is full. */
int64_t kafka_ahead(const kafka_source *state);
/* Makes them look whether there is room for more. */
void kafka_wake_fetchers(const kafka_source *state);
/* Records behind what has been read, of all partitions; the ends are what the last fetches said. */
uint64_t kafka_lag(const kafka_source *state);

/* --- record.c --- */

/* Puts the record into the span, or passes it over. WEIR_FULL: it waits for the next read. */
weir_status kafka_take(kafka_source *state, const rd_kafka_message_t *message);
/* The event's time where the record tells it beside its value, or INT64_MIN. */
int64_t kafka_time_beside(const kafka_source *state, const rd_kafka_message_t *message);
/* The record's value, without what frames it. */
weir_slice kafka_value_of(const kafka_source *state, const rd_kafka_message_t *message);

/* --- merge.c: a replay --- */

weir_status kafka_merge_begin(kafka_source *state, weir_error **error);
void kafka_merge_forward(kafka_source *state, kafka_partition *partition);
void kafka_merge_end(kafka_source *state);
/* Fills the span with what comes next in time. */
weir_status kafka_merge(kafka_source *state, size_t limit);

/* --- position.c: where partitions begin and end --- */

void kafka_read_bounds(kafka_source *state);
/* Whether it has to be asked, and how; NULL: out of memory. */
bool kafka_place_asks(const kafka_source *state);
kafka_question *kafka_place_question(const kafka_source *state,
                                     const rd_kafka_topic_partition_list_t *list);
/* Fills in the offsets of partitions that are about to be assigned. `answer`: NULL where nothing
 * had to be asked. */
void kafka_place(kafka_source *state, rd_kafka_topic_partition_list_t *list,
                 const kafka_question *answer);

/* --- partitions.c: which partitions this process reads --- */

weir_status kafka_join(kafka_source *state, weir_error **error);
/* As the same member. */
void kafka_join_again(kafka_source *state);
/* Assigns them as soon as it is known where they begin; `again`: those that are read by librdkafka
 * already. Copies the list. */
void kafka_begin_placing(kafka_source *state, const rd_kafka_topic_partition_list_t *list,
                         bool again);
void kafka_go_on_placing(kafka_source *state);
void kafka_stop_placing(kafka_source *state);
void kafka_end_placing(kafka_source *state);
/* Takes the answer of the cluster, if there is one. */
void kafka_hear(kafka_source *state);
void kafka_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code,
                        rd_kafka_topic_partition_list_t *list, void *opaque);
/* Gives back what is revoked once all of it is done and committed, or the time is up. */
void kafka_finish_revoke(kafka_source *state);
/* Assigns those again of which nothing has come, when it is time. */
void kafka_assign_again(kafka_source *state);
/* The partition of a record; NULL: it is not (any more) read by this process. */
kafka_partition *kafka_partition_of(kafka_source *state, const char *topic, int32_t partition);
/* The first record of it that was fetched. */
void kafka_note_first(kafka_partition *partition, int64_t offset);
kafka_partition *kafka_partition_numbered(kafka_source *state, int32_t number);
void kafka_forget(kafka_source *state);
/* Goes back to what is committed, in all partitions: a transaction was aborted. Nothing of them may
 * be under way. */
void kafka_rewind(kafka_source *state);
/* Frees what was fetched and not put into a span of one partition; all that was fetched. In
 * source.c. */
void kafka_discard(kafka_source *state, const char *topic, int32_t partition);
void kafka_free_batch(kafka_source *state);

/* --- look.c --- */

/* `assign: all`, and replays: asks for (new) partitions when it is time. */
void kafka_look(kafka_source *state);
void kafka_looked(kafka_source *state, const struct rd_kafka_metadata *topics);
/* Of a static member: whether some partition is nobody's. */
void kafka_ask_owners(kafka_source *state);
void kafka_owners_told(kafka_source *state, const kafka_question *answer);

/* --- commit.c --- */

weir_status kafka_note_commit(weir_source *source, int32_t number, int64_t position,
                              weir_error **error);
/* Sends what is to be committed, unless a commit is on its way. */
void kafka_commit(kafka_source *state);
void kafka_on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t code,
                     rd_kafka_topic_partition_list_t *list, void *opaque);
bool kafka_is_committed(const kafka_partition *partition);

/* Of a source whose positions a transaction commits: those that it has to; NULL: none. The caller
 * frees it. */
rd_kafka_topic_partition_list_t *kafka_uncommitted(const kafka_source *state);
/* It has, in so many nanoseconds. */
void kafka_committed(kafka_source *state, int64_t took);

/* --- fields.c: record data into fields --- */

weir_status kafka_find_targets(kafka_source *state, weir_error **error);
/* False: `reason` says why the record does not fit. */
bool kafka_fill(const kafka_source *state, const rd_kafka_message_t *message, unsigned char *value,
                char *reason, size_t size);

/* The record at this position, if it is in the batch still. */
bool kafka_original(weir_source *source, int32_t number, int64_t position, weir_original *ret);
bool kafka_identify(const weir_source *source, int32_t number, int64_t position, char *ret,
                    size_t size);

#endif
