/*
 * rules: the predicates of profile_rules.tsv, and what they share. Internal to the room.
 *
 * A row says what a rule is; the predicate of the same id says whether a message breaks it. A unit
 * test holds the two together, both ways.
 */
#ifndef CAPRELAY_PROFILE_RULES_H
#define CAPRELAY_PROFILE_RULES_H

#include "alert/alert.h"
#include "profile/profile.h"

enum rule_level { ON_ALERT = 0, ON_INFO, ON_AREA, ON_RESOURCE };

/* What a rule is held against. Below its level everything is NULL. */
struct subject {
    const struct alert *alert;
    const struct cap_info *info;
    const struct cap_area *area;
    const struct cap_resource *resource;
    enum profile_target target;
    /* What a predicate may set where it finds the rule broken: the offending value or element, and
     * its line. */
    struct slice found;
    unsigned line;
};

struct rule {
    const char *id; /* of a row of profile_rules.tsv */
    enum rule_level level;
    bool (*broken)(struct subject *subject);
};

struct rule_set {
    enum profile profile;
    const struct rule *rules;
    size_t count;
};

extern const struct rule_set rules_cap, rules_capcp, rules_ipaws, rules_broadcast, rules_nws,
    rules_eccc;
/* All of them, cap first. */
enum { RULE_SETS = 6 };
extern const struct rule_set *const rule_sets[RULE_SETS];

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Whether any of the characters occurs. */
bool text_has_any(struct slice text, const char *characters);
/* Characters, not bytes, of a UTF-8 text. */
size_t text_length(struct slice text);
/* The whole text, letter case aside. */
bool text_is_one_of(struct slice text, const char *const *list, size_t count);
/* The same with the letter case of Latin-1 aside too: "École" is "école". */
bool text_is_same_name(struct slice text, const char *name);
bool text_is_digits(struct slice text, size_t len);
bool texts_have_prefix(const struct cap_texts *texts, const char *prefix);

/* How many of the pairs have a name that begins so, letter case aside; with `whole` the name must
 * be that. */
size_t pairs_count(const struct cap_pairs *pairs, const char *name, bool whole);
/* The next pair from *position on whose name begins and ends so, letter case aside: names with a
 * version between. NULL where there is none. */
const struct cap_pair *pairs_next(const struct cap_pairs *pairs, size_t *position,
                                  const char *prefix, const char *suffix);
/* Sets what a subject shows; always true. */
bool found_pair(struct subject *subject, const struct cap_pair *pair);
bool found_text(struct subject *subject, struct slice text);

bool info_has_response(const struct cap_info *info, enum cap_response_type response);
/* The first row whose first cell is that code, letter case aside; false where there is none. */
bool table_row(const char *table, struct slice code, size_t *row);

/* Whether the info asks for one of the channels (EAS, NWEM, WEA; commas between): not blocked, and
 * with the parameters of that channel, or made for posting. */
bool info_wants_channel(const struct cap_info *info, enum profile_target target,
                        const char *channels);

/* What is wrong with a ring by the rules of IPAWS, or NULL. Looks at no ring of more points than
 * `points_max`: its time grows with the square. */
const char *ring_fault(const struct cap_polygon *polygon, size_t points_max);

/* The name of the first element in which two infos differ that may not between languages; NULL
 * where there is none. */
const char *infos_difference(const struct cap_info *a, const struct cap_info *b);

#endif
