#include "publish/subs.h"

#include "base/map.h"
#include "base/mem.h"

#include <stdlib.h>

struct subs {
    struct map *topics; /* to size_t * */
    size_t uncounted;
};

struct subs *subs_create(void)
{
    struct subs *subs = mem_alloc(sizeof(*subs));

    subs->topics = map_create();
    return subs;
}

void subs_destroy(struct subs *subs)
{
    if (!subs)
        return;
    map_destroy(subs->topics, free);
    free(subs);
}

static void subs_add(struct subs *subs, struct slice topic)
{
    size_t *count = map_get(subs->topics, topic);

    if (count) {
        (*count)++;
        return;
    }
    if (topic.len > SUBS_TOPIC_BYTES_MAX || map_count(subs->topics) >= SUBS_TOPICS_MAX) {
        subs->uncounted++;
        return;
    }
    count = mem_alloc(sizeof(*count));
    *count = 1;
    map_put(subs->topics, topic, count);
}

static void subs_remove(struct subs *subs, struct slice topic)
{
    size_t *count = map_get(subs->topics, topic);

    if (!count) {
        if (subs->uncounted)
            subs->uncounted--;
        return;
    }
    if (--*count == 0)
        free(map_remove(subs->topics, topic));
}

void subs_take(struct subs *subs, struct slice message)
{
    struct slice topic = slice_sub(message, 1, message.len);

    if (!message.len)
        return;
    if (message.ptr[0] == 1)
        subs_add(subs, topic);
    else if (message.ptr[0] == 0)
        subs_remove(subs, topic);
}

void subs_each(const struct subs *subs, subs_fn each, void *context)
{
    size_t position = 0;
    struct slice topic;
    void *count;

    while (map_next(subs->topics, &position, &topic, &count))
        each(context, topic, *(size_t *)count);
}

size_t subs_uncounted(const struct subs *subs)
{
    return subs->uncounted;
}
