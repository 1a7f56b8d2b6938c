/*
 * internal: what the steps of one translation share. Only for relay/translate.
 *
 * A step reads the source, writes into the derived message that the steps before it have begun, and
 * notes what it could not carry. Steps know nothing of each other but their order (translate.c).
 */
#ifndef CAPRELAY_TRANSLATE_INTERNAL_H
#define CAPRELAY_TRANSLATE_INTERNAL_H

#include "translate/notes.h"
#include "translate/tables.h"
#include "translate/trace.h"
#include "translate/translate.h"

/* A name that was looked up. */
struct name_memo {
    const char *element; /* NULL: nothing here yet */
    struct slice name;
    struct name_rule rule;
};
enum { NAME_MEMO_COUNT = 32 };

struct work {
    const struct translate_options *options;
    const struct translate_input *input;
    const struct alert *source;
    struct arena *arena;
    struct notes *notes;
    struct trace *trace; /* NULL where nobody asked for it */
    struct alert *derived;

    /* The infos that are translated: the source's, or those of what a Cancel without info cancels.
     * derived->infos[i] comes from infos[i] until the generated infos join them. */
    const struct cap_info *const *infos;
    size_t info_count;

    struct slice
        capcp_event; /* CAP-CP event code of the message, given or found by table; may be absent */
    struct slice
        event_class; /* warning, watch, advisory, statement, ... of the message; may be absent */
    bool without_generated;  /* the message would grow past what can be relayed */
    size_t covered_areas;    /* by geometry, so far */
    size_t drawn_points;     /* of the shapes of geocodes, so far */
    struct geo_ready *ready; /* step_areas': the shape that is looked at, its memory for the next */
    struct name_memo names[NAME_MEMO_COUNT]; /* see work_name_rule() */
    bool region_offset_known;                /* see offset_of_region() */
    int region_offset_min;
};

/* Steps, in the order of translate.c. */
enum err_code step_check(struct work *work, struct err *err);
enum err_code step_choose_infos(struct work *work, struct err *err);
enum err_code step_message(struct work *work, struct err *err);
enum err_code step_references(struct work *work, struct err *err);
enum err_code step_infos(struct work *work, struct err *err);
enum err_code step_languages(struct work *work, struct err *err);
enum err_code step_events(struct work *work, struct err *err);
enum err_code step_areas(struct work *work, struct err *err);
enum err_code step_parameters(struct work *work, struct err *err);
enum err_code step_resources(struct work *work, struct err *err);
enum err_code step_times(struct work *work, struct err *err);
enum err_code step_generate(struct work *work, struct err *err);

static inline bool work_to_us(const struct work *work)
{
    return work->input->target == TARGET_US_EXCHANGE;
}

/* The language that the relay makes infos in where the source has none. */
static inline enum words work_words(const struct work *work)
{
    return work_to_us(work) ? WORDS_ENGLISH : WORDS_FRENCH;
}

/* table_name_rule() for the target. The same dozen names come with each info and each area, and
 * each is held against all patterns only once. `element` is a literal. */
struct name_rule work_name_rule(struct work *work, const char *element, struct slice name);

/* "alert/info[N]/ELEMENT" with N counted from 1; element NULL for the info itself. In the arena. */
const char *path_info(struct work *work, size_t info, const char *element);
/* "alert/info[N]/ELEMENT[M]" */
const char *path_item(struct work *work, size_t info, const char *element, size_t item);
/* "alert/info[N]/area[M]/ELEMENT" */
const char *path_area(struct work *work, size_t info, size_t area, const char *element);

/* Whether an Update or Alert that ends its event becomes a Cancel for the target, and the notes on
 * endings (ending.c). Called once infos are chosen. */
enum cap_msg_type ending_msg_type(struct work *work);
/* An info that ends by VTEC alone says so in CAP's own words too. */
void ending_mark_info(struct work *work, size_t info);

/* Triples "sender,identifier,sent" parted by white space, each by derived identity, in their order;
 * what is no readable triple stays as it is and is noted at `path`. */
struct slice references_rewrite(struct work *work, struct slice text, const char *path);

/* Warning, watch, advisory, statement, ... of one info; absent where nothing tells (event_class.c).
 */
struct event_class {
    struct slice name;
    const char *by; /* what told it; static */
};
struct event_class event_class_of(struct work *work, const struct cap_info *info);
/* "TOW": phenomenon and significance of the VTEC that leads the info, one that goes on before one
 * that ends. Absent where there is none. */
struct vtec;
bool vtec_leading(const struct cap_info *info, struct vtec *out);
struct slice vtec_key(struct work *work, const struct cap_info *info);

/* eventCodes and parameters without a name, and eventCodes without a value, say nothing and are
 * left out first. */
static inline bool pair_is_given(const struct cap_pair *pair, bool needs_value)
{
    return !slice_is_empty(pair->name) && !(needs_value && slice_is_empty(pair->value));
}
/* The path in the source of the pair that stands at `kept` (from 0) without those. `element` is
 * "eventCode" or "parameter". */
const char *path_kept(struct work *work, size_t info, const char *element, size_t kept);

/* Environment and Climate Change Canada, told by its layer code. */
bool source_is_eccc(const struct work *work);

/* A list that grows in the arena. */
struct pair_list {
    struct cap_pairs pairs;
    size_t capacity;
};
void pair_list_add(struct work *work, struct pair_list *list, struct slice name,
                   struct slice value);
/* Left out where the same name and value are there. */
void pair_list_add_once(struct work *work, struct pair_list *list, struct slice name,
                        struct slice value);

/* Forms that the schema asks for (text.c). */
bool text_is_uri(struct slice text); /* anyURI, stricter than the standard */
/* The same with what a URI cannot hold percent-encoded; absent where that does not help. */
struct slice text_make_uri(struct arena *arena, struct slice text);
/* Makes it a URI or absent, and notes which. */
void uri_correct(struct work *work, struct slice *uri, const char *path);
bool text_is_integer(struct slice text); /* xs:integer */
bool text_is_decimal(struct slice text); /* xs:decimal */
bool text_is_language(struct slice text);
bool text_is_sender(struct slice text); /* no blank, comma, '<', '&' */
/* At most `max` bytes for a note, cut at a character's border. */
struct slice text_short(struct slice text, size_t max);

/* What that area is called in the target's language by its codes, with the source's areaDesc behind
 * it; absent where one of the codes has no name, and then the areaDesc stays as it is. Both counted
 * from 0, the info as in work->infos. */
struct slice area_desc_generated(struct work *work, size_t info, size_t area);

/* The union of all shapes of an info's areas. */
struct geo_shape areas_shape(struct work *work, const struct cap_info *info);
/* Minutes east of UTC that replace an all-zero offset. */
int offset_of_region(struct work *work);

#endif
