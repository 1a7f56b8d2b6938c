/*
 * scan: what has to be known of a document before libxml2 may see it. Internal to the room.
 */
#ifndef CAPRELAY_ALERT_SCAN_H
#define CAPRELAY_ALERT_SCAN_H

#include "base/slice.h"

enum { SCAN_ATTRIBUTES_MAX = 100, SCAN_FOREIGN_BYTES_MAX = 256 * 1024 };

/* The encoding that the XML declaration names, or the empty slice. */
struct slice scan_declared_encoding(struct slice bytes);

/* Whether markup is plain ASCII in these bytes, which the scan for attributes relies on. */
bool scan_is_ascii_based(struct slice bytes);

/*
 * Whether a start tag has more attributes than SCAN_ATTRIBUTES_MAX. libxml2 compares each with each
 * before it tells anyone: a tag of one megabyte takes it a minute.
 */
bool scan_has_too_many_attributes(struct slice bytes);

#endif
