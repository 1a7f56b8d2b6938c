/*
 * relayd_state: the folder for what the relay keeps, and the journal in it.
 *
 * Errors begin with the key that they are about, as relay_conf_place() takes it.
 */
#ifndef CAPRELAY_RELAYD_STATE_H
#define CAPRELAY_RELAYD_STATE_H

#include "conf/relay_conf.h"

/* Makes the folder where it is absent; refuses one that cannot be written to. */
enum err_code relayd_state_make(const struct relay_conf *conf, struct err *err);
/* Refuses what relayd_state_make() would, for the user who asks, and makes nothing. */
enum err_code relayd_state_check(const struct relay_conf *conf, struct err *err);
/* Refuses a journal that a start would, and a folder in which none could be made. Writes nothing;
 * a relay may be at work on it. */
enum err_code relayd_journal_check(const struct relay_conf *conf, struct err *err);
/* Refuses a path in whose folder no file can be made. */
enum err_code relayd_folder_check(const char *key, const char *path, struct err *err);
/* The key that says where the journal is: journal.path where it is given, else state_dir. */
const char *relayd_journal_key(const struct relay_conf *conf);

#endif
