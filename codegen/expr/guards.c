/* SPDX-License-Identifier: Apache-2.0 */
/* guards.c - what has() makes known about optionals on each way through an expression.
 *
 * expr_facts_after answers "what is surely there where this came out true (or false)?". It only
 * ever adds what must hold on every way to that outcome, so a fact is never wrong; some are missed.
 */
#include <string.h>

#include "codegen/expr/tree.h"

bool expr_facts_hold(const expr_facts *facts, const char *path)
{
    for (; facts != NULL; facts = facts->next)
        if (strcmp(facts->path, path) == 0)
            return true;
    return false;
}

static const expr_facts *add_fact(expr_checker *checker, const char *path, const expr_facts *facts)
{
    if (path == NULL || expr_facts_hold(facts, path))
        return facts;
    expr_facts *fact = expr_alloc(checker, sizeof *fact);
    if (fact == NULL)
        return facts;
    *fact = (expr_facts){path, facts};
    return fact;
}

/* has(a.b.c) is true only where a, a.b and a.b.c are all there. */
static const expr_facts *add_path(expr_checker *checker, const expr *tree, const expr_facts *facts)
{
    if (tree->kind == EXPR_FIELD)
        facts = add_path(checker, tree->args[0], facts);
    return add_fact(checker, expr_path(checker, tree), facts);
}

/* Keeps of `left`, as far as it goes beyond `base`, what `right` holds too. */
static const expr_facts *both(expr_checker *checker, const expr_facts *left,
                              const expr_facts *right, const expr_facts *base)
{
    const expr_facts *facts = base;

    for (; left != base && left != NULL; left = left->next)
        if (expr_facts_hold(right, left->path))
            facts = add_fact(checker, left->path, facts);
    return facts;
}

/* `a && b` is true after both; it is false after a false, or after a true and b false. `||` is the
 * same with true and false exchanged. */
static const expr_facts *after_logic(expr_checker *checker, const expr *tree, bool truth,
                                     const expr_facts *facts)
{
    bool on = tree->op == EXPR_AND;
    const expr_facts *first = expr_facts_after(checker, tree->args[0], on, facts);

    if (truth == on)
        return expr_facts_after(checker, tree->args[1], on, first);
    const expr_facts *stopped = expr_facts_after(checker, tree->args[0], !on, facts);
    const expr_facts *ended = expr_facts_after(checker, tree->args[1], !on, first);
    return both(checker, stopped, ended, facts);
}

static const expr_facts *after_choice(expr_checker *checker, const expr *tree, bool truth,
                                      const expr_facts *facts)
{
    const expr_facts *yes = expr_facts_after(checker, tree->args[0], true, facts);
    const expr_facts *no = expr_facts_after(checker, tree->args[0], false, facts);

    /* A branch that is the other constant is not the way that was taken. */
    for (size_t i = 1; i <= 2; i++) {
        const expr *branch = tree->args[i];
        if (branch->kind == EXPR_LITERAL && (branch->magnitude != 0) != truth)
            return expr_facts_after(checker, tree->args[3 - i], truth, i == 1 ? no : yes);
    }
    yes = expr_facts_after(checker, tree->args[1], truth, yes);
    no = expr_facts_after(checker, tree->args[2], truth, no);
    return both(checker, yes, no, facts);
}

const expr_facts *expr_facts_after(expr_checker *checker, const expr *tree, bool truth,
                                   const expr_facts *facts)
{
    if (tree->kind == EXPR_UNARY && tree->op == EXPR_NOT)
        return expr_facts_after(checker, tree->args[0], !truth, facts);
    if (tree->kind == EXPR_BINARY && (tree->op == EXPR_AND || tree->op == EXPR_OR))
        return after_logic(checker, tree, truth, facts);
    if (tree->kind == EXPR_CHOICE)
        return after_choice(checker, tree, truth, facts);
    if (tree->kind == EXPR_CALL && tree->function == EXPR_HAS && truth && tree->count == 1)
        return add_path(checker, tree->args[0], facts);
    return facts;
}
