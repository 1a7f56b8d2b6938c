/*
 * header: JSON as the relay signs it: dumped once, and from then on only bytes.
 */
#ifndef CAPRELAY_PUBLISH_HEADER_H
#define CAPRELAY_PUBLISH_HEADER_H

#include "base/buf.h"
#include "base/err.h"
#include "seal/json.h"
#include "seal/key.h"

/* What every header of the relay begins with: v, relay, key, class, time. The caller's. */
json_t *header_begin(struct slice relay_name, const struct key *key, enum alert_class class,
                     int64_t now_us);

/* Takes the object; appends header and signature as two parts of a packet. ERR_LIMIT where it is
 * too large for a header. */
enum err_code header_seal(json_t *object, const struct key *key, enum seal_kind kind,
                          struct buf *out, struct err *err);

#endif
