/*
 * secret: the file that an option names, with a password, a token or a key that both sides share.
 *
 * Blocks for as long as the disk takes: for starting, not for the loop's turns. The caller wipes
 * `out` (explicit_bzero) when it is done.
 */
#ifndef CAPRELAY_CONF_SECRET_H
#define CAPRELAY_CONF_SECRET_H

#include "base/err.h"
#include "base/slice.h"

enum { CONF_SECRET_BYTES = 1024 };

/* The file's bytes without the white space around them, as text: printable ASCII without blanks,
 * `min` bytes at least. A file that others than its owner and group may read is refused. Errors
 * name the file and never what is in it. */
enum err_code conf_secret_read(struct slice path, size_t min, char out[CONF_SECRET_BYTES + 1],
                               struct err *err);

#endif
