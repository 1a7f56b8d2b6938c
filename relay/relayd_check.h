/*
 * relayd_check: all that is wrong with a configuration, before anything is started.
 */
#ifndef CAPRELAY_RELAYD_CHECK_H
#define CAPRELAY_RELAYD_CHECK_H

#include "conf/relay_conf.h"

/* Reads and checks a configuration whole. Each mistake goes to stderr as a line of its own with
 * file, line, key, what is wrong and what would be right, in the order of the file; false where
 * there was one, and then *out is NULL. With `files` also what only a start touches is looked at:
 * keys and their list, boundaries, state_dir and the journal, certificates, secrets, folders of
 * sources, addresses to listen at. Writes nothing, sends nothing, and may be run beside a relay. */
bool relayd_inspect(const char *path, bool files, const struct relay_conf **out);

#endif
