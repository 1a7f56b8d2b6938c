#include "adapters/naad/stream.h"

#include "adapters/backoff.h"
#include "base/mem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One turn of the loop: about a dozen alerts, or a twentieth of the largest. */
enum { READ_BYTES = 64 * 1024 };

struct stream {
    struct stream_options options;
    enum stream_state state;
    char trouble[360];
    bool running, paused;
    struct dial *dial;
    int fd;
    struct loop_fd *watcher;
    struct framer *framer;
    struct loop_timer *silence, *retry;
    struct backoff backoff;
    char bytes[READ_BYTES];
};

static void connect_now(void *context);

static void set_state(struct stream *stream, enum stream_state state)
{
    if (stream->state == state)
        return;
    stream->state = state;
    stream->options.changed(stream->options.context);
}

static void hang_up(struct stream *stream)
{
    dial_cancel(stream->dial);
    stream->dial = NULL;
    loop_fd_destroy(stream->watcher);
    stream->watcher = NULL;
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
    loop_timer_stop(stream->silence);
}

__attribute__((format(printf, 2, 3))) static void lose(struct stream *stream, const char *format,
                                                       ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(stream->trouble, sizeof stream->trouble, format, args);
    va_end(args);
    hang_up(stream);
    /* Before the state is told: what broke off is told first. */
    framer_end(stream->framer);
    if (!stream->running)
        return;
    loop_timer_start(stream->retry, backoff_next(&stream->backoff, 0));
    stream->state = STREAM_DOWN;
    stream->options.changed(stream->options.context);
}

/* An established connection ended; what comes from dialling names the place by itself. */
__attribute__((format(printf, 2, 3))) static void lose_connection(struct stream *stream,
                                                                  const char *format, ...)
{
    char why[100];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    lose(stream, "%s:%u: %s", stream->options.address.host, stream->options.address.port, why);
}

static void on_silence(void *context)
{
    struct stream *stream = context;
    lose_connection(stream, "no document for %lld s",
                    (long long)(stream->options.silence_us / 1000000));
}

static void on_frame(void *context, enum frame_kind kind, struct slice bytes)
{
    struct stream *stream = context;
    if (kind == FRAME_WHOLE) {
        backoff_reset(&stream->backoff);
        if (stream->fd >= 0)
            loop_timer_start(stream->silence, stream->options.silence_us);
        set_state(stream, STREAM_LIVE);
    }
    stream->options.document(stream->options.context, kind, bytes);
}

static void on_readable(void *context, int events)
{
    struct stream *stream = context;
    (void)events;
    ssize_t count = read(stream->fd, stream->bytes, sizeof stream->bytes);
    if (count > 0)
        framer_feed(stream->framer, slice_of(stream->bytes, (size_t)count));
    else if (count == 0)
        lose_connection(stream, "the far end closed the connection");
    else if (errno != EAGAIN && errno != EINTR)
        lose_connection(stream, "%s", strerror(errno));
}

static void on_dialled(void *context, int fd, const char *error)
{
    struct stream *stream = context;
    stream->dial = NULL;
    if (fd < 0) {
        lose(stream, "%s", error);
        return;
    }
    stream->fd = fd;
    stream->watcher = loop_fd_create(stream->options.loop, fd, LOOP_READ, on_readable, stream);
    if (!stream->paused)
        loop_fd_start(stream->watcher);
    loop_timer_start(stream->silence, stream->options.silence_us);
    set_state(stream, STREAM_OPEN);
}

static void connect_now(void *context)
{
    struct stream *stream = context;
    stream->dial = dial_start(stream->options.loop, &stream->options.address,
                              stream->options.connect_timeout_us, on_dialled, stream);
    if (stream->state == STREAM_IDLE)
        set_state(stream, STREAM_CONNECTING);
}

struct stream *stream_create(const struct stream_options *options)
{
    struct stream *stream = mem_alloc(sizeof *stream);
    stream->options = *options;
    stream->fd = -1;
    backoff_init(&stream->backoff, options->retry_first_us, options->retry_max_us, options->seed);
    stream->framer = framer_create(options->document_max, on_frame, stream);
    stream->silence = loop_timer_create(options->loop, on_silence, stream);
    stream->retry = loop_timer_create(options->loop, connect_now, stream);
    return stream;
}

void stream_destroy(struct stream *stream)
{
    if (!stream)
        return;
    stream_stop(stream);
    framer_destroy(stream->framer);
    loop_timer_destroy(stream->silence);
    loop_timer_destroy(stream->retry);
    free(stream);
}

void stream_start(struct stream *stream)
{
    stream->running = true;
    stream->paused = false;
    connect_now(stream);
}

void stream_stop(struct stream *stream)
{
    stream->running = false;
    loop_timer_stop(stream->retry);
    hang_up(stream);
    framer_reset(stream->framer);
    stream->state = STREAM_IDLE;
}

void stream_pause(struct stream *stream)
{
    stream->paused = true;
    loop_timer_stop(stream->silence);
    if (stream->watcher)
        loop_fd_stop(stream->watcher);
}

void stream_resume(struct stream *stream)
{
    stream->paused = false;
    if (!stream->watcher)
        return;
    loop_fd_start(stream->watcher);
    loop_timer_start(stream->silence, stream->options.silence_us);
}

enum stream_state stream_state(const struct stream *stream)
{
    return stream->state;
}

const char *stream_trouble(const struct stream *stream)
{
    return stream->trouble;
}
