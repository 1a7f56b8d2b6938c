/*
 * spool: where a settled file of a spool goes.
 */
#ifndef CAPRELAY_ADAPTERS_FILE_SPOOL_H
#define CAPRELAY_ADAPTERS_FILE_SPOOL_H

#include "base/err.h"

#define SPOOL_DONE "done"
#define SPOOL_REFUSED "refused"

/* Moves folder/PATH to folder/WHERE/PATH, making folders as needed. A name that is taken gets `.1`,
 * `.2`, ... behind it: nothing is overwritten. */
enum err_code spool_move(int folder_fd, const char *path, const char *where, struct err *err);

#endif
