/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - the options of the kind `kafka`. */
#include "kafka/options.h"

#include <weir/wire.h>

#include "kafka/texts.h"

#define IS(kind) (1u << WEIR_VALUE_##kind)
#define INTEGERS (IS(I8) | IS(I16) | IS(I32) | IS(I64) | IS(U8) | IS(U16) | IS(U32) | IS(U64))
/* What text from outside is written into. */
#define TAKES_TEXT                                                                                 \
    .kinds = IS(STRING) | IS(BYTES) | INTEGERS, .wanted = "a string, bytes or an integer"
/* What becomes bytes outside. */
#define GIVES_TEXT                                                                                 \
    .kinds = IS(STRING) | IS(BYTES) | INTEGERS | IS(BOOL) | IS(TIMESTAMP) | IS(DURATION) |         \
             IS(DATE) | IS(ENUM),                                                                  \
    .wanted = "text, bytes, an integer or an enum"
#define A_WORD .accepts = kafka_is_word, .wanted = "a name"

static const int64_t second = 1000000000;

#define AT(member) .offset = offsetof(kafka_source_config, member)

const weir_option kafka_source_options[KAFKA_SOURCE_OPTIONS] = {
    {.name = "brokers",
     .type = WEIR_OPTION_TEXT,
     .required = true,
     .accepts = kafka_is_word,
     .wanted = "host:port",
     AT(brokers),
     .help = "Where the cluster is: host:port, several separated by commas."},
    {.name = "topic",
     .type = WEIR_OPTION_TEXT,
     .required = true,
     .accepts = kafka_is_topics,
     .wanted = "a name, a list of names or a regular expression that begins with ^",
     AT(topic),
     .help = "The topic; several separated by commas; one that begins with ^ is a regular "
             "expression that matches whole names."},
    {.name = "group",
     .type = WEIR_OPTION_TEXT,
     A_WORD,
     AT(group),
     .help = "The consumer group: its members share the partitions, and it goes on where it has "
             "committed. Needed unless 'assign: all'."},
    {.name = "format",
     .type = WEIR_OPTION_CHOICE,
     .fallback = "json",
     .choices = "json|msgpack|raw",
     AT(format),
     .help = "How the records' values are written; of raw each goes to a C function."},
    {.name = "framing",
     .type = WEIR_OPTION_CHOICE,
     .fallback = "none",
     .choices = "none|confluent",
     AT(framing),
     .help = "confluent: each value stands behind the five bytes of a schema registry."},
    {.name = "key_to",
     .type = WEIR_OPTION_FIELD,
     TAKES_TEXT,
     AT(key_to),
     .help = "Writes the record's key into this string, bytes or integer field (an integer is "
             "decimal text). Where the value does not hold it too the field needs a default, or "
             "is optional."},
    {.name = "time_to",
     .type = WEIR_OPTION_FIELD,
     .kinds = IS(TIMESTAMP),
     .wanted = "a timestamp",
     AT(time_to),
     .help = "Writes the record's timestamp into this field; name it under 'time' to make it the "
             "event's time."},
    {.name = "headers",
     .type = WEIR_OPTION_FIELDS,
     TAKES_TEXT,
     AT(headers),
     .help = "Writes headers into fields, as in {trace: trace_id}: of a name that comes more than "
             "once the last. A header that is missing leaves the field as it is."},
    {.name = "start",
     .type = WEIR_OPTION_TEXT,
     .fallback = "earliest",
     .accepts = kafka_is_start,
     .wanted = "earliest, latest, 'offset N', a time such as 2024-03-01T12:00:00Z, or a duration "
               "back from now such as -15m",
     AT(start),
     .help =
         "Where to begin in a partition that the group has no position of, and always under "
         "'assign: all': earliest, latest, 'offset N', a time such as 2024-03-01T12:00:00Z, or "
         "a duration back from now such as -15m. Under latest, offsets and times partitions that "
         "are added to a topic of the group later, and topics that come to match its pattern, "
         "begin at their beginning."},
    {.name = "until",
     .type = WEIR_OPTION_TEXT,
     .accepts = kafka_is_until,
     .wanted = "'end' or a time such as 2024-03-01T12:00:00Z",
     AT(until),
     .help = "Where the source ends: 'end' (what each partition holds at the start), or a time: "
             "before each partition's first record that is as new; one that is to come is waited "
             "for. Without it, never."},
    {.name = "assign",
     .type = WEIR_OPTION_CHOICE,
     .fallback = "group",
     .choices = "group|all",
     AT(assign),
     .help = "all: no group and no commits; each process reads all partitions, from 'start' on "
             "(reference data)."},
    {.name = "instance",
     .type = WEIR_OPTION_TEXT,
     A_WORD,
     AT(instance),
     .help = "The member's name for static membership: a restart within the session's time out "
             "takes its partitions again without a rebalance. Each process needs its own."},
    {.name = "tombstones",
     .type = WEIR_OPTION_CHOICE,
     .fallback = "drop",
     .choices = "drop|dead_letter|delete_key",
     AT(tombstones),
     .help = "What becomes of records without a value; dropped ones are counted. delete_key: what "
             "is kept under the record's key goes, in all accumulators of the source that have a "
             "key, which has to be the field of 'key_to', and in their reactors; counted as "
             "dropped."},
    {.name = "max_rate",
     .type = WEIR_OPTION_INTEGER,
     .min = 1,
     .max = 1000000000,
     AT(max_rate),
     .help = "At most so many events a second; without it, all that come."},
    {.name = "commit_every",
     .type = WEIR_OPTION_DURATION,
     .fallback = "1s",
     .min = 10000000,
     .max = 3600 * second,
     AT(commit_every),
     .help = "How often positions are committed; also when partitions are handed over, and at the "
             "end."},
    {.name = "revoke_within",
     .type = WEIR_OPTION_DURATION,
     .fallback = "5s",
     .min = 0,
     .max = 300 * second,
     AT(revoke_within),
     .help = "How long partitions that go to another member are kept to finish what is under way; "
             "what is not done by then is read again by the other."},
    {.name = "buffer",
     .type = WEIR_OPTION_SIZE,
     .fallback = "16MiB",
     .min = 1 << 20,
     .max = 1 << 30,
     AT(buffer),
     .help = "So many bytes of records are fetched ahead, of all partitions; in memory up to four "
             "times as much."},
    {.name = "librdkafka",
     .type = WEIR_OPTION_PAIRS,
     AT(librdkafka),
     .help = "Further properties of librdkafka: security.protocol, sasl.username .. Secrets belong "
             "in ${file:PATH} or a variable; they are never printed."},
};

