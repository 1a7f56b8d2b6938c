/*
 * intake: the way of one alert through the house, one way.
 *
 * Bytes come in by intake_deliver(); each stage returns pass or a verdict with a named reason
 * (intake/verdict.h); every message ends as one entry of the journal. After the commit
 * intake_collect() hands the outcome back (settle). Stages know neither the loop nor each other.
 * For one thread; the time comes from a clock.
 *
 * Of a document with several alerts (an envelope) each is an entry of its own; all of them carry
 * the bytes, and so the digest, of the whole document, and the source's mark is stored with the
 * last one.
 */
#ifndef CAPRELAY_INTAKE_INTAKE_H
#define CAPRELAY_INTAKE_INTAKE_H

#include "alert/parse.h"
#include "base/clock.h"
#include "journal/journal.h"
#include "origin/origin.h"
#include "route/policy.h"
#include "seal/bulletin.h"
#include "translate/translate.h"

struct intake;

/* One configured feed, as far as the meaning of its alerts depends on it. Lent; lives longer than
 * the intake. */
struct intake_source {
    struct slice name;
    enum side country;      /* SIDE_NONE: auto */
    enum side country_else; /* auto: what is taken where nothing tells; SIDE_NONE: relayed to both
                               sides with a remark */
    enum alert_class class; /* the highest class it may give: CLASS_EXERCISE for replays and
                               training hubs */
    const struct origin_trust *trust; /* whom its alerts may be signed by; NULL: not checked */
};

/* An authority's grants; an alert outside them is refused. NULL for sources without. */
struct intake_grants {
    struct slice authority;
    bool actual, exercise;
    const struct slice *regions; /* postal letters of states and provinces that its areas must lie
                                    in; none: anywhere */
    size_t region_count;
    const struct slice *events; /* CAP-CP or SAME codes, or event names; none: any */
    size_t event_count;
};

struct intake_delivery {
    const struct intake_source *source;
    struct slice bytes; /* copied */
    int64_t received_us;
    const struct intake_grants *grants;
    struct slice mark_key, mark_value; /* the source's cursor */
    const struct digest *recording;    /* replay */
    struct slice recording_name;
    void *tag;    /* comes back with the outcome */
    bool dry_run; /* everything but the journal; the outcome comes at once */
};

struct intake_outcome_bulletin {
    uint64_t seq; /* 0 in a dry run */
    enum side side;
    const struct slice *regions;
    size_t region_count;
    const struct slice *topics;
    size_t topic_count;
    struct slice derived_identifier;
};

/* One alert's outcome; lent until the callback returns. A delivery of n alerts (an envelope) gives
 * n outcomes, the last with `last`. */
struct intake_outcome {
    void *tag;
    const struct intake_source *source;
    struct slice verdict, reason, detail;
    struct slice notes_json;
    struct slice receipt;
    const struct alert *alert; /* NULL where it was unreadable */
    enum alert_class class;
    int64_t arrival, first_arrival;
    const struct intake_outcome_bulletin *bulletins;
    size_t bulletin_count;
    bool last;
};
typedef void (*intake_outcome_fn)(void *context, const struct intake_outcome *outcome);

struct intake_options {
    struct journal *journal;
    const struct parser *parser;
    const struct geo *geo; /* NULL: nothing can be placed, and everything crosses */
    const struct clock *clock;
    struct translate_options translate;
    const struct route_policy *policy;
    unsigned in_force_default_hours;
    struct slice relay_name;
    struct bulletin_options bulletin;
    const struct key *actual_key; /* both are needed, with their secrets: a class without a key
                                     could not be published */
    const struct key *exercise_key;
    /* The trust of a source by its name, to judge the other of two that conflict; NULL: none. */
    const struct origin_trust *(*trust_of)(void *context, struct slice source);
    void *trust_context;
    intake_outcome_fn settle;
    void *settle_context;
};

/* Counters by verdict and by reason, of what was collected; names are static. */
typedef void (*intake_count_fn)(void *context, const char *class_name, const char *verdict,
                                struct slice reason, uint64_t count);

enum err_code intake_create(const struct intake_options *options, struct intake **out,
                            struct err *err);
/* Accepts NULL. Before or after journal_close(); what is in flight then is committed, but not
 * settled. */
void intake_destroy(struct intake *intake);
/* The hooks for journal_open(): seal and receipt. May be used before intake_create() with the same
 * options' keys. */
struct intake_sealer;
enum err_code intake_sealer_create(const struct bulletin_options *bulletin,
                                   const struct key *actual_key, const struct key *exercise_key,
                                   struct slice relay_name, struct intake_sealer **out,
                                   struct err *err);
void intake_sealer_destroy(struct intake_sealer *sealer);
void intake_sealer_hooks(struct intake_sealer *sealer, struct journal_hooks *hooks);

/* Whether a message of that identity has arrived, in whatever class, and was not refused; what a
 * source's archive need not be asked for. A journal that cannot be read counts as yes. */
bool intake_knows(struct intake *intake, const struct cap_reference *reference);
/* Whether one of that identifier has arrived under a signature that a pin of its source accepted;
 * what is in flight does not count. A journal that cannot be read counts as no. */
bool intake_has_signed(struct intake *intake, struct slice identifier);

/* Runs the stages and appends to the journal; outcomes come by settle, later (dry run: before it
 * returns). */
void intake_deliver(struct intake *intake, const struct intake_delivery *delivery);
/* Takes at most `max` of what the journal has committed and settles it; returns how many. */
size_t intake_collect(struct intake *intake, size_t max);
/* A new policy after a reload; lent as the options were. */
void intake_set_policy(struct intake *intake, const struct route_policy *policy);
void intake_counts(const struct intake *intake, intake_count_fn each, void *context);

#endif
