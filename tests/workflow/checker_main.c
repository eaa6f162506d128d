/* SPDX-License-Identifier: Apache-2.0 */
/* checker_main.c - story_checker: reads one story after the other, a line of JSON each, and answers
 * each by a line: empty, or what is wrong with it. */
#include <stdio.h>

#include "tests/workflow/checker.h"

int main(void)
{
    json_t *story;
    json_error_t why;
    char wrong[1024];

    while ((story = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, &why)) != NULL) {
        bool good = checker_hear(story, wrong, sizeof wrong);
        puts(good ? "" : wrong);
        fflush(stdout);
        json_decref(story);
    }
    if (feof(stdin) == 0)
        fprintf(stderr, "story_checker: %s\n", why.text);
    return feof(stdin) == 0;
}
