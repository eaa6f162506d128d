/* SPDX-License-Identifier: Apache-2.0 */
/* unix.c - events from other processes: a stream socket that many clients may write to.
 *
 *     lines:   message '\n' message '\n' ...
 *     length:  size (1 to 8 bytes, big-endian) message, again and again
 *     fixed:   records of one size
 *
 * One epoll set holds the listening socket and the clients, and the loop watches that. While the
 * engine takes nothing, nothing is read: the kernel's buffers fill up and the senders wait. What a
 * client leaves unfinished when it goes is a dead letter, but for a last line without a newline; of
 * one that resets the connection that too, since nothing says that it is whole.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sources/framer.h"
#include "sources/source.h"
#include "sources/unix.h"

enum { PIECE = 64 * 1024, EVENTS = 64 };

typedef struct client {
    int fd; /* -1: free */
    bool gone;
    weir_framer framer;
} client;

typedef struct unix_state {
    int listener, epoll;
    struct sockaddr_un address;
    struct stat bound; /* the socket's file, to know it again; st_ino 0: none */
    client *clients;
    uint32_t client_count; /* places */
    uint32_t connected;
    uint64_t refused;
    int64_t deaf_until; /* no descriptor is left for another client; 0: it listens */
    uint32_t turn;      /* the client whose turn is next */
    int64_t position;
} unix_state;

static const weir_unix_config *config_of(const weir_source *source)
{
    return source->config;
}

/* --- Life --- */

static weir_status failed(const weir_source *source, const char *why, weir_error **error)
{
    const unix_state *state = source->state;

    return weir_error_set_at(error, WEIR_IO, source->module->place,
                             "source '%s': cannot listen on '%s': %s", source->module->name,
                             state->address.sun_path, why);
}

static weir_status make_address(weir_source *source, weir_error **error)
{
    unix_state *state = source->state;
    const char *path = config_of(source)->path;
    bool relative = path[0] != '/' && source->folder != NULL;

    state->address.sun_family = AF_UNIX;
    int length = snprintf(state->address.sun_path, sizeof state->address.sun_path, "%s%s%s",
                          relative ? source->folder : "", relative ? "/" : "", path);
    if (length < 0 || (size_t)length >= sizeof state->address.sun_path)
        return weir_error_set_at(error, WEIR_SPEC, source->module->place,
                                 "source '%s': the path of a socket has at most %zu bytes, '%s' "
                                 "with its folder has %d; choose a shorter one",
                                 source->module->name, sizeof state->address.sun_path - 1, path,
                                 length);
    return WEIR_OK;
}

/* A socket's file that nobody listens on is left over from a process that died. Anything else that
 * stands there stays. */
static weir_status make_way(const weir_source *source, weir_error **error)
{
    const unix_state *state = source->state;
    const void *address = &state->address;
    struct stat found;

    if (lstat(state->address.sun_path, &found) != 0)
        return errno == ENOENT ? WEIR_OK : failed(source, strerror(errno), error);
    if (!S_ISSOCK(found.st_mode))
        return failed(source, "there is something else of that name; choose another path", error);
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (probe < 0)
        return failed(source, strerror(errno), error);
    bool stale = connect(probe, address, sizeof state->address) != 0 && errno == ECONNREFUSED;
    close(probe);
    if (!stale)
        return failed(source, "another process listens there; stop it, or choose another path",
                      error);
    return unlink(state->address.sun_path) == 0 || errno == ENOENT
               ? WEIR_OK
               : failed(source, strerror(errno), error);
}

