/* SPDX-License-Identifier: Apache-2.0 */
/* peer.c - a program, and two pipes. */
#include "bench/peer.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/harness.h"

peer peer_begin(char *const *words)
{
    int to[2], from[2];
    peer p;
    posix_spawn_file_actions_t files;

    if (pipe2(to, 0) != 0 || pipe2(from, 0) != 0 || posix_spawn_file_actions_init(&files) != 0)
        bench_die("there are no pipes");
    posix_spawn_file_actions_adddup2(&files, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, from[1], STDOUT_FILENO);
    const int all[] = {to[0], to[1], from[0], from[1]};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        posix_spawn_file_actions_addclose(&files, all[i]);
    int code = posix_spawnp(&p.pid, words[0], &files, NULL, words, environ);
    if (code != 0)
        bench_die("%s: %s", words[0], strerror(code));
    posix_spawn_file_actions_destroy(&files);
    close(to[0]);
    close(from[1]);
    p.to = fdopen(to[1], "w");
    p.from = fdopen(from[0], "r");
    return p;
}

double peer_ask(const peer *p, int number)
{
    double answer = 0;

    if (fprintf(p->to, "%d\n", number) < 0 || fflush(p->to) != 0 ||
        fscanf(p->from, "%lf", &answer) != 1)
        bench_die("the peer does not answer");
    return answer;
}

void peer_end(peer *p)
{
    fclose(p->to);
    waitpid(p->pid, NULL, 0);
    fclose(p->from);
}
