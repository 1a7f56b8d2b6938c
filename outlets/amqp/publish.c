/*
 * amqp: each bulletin published to an exchange of an AMQP 0-9-1 broker, persistent, mandatory and
 * confirmed (docs/outlets.md).
 *
 * The routing key is CLASS.SIDE.REGION.REGION..., so that a topic exchange picks a region by
 * `actual.us.#.ME.#`.
 */
#include "outlets/body.h"

#include "amqp/amqp.h"
#include "amqp/rows.h"
#include "conf/secret.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ROUTING_KEY_MAX = 255, PREFIX_MAX = 40 };

struct amqp_outlet {
    struct slice broker, ca_file, vhost, user, password_file, exchange, prefix;
    int64_t port, timeout_us;
    bool tls;
    int body; /* enum outlet_body */

    struct outlet *outlet;
    char password[CONF_SECRET_BYTES + 1];
    struct amqp *connection;               /* NULL: none */
    struct loop_timer *late;               /* the confirmation takes too long */
    char routing_key[ROUTING_KEY_MAX + 1]; /* of what is being delivered */
};

#define AT(member) .offset = offsetof(struct amqp_outlet, member)

static enum err_code check_prefix(const void *value, struct err *err)
{
    size_t len = ((const struct slice *)value)->len;

    return len <= PREFIX_MAX
               ? OK
               : err_set(err, ERR_INVALID, "is %zu bytes long; at most %d are possible", len,
                         PREFIX_MAX);
}

static const struct conf_row options[] = {
    AMQP_BROKER_ROWS(amqp_outlet),
    {.name = "ca_file",
     .type = CONF_PATH,
     .file = CONF_FILE_CERTIFICATE,
     AT(ca_file),
     .help = "Certificates (PEM) that the broker is verified by; default: the system's."},
    {.name = "user", .type = CONF_TEXT, AT(user), .required = true, .help = "Who publishes."},
    {.name = "password_file",
     .type = CONF_PATH,
     AT(password_file),
     .required = true,
     .help = "File with the password."},
    {.name = "exchange",
     .type = CONF_TEXT,
     AT(exchange),
     .required = true,
     .help = "Where it is published. It must exist, and a queue must be bound that takes the "
             "bulletins: one that no queue takes counts as not delivered."},
    {.name = "prefix",
     .type = CONF_TEXT,
     AT(prefix),
     .check = check_prefix,
     .help = "In front of the routing key, as in `caprelay.`."},
    OUTLET_BODY_ROW(AT(body)),
    OUTLET_TIMEOUT_ROW(AT(timeout_us),
                       "For a confirmation; without it by then the connection is opened anew."),
    {.type = CONF_END}};

/* --- events --- */

/* Callbacks come from the connection, which may be closed in them. */
static void drop_connection(struct amqp_outlet *amqp)
{
    amqp_close(amqp->connection);
    amqp->connection = NULL;
    loop_timer_stop(amqp->late);
}

static void on_open(void *context)
{
    struct amqp_outlet *amqp = context;

    outlet_ready(amqp->outlet, SOURCE_LIVE, "connected");
}

static void on_lost(void *context, const char *reason)
{
    struct amqp_outlet *amqp = context;
    char text[300];

    snprintf(text, sizeof text, "%s", reason); /* goes with the connection */
    drop_connection(amqp);
    outlet_lost(amqp->outlet, "%s", text);
}

static void on_late(void *context)
{
    struct amqp_outlet *amqp = context;

    drop_connection(amqp);
    outlet_lost(amqp->outlet, "the broker confirms nothing within %" PRId64 " s",
                amqp->timeout_us / 1000000);
}

static void on_confirmed(void *context, enum amqp_confirm confirm)
{
    struct amqp_outlet *amqp = context;

    loop_timer_stop(amqp->late);
    switch (confirm) {
    case AMQP_TAKEN:
        outlet_done(amqp->outlet, OUTLET_DELIVERED, 0, "confirmed");
        break;
    case AMQP_UNROUTABLE:
        outlet_done(amqp->outlet, OUTLET_LATER, 0,
                    "no queue is bound to the exchange %s that takes the routing key %s",
                    amqp->exchange.ptr, amqp->routing_key);
        break;
    case AMQP_NOT_TAKEN:
        outlet_done(amqp->outlet, OUTLET_LATER, 0, "the broker does not take it (nack)");
        break;
    }
}

/* --- publishing --- */

