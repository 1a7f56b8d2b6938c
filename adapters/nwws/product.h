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
 * The processes that number their products, and how far each has come. A hole is a product that
 * the room did not bring.
 */
enum { PRODUCT_PROCESSES = 4 };
struct product_numbers {
    struct {
        uint64_t process, last;
        bool known;
    } items[PRODUCT_PROCESSES]; /* the latest first */
};

/* How many are missing between this one and the last of its process; 0 for the first of a process
 * and for what comes again. */
uint64_t product_numbers_missing(struct product_numbers *numbers, uint64_t process,
                                 uint64_t number);

#endif
