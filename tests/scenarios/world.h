/*
 * world: the real intake on a real journal in a folder that is removed afterwards, on virtual time,
 * and what became of all that was delivered.
 */
#ifndef CAPRELAY_TESTS_SCENARIOS_WORLD_H
#define CAPRELAY_TESTS_SCENARIOS_WORLD_H

#include "alert/parse.h"
#include "intake/intake.h"
#include "message.h"
#include "seal/packet.h"

enum { SOURCES_MAX = 16, RULES_MAX = 16, OUTCOMES_MAX = 400 };

struct outcome {
    const char *label;
    bool settled;
    struct slice verdict, reason, detail, notes;
    enum alert_class class;
    int64_t arrival, first_arrival;
    bool has_receipt, has_alert;
    struct {
        bool sent;
        uint64_t seq;
        struct slice regions; /* "ME,NH"; "none" */
        struct slice derived;
    } sides[SIDE_US + 1];
    size_t bulletin_count;
};

struct world {
    struct arena *arena;
    struct clock clock;
    int64_t now_us;
    bool unsynchronised;
    char folder[64];
    char path[96];
    struct key actual, exercise;
    struct intake_sealer *sealer;
    struct journal *journal;
    struct parser *parser;
    struct geo *geo;
    bool without_geo;
    struct intake *intake;
    struct route_policy policy;
    struct route_rule rules[RULES_MAX];
    struct intake_source sources[SOURCES_MAX];
    size_t source_count;
    struct intake_grants authorities[SOURCES_MAX];
    size_t authority_count;
    struct messages messages;
    struct outcome outcomes[OUTCOMES_MAX];
    size_t outcome_count;
    const char *script;
    unsigned line;
};

/* Ends the program, with the place in the script. */
_Noreturn void world_fail(const struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void world_start(struct world *world, const char *script);
void world_end(struct world *world);
/* Between them the process may end and begin again. */
void world_open(struct world *world);
void world_close(struct world *world);
/* Waits for the journal and takes the outcomes. */
void world_collect(struct world *world);
int64_t world_now_s(const struct world *world);

#endif