/* What does not fit is left to the words in front: class and side always do. */
static void make_routing_key(struct amqp_outlet *amqp, const struct outlet_bulletin *bulletin)
{
    char *key = amqp->routing_key;
    size_t len = (size_t)snprintf(key, sizeof amqp->routing_key, "%s%s.%s",
                                  amqp->prefix.ptr ? amqp->prefix.ptr : "",
                                  alert_class_name(bulletin->class), side_name(bulletin->side));

    for (size_t i = 0; i < bulletin->region_count; i++) {
        struct slice region = bulletin->regions[i];
        if (len + 1 + region.len > ROUTING_KEY_MAX)
            break;
        len +=
            (size_t)snprintf(key + len, sizeof amqp->routing_key - len, ".%.*s", SLICE_ARG(region));
    }
}

static struct slice topics_text(struct arena *arena, const struct outlet_bulletin *bulletin)
{
    struct slice text = SLICE("");

    for (size_t i = 0; i < bulletin->topic_count; i++)
        text = arena_printf(arena, "%s%s%s", text.ptr, i ? " " : "", bulletin->topics[i].ptr);
    return text;
}

static void amqp_outlet_deliver(void *instance, const struct outlet_bulletin *bulletin)
{
    struct amqp_outlet *amqp = instance;
    struct arena *arena = arena_create();
    const struct amqp_field fields[] = {
        {"relay", bulletin->relay.ptr, 0},
        {"class", alert_class_name(bulletin->class), 0},
        {"number", NULL, (int64_t)bulletin->number},
        {"side", side_name(bulletin->side), 0},
        {"topics", topics_text(arena, bulletin).ptr, 0},
        {"identifier", bulletin->identifier.ptr, 0},
    };
    struct amqp_publication publication = {
        .routing_key = amqp->routing_key,
        .message_id = bulletin->id.ptr,
        .app_id = "caprelay",
        .timestamp_s = outlet_now_s(amqp->outlet),
        .fields = fields,
        .field_count = sizeof fields / sizeof *fields,
    };

    make_routing_key(amqp, bulletin);
    publication.body =
        outlet_body_make(arena, (enum outlet_body)amqp->body, bulletin, &publication.content_type);
    amqp_publish(amqp->connection, &publication);
    loop_timer_start(amqp->late, amqp->timeout_us);
    arena_destroy(arena);
}

/* --- the contract --- */

static enum err_code amqp_outlet_init(void *instance, struct outlet *outlet, struct err *err)
{
    struct amqp_outlet *amqp = instance;

    amqp->outlet = outlet;
    if (conf_secret_read(amqp->password_file, 1, amqp->password, err))
        return err_wrap(err, "password_file");
    return OK;
}

static enum err_code amqp_outlet_start(void *instance, struct err *err)
{
    struct amqp_outlet *amqp = instance;
    const struct amqp_server server = {.host = amqp->broker.ptr,
                                       .port = (uint16_t)amqp->port,
                                       .tls = amqp->tls,
                                       .ca_file = amqp->ca_file.ptr,
                                       .vhost = amqp->vhost.ptr,
                                       .user = amqp->user.ptr,
                                       .password = amqp->password};
    const struct amqp_events events = {
        .open = on_open, .confirmed = on_confirmed, .lost = on_lost, .context = amqp};

    (void)err;
    if (!amqp->late)
        amqp->late = loop_timer_create(outlet_loop(amqp->outlet), on_late, amqp);
    amqp->connection =
        amqp_open_publisher(outlet_loop(amqp->outlet), &server, amqp->exchange.ptr, &events);
    return OK;
}

static void amqp_outlet_stop(void *instance)
{
    struct amqp_outlet *amqp = instance;

    amqp_close(amqp->connection);
    amqp->connection = NULL;
    loop_timer_destroy(amqp->late);
    amqp->late = NULL;
}

static void amqp_outlet_fini(void *instance)
{
    struct amqp_outlet *amqp = instance;

    amqp_outlet_stop(instance);
    explicit_bzero(amqp->password, sizeof amqp->password);
}

const struct outlet_ops outlet_amqp = {
    .kind = "amqp",
    .summary = "a message to an exchange of an AMQP 0-9-1 broker for each bulletin",
    .instance_size = sizeof(struct amqp_outlet),
    .options = options,
    .init = amqp_outlet_init,
    .start = amqp_outlet_start,
    .deliver = amqp_outlet_deliver,
    .stop = amqp_outlet_stop,
    .fini = amqp_outlet_fini,
};
