#include "message.h"

#include "alert/alert.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"

#include <stdio.h>
#include <stdlib.h>

struct place {
    const char *name;
    const char *polygon;
};

/* Small squares, well inside what they are called after. */
static const struct place places[] = {
    {"st-stephen",
     "45.15,-67.30 45.25,-67.30 45.25,-67.20 45.15,-67.20 45.15,-67.30"}, /* NB, 3 km from ME */
    {"st-george",
     "45.12,-66.85 45.16,-66.85 45.16,-66.81 45.12,-66.81 45.12,-66.85"}, /* NB, 12 km from ME */
    {"houlton", "46.10,-67.90 46.18,-67.90 46.18,-67.82 46.10,-67.82 46.10,-67.90"}, /* ME, by NB */
    {"pittsburg",
     "45.03,-71.45 45.10,-71.45 45.10,-71.35 45.03,-71.35 45.03,-71.45"}, /* NH, by QC */
    {"coaticook",
     "45.05,-71.60 45.20,-71.60 45.20,-71.35 45.05,-71.35 45.05,-71.60"}, /* QC, by NH and VT */
    {"megantic",
     "45.30,-71.20 45.60,-71.20 45.60,-70.60 45.30,-70.60 45.30,-71.20"}, /* QC, by ME and NH */
    {"edmonton",
     "53.50,-113.55 53.60,-113.55 53.60,-113.45 53.50,-113.45 53.50,-113.55"},       /* AB, far */
    {"abilene", "32.40,-99.80 32.50,-99.80 32.50,-99.70 32.40,-99.70 32.40,-99.80"}, /* TX, far */
    {"bangor", "44.78,-68.80 44.82,-68.80 44.82,-68.74 44.78,-68.74 44.78,-68.80"},  /* ME, some 110
                                                                                        km from NB */
    {"mid-atlantic", "30.00,-40.00 30.10,-40.00 30.10,-39.90 30.00,-39.90 30.00,-40.00"},
};

struct message *message_find(struct messages *messages, const char *name)
{
    for (size_t i = 0; i < messages->count; i++)
        if (strcmp(messages->items[i].name, name) == 0)
            return &messages->items[i];
    return NULL;
}

bool message_time(const char *text, int64_t now_s, int64_t *out)
{
    char unit = 0;
    long long amount;
    if ((*text == '+' || *text == '-') && sscanf(text, "%lld%c", &amount, &unit) == 2) {
        long long scale = unit == 'h' ? 3600 : unit == 'm' ? 60 : unit == 'd' ? 86400 : 1;
        *out = now_s + amount * scale;
        return true;
    }
    struct cap_time time = cap_time_parse_lenient(slice_from_cstr(text));
    *out = time.utc_s;
    return time.set;
}

/* --- keys --- */

static const char *value_of(const char *word, const char *key)
{
    size_t len = strlen(key);
    return strncmp(word, key, len) == 0 && word[len] == '=' ? word + len + 1 : NULL;
}

/* The last one wins, so that `like` can be overridden. */
static const char *last_value(const struct message *message, const char *key, const char *otherwise)
{
    for (size_t i = message->word_count; i-- > 0;) {
        const char *value = value_of(message->words[i], key);
        if (value)
            return value;
    }
    return otherwise;
}

/* --- writing --- */

struct composer {
    struct messages *messages;
    const struct message *message;
    struct buf out;
    int64_t now_s;
    const char *fault;
};

static void element(struct composer *composer, const char *name, const char *value)
{
    const char *gap = last_value(composer->message, "pretty", NULL) ? "\n   " : "";
    if (value && *value)
        buf_printf(&composer->out, "%s<%s>%s%s%s</%s>", gap, name, gap, value, gap, name);
}

static const char *time_text(struct composer *composer, const char *value)
{
    if (!value || (*value != '+' && *value != '-'))
        return value;
    int64_t at_s = 0;
    if (!message_time(value, composer->now_s, &at_s))
        composer->fault = "a time that is none";
    return cap_time_make(composer->messages->arena, at_s, 0).text.ptr;
}

static void element_time(struct composer *composer, const char *name, const char *otherwise)
{
    element(composer, name, time_text(composer, last_value(composer->message, name, otherwise)));
}

static void element_of(struct composer *composer, const char *name, const char *otherwise)
{
    element(composer, name, last_value(composer->message, name, otherwise));
}

/* key NAME=VALUE */
static void pairs(struct composer *composer, const char *key, const char *name)
{
    for (size_t i = 0; i < composer->message->word_count; i++) {
        const char *value = value_of(composer->message->words[i], key);
        const char *equals = value ? strchr(value, '=') : NULL;
        if (equals)
            buf_printf(&composer->out, "<%s><valueName>%.*s</valueName><value>%s</value></%s>",
                       name, (int)(equals - value), value, equals + 1, name);
    }
}

static void references(struct composer *composer)
{
    const char *text = last_value(composer->message, "refs", NULL);
    if (!text)
        return;
    struct slice rest = slice_from_cstr(text), part;
    buf_put_cstr(&composer->out, "<references>");
    while (slice_next_part(&rest, ';', &part)) {
        char name[200];
        snprintf(name, sizeof(name), "%.*s", SLICE_ARG(part));
        const struct message *target = message_find(composer->messages, name);
        if (target && target->id)
            buf_printf(&composer->out, "%s,%s,%s ", target->sender, target->id, target->sent);
        else if (strchr(name, ','))
            buf_printf(&composer->out, "%s ", name);
        else
            composer->fault = "refs names no message";
    }
    buf_put_cstr(&composer->out, "</references>");
}

