/* SPDX-License-Identifier: Apache-2.0 */
/* core.h - what every room stands on: statuses, errors, option tables, logging, memory.
 *
 * Threads: functions here touch only what they are given, unless they say otherwise.
 * Memory:  what a function named _new, _take or _dup returns is the caller's to free.
 */
#ifndef WEIR_CORE_H
#define WEIR_CORE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The generation of the contract between the runtime and generated code. A module generated for
 * another one is refused, by the compiler and again at load. */
#define WEIR_GENERATION 8

#define WEIR_VERSION "0.1.0"

/* WEIR_API marks what libweir exports; everything else is hidden. */
#define WEIR_API                 __attribute__((visibility("default")))
#define WEIR_MUST_USE            __attribute__((warn_unused_result))
#define WEIR_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))

/* Every status: name, number (never reused), text. */
#define WEIR_STATUS_LIST(X)                                                                        \
    X(OK, 0, "ok")                                                                                 \
    X(SKIP, 1, "no value")                                                                         \
    X(FAILED, 2, "a node failed")                                                                  \
    X(NOMEM, 3, "out of memory")                                                                   \
    X(INVALID, 4, "invalid argument")                                                              \
    X(NOT_FOUND, 5, "not found")                                                                   \
    X(STATE, 7, "not possible in this state")                                                      \
    X(AGAIN, 8, "not now")                                                                         \
    X(FULL, 9, "full")                                                                             \
    X(CLOSED, 10, "closed")                                                                        \
    X(IO, 11, "input or output failed")                                                            \
    X(SPEC, 12, "bad spec or option")                                                              \
    X(DECODE, 13, "cannot be decoded")                                                             \
    X(ENCODE, 14, "cannot be encoded")                                                             \
    X(LIMIT, 15, "over a limit")                                                                   \
    X(FORKED, 16, "used in a forked child")                                                        \
    X(MISMATCH, 17, "generated for another generation of weir")

typedef enum weir_status {
#define WEIR_STATUS_ENUM(name, number, text) WEIR_##name = number,
    WEIR_STATUS_LIST(WEIR_STATUS_ENUM)
#undef WEIR_STATUS_ENUM
} weir_status;

/* The text of `status` ("out of memory"); "unknown status" for a number that is none. Static. */
WEIR_API const char *weir_status_text(weir_status status);

/* Bytes that somebody else owns. */
typedef struct weir_slice {
    const unsigned char *data;
    size_t size;
} weir_slice;

/* A place in a spec file; line and column count from 1, 0 where unknown. */
typedef struct weir_place {
    const char *file;
    uint32_t line;
    uint32_t column;
} weir_place;

/* --- Errors --- */

/* Why a call failed: a sentence that names the thing, the place and the way out. Functions that can
 * fail take a last `weir_error **error` (NULL allowed), written only on failure; the caller frees
 * it. An error that is there already (*error != NULL) is replaced. */
typedef struct weir_error weir_error;

WEIR_API void weir_error_free(weir_error *error); /* NULL allowed */
WEIR_API weir_status weir_error_status(const weir_error *error);
WEIR_API const char *weir_error_message(const weir_error *error); /* lives as long as `error` */
WEIR_API weir_place weir_error_place(const weir_error *error);    /* in the user's spec, if any */
WEIR_API bool weir_error_retriable(const weir_error *error); /* the same call may succeed later */

/* Sets *error (where `error` is not NULL) and returns `status`, so that a function can end with
 * `return weir_error_set(error, WEIR_IO, "...")`. WEIR_AGAIN and WEIR_FULL count as retriable. When
 * there is no memory for the message, *error becomes a static out-of-memory error. */
WEIR_API weir_status weir_error_set(weir_error **error, weir_status status, const char *format, ...)
    WEIR_PRINTF(3, 4);
WEIR_API weir_status weir_error_set_at(weir_error **error, weir_status status, weir_place place,
                                       const char *format, ...) WEIR_PRINTF(4, 5);

/* --- Options --- */

/* One option of a kind. Parsing, help, the reference and the JSON Schema come from such tables. */
typedef enum weir_option_type {
    WEIR_OPTION_BOOL,     /* bool */
    WEIR_OPTION_INTEGER,  /* int64_t within [min, max] */
    WEIR_OPTION_SIZE,     /* int64_t bytes: 4096, 64KiB, 16MiB, 1GiB */
    WEIR_OPTION_DURATION, /* int64_t nanoseconds; written with a unit: 250ms, 5s, 1h30m */
    WEIR_OPTION_NUMBER,   /* double */
    WEIR_OPTION_TEXT,     /* char * */
    WEIR_OPTION_PATH,     /* char *, relative to the spec file */
    WEIR_OPTION_CHOICE,   /* int: the index in `choices` */
    WEIR_OPTION_FIELD,    /* char *: a field of the room's type */
    WEIR_OPTION_PAIRS,    /* weir_pairs: a map of texts; each setting is named OPTION.NAME */
    WEIR_OPTION_FIELDS,   /* weir_pairs whose texts are fields of the room's type */
} weir_option_type;

