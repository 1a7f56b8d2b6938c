/*
 * common: what the verbs that speak to a relay share: options, exit codes, times, safe text.
 */
#ifndef CAPRELAY_CLI_COMMON_H
#define CAPRELAY_CLI_COMMON_H

#include "base/slice.h"
#include "client/caprelay.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>

enum { EXIT_DONE = 0, EXIT_NOT = 1, EXIT_USAGE = 2, EXIT_LINK_LOST = 3, EXIT_NO_ANSWER = 4 };

enum { COMMON_REGIONS_MAX = 99 };

struct common {
    const char *verb;
    const char *usage;
    const char *card;       /* --relay, or CAPRELAY_RELAY */
    const char *class_name; /* --class */
    const char *side;
    const char *regions[COMMON_REGIONS_MAX];
    size_t region_count;
    const char *curve_key;
    int timeout_ms;
    bool json;
    bool timeout_given;
};

enum {
    OPTION_RELAY = 256,
    OPTION_CLASS,
    OPTION_SIDE,
    OPTION_REGION,
    OPTION_CURVE,
    OPTION_TIMEOUT,
    OPTION_JSON,
    OPTION_HELP,
    OPTION_OWN /* a verb's own begin here */
};

#define COMMON_OPTIONS                                                                             \
    {"relay", required_argument, NULL, OPTION_RELAY},                                              \
        {"class", required_argument, NULL, OPTION_CLASS},                                          \
        {"curve-key", required_argument, NULL, OPTION_CURVE},                                      \
        {"timeout", required_argument, NULL, OPTION_TIMEOUT},                                      \
        {"json", no_argument, NULL, OPTION_JSON},                                                  \
    {                                                                                              \
        "help", no_argument, NULL, OPTION_HELP                                                     \
    }

#define COMMON_OPTIONS_AREA                                                                        \
    {"side", required_argument, NULL, OPTION_SIDE},                                                \
    {                                                                                              \
        "region", required_argument, NULL, OPTION_REGION                                           \
    }

#define COMMON_USAGE                                                                               \
    "  --relay CARD         contact card of the relay (or CAPRELAY_RELAY)\n"                       \
    "  --class CLASS        actual (default) or exercise\n"                                        \
    "  --curve-key FILE     this client's CURVE key; else one for the occasion\n"                  \
    "  --timeout SECONDS    to wait for an answer (5)\n"                                           \
    "  --json               for programs\n"

#define COMMON_USAGE_AREA                                                                          \
    "  --side ca|us         whose alerts; else both\n"                                             \
    "  --region XX          only this state or province and what concerns all; may be repeated\n"

/* A verb's own option; false: its argument is wrong. */
typedef bool (*common_option_fn)(void *context, int option, const char *argument);

/* Reads the command line. Returns the index of the first argument, or -1 with *exit_code set (help
 * printed, or the fault told). */
int common_read(struct common *common, int argc, char **argv, const struct option *options,
                common_option_fn own, void *context, int *exit_code);
/* Says the fault and the usage; returns EXIT_USAGE. */
int common_usage(const struct common *common, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says why where it fails and returns the exit code. */
int common_open(const struct common *common, enum caprelay_start start, uint64_t after,
                struct caprelay **out);
int common_fail(const struct common *common, enum caprelay_code code,
                const struct caprelay_error *error);

bool common_number(const char *text, unsigned long long *out);
/* Two-letter codes of provinces and territories; what --region alone tells of the side. */
const char *common_side_of_region(const char *region);

/* Terminals obey control characters, and alerts come from strangers: each becomes a space. */
void common_print(FILE *out, struct slice text);
void common_print_cstr(FILE *out, const char *text);

/* "Mon 12 Jan 22:00 AST (2026-01-13 02:00 UTC)". */
const char *common_time(int64_t utc_s, char *out, size_t size);
enum { COMMON_SPAN_MAX = 48 };
/* "45 s", "3 min", "2 h", "4 d". Returns `out`. */
const char *common_duration(int64_t span_s, char *out, size_t size);
/* "3 min ago", "in 2 h". */
const char *common_span(int64_t from_s, int64_t to_s, char *out, size_t size);

/* "-" where it is absent. Lent. */
const char *common_json_text(const json_t *object, const char *name);

bool common_load(const char *path, size_t max_bytes, char **bytes, size_t *len);

#endif
