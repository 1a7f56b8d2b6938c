/* How many connections an address begins: each costs a handshake on the loop's thread. */
#include "httpd/internal.h"

#include <netinet/in.h>
#include <string.h>

static struct httpd_address key_of(const struct sockaddr *address)
{
    struct httpd_address key = {.v6 = address->sa_family == AF_INET6};
    const struct sockaddr_in *v4 = (const void *)address;
    const struct sockaddr_in6 *v6 = (const void *)address;
    bool mapped = key.v6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
    if (mapped)
        memcpy(key.bytes, v6->sin6_addr.s6_addr + 12, 4);
    else if (key.v6)
        memcpy(key.bytes, v6->sin6_addr.s6_addr, 8);
    else
        memcpy(key.bytes, &v4->sin_addr, 4);
    key.v6 = key.v6 && !mapped;
    return key;
}

static struct httpd_address *find(struct httpd_rate *rate, const struct httpd_address *key)
{
    for (size_t i = 0; i < rate->count; i++)
        if (rate->addresses[i].v6 == key->v6 &&
            memcmp(rate->addresses[i].bytes, key->bytes, sizeof key->bytes) == 0)
            return &rate->addresses[i];
    if (rate->count == HTTPD_ADDRESSES_MAX)
        return NULL;
    rate->addresses[rate->count] = *key;
    return &rate->addresses[rate->count++];
}

bool httpd_rate_take(struct httpd *httpd, const struct sockaddr *address)
{
    struct httpd_rate *rate = &httpd->rate;
    if (!httpd->options.per_second ||
        (address->sa_family != AF_INET && address->sa_family != AF_INET6))
        return true;
    struct httpd_address key = key_of(address), *found = find(rate, &key);
    if (found && found->begun >= httpd->options.per_second_at_once) {
        rate->turned_away++;
        return false;
    }
    if (found)
        found->begun++;
    return true;
}

void httpd_rate_forget(struct httpd *httpd)
{
    struct httpd_rate *rate = &httpd->rate;
    for (size_t i = 0; i < rate->count;) {
        struct httpd_address *address = &rate->addresses[i];
        if (address->begun > httpd->options.per_second) {
            address->begun -= httpd->options.per_second;
            i++;
        } else {
            *address = rate->addresses[--rate->count];
        }
    }
}

uint64_t httpd_turned_away(struct httpd *httpd)
{
    uint64_t count = httpd->rate.turned_away;
    httpd->rate.turned_away = 0;
    return count;
}
