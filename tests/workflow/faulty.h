/* SPDX-License-Identifier: Apache-2.0 */
/* faulty.h - a store around another one, whose n-th call fails. */
#ifndef WEIR_TESTS_FAULTY_H
#define WEIR_TESTS_FAULTY_H

#include "store/store.h"

typedef enum faulty_where {
    FAULTY_ANY,       /* any call; a commit that fails is none */
    FAULTY_COMMIT,    /* only a commit, which is none */
    FAULTY_COMMITTED, /* only a commit, which is one all the same */
} faulty_where;

enum { FAULTY_CALLS = 52 }; /* of the interface, that can fail */
extern const char *const faulty_names[FAULTY_CALLS];

/* Each call of the interface fails once, the `at`-th time that it comes, whatever store is around
 * it then. */
typedef struct faulty_tour {
    int at;
    int reached[FAULTY_CALLS]; /* how often each came */
    int struck;                /* how many have failed */
} faulty_tour;

typedef struct faulty {
    weir_store base;
    weir_store *inner; /* closed with it */
    faulty_where where;
    int left;  /* calls until one fails; 0: none is to */
    int every; /* then again after so many; 0: never */
    weir_status with;
    int struck;
    faulty_tour *tour; /* in the place of `left`; NULL: none */
} faulty;

/* Calls are counted from `begin` on; `where` is FAULTY_ANY. */
void faulty_wrap(faulty *f, weir_store *inner, int n, int every, weir_status with);

#endif
