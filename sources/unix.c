/* SPDX-License-Identifier: Apache-2.0 */
/* unix.c - events from other processes: a stream socket that many clients may write to.
 *
 *     lines:   message '\n' message '\n' ...
 *     length:  size (4 bytes, big-endian) message, again and again
 *
 * One epoll set holds the listening socket and the clients, and the loop watches that. While the
 * engine takes nothing, nothing is read: the kernel's buffers fill up and the senders wait. A
 * client that breaks the framing, or goes within a message, is closed and that message is a dead
 * letter.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/buffer.h"
#include "sources/options.h"
#include "sources/source.h"
#include "sources/unix.h"

enum { CLIENTS = 64, PIECE = 64 * 1024, HEADER = 4 };

typedef struct client {
    int fd; /* -1: free */
    weir_buffer bytes;
    size_t at; /* what has been handed on */
    bool ended;
} client;

typedef struct unix_state {
    int listener, epoll;
    struct sockaddr_un address;
    bool bound;
    client clients[CLIENTS];
    size_t turn; /* the client whose turn is next */
    int64_t position;
} unix_state;

static const weir_unix_config *config_of(const weir_source *source)
{
    return source->config;
}

/* --- Life ------------------------------------------------------------------------------------- */

static weir_status failed(const weir_source *source, const char *what, weir_error **error)
{
    const unix_state *state = source->state;

    return weir_error_set(error, WEIR_IO, "source '%s': cannot %s '%s': %s", source->module->name,
                          what, state->address.sun_path, strerror(errno));
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
        return weir_error_set(error, WEIR_SPEC,
                              "source '%s': the path of a socket has at most %zu bytes",
                              source->module->name, sizeof state->address.sun_path - 1);
    return WEIR_OK;
}

/* A socket file that nobody listens on is left over from a process that died. */
static void remove_stale(const unix_state *state)
{
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const void *address = &state->address;

    if (probe < 0)
        return;
    if (connect(probe, address, sizeof state->address) != 0 && errno == ECONNREFUSED)
        unlink(state->address.sun_path);
    close(probe);
}

