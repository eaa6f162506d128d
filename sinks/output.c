/* SPDX-License-Identifier: Apache-2.0 */
/* output.c - writes results to a descriptor: a file, a pipe, a terminal. */
#include "sinks/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 4096 }; /* what a pipe that is writable takes without blocking (PIPE_BUF) */

weir_status weir_output_failed(const weir_output *output, const weir_sink *sink, const char *what,
                               weir_error **error)
{
    return weir_error_set(error, WEIR_IO, "sink '%s': cannot %s '%s': %s", sink->module->name, what,
                          output->name, strerror(errno));
}

/* A CSV file begins with its header row. A last line without an end was torn when its writer died:
 * what follows begins on a line of its own. */
static bool make_head(weir_output *output, const weir_sink *sink)
{
    unsigned char last = '\n';

    output->head.size = 0;
    if (sink->format == WEIR_FORMAT_MSGPACK)
        return true;
    if (output->regular && output->size > 0 && pread(output->fd, &last, 1, output->size - 1) == 1 &&
        last != '\n')
        weir_buffer_text(&output->head, "\n");
    if (sink->format == WEIR_FORMAT_CSV && output->size == 0) {
        if (weir_csv_header(sink->type, &output->head) != WEIR_OK)
            return false;
        weir_buffer_text(&output->head, "\n");
    }
    return !output->head.failed;
}

weir_status weir_output_open(weir_output *output, const weir_sink *sink, int fd, bool own,
                             weir_error **error)
{
    struct stat found;

    output->fd = fd;
    output->own = own;
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0 && (flags & O_ACCMODE) == O_RDONLY) {
        errno = EBADF;
        flags = -1;
    }
    if (flags < 0 || fstat(fd, &found) != 0)
        return weir_output_failed(output, sink, "write to", error);
    output->regular = S_ISREG(found.st_mode);
    output->blocks = !output->regular && !own;
    output->size = output->regular ? found.st_size : 0;
    if (!make_head(output, sink))
        return weir_error_set(error, WEIR_NOMEM, "sink '%s': out of memory", sink->module->name);
    return WEIR_OK;
}

void weir_output_close(weir_output *output)
{
    if (output->own && output->fd >= 0)
        close(output->fd);
    output->fd = -1;
    weir_buffer_free(&output->head);
}

/* --- Writing --- */

/* A host that does not ignore SIGPIPE must not die of a reader that has gone. */
static ssize_t write_quietly(int fd, const unsigned char *data, size_t size)
{
    const struct timespec at_once = {0, 0};
    struct sigaction action;
    sigset_t pipe, before, pending;

    if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
        return write(fd, data, size);
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    ssize_t written = write(fd, data, size);
    int code = errno;
    if (written < 0 && code == EPIPE && sigismember(&pending, SIGPIPE) == 0)
        sigtimedwait(&pipe, NULL, &at_once);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = code;
    return written;
}

/* Half of what was to be written stands at the file's end: it is cut off again. False: it stays,
 * and is to be gone on with. */
static bool take_back(const weir_output *output, size_t written)
{
    struct stat found;
    int code = errno;
    off_t end = lseek(output->fd, 0, SEEK_CUR);
    bool taken =
        written == 0 || (end >= (off_t)written && fstat(output->fd, &found) == 0 &&
                         found.st_size == end && ftruncate(output->fd, end - (off_t)written) == 0 &&
                         lseek(output->fd, end - (off_t)written, SEEK_SET) >= 0);

    errno = code;
    return taken;
}

static weir_status write_file(weir_output *output, const weir_sink *sink, weir_slice bytes,
                              size_t *ret_written, weir_error **error)
{
    size_t at = 0;

    while (at < bytes.size) {
        ssize_t written = write(output->fd, bytes.data + at, bytes.size - at);
        if (written < 0 && errno != EINTR)
            break;
        at += written > 0 ? (size_t)written : 0;
    }
    if (at < bytes.size && take_back(output, at))
        return weir_output_failed(output, sink, "write to", error);
    output->size += (int64_t)at;
    *ret_written = at;
    return WEIR_OK;
}

static weir_status write_stream(const weir_output *output, const weir_sink *sink, weir_slice bytes,
                                size_t *ret_written, int *fd, weir_error **error)
{
    struct pollfd ready = {.fd = output->fd, .events = POLLOUT};
    size_t size = output->blocks && bytes.size > PIECE ? PIECE : bytes.size;

    *fd = output->fd;
    if (output->blocks && poll(&ready, 1, 0) == 0)
        return WEIR_AGAIN;
    ssize_t written = write_quietly(output->fd, bytes.data, size);
    if (written < 0 && errno == EINTR)
        return WEIR_OK;
    if (written < 0 && errno == EAGAIN)
        return WEIR_AGAIN;
    *fd = -1;
    if (written < 0 && errno == EPIPE)
        return weir_error_set(error, WEIR_CLOSED, "sink '%s': nobody reads '%s' any more",
                              sink->module->name, output->name);
    if (written < 0)
        return weir_output_failed(output, sink, "write to", error);
    *ret_written = (size_t)written;
    return WEIR_OK;
}

static weir_status write_some(weir_output *output, const weir_sink *sink, weir_slice bytes,
                              size_t *ret_written, int *fd, weir_error **error)
{
    *fd = -1;
    return output->regular ? write_file(output, sink, bytes, ret_written, error)
                           : write_stream(output, sink, bytes, ret_written, fd, error);
}

static weir_status write_head(weir_output *output, const weir_sink *sink, int *fd,
                              weir_error **error)
{
    weir_buffer *head = &output->head;
    const void *data = head->data;
    size_t written = 0;

    weir_status status =
        write_some(output, sink, (weir_slice){data, head->size}, &written, fd, error);
    memmove(head->data, head->data + written, head->size - written);
    head->size -= written;
    return status;
}

weir_status weir_output_write(weir_output *output, const weir_sink *sink, weir_slice bytes,
                              size_t *ret_written, int *fd, weir_error **error)
{
    if (output->head.size != 0)
        return write_head(output, sink, fd, error); /* it is called again for the rest */
    return write_some(output, sink, bytes, ret_written, fd, error);
}

weir_status weir_output_begin(weir_output *output, const weir_sink *sink, weir_error **error)
{
    weir_status status = WEIR_OK;
    int fd;

    while (output->head.size != 0 && status == WEIR_OK)
        status = write_head(output, sink, &fd, error);
    return status == WEIR_AGAIN ? WEIR_OK : status;
}
