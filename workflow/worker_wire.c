/* SPDX-License-Identifier: Apache-2.0 */
/* worker_wire.c - control messages and frames over local sockets. */
#include "workflow/worker.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- Control --- */

typedef union descriptor_room {
    struct cmsghdr head;
    char bytes[CMSG_SPACE(sizeof(int))];
} descriptor_room;

bool worker_send_control(int control, const worker_control *message, int fd)
{
    descriptor_room room = {.bytes = {0}};
    struct iovec part = {(void *)(uintptr_t)message, sizeof *message};
    struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t size;

    if (fd >= 0) {
        head.msg_control = &room;
        head.msg_controllen = sizeof room;
        room.head = (struct cmsghdr){CMSG_LEN(sizeof fd), SOL_SOCKET, SCM_RIGHTS};
        memcpy(CMSG_DATA(&room.head), &fd, sizeof fd);
    }
    do
        size = sendmsg(control, &head, MSG_NOSIGNAL);
    while (size < 0 && errno == EINTR);
    return size == (ssize_t)sizeof *message;
}

bool worker_receive_control(int control, worker_control *ret, int *ret_fd)
{
    descriptor_room room = {.bytes = {0}};
    struct iovec part = {ret, sizeof *ret};
    struct msghdr head = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &room, .msg_controllen = sizeof room};
    ssize_t size;

    do
        size = recvmsg(control, &head, MSG_CMSG_CLOEXEC);
    while (size < 0 && errno == EINTR);
    *ret_fd = -1;
    if (size >= 0 && head.msg_controllen >= CMSG_LEN(sizeof *ret_fd) &&
        room.head.cmsg_type == SCM_RIGHTS)
        memcpy(ret_fd, CMSG_DATA(&room.head), sizeof *ret_fd);
    if (size == (ssize_t)sizeof *ret) {
        ret->text[sizeof ret->text - 1] = '\0';
        return true;
    }
    if (*ret_fd >= 0)
        close(*ret_fd);
    *ret_fd = -1;
    return false;
}

/* --- Frames --- */

/* A context and an input, and what JSON writes around them. */
static const size_t most = (size_t)64 << 20;

typedef struct frame_head {
    int32_t kind;
    uint32_t sizes[WORKER_TEXTS]; /* each with its NUL */
    int64_t numbers[WORKER_NUMBERS];
} frame_head;

static bool may_go_on(const worker_socket *socket, ssize_t size, short events)
{
    if (size > 0 || (size < 0 && errno == EINTR))
        return true;
    bool blocked = size < 0 && errno == EAGAIN;
    return blocked && socket->wait != NULL && socket->wait(socket->arg, events);
}

static bool send_part(const worker_socket *to, const void *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t sent = send(to->fd, (const char *)data + done, size - done, MSG_NOSIGNAL);
        if (!may_go_on(to, sent, POLLOUT))
            return false;
        done += sent > 0 ? (size_t)sent : 0;
    }
    return true;
}

/* A frame of some size is one call; a larger one is sent part by part. Neither asks for memory,
 * which a process that crashes cannot. */
bool worker_send(const worker_socket *to, const worker_frame *frame)
{
    frame_head head = {.kind = (int32_t)frame->kind};
    char all[8192];
    size_t size = sizeof head;

    memcpy(head.numbers, frame->numbers, sizeof head.numbers);
    for (int i = 0; i < WORKER_TEXTS; i++) {
        head.sizes[i] = (uint32_t)(frame->texts[i] != NULL ? strlen(frame->texts[i]) : 0) + 1;
        size += head.sizes[i];
    }
    bool small = size <= sizeof all, good = small || send_part(to, &head, sizeof head);
    char *at = (char *)memcpy(all, &head, sizeof head) + sizeof head;
    for (int i = 0; i < WORKER_TEXTS && good; i++) {
        const char *text = frame->texts[i] != NULL ? frame->texts[i] : "";
        if (small)
            at = (char *)memcpy(at, text, head.sizes[i]) + head.sizes[i];
        else
            good = send_part(to, text, head.sizes[i]);
    }
    return small ? send_part(to, all, size) : good;
}

static bool receive(const worker_socket *from, void *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = recv(from->fd, (char *)data + done, size - done, 0);
        if (!may_go_on(from, got, POLLIN))
            return false;
        done += got > 0 ? (size_t)got : 0;
    }
    return true;
}

/* Each text is within what came, and ends there. */
static bool take_texts(const frame_head *head, worker_frame *ret, const weir_buffer *store)
{
    const char *at = store->data;

    for (int i = 0; i < WORKER_TEXTS; i++) {
        ret->texts[i] = at;
        at += head->sizes[i];
        if (head->sizes[i] == 0 || at[-1] != '\0')
            return false;
    }
    return true;
}

bool worker_receive(const worker_socket *from, worker_frame *ret, weir_buffer *store)
{
    frame_head head;
    size_t size = 0;

    if (!receive(from, &head, sizeof head))
        return false;
    for (int i = 0; i < WORKER_TEXTS; i++)
        size += head.sizes[i];
    store->size = 0;
    if (size > most || !weir_buffer_reserve(store, size) || !receive(from, store->data, size))
        return false;
    ret->kind = (worker_frame_kind)head.kind;
    memcpy(ret->numbers, head.numbers, sizeof head.numbers);
    return take_texts(&head, ret, store);
}
