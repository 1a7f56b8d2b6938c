/*
 * stream: one of NAAD's TCP streams: dials, reads, cuts into documents, and dials again.
 *
 * Silence is measured in whole documents: NAAD sends a heartbeat every minute, so a connection that
 * brings none for `silence_us` is dead, whatever else it brings. For the loop's thread.
 */
#ifndef CAPRELAY_ADAPTERS_NAAD_STREAM_H
#define CAPRELAY_ADAPTERS_NAAD_STREAM_H

#include "adapters/framer.h"
#include "dial/dial.h"
#include "loop/loop.h"

enum stream_state {
    STREAM_IDLE = 0,   /* not started */
    STREAM_CONNECTING, /* the first time, or again */
    STREAM_OPEN,       /* connected, and nothing whole has come yet */
    STREAM_LIVE,
    STREAM_DOWN /* waits to connect again; `trouble` says why */
};

struct stream_options {
    struct loop *loop;
    struct dial_address address;
    size_t document_max;
    int64_t connect_timeout_us;
    int64_t silence_us;
    int64_t retry_first_us, retry_max_us;
    uint64_t seed; /* of the pauses' jitter */
    /* Called for each piece; the bytes are lent. The stream may be stopped from within. */
    void (*document)(void *context, enum frame_kind kind, struct slice bytes);
    void (*changed)(void *context); /* state or trouble */
    void *context;
};

struct stream;

struct stream *stream_create(const struct stream_options *options);
void stream_destroy(struct stream *stream); /* accepts NULL */
void stream_start(struct stream *stream);
/* Idempotent. What has come of an unfinished document is dropped. */
void stream_stop(struct stream *stream);
/* Reads nothing until resumed: the far end has to wait. */
void stream_pause(struct stream *stream);
void stream_resume(struct stream *stream);

enum stream_state stream_state(const struct stream *stream);
/* Why it is down, or was the last time, with the host; "" for never. Lent. */
const char *stream_trouble(const struct stream *stream);

#endif
