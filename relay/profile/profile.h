/*
 * profile: which rules a message follows, who speaks, and whether it keeps the rules. Pure.
 */
#ifndef CAPRELAY_PROFILE_PROFILE_H
#define CAPRELAY_PROFILE_PROFILE_H

#include "alert/alert.h"

/* NWS and ECCC are not profiles of their own: the habits of one producer on top of IPAWS and of
 * CAP-CP. */
enum profile { PROFILE_CAP = 0, PROFILE_CAP_CP, PROFILE_IPAWS, PROFILE_NWS, PROFILE_ECCC };
enum { PROFILE_COUNT = PROFILE_ECCC + 1 };

const char *profile_name(enum profile profile); /* "cap", "cap-cp", "ipaws", "nws", "eccc" */
bool profile_from_name(const char *name, enum profile *out);

/* Whether messages of that profile are held to the rules of `part` too: all to cap, nws to ipaws,
 * eccc to cap-cp. */
bool profile_includes(enum profile profile, enum profile part);

/* cap, cap-cp or ipaws: by `code` (any case, profile:CAP-CP:<n> and IPAWSv<n>), else by event code,
 * geocode and parameter names, else by sender. */
enum profile profile_recognise(const struct alert *alert);
/* The same, and nws or eccc where one of these two speaks. */
enum profile profile_of_author(const struct alert *alert);

/* The country that a message comes from, told by profile, sender, event codes, geocode names;
 * SIDE_NONE where nothing tells. (What its shape tells is for the caller: geo_side_of().) */
enum side profile_side(const struct alert *alert);

/* Adds what breaks a rule of that profile, or of one that it includes, to the alert's findings.
 * Rules, severities and texts are rows of profile_rules.tsv; none is fatal, so none stops an alert.
 * A rule broken in many places gives four findings at most, the last one with the number of the
 * others; a rule that is among the findings already is not added again. Linear in the size of the
 * alert; embedded resources that have a digest are hashed. */
void profile_check(struct alert *alert, struct arena *arena, enum profile profile);
/* The profile that a rule's finding belongs to; false for what was found when reading. */
bool profile_of_rule(const char *rule, enum profile *out);

/* What a message made for an exchange is held to (the columns of profile_rules.tsv): with all
 * broadcast channels blocked, as in us-exchange, the rules of EAS, WEA and NWEM do not apply. */
enum profile_target {
    PROFILE_NO_TARGET = 0,
    PROFILE_US_EXCHANGE,
    PROFILE_CA_EXCHANGE,
    PROFILE_US_POST
};
const char *profile_target_name(enum profile_target target); /* "us-exchange", ...; "" for none */
enum profile_target profile_target_from_name(const char *name); /* PROFILE_NO_TARGET: unknown */
/* Adds what breaks a rule of the target. A derived message should have no finding of severity
 * warning. Works on a message as read and on a model that was never written. */
void profile_check_target(struct alert *alert, struct arena *arena, enum profile_target target);

/* A message of the relay's own making: a `code` or a sender with the relay's mark, or a derived
 * identifier. */
#define RELAY_MARK_CODE "caprelay:derived:1"
bool profile_is_loop(const struct alert *alert, struct slice own_sender);

#endif
