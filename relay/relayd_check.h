/*
 * relayd_check: the files that a configuration names, before a start needs them.
 */
#ifndef CAPRELAY_RELAYD_CHECK_H
#define CAPRELAY_RELAYD_CHECK_H

#include "conf/relay_conf.h"

/* Opens and reads what a start would: keys and their list, boundaries, certificates, secrets,
 * folders of sources. Writes nothing and touches no network. The first fault of the keys, of the
 * boundaries, of the door, of the sources and of the outlets goes to stderr as a line each that
 * names the key and the file; false where there was one. */
bool relayd_check_files(const struct relay_conf *conf);

#endif
