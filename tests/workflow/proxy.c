/* SPDX-License-Identifier: Apache-2.0 */
/* proxy.c - one thread, which polls all connections. */
#include "tests/workflow/proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"

enum { PAIRS = 64, PIECE = 65536 };

struct proxy {
    int target, port, listener, stop;
    pthread_t thread;
    atomic_int left, outage_ms; /* pieces until the cut; 0: none is to come */
    atomic_bool behind, has_cut;
    int64_t cut_at;
    int pairs[PAIRS][2]; /* client, server */
    int count;
};

static struct sockaddr_in address(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
}

static void drop(proxy *p, int pair)
{
    close(p->pairs[pair][0]);
    close(p->pairs[pair][1]);
    p->count--;
    p->pairs[pair][0] = p->pairs[p->count][0];
    p->pairs[pair][1] = p->pairs[p->count][1];
}

static void cut_all(proxy *p)
{
    while (p->count > 0)
        drop(p, 0);
    p->cut_at = weir_monotonic_now();
    atomic_store(&p->has_cut, true);
}

static bool is_away(proxy *p)
{
    int64_t outage = atomic_load(&p->outage_ms) * (int64_t)1000000;

    return atomic_load(&p->has_cut) && weir_monotonic_now() < p->cut_at + outage;
}

static void take_client(proxy *p)
{
    struct sockaddr_in at = address(p->target);
    int client = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);

    if (client < 0)
        return;
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (is_away(p) || p->count == PAIRS || server < 0 ||
        connect(server, (struct sockaddr *)&at, sizeof at) != 0) {
        close(client);
        close(server);
        return;
    }
    p->pairs[p->count][0] = client;
    p->pairs[p->count++][1] = server;
}

static bool send_all(int to, const char *data, ssize_t size)
{
    while (size > 0) {
        ssize_t sent = send(to, data, (size_t)size, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        data += sent;
        size -= sent;
    }
    return true;
}

/* One piece; false: the list of pairs has changed. */
static bool forward(proxy *p, int pair, int side)
{
    static char data[PIECE];
    ssize_t size = recv(p->pairs[pair][side], data, sizeof data, 0);

    if (size <= 0) {
        drop(p, pair);
        return false;
    }
    bool cut = atomic_load(&p->left) > 0 && atomic_fetch_sub(&p->left, 1) == 1;
    if (!cut || atomic_load(&p->behind))
        send_all(p->pairs[pair][1 - side], data, size);
    if (cut)
        cut_all(p);
    return !cut;
}

static void turn(proxy *p, struct pollfd *fds)
{
    for (int i = 0; i < p->count; i++)
        for (int side = 0; side < 2; side++)
            if (fds[2 + 2 * i + side].revents != 0 && !forward(p, i, side))
                return;
    if (fds[1].revents != 0)
        take_client(p);
}

static void *run(void *arg)
{
    proxy *p = arg;
    struct pollfd fds[2 + 2 * PAIRS];

    for (;;) {
        fds[0] = (struct pollfd){.fd = p->stop, .events = POLLIN};
        fds[1] = (struct pollfd){.fd = p->listener, .events = POLLIN};
        for (int i = 0; i < p->count; i++)
            for (int side = 0; side < 2; side++)
                fds[2 + 2 * i + side] = (struct pollfd){.fd = p->pairs[i][side], .events = POLLIN};
        poll(fds, (nfds_t)(2 + 2 * p->count), -1);
        if (fds[0].revents != 0)
            return NULL;
        turn(p, fds);
    }
}

proxy *proxy_new(int port)
{
    proxy *p = calloc(1, sizeof *p);
    struct sockaddr_in at = address(0);
    socklen_t size = sizeof at;

    if (p == NULL)
        abort();
    p->target = port;
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    p->stop = eventfd(0, EFD_CLOEXEC);
    if (p->listener < 0 || p->stop < 0 ||
        bind(p->listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(p->listener, 64) != 0 ||
        getsockname(p->listener, (struct sockaddr *)&at, &size) != 0 ||
        pthread_create(&p->thread, NULL, run, p) != 0)
        abort();
    p->port = ntohs(at.sin_port);
    return p;
}

void proxy_free(proxy *p)
{
    eventfd_write(p->stop, 1);
    pthread_join(p->thread, NULL);
    cut_all(p);
    close(p->listener);
    close(p->stop);
    free(p);
}

int proxy_port(const proxy *p)
{
    return p->port;
}

void proxy_cut_at(proxy *p, int n, bool behind, int outage_ms)
{
    atomic_store(&p->has_cut, false);
    atomic_store(&p->behind, behind);
    atomic_store(&p->outage_ms, outage_ms);
    atomic_store(&p->left, n);
}

bool proxy_has_cut(proxy *p)
{
    return atomic_load(&p->has_cut);
}
