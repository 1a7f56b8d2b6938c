/*
 * vtec: the event key of NWS products, /k.aaa.cccc.pp.s.####.yymmddThhnnZ-yymmddThhnnZ/ (NWS
 * Instruction 10-1703). Pure.
 */
#ifndef CAPRELAY_ALERT_VTEC_H
#define CAPRELAY_ALERT_VTEC_H

#include "alert/alert.h"

struct vtec {
    char product_class;  /* O operational, T test, E experimental, X experimental in operational */
    struct slice action; /* NEW, CON, EXT, ... */
    struct slice office; /* KCLE */
    struct slice phenomenon;
    struct slice significance;
    struct slice event_number; /* four digits */
    bool has_begin;            /* all zeros: already begun */
    bool has_end;              /* all zeros: until further notice */
    int64_t begin_s;
    int64_t end_s;
};

/* Slices are lent from the text. */
bool vtec_parse(struct slice text, struct vtec *out);
/* Whether a parameter of that name holds a VTEC. */
bool vtec_is_name(struct slice name);
/* Whether a parameter's value is VTECs and, where it is about a river, hydrologic ones (H-VTEC),
 * parted by white space, and nothing else. */
bool vtec_is_readable(struct slice value);
/* Where vtec_next() goes on; begins with {0}. */
struct vtec_walk {
    size_t parameter;
    struct slice rest; /* of the value of the parameter before that one */
};
/* The next readable VTEC among the parameters of an info, of which one may hold several. */
bool vtec_next(const struct cap_info *info, struct vtec_walk *walk, struct vtec *out);

/* What an action does to its event, by vtec_actions.tsv. */
enum vtec_effect {
    VTEC_GOES_ON = 0, /* NEW, CON, EXT, ...; an action that is in no table, too */
    VTEC_ENDS,        /* CAN, EXP */
    VTEC_REPLACED     /* UPG: this event ends because another takes its place */
};
enum vtec_effect vtec_effect(const struct vtec *vtec);

#endif
