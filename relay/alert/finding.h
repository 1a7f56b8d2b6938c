/*
 * finding: one observation of a check.
 *
 * `rule` is a stable id (lower case, dots: `cap.sent.form`), found in the rule tables and in docs.
 * A fatal finding means that the alert cannot be relayed; nothing else stops one.
 */
#ifndef CAPRELAY_ALERT_FINDING_H
#define CAPRELAY_ALERT_FINDING_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdbool.h>

enum finding_severity { FINDING_NOTE = 0, FINDING_WARNING, FINDING_FATAL };

struct finding {
    const char *rule; /* static */
    enum finding_severity severity;
    struct slice where; /* path of the element: "alert/info[2]/area[1]/polygon" */
    unsigned line;      /* 1-based line of the received bytes; 0 unknown */
    struct slice text;
};

struct findings {
    struct finding *items;
    size_t count;
    size_t capacity;
    size_t left_out; /* counted in `findings.more` */
};

const char *finding_severity_name(enum finding_severity severity); /* "note", "warning", "fatal" */

/* Copies `where` and the text into the arena. After 200 findings one `findings.more` is added and
 * the rest is only counted there, except fatal ones, which are always added. */
void findings_add(struct findings *findings, struct arena *arena, const char *rule,
                  enum finding_severity severity, const char *where, unsigned line,
                  const char *format, ...) __attribute__((format(printf, 7, 8)));
bool findings_have_fatal(const struct findings *findings);
bool findings_have(const struct findings *findings, const char *rule);

#endif
