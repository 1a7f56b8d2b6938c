/*
 * keys: what the parts of `caprelay keys` share.
 */
#ifndef CAPRELAY_CLI_KEYS_H
#define CAPRELAY_CLI_KEYS_H

#include "cli/common.h"
#include "seal/card.h"
#include "seal/keylist.h"

struct keys_options {
    struct common common;
    const char *root, *relay, *out, *from, *feed, *query, *inject, *curve;
    bool plain;
    const char *revoked[KEYLIST_KEYS_MAX];
    size_t revoked_count;
    int64_t not_before_us, not_after_us;
};

enum {
    KEYS_ROOT = OPTION_OWN,
    KEYS_NAME,
    KEYS_OUT,
    KEYS_FROM,
    KEYS_FEED,
    KEYS_QUERY,
    KEYS_INJECT,
    KEYS_CURVE, /* the last of those that keep a text */
    KEYS_PLAIN,
    KEYS_REVOKE,
    KEYS_NOT_BEFORE,
    KEYS_NOT_AFTER
};

extern const char keys_usage[];

/* Says it; returns the exit code. */
int keys_fail(const struct err *err);
/* 2026-04-15T20:51:47Z, with or without six digits of a second. */
bool keys_time(const char *text, int64_t *out);
/* Replaces the file as a whole, synced. */
enum err_code keys_write(const char *path, struct slice bytes, struct err *err);

int keys_show(const struct keys_options *options, int argc, char **argv);
int keys_sign(const struct keys_options *options, int argc, char **argv);

#endif
