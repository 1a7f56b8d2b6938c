/*
 * product: a text product of the US National Weather Service, as the NOAAPort and NWWS carry it.
 * Pure.
 *
 *   SOH CR CR LF
 *   006 CR CR LF                    a number of the line, or nothing
 *   XOUS52 KWBC 292141 CR CR LF     WMO heading: TTAAii CCCC DDHHMM, and BBB for corrections
 *   CAPCAE CR CR LF                 AWIPS id: product and station
 *   text ... CR CR LF
 *   ETX
 *
 * NWWS-OI puts it into XML, where SOH and ETX cannot be and each CR CR LF has become LF LF; both
 * forms, and whatever lies between, are read. A CAP alert is the text of a product of its own.
 */
#ifndef CAPRELAY_ADAPTERS_NWWS_PRODUCT_H
#define CAPRELAY_ADAPTERS_NWWS_PRODUCT_H

#include "base/slice.h"

#include <stdint.h>

/* Slices of the text; absent where there is no such line. */
struct product {
    struct slice heading;
    struct slice awips_id; /* without the blanks that fill it up */
    struct slice text;     /* what follows, to the end, without white space and ETX around it */
    struct slice markup;   /* of that: from the first < to the last >; absent: there is none */
};

struct product product_read(struct slice bytes);

/* Whether the markup is a CAP alert, or what is left of one. */
bool product_has_alert(const struct product *product);

/* What NWWS-OI calls a product: "PROCESS.NUMBER". */
bool product_number_read(struct slice id, uint64_t *process, uint64_t *number);

/*
 * How far the numbers have come. A hole is a product that the room did not bring.
 *
 * Whoever may speak in the room can call a product what he likes, and a number far ahead must not
 * make all that follows look old. So each run of numbers is followed by itself, whichever other
 * ones there are beside it, of the same process too: a number belongs to the nearest run that it is
 * ahead of. A few are kept: a new one takes the place of the one that said least, so that who makes
 * up many does not make a run forgotten that has come far, and its next hole with it. One that
 * began a moment ago, or outdone by all the others, still can be; against that only the option
 * `speaker` helps.
 */
enum {
    PRODUCT_RUNS = 8,
    /* So many numbers of others later, what a run has said counts no more: it may have ended. */
    PRODUCT_SILENT = 10000,
    /* What is farther away than that, ahead or behind, is no hole that could be counted. */
    PRODUCT_NEAR = 100000
};
struct product_numbers {
    struct product_run {
        uint64_t process, last;
        uint64_t said, heard; /* how many numbers; `noted` at the latest */
        bool known;
    } runs[PRODUCT_RUNS]; /* the latest first */
    uint64_t noted;       /* numbers, of all runs */
};

struct product_hole {
    uint64_t missing; /* between this one and the last of its run */
    /* The process is known, but by no number near this one: after a long outage, or the process
     * counts anew, or somebody made it up. True for the first of such a run alone. */
    bool jumped;
};

/* No hole at the first of a process, and at what comes again. `repeat`: it is of the room's
 * history, where what came before comes again. */
struct product_hole product_numbers_note(struct product_numbers *numbers, uint64_t process,
                                         uint64_t number, bool repeat);

#endif
