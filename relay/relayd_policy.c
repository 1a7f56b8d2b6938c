#include "relayd_policy.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

_Static_assert((int)RELAY_CONF_KEY_BYTES == (int)KEY_PUBLIC_BYTES,
               "a configured key is a public key");

static struct route_rule relayd_rule(const struct relay_conf_rule *rule)
{
    return (struct route_rule){
        .name = rule->name,
        .relay = rule->relay != 0,
        .status = (enum cap_status)rule->status,
        .to = (enum side)rule->to,
        .events = rule->events.items,
        .event_count = rule->events.count,
        .severity_at_least = (enum cap_severity)rule->severity_at_least,
        .severity_at_most = (enum cap_severity)rule->severity_at_most,
        .sources = rule->sources.items,
        .source_count = rule->sources.count,
        .within_km = rule->within_km,
        .beyond_km = rule->beyond_km,
    };
}

struct route_policy *relayd_policy_create(const struct relay_conf *conf)
{
    struct route_policy *policy = mem_alloc(sizeof(*policy));
    struct route_rule *rules = mem_alloc_array(conf->rules.count, sizeof(*rules));

    for (size_t i = 0; i < conf->rules.count; i++)
        rules[i] = relayd_rule(relay_conf_rule_at(conf, i));
    policy->border_filter = conf->border.filter;
    policy->within_km = conf->border.within_km;
    policy->rules = rules;
    policy->rule_count = conf->rules.count;
    return policy;
}

void relayd_policy_destroy(struct route_policy *policy)
{
    if (!policy)
        return;
    free((void *)policy->rules);
    free(policy);
}

struct access_client *relayd_clients_create(const struct relay_conf *conf)
{
    size_t count = conf->access.key_count;
    struct access_client *clients = mem_alloc_array(count, sizeof(*clients));

    for (size_t i = 0; i < count; i++)
        memcpy(clients[i].public_key, conf->access.keys[i], KEY_PUBLIC_BYTES);
    return clients;
}
