/* SPDX-License-Identifier: Apache-2.0 */
/* argument.h - what a statement is given, in the order of its parameters; for every kind of store.
 */
#ifndef WEIR_STORE_ARGUMENT_H
#define WEIR_STORE_ARGUMENT_H

#include <stddef.h>
#include <stdint.h>

typedef enum store_argument_kind {
    STORE_NUMBER,
    STORE_SOME, /* a number; 0 is null */
    STORE_TEXT, /* NULL is null */
} store_argument_kind;

typedef struct store_argument {
    store_argument_kind kind;
    int64_t number;
    const char *text;
} store_argument;

#define NUMBER(value)                                                                              \
    {                                                                                              \
        .kind = STORE_NUMBER, .number = (int64_t)(value)                                           \
    }
#define NUMBER_IF(there, value) /* else null */                                                    \
    {                                                                                              \
        .kind = (there) ? STORE_NUMBER : STORE_TEXT, .number = (int64_t)(value)                    \
    }
#define SOME(value)                                                                                \
    {                                                                                              \
        .kind = STORE_SOME, .number = (value)                                                      \
    }
#define TEXT(value)                                                                                \
    {                                                                                              \
        .kind = STORE_TEXT, .text = (value)                                                        \
    }
#define ARGUMENTS(...)                                                                             \
    (const store_argument[]){__VA_ARGS__},                                                         \
        sizeof((const store_argument[]){__VA_ARGS__}) / sizeof(store_argument)
#define NO_ARGUMENTS NULL, 0

#endif
