/*
 * What the files of this room share. The only header that includes ev.h, which the rooms outside
 * never see.
 */
#ifndef CAPRELAY_LOOP_INTERNAL_H
#define CAPRELAY_LOOP_INTERNAL_H

#include "loop/loop.h"

/* libev's compatibility layer uses names of other event libraries and breaks strict aliasing
 * warnings. */
#define EV_COMPAT3 0
#include <ev.h>

struct loop {
    struct ev_loop *ev;
    const struct clock *clock;
};

static inline int loop_events_to_ev(int events)
{
    return (events & LOOP_READ ? EV_READ : 0) | (events & LOOP_WRITE ? EV_WRITE : 0);
}

static inline int loop_events_from_ev(int events)
{
    return (events & EV_READ ? LOOP_READ : 0) | (events & EV_WRITE ? LOOP_WRITE : 0);
}

#endif
