/*
 * resource: what a resource's digest and size say of its embedded content.
 *
 * CAP means SHA-1 over the content; Canada's NAADS computes it over the base64 text inside derefUri
 * (measured on all five embedded resources of recorded messages). Both are right here, hex digits
 * in either case. A linked resource cannot be checked: nothing is ever fetched.
 *
 * Pure; safe from any thread. Reads all of the embedded text: milliseconds for a megabyte.
 */
#ifndef CAPRELAY_ALERT_RESOURCE_H
#define CAPRELAY_ALERT_RESOURCE_H

#include "alert/alert.h"

/* Never DIGEST_NOT_READ. The resource's own digest_reading where that is known, for the text may be
 * megabytes and several rooms ask; whoever changes a digest sets it back to DIGEST_NOT_READ. */
enum digest_reading resource_digest(const struct cap_resource *resource);
/* "absent", "bytes", "base64", "mismatch", "unchecked". Lent for ever. */
const char *digest_reading_name(enum digest_reading reading);

/* What is embedded: decoded bytes, and their SHA-1. False where nothing is or it is no base64. */
struct embedded {
    size_t bytes;
    char sha1[41]; /* lower-case hex; "" where SHA-1 is not to be had */
};
bool resource_embedded(const struct cap_resource *resource, struct embedded *out);

#endif
