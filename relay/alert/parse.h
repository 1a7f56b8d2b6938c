/*
 * parse: received bytes to alerts.
 *
 * The only door for bytes from outside. No DTD (a DOCTYPE is refused), no external entity, no
 * entity expansion beyond the five of XML, at most PARSE_BYTES_MAX bytes and PARSE_DEPTH_MAX
 * levels. Pure: no clock, no I/O; safe from several threads. The compiled schemas are kept in a
 * `struct parser`, made once.
 */
#ifndef CAPRELAY_ALERT_PARSE_H
#define CAPRELAY_ALERT_PARSE_H

#include "alert/alert.h"
#include "base/err.h"

enum {
    PARSE_BYTES_MAX = 8 * 1024 * 1024,
    PARSE_DEPTH_MAX = 64,
    PARSE_ALERTS_MAX = 2000,
    /* More than 8 MiB of geocodes have; bounds the memory that a document of empty elements takes.
     */
    PARSE_ELEMENTS_MAX = 500000
};

struct parser;

/* What one document held, in order. A document without any CAP alert gives one alert of
 * KIND_UNREADABLE whose findings say why, so that count is never 0. */
struct parsed {
    struct alert **alerts;
    size_t count;
    bool enveloped; /* the root was not an alert: Atom, EDXL-DE or another wrapper */
    bool no_cap;    /* well-formed, but holds no CAP alert */
};

/* Compiles the schemas that are built into the program. */
enum err_code parser_create(struct parser **out, struct err *err);
void parser_destroy(struct parser *parser);

/* Everything is copied into the arena; `bytes` is only lent. Never fails: what cannot be read is
 * KIND_UNREADABLE. */
struct parsed parser_read(const struct parser *parser, struct arena *arena, struct slice bytes);

/* The same without the schema, a quarter of the time: `schema_valid` is false and there are
 * no `schema` findings. For who only asks what an alert says. */
struct parsed parser_read_bare(const struct parser *parser, struct arena *arena,
                               struct slice bytes);

/* Whether a text that the relay wrote is valid CAP 1.2; the first fault goes to err. */
enum err_code parser_validate_cap12(const struct parser *parser, struct slice bytes,
                                    struct err *err);

#endif
