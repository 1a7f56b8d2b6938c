/*
 * profile: which rules a message follows, who speaks, and whether it keeps the rules. Pure.
 */
#ifndef CAPRELAY_PROFILE_PROFILE_H
#define CAPRELAY_PROFILE_PROFILE_H

#include "alert/alert.h"

enum profile { PROFILE_CAP = 0, PROFILE_CAP_CP, PROFILE_IPAWS };

const char *profile_name(enum profile profile); /* "cap", "cap-cp", "ipaws" */

/* By `code` (any case, profile:CAP-CP:<n> and IPAWSv<n>), else by event code, geocode and parameter
 * names, else by sender. */
enum profile profile_recognise(const struct alert *alert);

/* The country that a message comes from, told by profile, sender, event codes, geocode names;
 * SIDE_NONE where nothing tells. (What its shape tells is for the caller: geo_side_of().) */
enum side profile_side(const struct alert *alert);

/* Adds the profile's findings to the alert's; none of them is fatal. */
void profile_check(struct alert *alert, struct arena *arena, enum profile profile);

/* A message of the relay's own making: a `code` or a sender with the relay's mark, or a derived
 * identifier. */
#define RELAY_MARK_CODE "caprelay:derived:1"
bool profile_is_loop(const struct alert *alert, struct slice own_sender);

#endif
