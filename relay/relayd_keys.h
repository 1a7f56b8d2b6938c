/*
 * relayd_keys: the relay's own keys, and whether the root's key list lets it use them.
 *
 * The relay hands the list out and is no judge of the root's signature (clients are); it looks into
 * it so that it does not start to sign what every client would refuse.
 */
#ifndef CAPRELAY_RELAYD_KEYS_H
#define CAPRELAY_RELAYD_KEYS_H

#include "base/clock.h"
#include "conf/relay_conf.h"
#include "seal/key.h"

struct relayd_keys {
    struct key actual, exercise, curve;
    bool has_curve;
};

/* The signed list as its file has it, and what it says of the two keys. */
struct relayd_key_list {
    char *bytes; /* NULL: none is configured */
    size_t len;
    int64_t issued_us;
    int64_t actual_not_after_us; /* 0: for ever */
    int64_t exercise_not_after_us;
};

/* The errors name the configuration's key, the file, and the command that makes it. */
enum err_code relayd_keys_load(const struct relay_conf *conf, struct relayd_keys *out,
                               struct err *err);
/* One of them, for who goes on behind one that is not good: below RELAYD_KEYS. */
enum { RELAYD_KEYS = 3 };
enum err_code relayd_keys_load_one(const struct relay_conf *conf, size_t index,
                                   struct relayd_keys *out, struct err *err);
void relayd_keys_wipe(struct relayd_keys *keys);

/* Fails where a key is not on the list, revoked, over, or (with a clock that can be believed) not
 * valid yet. Warns in the log where one ends within weeks. *out is zeroed where no list is
 * configured. */
enum err_code relayd_key_list_load(const struct relay_conf *conf, const struct relayd_keys *keys,
                                   const struct clock *clock, struct relayd_key_list *out,
                                   struct err *err);
void relayd_key_list_fini(struct relayd_key_list *list);
/* The log's warning; to be repeated every day. */
void relayd_key_list_warn(const struct relayd_key_list *list, int64_t now_us);

#endif
