/*
 * relayd_view: what publish tells of sources, verdicts and keys, gathered from the rooms that know.
 */
#ifndef CAPRELAY_RELAYD_VIEW_H
#define CAPRELAY_RELAYD_VIEW_H

#include "adapters/host.h"
#include "intake/intake.h"
#include "outlets/outlets.h"
#include "publish/view.h"
#include "relayd_keys.h"

/* All lent. `view` goes to publish. */
struct relayd_view {
    struct view view;
    const struct relay_conf *conf;
    const struct hosts *hosts;
    const struct outlets *outlets;
    const struct intake *intake;
};

/* The callbacks; hosts and intake are set when they exist. */
void relayd_view_init(struct relayd_view *view, const struct relay_conf *conf);
/* After a start or reload: the list's bytes and the ends of the two keys. */
void relayd_view_set_keys(struct relayd_view *view, const struct relayd_keys *keys,
                          const struct relayd_key_list *list);

#endif
