/*
 * fields: what header fields of an answer say, as numbers (RFC 9110, RFC 9111). Pure.
 */
#ifndef CAPRELAY_HTTP_FIELDS_H
#define CAPRELAY_HTTP_FIELDS_H

#include "base/slice.h"

#include <stdint.h>

/* Retry-After: seconds or an HTTP date, as microseconds from `now_us` on, never negative; -1 where
 * absent or neither. */
int64_t http_retry_after_us(struct slice value, int64_t now_us);
/* An HTTP date (Date), as an instant; -1 where absent or none. */
int64_t http_date_us(struct slice value);
/* How long the answer stays fresh: `max-age` less `age`, at least 0; 0 for no-store and no-cache;
 * -1 where not said. */
int64_t http_max_age_us(struct slice cache_control, struct slice age);

#endif