#undef AT
#define AT(member) .offset = offsetof(kafka_sink_config, member)

const weir_option kafka_sink_options[KAFKA_SINK_OPTIONS] = {
    {.name = "brokers",
     .type = WEIR_OPTION_TEXT,
     .required = true,
     .accepts = kafka_is_word,
     .wanted = "host:port",
     AT(brokers),
     .help = "Where the cluster is: host:port, several separated by commas."},
    {.name = "topic",
     .type = WEIR_OPTION_TEXT,
     .accepts = kafka_is_topic,
     .wanted = "a topic's name, of letters, digits and . _ -",
     AT(topic),
     .help = "The topic; it must be there, or the cluster make it."},
    {.name = "topic_from",
     .type = WEIR_OPTION_FIELD,
     .kinds = IS(STRING),
     .wanted = "a string",
     AT(topic_from),
     .help = "The string field that holds each record's topic; where it is empty, 'topic'."},
    {.name = "key",
     .type = WEIR_OPTION_FIELD,
     GIVES_TEXT,
     AT(key),
     .help = "The field that becomes the record's key; records of one key go to one partition, in "
             "order. Without it there are no keys."},
    {.name = "headers",
     .type = WEIR_OPTION_FIELDS,
     GIVES_TEXT,
     AT(headers),
     .help = "Headers from fields, as in {trace: trace_id}; an absent field gives none."},
    {.name = "partitioner",
     .type = WEIR_OPTION_CHOICE,
     .fallback = "murmur2_random",
     .choices = "murmur2_random|murmur2|consistent_random|consistent|fnv1a_random|fnv1a|random",
     AT(partitioner),
     .help = "Which partition a key goes to; murmur2 does as Java's client, consistent as "
             "librdkafka's own default. Under _random records without a key go anywhere."},
    {.name = "format",
     .type = WEIR_OPTION_CHOICE,
     .fallback = "json",
     .choices = "json|msgpack",
     AT(format),
     .help = "How the records' values are written."},
    {.name = "acks",
     .type = WEIR_OPTION_CHOICE,
     .fallback = "all",
     .choices = "0|1|all",
     AT(acks),
     .help = "Who has to have a record before it counts as written. Under all the producer is "
             "idempotent: nothing is written twice or out of order by its own retries."},
    {.name = "delivery",
     .type = WEIR_OPTION_CHOICE,
     .fallback = "at_least_once",
     .choices = "at_least_once|exactly_once",
     AT(delivery),
     .help =
         "exactly_once: records and the positions of the events that they came of are committed "
         "in one transaction, each 'commit_every' of the sources. For modules that keep "
         "nothing beyond a firing; all such sinks of a module share one producer."},
    {.name = "transactional_id",
     .type = WEIR_OPTION_TEXT,
     A_WORD,
     AT(transactional_id),
     .help = "With exactly_once: the name of this process towards the cluster, the same after a "
             "restart and no other's. Who comes later with it ends the one before."},
    {.name = "compression",
     .type = WEIR_OPTION_CHOICE,
     .fallback = "none",
     .choices = "none|gzip|snappy|lz4|zstd",
     AT(compression),
     .help = "How batches of records are compressed."},
    {.name = "linger",
     .type = WEIR_OPTION_DURATION,
     .fallback = "5ms",
     .min = 0,
     .max = 5 * second,
     AT(linger),
     .help = "How long a record may wait for others to go with it."},
    {.name = "buffer",
     .type = WEIR_OPTION_SIZE,
     .fallback = "16MiB",
     .min = 64 << 10,
     .max = 1 << 30,
     AT(buffer),
     .help = "So much waits for the cluster, and as much again before it; then the reactors that "
             "write to the sink are held."},
    {.name = "give_up",
     .type = WEIR_OPTION_DURATION,
     .fallback = "forever",
     .min = 1000000,
     .max = INT64_MAX,
     .forever = "forever",
     AT(give_up),
     .help = "A cluster that is away is waited for; after so long the run ends with the error."},
    {.name = "librdkafka",
     .type = WEIR_OPTION_PAIRS,
     AT(librdkafka),
     .help = "Further properties of librdkafka: security.protocol, sasl.username .. Secrets belong "
             "in ${file:PATH} or a variable; they are never printed."},
};
