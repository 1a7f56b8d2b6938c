/*
 * alert: one CAP message as parsed, immutable after alert_parse().
 *
 * Element names are CAP 1.2's (OASIS CAP-v1.2); what 1.0 and 1.1 name or allow otherwise is brought
 * to these when read (1.0 `password` is dropped, `Very Likely` is Likely, missing scope in 1.0 is
 * Public).
 *
 * Texts are UTF-8, trimmed of XML white space at both ends; an element that is empty or absent is
 * {NULL, 0}. All memory is in the arena that the alert was parsed into. Optional code values have a
 * *_NONE of 0.
 */
#ifndef CAPRELAY_ALERT_ALERT_H
#define CAPRELAY_ALERT_ALERT_H

#include "alert/finding.h"
#include "base/arena.h"
#include "base/digest.h"
#include "base/slice.h"

#include <stdint.h>

enum cap_version { CAP_VERSION_UNKNOWN = 0, CAP_1_0, CAP_1_1, CAP_1_2 };
enum cap_status {
    STATUS_NONE = 0,
    STATUS_ACTUAL,
    STATUS_EXERCISE,
    STATUS_SYSTEM,
    STATUS_TEST,
    STATUS_DRAFT
};
enum cap_msg_type {
    MSG_TYPE_NONE = 0,
    MSG_TYPE_ALERT,
    MSG_TYPE_UPDATE,
    MSG_TYPE_CANCEL,
    MSG_TYPE_ACK,
    MSG_TYPE_ERROR
};
enum cap_scope { SCOPE_NONE = 0, SCOPE_PUBLIC, SCOPE_RESTRICTED, SCOPE_PRIVATE };
enum cap_category {
    CATEGORY_NONE = 0,
    CATEGORY_GEO,
    CATEGORY_MET,
    CATEGORY_SAFETY,
    CATEGORY_SECURITY,
    CATEGORY_RESCUE,
    CATEGORY_FIRE,
    CATEGORY_HEALTH,
    CATEGORY_ENV,
    CATEGORY_TRANSPORT,
    CATEGORY_INFRA,
    CATEGORY_CBRNE,
    CATEGORY_OTHER
};
enum cap_response_type {
    RESPONSE_NONE_GIVEN = 0,
    RESPONSE_SHELTER,
    RESPONSE_EVACUATE,
    RESPONSE_PREPARE,
    RESPONSE_EXECUTE,
    RESPONSE_AVOID,
    RESPONSE_MONITOR,
    RESPONSE_ASSESS,
    RESPONSE_ALL_CLEAR,
    RESPONSE_NONE
};
/* In each of the three a smaller value is the stronger one; Unknown is the weakest. */
enum cap_urgency {
    URGENCY_NONE = 0,
    URGENCY_IMMEDIATE,
    URGENCY_EXPECTED,
    URGENCY_FUTURE,
    URGENCY_PAST,
    URGENCY_UNKNOWN
};
enum cap_severity {
    SEVERITY_NONE = 0,
    SEVERITY_EXTREME,
    SEVERITY_SEVERE,
    SEVERITY_MODERATE,
    SEVERITY_MINOR,
    SEVERITY_UNKNOWN
};
enum cap_certainty {
    CERTAINTY_NONE = 0,
    CERTAINTY_OBSERVED,
    CERTAINTY_LIKELY,
    CERTAINTY_POSSIBLE,
    CERTAINTY_UNLIKELY,
    CERTAINTY_UNKNOWN
};

/* semantics: Actual is `actual`, Exercise and Test are `exercise`; System and Draft are never
 * published. */
enum alert_class { CLASS_NONE = 0, CLASS_ACTUAL, CLASS_EXERCISE };
/* Whose subscribers, or whose authority. */
enum side { SIDE_NONE = 0, SIDE_CA, SIDE_US };

enum alert_kind { KIND_ALERT = 0, KIND_HEARTBEAT, KIND_UNREADABLE };

/* What the alert was found as. The nearest wrapper counts. */
enum alert_form {
    FORM_CAP = 0,   /* the document is the alert */
    FORM_WRAPPED,   /* CAP in a wrapper that says nothing to us */
    FORM_EDXL_DE,   /* CAP in an EDXL-DE envelope */
    FORM_ATOM,      /* CAP in an Atom entry */
    FORM_ATOM_ENTRY /* no CAP: incident information made from what the entry says (incident.h) */
};

struct cap_time {
    int64_t utc_s;     /* the instant */
    int offset_min;    /* minutes east of UTC as written */
    bool set;          /* false: absent or unreadable (then text may still be there) */
    struct slice text; /* as written */
};

/* valueName and value of eventCode, parameter and geocode. */
struct cap_pair {
    struct slice name;
    struct slice value;
    unsigned line;
};

struct cap_pairs {
    struct cap_pair *items;
    size_t count;
};

struct cap_texts {
    struct slice *items;
    size_t count;
};

struct cap_point {
    double lat; /* degrees, WGS 84 */
    double lon;
};

/* A ring as written; the last point repeats the first where the source closed it. */
struct cap_polygon {
    struct cap_point *points;
    size_t count;
    struct slice text;
    unsigned line;
};

struct cap_circle {
    struct cap_point centre;
    double radius_km;
    struct slice text;
    unsigned line;
};

