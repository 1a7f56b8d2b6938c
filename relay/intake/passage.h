/*
 * passage: one alert on its way through the stages, and what they found out about it.
 *
 * Private to the room. It lives in the arena of its journal entry, as does all that it points to,
 * except what the intake's options and the source lend. A stage reads what earlier stages set and
 * sets its own part.
 */
#ifndef CAPRELAY_INTAKE_PASSAGE_H
#define CAPRELAY_INTAKE_PASSAGE_H

#include "dedup/chain.h"
#include "dedup/dedup.h"
#include "intake/intake.h"
#include "intake/verdict.h"
#include "profile/profile.h"
#include "route/border.h"
#include "seal/receipt.h"

/* One side that the alert may go to. */
struct leg {
    enum side side;
    struct border_answer border;
    struct translation translation;
    bool crosses; /* so far */
};

struct passage {
    /* lent */
    const struct intake_options *house;
    struct known *known;
    /* its texts are lent until the stages are through; tag and source are for the outcome */
    struct intake_delivery delivery;
    bool last; /* of its document */

    struct journal_entry *entry;
    struct arena *arena; /* the entry's */
    struct alert *alert; /* NULL where the document was not parsed */
    unsigned crashes;    /* how often the process died over this document */

    /* the decision */
    enum verdict verdict;
    struct slice reason;
    struct slice detail;
    struct bulletin_note *remarks;
    size_t remark_count;
    size_t remark_capacity;

    /* by stage */
    enum profile profile;     /* check */
    enum alert_class class;   /* origin; CLASS_NONE for System and Draft */
    bool has_identity;        /* origin */
    struct identity identity; /* origin */
    bool has_signature;       /* signature: somebody looked */
    struct origin signature;  /* signature */
    struct digest content;    /* dedup; of others at record */
    bool has_content;
    struct slice secondary_key;  /* dedup */
    struct identity *references; /* origin */
    size_t reference_count;
    struct dedup_answer dedup; /* dedup */
    struct chain chain;        /* chain: only for Update and Cancel */
    bool superseded; /* versions, chain: a later one, or an Update or Cancel, came first */
    bool has_area;   /* passage_area() */
    struct route_area area;
    enum side origin;                       /* sides; SIDE_NONE where nothing tells */
    struct leg legs[JOURNAL_BULLETINS_MAX]; /* sides */
    size_t leg_count;
};

/* Ends the way with that verdict; returns false, so that a stage can return it. Texts live as long
 * as the arena. */
bool passage_stop(struct passage *passage, enum verdict verdict, struct slice reason,
                  const char *detail_format, ...) __attribute__((format(printf, 4, 5)));
/* `code` is static. */
void passage_remark(struct passage *passage, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Where the alert is: made on the first call. */
const struct route_area *passage_area(struct passage *passage);
int64_t passage_now_s(const struct passage *passage);
/* Update and Cancel follow what they reference. */
bool passage_follows(const struct passage *passage);

/* The stages: false where one gave a verdict. */
bool stage_read(struct passage *passage);
bool stage_check(struct passage *passage);
bool stage_origin(struct passage *passage);
bool stage_loop(struct passage *passage);
bool stage_scope(struct passage *passage);
bool stage_class(struct passage *passage);
bool stage_signature(struct passage *passage);
bool stage_dedup(struct passage *passage);
bool stage_versions(struct passage *passage);
bool stage_grants(struct passage *passage);
bool stage_chain(struct passage *passage);
bool stage_sides(struct passage *passage);
bool stage_border(struct passage *passage);
bool stage_expiry(struct passage *passage);
bool stage_translate(struct passage *passage);
bool stage_record(struct passage *passage);

/* Whether the grants reach that far; the reason why not goes to *detail. Pure but for the arena. */
bool grants_cover_area(const struct intake_grants *grants, const struct geo *geo,
                       struct arena *arena, const struct route_area *area, struct slice *detail);

/* Which of the two has the better origin signature, in words; for the note on a conflict. */
struct slice signature_against(struct passage *passage, struct known_message *first);

/* Findings, remarks and notes of the translations as JSON, in the arena. */
struct slice notes_json(const struct passage *passage);

/* The receipt for an entry: signed by the key of its class. */
enum err_code receipt_make(const struct passage *passage, const struct key *actual_key,
                           const struct key *exercise_key, struct slice relay_name, int64_t time_us,
                           struct buf *out, struct err *err);

#endif