/* Names and texts, in the order in which they were set. */
typedef struct weir_pair {
    char *name, *text;
} weir_pair;

typedef struct weir_pairs {
    weir_pair *items;
    size_t count;
} weir_pairs;

typedef struct weir_option {
    const char *name;
    weir_option_type type;
    bool required;
    const char *fallback; /* the default, as a spec would write it; NULL: none (zero, NULL) */
    int64_t min, max; /* for INTEGER, SIZE and DURATION; both 0: any value that is not negative */
    const char *choices; /* for CHOICE: "fail|block|drop_oldest" */
    bool expression;     /* for CHOICE: in a spec also an expression, which is no option's value */
    const char
        *forever; /* for DURATION, INTEGER and SIZE: a word that stands for INT64_MAX, or NULL */
    bool (*accepts)(const char *text); /* for TEXT: whether it can be one; NULL: any can */
    uint32_t kinds;     /* for FIELD and FIELDS: 1u << WEIR_VALUE_... of which a field, which is no
                           list, may be; 0: any */
    const char *wanted; /* what `accepts` and `kinds` ask for: "a timestamp" */
    size_t offset;      /* of the member in the kind's config struct */
    const char *help;   /* one sentence: what it does, with units */
} weir_option;

/* One option as written: in a spec, a module's tables, or `--set`. */
typedef struct weir_setting {
    const char *name;
    const char *text;
    weir_place place;
} weir_setting;

/* What a source, an accumulator and a sink kind have in common. `options` describes `config_size`
 * bytes that weir_options_read fills. */
typedef struct weir_kind {
    const char *name;
    const char *summary; /* one sentence */
    const weir_option *options;
    size_t option_count;
    size_t config_size;
} weir_kind;

/* Whether a setting of that name is one of the option: its name, or of PAIRS one of its map. */
WEIR_API bool weir_option_is(const weir_option *option, const char *setting);

/* Fills the zeroed `config` from defaults, then `settings`. Names what is unknown (with the nearest
 * known name), missing, malformed or out of range. `what` names the owner in messages
 * ("source 'quotes'"). On failure nothing of `config` need be freed; else weir_options_free. */
WEIR_API WEIR_MUST_USE weir_status weir_options_read(const weir_option *options,
                                                     size_t option_count, const char *what,
                                                     const weir_setting *settings,
                                                     size_t setting_count, void *config,
                                                     weir_error **error);
WEIR_API void weir_options_free(const weir_option *options, size_t option_count, void *config);
WEIR_API void weir_option_free(const weir_option *option, void *value); /* one member */

/* Reads one option's value into `value` (a member of its type) or says what was expected. */
WEIR_API WEIR_MUST_USE weir_status weir_option_read(const weir_option *option, const char *what,
                                                    const weir_setting *setting, void *value,
                                                    weir_error **error);

/* --- Logging --- */

typedef enum weir_level { WEIR_DEBUG, WEIR_INFO, WEIR_WARNING, WEIR_ERROR } weir_level;

/* Takes one log line, without a newline. `room` is the part that speaks ("sources"), `name` its
 * instance ("quotes", may be NULL). Called on the thread that logs. */
typedef void (*weir_log_function)(void *arg, weir_level level, const char *room, const char *name,
                                  const char *message);

/* --- Memory --- */

/* Every allocation of weir goes through these three functions, so that a test can fail the n-th and
 * a host can count. Set once, before any other call; not safe while weir is in use. */
typedef struct weir_allocator {
    void *(*allocate)(void *arg, size_t size); /* NULL when there is none */
    void *(*resize)(void *arg, void *memory, size_t size);
    void (*release)(void *arg, void *memory);
    void *arg;
} weir_allocator;

WEIR_API void weir_set_allocator(const weir_allocator *allocator); /* NULL: malloc and friends */

/* What weir allocates with: zeroed memory, or NULL. For kinds that live outside libweir. */
WEIR_API void *weir_alloc(size_t size);
WEIR_API void *weir_alloc_array(size_t count, size_t size); /* NULL also when it overflows */
WEIR_API void *weir_realloc(void *memory, size_t size);     /* new bytes are not zeroed */
WEIR_API char *weir_strdup(const char *text);
WEIR_API void weir_free(void *memory); /* NULL allowed */

#ifdef __cplusplus
}
#endif

#endif
