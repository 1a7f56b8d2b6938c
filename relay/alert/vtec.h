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
/* The next VTEC among the parameters of an info; start with *position = 0. */
bool vtec_next(const struct cap_info *info, size_t *position, struct vtec *out);

#endif
