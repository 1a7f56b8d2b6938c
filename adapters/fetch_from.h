/*
 * fetch_from: what the address of a file that somebody else names must begin with. Pure.
 *
 * A list or an announcement could lead the relay anywhere, also into the operator's own network.
 */
#ifndef CAPRELAY_ADAPTERS_FETCH_FROM_H
#define CAPRELAY_ADAPTERS_FETCH_FROM_H

#include "base/err.h"
#include "conf/conf.h"

/* For `.check` of a row with a struct conf_texts: refuses one that is no URL, or ends without a
 * slash. */
enum err_code fetch_from_check(const void *value, struct err *err);
bool fetch_from_has(struct conf_texts prefixes, struct slice url);

#endif