static bool add_to_epoll(const unix_state *state, int fd, uint32_t number)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};

    return epoll_ctl(state->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static weir_status begin_to_listen(weir_source *source, weir_error **error)
{
    unix_state *state = source->state;
    const void *address = &state->address;

    state->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    state->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (state->listener < 0 || state->epoll < 0 ||
        bind(state->listener, address, sizeof state->address) != 0 ||
        lstat(state->address.sun_path, &state->bound) != 0 ||
        listen(state->listener, (int)state->client_count) != 0 ||
        !add_to_epoll(state, state->listener, state->client_count))
        return failed(source, strerror(errno), error);
    return source->host->watch(source, state->epoll, error);
}

static weir_status open_socket(weir_source *source, weir_error **error)
{
    unix_state *state = source->state;
    weir_framer framer;

    state->listener = state->epoll = -1;
    weir_status status = weir_framer_init(&framer, source, &config_of(source)->framing, error);
    if (status == WEIR_OK)
        status = make_address(source, error);
    if (status == WEIR_OK)
        status = make_way(source, error);
    if (status != WEIR_OK)
        return status;
    state->client_count = (uint32_t)config_of(source)->max_clients;
    state->clients = weir_alloc_array(state->client_count, sizeof *state->clients);
    if (state->clients == NULL)
        return weir_error_set(error, WEIR_NOMEM, "source '%s': no memory for %u clients",
                              source->module->name, state->client_count);
    for (uint32_t i = 0; i < state->client_count; i++)
        state->clients[i] = (client){.fd = -1, .framer = framer};
    return begin_to_listen(source, error);
}

static void close_client(unix_state *state, client *from)
{
    if (from->fd < 0)
        return;
    close(from->fd);
    from->fd = -1;
    from->gone = false;
    state->connected--;
    weir_framer_reset(&from->framer);
    weir_framer_free(&from->framer);
}

/* Another process may have put its own file there in the meantime. */
static void remove_file(const unix_state *state)
{
    struct stat found;

    if (state->bound.st_ino != 0 && lstat(state->address.sun_path, &found) == 0 &&
        found.st_ino == state->bound.st_ino && found.st_dev == state->bound.st_dev)
        unlink(state->address.sun_path);
}

static void close_socket(weir_source *source)
{
    unix_state *state = source->state;

    for (uint32_t i = 0; i < state->client_count; i++)
        close_client(state, &state->clients[i]);
    weir_free(state->clients);
    remove_file(state);
    if (state->listener >= 0)
        close(state->listener);
    if (state->epoll >= 0)
        close(state->epoll);
}

static void measure(weir_source *source, weir_source_gauges *ret)
{
    const unix_state *state = source->state;
    uint64_t each = (uint64_t)config_of(source)->framing.max_size + PIECE;

    for (uint32_t i = 0; i < state->client_count; i++) {
        const weir_framer *framer = &state->clients[i].framer;
        ret->buffered += framer->bytes.size - framer->at;
    }
    ret->buffer_limit = each * state->client_count;
    ret->clients = state->connected;
    ret->client_limit = state->client_count;
    ret->refused = state->refused;
}

/* --- Bytes --- */

static client *free_place(unix_state *state)
{
    for (uint32_t i = 0; i < state->client_count; i++)
        if (state->clients[i].fd < 0)
            return &state->clients[i];
    return NULL;
}

static void refuse_client(weir_source *source, int fd)
{
    unix_state *state = source->state;

    close(fd);
    if (state->refused++ == 0)
        source->host->log(source, WEIR_WARNING,
                          "a client was refused: 'max_clients' are connected already");
}

/* A client that cannot be accepted would wake the loop again and again. */
static void stop_listening(weir_source *source)
{
    unix_state *state = source->state;
    weir_buffer text = {0};

    weir_buffer_printf(&text, "cannot accept a client: %s; trying again in a second",
                       strerror(errno));
    source->host->log(source, WEIR_WARNING, text.failed ? "out of memory" : text.data);
    weir_buffer_free(&text);
    epoll_ctl(state->epoll, EPOLL_CTL_DEL, state->listener, NULL);
    state->deaf_until = source->host->now(source) + 1000000000;
    source->host->wake_at(source, state->deaf_until);
}

static void listen_again(weir_source *source)
{
    unix_state *state = source->state;

    if (state->deaf_until == 0 || source->host->now(source) < state->deaf_until)
        return;
    state->deaf_until = 0;
    if (!add_to_epoll(state, state->listener, state->client_count))
        stop_listening(source);
}

static void accept_clients(weir_source *source)
{
    unix_state *state = source->state;
    int fd;

    while ((fd = accept4(state->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        client *place = free_place(state);
        if (place == NULL || !add_to_epoll(state, fd, (uint32_t)(place - state->clients))) {
            refuse_client(source, fd);
            continue;
        }
        place->fd = fd;
        state->connected++;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
        stop_listening(source);
}

/* Reads once from a client that has something; level-triggered, so that nothing is missed. While a
 * whole message waits no more is read: the kernel keeps it, and the sender waits. */
static void read_client(client *from)
{
    weir_frame frame;

    if (from->gone || weir_framer_next(&from->framer, &frame) == WEIR_OK)
        return;
    unsigned char *room = weir_framer_room(&from->framer, PIECE);
    ssize_t size = room != NULL ? read(from->fd, room, PIECE) : -1;
    if (room != NULL && size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size > 0) {
        weir_framer_add(&from->framer, (size_t)size);
        return;
    }
    /* It has closed its end, or reset it, or there is no memory for it. */
    from->gone = true;
    weir_framer_end(&from->framer, size < 0);
}

static void poll_clients(weir_source *source)
{
    unix_state *state = source->state;
    struct epoll_event events[EVENTS];
    int count = epoll_wait(state->epoll, events, EVENTS, 0);

    for (int i = 0; i < count; i++) {
        uint32_t number = events[i].data.u32;
        if (number == state->client_count)
            accept_clients(source);
        else if (state->clients[number].fd >= 0)
            read_client(&state->clients[number]);
    }
}

/* --- Messages --- */

/* True: the span takes no more. What the client sent stays in its buffer until the next read, even
 * when it has gone. */
static bool put_messages(weir_source *source, client *from, size_t limit)
{
    unix_state *state = source->state;

    return weir_framer_put(&from->framer, source, limit, &state->position) == WEIR_FULL;
}

/* What the last span needed of clients that had gone is no longer needed. */
static void close_gone(unix_state *state)
{
    weir_frame frame;

    for (uint32_t i = 0; i < state->client_count; i++) {
        client *from = &state->clients[i];
        if (from->gone && weir_framer_next(&from->framer, &frame) == WEIR_CLOSED)
            close_client(state, from);
    }
}

/* Clients take turns, so that a loud one does not keep the others out. */
static weir_status read_socket(weir_source *source, size_t limit, weir_error **error)
{
    unix_state *state = source->state;
    uint32_t count = state->client_count;

    (void)error;
    weir_source_begin(source, 0);
    close_gone(state);
    listen_again(source);
    poll_clients(source);
    for (uint32_t i = 0; i < count; i++) {
        client *from = &state->clients[(state->turn + i) % count];
        if (from->fd >= 0 && put_messages(source, from, limit))
            break;
    }
    state->turn = (state->turn + 1) % count;
    return source->span.count != 0 || source->refusal.waiting ? WEIR_OK : WEIR_AGAIN;
}

const weir_source_kind weir_unix_source = {
    .base = {.name = "unix",
             .summary = "Listens on a Unix stream socket; other processes write messages to it.",
             .options = weir_unix_options,
             .option_count = sizeof weir_unix_options / sizeof *weir_unix_options,
             .config_size = sizeof(weir_unix_config)},
    .state_size = sizeof(unix_state),
    .open = open_socket,
    .read = read_socket,
    .close = close_socket,
    .measure = measure,
    .reads_bytes = true,
};
