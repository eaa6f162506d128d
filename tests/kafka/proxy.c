/* SPDX-License-Identifier: Apache-2.0 */
/* proxy.c - a bad network: connections are cut in the middle of what they carry, and delayed.
 *
 *     proxy PORT_FILE TARGET_FILE SEED
 *
 * Writes the port that it listens on into one file, and reads HOST:PORT of whom it goes to from the
 * other when a connection comes. SIGUSR1: from now on all goes through at once. SIGTERM: it ends,
 * and says how often it did what.
 *
 * What was read from one side waits in `bytes` until `due`, then goes to the other; one read at a
 * time, so that a delayed connection pushes back. A cut sends half of it, and resets both sides.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST = 64, /* connections */
    PIECE = 16384,
    CUT_ONE_IN = 60, /* pieces */
    DELAY_ONE_IN = 12,
    DELAY_MS = 400, /* at most */
};

typedef struct way {
    int from, to;
    size_t size, sent;
    int64_t due; /* milliseconds */
    char bytes[PIECE];
} way;

typedef struct connection {
    way ways[2];
    int sockets[2]; /* -1: a free place */
} connection;

static connection connections[MOST];
static uint64_t seed, taken, cuts, delays, bytes;
static volatile sig_atomic_t calm, ended;

static void on_signal(int number)
{
    if (number == SIGUSR1)
        calm = 1;
    else
        ended = 1;
}

static void die(const char *what)
{
    fprintf(stderr, "proxy: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* One in so many, by the seed. */
static uint64_t chance(uint64_t many)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (seed >> 20) % many;
}

/* --- Sockets --- */

static struct sockaddr_in local(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int listen_somewhere(const char *port_file)
{
    struct sockaddr_in address = local(0);
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    FILE *file = fopen(port_file, "w");

    if (fd < 0 || file == NULL || bind(fd, (struct sockaddr *)&address, size) != 0 ||
        listen(fd, MOST) != 0 || getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        die(port_file);
    fprintf(file, "%u\n", (unsigned)ntohs(address.sin_port));
    fclose(file);
    return fd;
}

static int connect_to(const char *target_file)
{
    unsigned port = 0;
    FILE *file = fopen(target_file, "r");

    if (file == NULL)
        return -1;
    if (fscanf(file, "127.0.0.1:%u", &port) != 1)
        port = 0;
    fclose(file);
    struct sockaddr_in address = local((uint16_t)port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* With a reset, as a middle box does. */
static void cut(connection *one)
{
    struct linger at_once = {.l_onoff = 1};

    for (int i = 0; i < 2; i++) {
        setsockopt(one->sockets[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(one->sockets[i]);
        one->sockets[i] = -1;
    }
}

static void take(int listener, const char *target_file)
{
    int client = accept(listener, NULL, NULL), on = 1;
    connection *place = connections;

    if (client < 0)
        return;
    while (place < connections + MOST && place->sockets[0] >= 0)
        place++;
    int server = place < connections + MOST ? connect_to(target_file) : -1;
    if (server < 0) {
        close(client);
        return;
    }
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    memset(place, 0, sizeof *place);
    place->sockets[0] = place->ways[0].from = place->ways[1].to = client;
    place->sockets[1] = place->ways[0].to = place->ways[1].from = server;
    taken++;
}

/* --- What goes through --- */

/* False: the connection has ended. */
static int read_piece(way *one, int64_t now)
{
    ssize_t size = recv(one->from, one->bytes, sizeof one->bytes, MSG_DONTWAIT);

    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return 1;
    if (size <= 0)
        return 0;
    one->size = (size_t)size;
    one->sent = 0;
    one->due = now;
    bytes += one->size;
    if (calm || chance(DELAY_ONE_IN) != 0)
        return 1;
    one->due += (int64_t)chance(DELAY_MS) + 1;
    delays++;
    return 1;
}

static int send_piece(way *one)
{
    int falls = one->sent == 0 && !calm && chance(CUT_ONE_IN) == 0;
    size_t size = falls ? one->size / 2 : one->size - one->sent;
    ssize_t sent = send(one->to, one->bytes + one->sent, size, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (falls) {
        cuts++;
        return 0;
    }
    if (sent < 0)
        return errno == EAGAIN || errno == EINTR;
    one->sent += (size_t)sent;
    if (one->sent == one->size)
        one->size = one->sent = 0;
    return 1;
}

/* Waits for what can be done; a piece that is not due sets the time. */
static int prepare(struct pollfd *polled, int listener, int64_t now)
{
    int64_t wait = 200;

    polled[0] = (struct pollfd){.fd = listener, .events = POLLIN};
    for (int i = 0; i < 2 * MOST; i++) {
        const connection *of = &connections[i / 2];
        const way *one = &of->ways[i % 2];
        struct pollfd *entry = &polled[1 + i];
        *entry = (struct pollfd){.fd = -1};
        if (of->sockets[0] < 0)
            continue;
        if (one->size == 0)
            *entry = (struct pollfd){.fd = one->from, .events = POLLIN};
        else if (one->due <= now)
            *entry = (struct pollfd){.fd = one->to, .events = POLLOUT};
        else if (one->due - now < wait)
            wait = one->due - now;
    }
    return (int)wait;
}

static void serve(int listener, const char *target_file)
{
    struct pollfd polled[1 + 2 * MOST];
    int wait = prepare(polled, listener, now_ms());

    if (poll(polled, 1 + 2 * MOST, wait) < 0 && errno != EINTR)
        die("poll");
    int64_t now = now_ms();
    for (int i = 0; i < 2 * MOST; i++) {
        connection *of = &connections[i / 2];
        way *one = &of->ways[i % 2];
        if (of->sockets[0] < 0 || polled[1 + i].fd < 0 || polled[1 + i].revents == 0)
            continue;
        if (!(one->size == 0 ? read_piece(one, now) : send_piece(one)))
            cut(of);
    }
    if (polled[0].revents != 0)
        take(listener, target_file);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: proxy PORT_FILE TARGET_FILE SEED\n");
        return 2;
    }
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    seed = strtoull(argv[3], NULL, 10) * 2654435761u + 88172645463325252u;
    for (int i = 0; i < MOST; i++)
        connections[i].sockets[0] = -1;
    int listener = listen_somewhere(argv[1]);
    while (!ended)
        serve(listener, argv[2]);
    printf("%llu connections, %llu cut, %llu delays, %llu bytes\n", (unsigned long long)taken,
           (unsigned long long)cuts, (unsigned long long)delays, (unsigned long long)bytes);
    return cuts == 0 || delays == 0;
}
