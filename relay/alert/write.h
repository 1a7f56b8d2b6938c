/*
 * write: an alert to CAP 1.2 text.
 *
 * Pure and deterministic: the same alert gives the same bytes. UTF-8 with XML declaration, elements
 * in the order of the schema, characters that XML cannot carry left out. Validity depends on the
 * alert: what is mandatory must be there.
 */
#ifndef CAPRELAY_ALERT_WRITE_H
#define CAPRELAY_ALERT_WRITE_H

#include "alert/alert.h"
#include "base/buf.h"

void alert_write(const struct alert *alert, struct buf *out);

#endif