static bool add_to_epoll(const unix_state *state, int fd, uint32_t number)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};

    return epoll_ctl(state->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static weir_status open_socket(weir_source *source, weir_error **error)
{
    unix_state *state = source->state;
    const void *address = &state->address;

    state->listener = state->epoll = -1;
    for (size_t i = 0; i < CLIENTS; i++)
        state->clients[i].fd = -1;
    weir_status status = make_address(source, error);
    if (status != WEIR_OK)
        return status;
    remove_stale(state);
    state->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    state->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (state->listener < 0 || state->epoll < 0 ||
        bind(state->listener, address, sizeof state->address) != 0)
        return failed(source, "bind", error);
    state->bound = true;
    if (listen(state->listener, CLIENTS) != 0 || !add_to_epoll(state, state->listener, CLIENTS))
        return failed(source, "listen on", error);
    source->health = WEIR_SOURCE_LIVE;
    return source->host->watch(source, state->epoll, error);
}

static void close_client(client *from)
{
    if (from->fd >= 0)
        close(from->fd);
    weir_buffer_free(&from->bytes);
    *from = (client){.fd = -1};
}

static void close_socket(weir_source *source)
{
    unix_state *state = source->state;

    for (size_t i = 0; i < CLIENTS; i++)
        close_client(&state->clients[i]);
    if (state->bound)
        unlink(state->address.sun_path);
    if (state->listener >= 0)
        close(state->listener);
    if (state->epoll >= 0)
        close(state->epoll);
}

/* --- Bytes ------------------------------------------------------------------------------------ */

/* A client too many is closed at once, and told in the log. */
static void accept_clients(weir_source *source)
{
    unix_state *state = source->state;
    int fd;

    while ((fd = accept4(state->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        uint32_t free_slot = 0;
        while (free_slot < CLIENTS && state->clients[free_slot].fd >= 0)
            free_slot++;
        if (free_slot < CLIENTS && add_to_epoll(state, fd, free_slot)) {
            state->clients[free_slot].fd = fd;
            continue;
        }
        close(fd);
        source->host->log(source, WEIR_WARNING, "refused a client: 64 are connected already");
    }
}

/* Reads once from each client that has something; level-triggered, so that nothing is missed. */
static void read_client(weir_source *source, client *from)
{
    weir_buffer *bytes = &from->bytes;

    /* What a whole message needs is enough: the rest stays with the kernel. */
    if (bytes->size - from->at > (size_t)config_of(source)->max_size + HEADER)
        return;
    if (from->at != 0) {
        memmove(bytes->data, bytes->data + from->at, bytes->size - from->at);
        bytes->size -= from->at;
        from->at = 0;
    }
    if (!weir_buffer_reserve(bytes, PIECE)) {
        from->ended = true;
        return;
    }
    ssize_t size = read(from->fd, bytes->data + bytes->size, PIECE);
    if (size > 0)
        bytes->size += (size_t)size;
    else if (size == 0 || (errno != EAGAIN && errno != EINTR))
        from->ended = true;
}

static void poll_clients(weir_source *source)
{
    unix_state *state = source->state;
    struct epoll_event events[CLIENTS + 1];
    int count = epoll_wait(state->epoll, events, CLIENTS + 1, 0);

    for (int i = 0; i < count; i++) {
        if (events[i].data.u32 == CLIENTS)
            accept_clients(source);
        else if (state->clients[events[i].data.u32].fd >= 0)
            read_client(source, &state->clients[events[i].data.u32]);
    }
}

/* --- Messages --------------------------------------------------------------------------------- */

typedef struct message {
    size_t skip, size, next; /* before it, itself, up to the one after it */
} message;

/* WEIR_AGAIN: it has not come whole; WEIR_LIMIT: it is longer than it may be. */
static weir_status find_message(const weir_source *source, const client *from, message *found)
{
    const unsigned char *data = (const unsigned char *)from->bytes.data + from->at;
    size_t size = from->bytes.size - from->at, limit = (size_t)config_of(source)->max_size;

    if (config_of(source)->framing == WEIR_FRAMING_LINES) {
        const unsigned char *end = size != 0 ? memchr(data, '\n', size) : NULL;
        if (end == NULL)
            return size > limit ? WEIR_LIMIT : WEIR_AGAIN;
        *found = (message){0, (size_t)(end - data), (size_t)(end - data) + 1};
    } else {
        if (size < HEADER)
            return WEIR_AGAIN;
        size_t length =
            (size_t)data[0] << 24 | (size_t)data[1] << 16 | (size_t)data[2] << 8 | data[3];
        *found = (message){HEADER, length, HEADER + length};
        if (length <= limit && size < found->next)
            return WEIR_AGAIN;
    }
    return found->size > limit ? WEIR_LIMIT : WEIR_OK;
}

static weir_status put(weir_source *source, client *from, size_t skip, size_t size, size_t next)
{
    unix_state *state = source->state;
    const unsigned char *data = (const unsigned char *)from->bytes.data + from->at;
    weir_status status = weir_source_put(source, (weir_slice){data + skip, size}, state->position);

    if (status == WEIR_OK) {
        state->position++;
        from->at += next;
    }
    return status;
}

/* What is left of a client that has gone, or is too long, is one broken message. */
static weir_status put_rest(weir_source *source, client *from)
{
    size_t rest = from->bytes.size - from->at;
    weir_status status = rest != 0 ? put(source, from, 0, rest, rest) : WEIR_OK;

    if (status == WEIR_OK && !source->refusal.waiting)
        close_client(from);
    else if (status == WEIR_OK)
        from->ended = true; /* the dead letter still reads the bytes; closed at the next read */
    return status;
}

static weir_status put_messages(weir_source *source, client *from, size_t limit)
{
    weir_status status = WEIR_OK;
    message found;

    while (status == WEIR_OK && source->span.count < limit && !source->refusal.waiting) {
        weir_status framed = find_message(source, from, &found);
        if (framed == WEIR_AGAIN && !from->ended)
            return WEIR_AGAIN;
        if (framed == WEIR_OK)
            status = put(source, from, found.skip, found.size, found.next);
        else
            return put_rest(source, from);
    }
    return status;
}

/* Clients take turns, so that a loud one does not keep the others out. */
static weir_status read_socket(weir_source *source, size_t limit, weir_error **error)
{
    unix_state *state = source->state;

    (void)error;
    weir_source_begin(source, 0);
    poll_clients(source);
    for (size_t i = 0; i < CLIENTS && source->span.count < limit && !source->refusal.waiting; i++) {
        client *from = &state->clients[(state->turn + i) % CLIENTS];
        if (from->fd >= 0 && put_messages(source, from, limit) == WEIR_FULL)
            break;
    }
    state->turn = (state->turn + 1) % CLIENTS;
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
    .reads_bytes = true,
};
