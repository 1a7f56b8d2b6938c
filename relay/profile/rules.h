/*
 * rules: rule tables and how they are run. Internal to the room.
 */
#ifndef CAPRELAY_PROFILE_RULES_H
#define CAPRELAY_PROFILE_RULES_H

#include "alert/alert.h"

/* `broken` says whether the alert, or that info or area of it, breaks the rule. */
struct alert_rule {
    const char *id;
    enum finding_severity severity;
    const char *where; /* below alert/, or "" */
    const char *text;
    bool (*broken)(const struct alert *alert);
};

struct info_rule {
    const char *id;
    enum finding_severity severity;
    const char *where; /* below alert/info[n]/, or "" */
    const char *text;
    bool (*broken)(const struct alert *alert, const struct cap_info *info);
};

struct area_rule {
    const char *id;
    enum finding_severity severity;
    const char *where; /* below alert/info[n]/area[n]/, or "" */
    const char *text;
    bool (*broken)(const struct alert *alert, const struct cap_area *area);
};

struct rule_set {
    const struct alert_rule *alert_rules;
    size_t alert_rule_count;
    const struct info_rule *info_rules;
    size_t info_rule_count;
    const struct area_rule *area_rules;
    size_t area_rule_count;
};

extern const struct rule_set rules_cap, rules_capcp, rules_ipaws;

/* Whether any of the characters occurs. */
bool text_has_any(struct slice text, const char *characters);
/* How many of the pairs have a name that begins so, letter case aside; with `whole` the name must
 * be that. */
size_t pairs_count(const struct cap_pairs *pairs, const char *name, bool whole);
bool texts_have_prefix(const struct cap_texts *texts, const char *prefix);

#endif