struct cap_area {
    struct slice area_desc;
    struct cap_polygon *polygons;
    size_t polygon_count; /* readable ones only; the others are findings */
    struct cap_circle *circles;
    size_t circle_count;
    struct cap_pairs geocodes;
    struct slice altitude; /* feet above mean sea level, as written */
    struct slice ceiling;
    unsigned unreadable_shapes; /* polygons and circles that were left out */
    unsigned line;
};

/* What a resource's digest turns out to be over (resource.h). */
enum digest_reading {
    DIGEST_NOT_READ = 0, /* nobody has looked yet: the model was not made by parser_read() */
    DIGEST_ABSENT,       /* no digest */
    DIGEST_OF_BYTES,     /* over the decoded content, as CAP means it */
    DIGEST_OF_BASE64,    /* over the base64 text, as written or without its white space */
    DIGEST_MISMATCH,     /* over neither, or no 40 hex digits */
    DIGEST_UNCHECKED     /* nothing embedded, or SHA-1 is not to be had on this machine */
};

struct cap_resource {
    struct slice resource_desc;
    struct slice mime_type;
    struct slice size; /* bytes, as written */
    struct slice uri;
    struct slice deref_uri; /* base64 text */
    struct slice digest;    /* SHA-1, hex, as written */
    enum digest_reading digest_reading;
    unsigned line;
};

struct cap_info {
    struct slice language; /* as written; absent means en-US by the standard */
    enum cap_category *categories;
    size_t category_count;
    struct slice event;
    enum cap_response_type *response_types;
    size_t response_type_count;
    enum cap_urgency urgency;
    enum cap_severity severity;
    enum cap_certainty certainty;
    struct slice audience;
    struct cap_pairs event_codes;
    struct cap_time effective;
    struct cap_time onset;
    struct cap_time expires;
    struct slice sender_name;
    struct slice headline;
    struct slice description;
    struct slice instruction;
    struct slice web;
    struct slice contact;
    struct cap_pairs parameters;
    struct cap_resource *resources;
    size_t resource_count;
    struct cap_area *areas;
    size_t area_count;
    unsigned line;
};

struct cap_reference {
    struct slice sender;
    struct slice identifier;
    struct cap_time sent;
};

struct alert {
    enum cap_version version; /* unknown for FORM_ATOM_ENTRY */
    enum alert_form form;
    enum alert_kind kind;
    bool schema_valid; /* of the received bytes, by the schema of its version */
    bool repaired;     /* read from a repaired copy; the findings say how */
    bool relayable;    /* readable and without fatal finding */

    struct slice identifier;
    struct slice sender;
    struct cap_time sent;
    enum cap_status status; /* the lower of the alert's own and its wrappers' */
    enum cap_msg_type msg_type;
    enum cap_scope scope; /* Restricted where a wrapper is confidential */
    struct slice source;
    struct slice restriction;
    struct cap_texts addresses; /* quotes taken off */
    struct cap_texts codes;
    struct slice note;
    struct cap_reference *references;
    size_t reference_count;
    struct cap_texts incidents; /* quotes taken off */
    struct cap_info *infos;
    size_t info_count;
    unsigned signature_count; /* XML-DSig elements inside */
    /* A signed alert that came in a wrapper, as a document of its own, in UTF-8: what its signature
     * can be over. Absent for all others. */
    struct slice detached;
    bool reworded; /* the wrapper changed its status, its scope or its area */

    struct findings findings;
    unsigned line;
};

/* The standard's spelling, or "" for *_NONE. Lent for ever. */
const char *cap_status_name(enum cap_status status);
const char *cap_msg_type_name(enum cap_msg_type type);
const char *cap_scope_name(enum cap_scope scope);
const char *cap_category_name(enum cap_category category);
const char *cap_response_type_name(enum cap_response_type type);
const char *cap_urgency_name(enum cap_urgency urgency);
const char *cap_severity_name(enum cap_severity severity);
const char *cap_certainty_name(enum cap_certainty certainty);
const char *cap_version_name(enum cap_version version); /* "1.2"; "" where unknown */
const char *alert_class_name(enum alert_class class);   /* "actual", "exercise", "" */
/* "cap", "wrapped", "edxl-de", "atom", "atom-entry" */
const char *alert_form_name(enum alert_form form);
const char *side_name(enum side side); /* "ca", "us", "" */
enum alert_class alert_class_from_name(struct slice name);
enum side side_from_name(struct slice name);
enum side side_other(enum side side);

/* Class by status alone; CLASS_NONE for System, Draft and none. */
enum alert_class alert_class_of_status(enum cap_status status);

/* The first value of that name (compared without case), or {NULL, 0}. */
struct slice cap_pairs_find(const struct cap_pairs *pairs, const char *name);

/* CAP's form (2026-04-15T20:51:47-00:00); sets `set`, or leaves only `text`. */
struct cap_time cap_time_parse(struct slice text);
/* The same, and also `Z`, fractions of a second and a missing offset (UTC): for parameters such as
 * Event_End_Time. */
struct cap_time cap_time_parse_lenient(struct slice text);
/* CAP's form at that offset, written to out; zero is written -00:00. */
enum { CAP_TIME_TEXT_MAX = 64 };
struct slice cap_time_format(int64_t utc_s, int offset_min, char out[CAP_TIME_TEXT_MAX]);
/* The same as a time, with its text in the arena. */
struct cap_time cap_time_make(struct arena *arena, int64_t utc_s, int offset_min);

#endif
