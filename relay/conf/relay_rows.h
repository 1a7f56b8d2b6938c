/*
 * relay_rows: the table of everything that caprelay.yaml may say; and the checks of single values
 * that rows name.
 */
#ifndef CAPRELAY_CONF_RELAY_ROWS_H
#define CAPRELAY_CONF_RELAY_ROWS_H

#include "conf/conf.h"

extern const struct conf_row relay_conf_rows[];
/* `signature` of a source (struct relay_conf_source). */
extern const struct conf_row conf_signature_rows[];
/* An item of `authorities` (struct relay_conf_authority), and `inject_http` (struct relay_conf). */
extern const struct conf_row conf_authority_rows[];
extern const struct conf_row conf_inject_http_rows[];

extern const struct conf_choice conf_country_choices[];
extern const struct conf_choice conf_class_choices[];

/* Checks of a row's value that several tables use. */
enum err_code conf_check_name(const void *value, struct err *err);
enum err_code conf_check_regions(const void *value, struct err *err);
enum err_code conf_check_http_listen(const void *value, struct err *err);

bool conf_is_hex_key(struct slice text);
/* A day as 2026-07-12: the instant at which it begins, UTC. */
bool conf_day(struct slice text, int64_t *from_s);
/* 40 characters of Z85 (ZeroMQ RFC 32) or 64 hex digits; `out` has 32 bytes. */
bool conf_curve_key(struct slice text, uint8_t *out);
/* SHA-256 as 64 hex digits, with colons between the bytes or without; `out` has 32 bytes. */
bool conf_fingerprint(struct slice text, uint8_t *out);
/* tcp on 127.0.0.0/8 or [::1], ipc, inproc. */
bool conf_endpoint_is_local(struct slice endpoint);

#endif
