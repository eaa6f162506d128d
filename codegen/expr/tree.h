/* SPDX-License-Identifier: Apache-2.0 */
/* tree.h - the tree of an expression, and what parse, check and emit share. */
#ifndef WEIR_CODEGEN_EXPR_TREE_H
#define WEIR_CODEGEN_EXPR_TREE_H

#include "codegen/expr/expr.h"

/* The operators, with their text in CEL, which is also theirs in C but for `in`. */
#define EXPR_OPERATORS(X)                                                                          \
    X(ADD, "+")                                                                                    \
    X(SUB, "-")                                                                                    \
    X(MUL, "*")                                                                                    \
    X(DIV, "/")                                                                                    \
    X(MOD, "%")                                                                                    \
    X(EQ, "==")                                                                                    \
    X(NE, "!=")                                                                                    \
    X(LT, "<")                                                                                     \
    X(LE, "<=")                                                                                    \
    X(GT, ">")                                                                                     \
    X(GE, ">=")                                                                                    \
    X(IN, "in")                                                                                    \
    X(AND, "&&")                                                                                   \
    X(OR, "||")                                                                                    \
    X(NOT, "!")                                                                                    \
    X(NEGATE, "-")

typedef enum expr_operator {
    EXPR_NO_OPERATOR,
#define EXPR_OPERATOR_ENUM(name, text) EXPR_##name,
    EXPR_OPERATORS(EXPR_OPERATOR_ENUM)
#undef EXPR_OPERATOR_ENUM
} expr_operator;

typedef enum expr_kind {
    EXPR_LITERAL,    /* integer, uint, double, bool, string; after check also a constant time */
    EXPR_NAME,       /* a root: `orderbook` */
    EXPR_FIELD,      /* args[0] . name */
    EXPR_ENUMERATOR, /* `Side.buy`, once checked; a field of a name before */
    EXPR_INDEX,      /* args[0] [ args[1] ] */
    EXPR_LIST,       /* `[a, b]`, only right of `in` */
    EXPR_UNARY,      /* operator args[0] */
    EXPR_BINARY,     /* args[0] operator args[1] */
    EXPR_CHOICE,     /* args[0] ? args[1] : args[2] */
    EXPR_CALL,       /* name(args); a method's receiver is args[0] */
} expr_kind;

/* What a call means, once checked. */
typedef enum expr_function {
    EXPR_HAS,
    EXPR_SIZE,
    EXPR_STARTS_WITH,
    EXPR_ENDS_WITH,
    EXPR_CONTAINS,
    EXPR_MIN,
    EXPR_MAX,
    EXPR_ABS,
    EXPR_CONVERT, /* to shape.type */
    EXPR_FAILED,  /* these: what became of a task */
    EXPR_SUCCEEDED,
    EXPR_STATE,
} expr_function;

struct expr {
    expr_kind kind;
    expr_operator op;
    expr_function function;
    uint32_t begin, end; /* in the text */
    weir_place where;    /* of its first character, or of its operator for a binary one */
    const char *source;  /* its text, for messages */
    const char *name;    /* of a name, field or function */
    bool method;         /* `s.startsWith(t)` */
    bool parenthesised;
    struct expr **args;
    size_t count;
    /* literals */
    bool negative; /* an integer below zero: magnitude holds its absolute value */
    uint64_t magnitude;
    double number;
    const char *string;
    /* resolved by check */
    spec_shape shape; /* type NULL: wrong, and reported */
    bool window;
    unsigned bits; /* of an integer: its magnitude is at most 2^bits */
    const expr_root *root;
    const spec_field *field;
    const spec_enumerator *enumerator;
    bool tested;  /* has() asks for this step of its path: nothing says yet that it is there */
    bool checked; /* an operation that may fail itself, whatever its operands do */
    bool steps;   /* needs statements before its value */
};

/* The state of one expr_check. */
typedef struct expr_checker {
    expr_context *context;
    const char *text;
    weir_place where;
    const spec_spot *spots; /* NULL: all of the text is on one line */
    unsigned errors;        /* reported so far */
    bool asked;             /* inside has(): a path may end in something absent */
    const struct expr_facts *facts;
} expr_checker;

/* What is known to be there on the way to the expression that is being checked. */
typedef struct expr_facts {
    const char *path;
    const struct expr_facts *next;
} expr_facts;

const char *expr_operator_text(expr_operator op);

/* Reports at `where`, once for each cause: callers give up on a tree whose type is NULL. */
void expr_error(expr_checker *checker, weir_place where, const char *format, ...) WEIR_PRINTF(3, 4);
weir_place expr_place(const expr_checker *checker, uint32_t offset);
void *expr_alloc(expr_checker *checker, size_t size); /* NULL: reported */

/* parse.c: the tree of the text, NULL when an error was reported. */
expr *expr_parse(expr_checker *checker);

/* types.c */
bool expr_is_signed(const spec_type *type);   /* i8 ... i64 */
bool expr_is_unsigned(const spec_type *type); /* u8 ... u64 */
bool expr_is_integer(const spec_type *type);
bool expr_is_float(const spec_type *type);
bool expr_is_number(const spec_type *type);
bool expr_is_scalar(const expr *tree); /* a single value that is neither struct, list nor window */
bool expr_is_of(const expr *tree, spec_type_kind kind);
bool expr_is_dynamic(const expr *tree);
bool expr_same(const expr *left, const expr *right);
bool expr_is_simple(const expr *tree);          /* a path or a constant: its text may stand twice */
unsigned expr_type_bits(const spec_type *type); /* of its magnitude: 7 for i8, 8 for u8 */
const spec_type *expr_wide(const spec_type *type); /* i64, u64, f64 for what widens to it */
const char *expr_type_text(expr_checker *checker, const expr *tree); /* "u64", "list of f64" */
const char *expr_shape_text(expr_checker *checker, const spec_shape *shape, bool window);
void expr_set_type(expr *tree, spec_type_kind kind);
void expr_set_dynamic(expr *tree);
bool expr_adapt(expr_checker *checker, expr *tree, const spec_type *type); /* an integer literal */
const spec_type *expr_unify(expr_checker *checker, expr *left, expr *right);

/* check.c, calls.c, paths.c: give `tree` its type or report. */
void expr_check_tree(expr_checker *checker, expr *tree);
void expr_check_call(expr_checker *checker, expr *tree);
void expr_check_name(expr_checker *checker, expr *tree);
void expr_check_field(expr_checker *checker, expr *tree);
void expr_check_index(expr_checker *checker, expr *tree);
void expr_check_has(expr_checker *checker, expr *tree);
bool expr_check_target(expr_checker *checker, expr *tree, const spec_shape *target);

/* calls.c: whether the value is surely in the range of `type`, by its own type or as a literal. */
bool expr_fits(const expr *arg, const spec_type *type);

/* guards.c: what is known where `tree` came out as `truth`, on top of the facts of the checker. */
const expr_facts *expr_facts_after(expr_checker *checker, const expr *tree, bool truth,
                                   const expr_facts *facts);
bool expr_facts_hold(const expr_facts *facts, const char *path);

/* The canonical text of a path, by which guards know it again. */
const char *expr_path(expr_checker *checker, const expr *tree);

#endif
