/*
 * relayd_policy: a configuration's plain values as the rooms want them. Texts stay lent from the
 * configuration.
 */
#ifndef CAPRELAY_RELAYD_POLICY_H
#define CAPRELAY_RELAYD_POLICY_H

#include "conf/relay_conf.h"
#include "publish/access.h"
#include "route/policy.h"

/* Owns the rules' array; the texts in it are the configuration's, which must live longer. */
struct route_policy *relayd_policy_create(const struct relay_conf *conf);
/* Accepts NULL. */
void relayd_policy_destroy(struct route_policy *policy);

/* The allow-list; free() it. */
struct access_client *relayd_clients_create(const struct relay_conf *conf);

#endif
