/*
 * translate: one alert for the other side, by table or by geometry, never by guess. Pure.
 *
 * Never raises severity, urgency or certainty; never adds what could set off public broadcast;
 * never makes Actual of anything else; `expires` is never later than the source's. What has no
 * counterpart is a note. The output is valid CAP 1.2 and follows its exchange target. No clock, no
 * I/O, no state: the same input and tables give the same bytes, from any thread.
 */
#ifndef CAPRELAY_TRANSLATE_TRANSLATE_H
#define CAPRELAY_TRANSLATE_TRANSLATE_H

#include "alert/alert.h"
#include "alert/identity.h"
#include "base/buf.h"
#include "base/err.h"
#include "geo/geo.h"

enum target { TARGET_US_EXCHANGE = 0, TARGET_CA_EXCHANGE };

const char *target_name(enum target target); /* "us-exchange", "ca-exchange" */
enum target target_of_side(enum side side);
enum side target_side(enum target target);

/* One thing that the derived message says otherwise than the source, or not at all. */
struct note {
    struct slice where; /* path in the source: "alert/info[1]/eventCode[2]" */
    const char *
        code; /* stable: "event-none", "geocode-dropped", ... listed in translate/notes.h; static */
    struct slice text; /* English, for a person */
};

struct notes {
    struct note *items;
    size_t count;
    size_t capacity;
};

/* Copies into the arena. After NOTES_MAX notes one `notes-more` is added and the rest is left out.
 */
enum { NOTES_MAX = 500 };
void notes_add(struct notes *notes, struct arena *arena, const char *code, const char *where,
               const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Whether a note of that code is there. */
bool notes_have(const struct notes *notes, const char *code);

struct trace;

struct translate_options {
    const struct geo *geo;       /* lent; NULL: no boundaries, geometry is copied and noted */
    struct slice derived_sender; /* the `sender` of derived messages: no blank, comma, `<` or `&` */
    double sliver_share;         /* units overlapped by less are noted, not coded (0.01) */
    struct trace *trace;         /* NULL, or what is to be filled (translate/trace.h) */
};

/* What a command line without configuration takes: a reserved name that nobody can own (RFC 2606),
 * and one percent. */
#define TRANSLATE_SENDER_DEFAULT "caprelay@relay.invalid"
#define TRANSLATE_SLIVER_SHARE_DEFAULT 0.01

/* One alert, and the referenced ones that are known: what a Cancel without info takes its infos
 * from. */
struct translate_input {
    const struct alert *alert;
    enum alert_class class; /* class of the bulletin, after the source's class */
    enum target target;
    const struct alert *const *referenced; /* newest first */
    size_t referenced_count;
    const struct digest *conflict; /* content digest where this is a conflict, else NULL */
};

struct translation {
    struct alert *derived; /* the model */
    struct slice xml;      /* the bytes */
    struct slice identifier;
    struct notes notes;
};

/* Everything is made in the arena; parts of the model are shared with the source alert. Fails only
 * with ERR_INVALID (what was given cannot be said in the target; the text names why) or ERR_LIMIT.
 */
enum err_code translate(const struct translate_options *options,
                        const struct translate_input *input, struct arena *arena,
                        struct translation *out, struct err *err);

/* Digest over all tables that translation reads; 16 hex digits, lent until the thread's next call.
 */
const char *translate_tables_version(void);

#endif