static void area(struct composer *composer)
{
    buf_printf(&composer->out, "<area><areaDesc>%s</areaDesc>",
               last_value(composer->message, "area", "an area"));
    for (size_t i = 0; i < composer->message->word_count; i++) {
        const char *name = value_of(composer->message->words[i], "place");
        for (size_t k = 0; name && k < sizeof(places) / sizeof(places[0]); k++)
            if (strcmp(places[k].name, name) == 0)
                element(composer, "polygon", places[k].polygon);
    }
    element(composer, "polygon", last_value(composer->message, "polygon", NULL));
    element(composer, "circle", last_value(composer->message, "circle", NULL));
    pairs(composer, "geocode", "geocode");
    buf_put_cstr(&composer->out, "</area>");
}

static void info(struct composer *composer)
{
    buf_put_cstr(&composer->out, "<info>");
    element_of(composer, "language", "en-CA");
    element_of(composer, "category", "Met");
    element_of(composer, "event", "storm surge");
    element(composer, "responseType", last_value(composer->message, "response", NULL));
    element_of(composer, "urgency", "Expected");
    element_of(composer, "severity", "Severe");
    element_of(composer, "certainty", "Likely");
    pairs(composer, "event-code", "eventCode");
    element_time(composer, "effective", NULL);
    element_time(composer, "onset", NULL);
    element_time(composer, "expires", "+6h");
    element_of(composer, "headline", "a headline");
    pairs(composer, "param", "parameter");
    if (strcmp(last_value(composer->message, "area", ""), "none") != 0)
        area(composer);
    buf_put_cstr(&composer->out, "</info>");
}

static void compose(struct composer *composer)
{
    const struct message *message = composer->message;
    buf_put_cstr(&composer->out, "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">");
    element(composer, "identifier", message->id);
    element(composer, "sender", message->sender);
    element(composer, "sent", message->sent);
    element_of(composer, "status", "Actual");
    element(composer, "msgType", last_value(message, "type", "Alert"));
    element_of(composer, "scope", "Public");
    for (size_t i = 0; i < message->word_count; i++)
        element(composer, "code", value_of(message->words[i], "code"));
    element_of(composer, "note", NULL);
    references(composer);
    int infos = strcmp(last_value(message, "info", ""), "none") == 0
                    ? 0
                    : atoi(last_value(message, "infos", "1"));
    for (int i = 0; i < infos; i++)
        info(composer);
    const char *signature = last_value(message, "sign", NULL);
    if (signature)
        buf_printf(&composer->out,
                   "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\" Id=\"%s\">"
                   "<SignatureValue>%s</SignatureValue></Signature>",
                   signature, signature);
    buf_put_cstr(&composer->out, "</alert>");
}

static struct message *add(struct messages *messages, const char *name)
{
    if (messages->count >= MESSAGES_MAX || message_find(messages, name))
        return NULL;
    struct message *message = &messages->items[messages->count++];
    message->name = arena_cstr(messages->arena, slice_from_cstr(name));
    return message;
}

/* All that the other says, with its identity; words that follow override. */
static void take_other(struct messages *messages, struct message *message,
                       const struct message *other)
{
    for (size_t k = 0; k < other->word_count; k++)
        message->words[message->word_count++] = other->words[k];
    message->words[message->word_count++] = arena_printf(messages->arena, "id=%s", other->id).ptr;
    message->words[message->word_count++] =
        arena_printf(messages->arena, "sent=%s", other->sent).ptr;
}

static const char *take_words(struct messages *messages, struct message *message,
                              char *const *words, size_t word_count)
{
    for (size_t i = 0; i < word_count; i++) {
        const char *like = value_of(words[i], "like");
        const struct message *other = like ? message_find(messages, like) : NULL;
        if (like && !other)
            return "like names no message";
        if (other)
            take_other(messages, message, other);
        if (!like)
            message->words[message->word_count++] =
                arena_cstr(messages->arena, slice_from_cstr(words[i]));
    }
    return NULL;
}

const char *message_add(struct messages *messages, const char *name, char *const *words,
                        size_t word_count, int64_t now_s)
{
    struct message *message = add(messages, name);
    if (!message)
        return "there already is a message of that name, or too many";
    const char *fault = take_words(messages, message, words, word_count);
    if (fault)
        return fault;
    struct composer composer = {.messages = messages, .message = message, .now_s = now_s};
    message->sender = last_value(message, "sender", "met@example.ca");
    message->id = last_value(message, "id", message->name);
    message->sent = time_text(&composer, last_value(message, "sent", "+0s"));
    buf_init(&composer.out, 1 << 20);
    compose(&composer);
    message->bytes = arena_copy(messages->arena, buf_slice(&composer.out));
    buf_fini(&composer.out);
    return composer.fault;
}

const char *message_add_raw(struct messages *messages, const char *name, struct slice bytes)
{
    struct message *message = add(messages, name);
    if (!message)
        return "there already is a message of that name, or too many";
    message->bytes = arena_copy(messages->arena, bytes);
    return NULL;
}

const char *message_add_envelope(struct messages *messages, const char *name, char *const *names,
                                 size_t count)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    buf_put_cstr(&out, "<envelope>");
    for (size_t i = 0; i < count; i++) {
        const struct message *message = message_find(messages, names[i]);
        if (message)
            buf_put(&out, message->bytes);
    }
    buf_put_cstr(&out, "</envelope>");
    const char *fault = message_add_raw(messages, name, buf_slice(&out));
    buf_fini(&out);
    return fault;
}
