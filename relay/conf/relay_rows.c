#include "conf/relay_rows.h"

#include "conf/relay_conf.h"

#define AT(member) .offset = offsetof(struct relay_conf, member)
#define RULE(member) .offset = offsetof(struct relay_conf_rule, member)
#define SOURCE(member) .offset = offsetof(struct relay_conf_source, member)

/* --- choices --- */

static const struct conf_choice status_choices[] = {
    {"actual", 1}, {"exercise", 2}, {"test", 4}, {NULL, 0}};
static const struct conf_choice side_choices[] = {
    {"ca", CONF_SIDE_CA}, {"us", CONF_SIDE_US}, {NULL, 0}};
const struct conf_choice conf_country_choices[] = {
    {"auto", CONF_SIDE_NONE}, {"ca", CONF_SIDE_CA}, {"us", CONF_SIDE_US}, {NULL, 0}};
static const struct conf_choice else_choices[] = {
    {"both", CONF_SIDE_NONE}, {"ca", CONF_SIDE_CA}, {"us", CONF_SIDE_US}, {NULL, 0}};
const struct conf_choice conf_class_choices[] = {
    {"actual", CONF_CLASS_ACTUAL}, {"exercise", CONF_CLASS_EXERCISE}, {NULL, 0}};
static const struct conf_choice severity_choices[] = {
    {"extreme", 1}, {"severe", 2}, {"moderate", 3}, {"minor", 4}, {"unknown", 5}, {NULL, 0}};
static const struct conf_choice do_choices[] = {{"relay", 1}, {"drop", 0}, {NULL, 0}};
static const struct conf_choice access_choices[] = {
    {"curve", CONF_ACCESS_CURVE}, {"plain", CONF_ACCESS_PLAIN}, {NULL, 0}};
static const struct conf_choice compress_choices[] = {{"zstd", 1}, {"none", 0}, {NULL, 0}};
/* As enum log_level. */
static const struct conf_choice level_choices[] = {{"critical", 2}, {"error", 3}, {"warning", 4},
                                                   {"notice", 5},   {"info", 6},  {"debug", 7},
                                                   {NULL, 0}};

/* --- checks of single values --- */

enum err_code conf_check_name(const void *value, struct err *err)
{
    struct slice name = *(const struct slice *)value;
    bool good = name.len > 0 && name.len <= 63;
    for (size_t i = 0; i < name.len && good; i++) {
        char c = name.ptr[i];
        bool inner = c == '-' || c == '_' || c == '.';
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (inner && i > 0);
    }
    if (good)
        return OK;
    return err_set(
        err, ERR_INVALID,
        "`%s` is no name; up to 63 of a-z, 0-9, '-', '_' and '.', the first a letter or digit",
        name.ptr);
}

/* CAP 1.2 3.2.1: sender and identifier must not hold spaces, commas, `<` or `&`. */
static enum err_code check_sender(const void *value, struct err *err)
{
    struct slice sender = *(const struct slice *)value;
    for (size_t i = 0; i < sender.len; i++)
        if (sender.ptr[i] <= ' ' || sender.ptr[i] > '~' || strchr(",<&", sender.ptr[i]))
            return err_set(err, ERR_INVALID,
                           "`%s` is no CAP sender; no blanks, commas, < or & may be in it",
                           sender.ptr);
    return sender.len > 0 ? OK : err_set(err, ERR_INVALID, "is empty");
}

static enum err_code check_endpoint(const void *value, struct err *err)
{
    struct slice endpoint = *(const struct slice *)value;
    bool good = (slice_starts_with(endpoint, "ipc://") && endpoint.len > strlen("ipc://")) ||
                (slice_starts_with(endpoint, "inproc://") && endpoint.len > strlen("inproc://"));
    if (slice_starts_with(endpoint, "tcp://")) {
        size_t colon = endpoint.len;
        while (colon > 0 && endpoint.ptr[colon - 1] != ':')
            colon--;
        unsigned long long port = 0;
        good = colon > strlen("tcp://") + 1 &&
               slice_to_u64(slice_sub(endpoint, colon, endpoint.len), &port) && port > 0 &&
               port <= 65535;
    }
    if (good)
        return OK;
    return err_set(err, ERR_INVALID, "`%s` is no endpoint; write tcp://ADDRESS:PORT or ipc://PATH",
                   endpoint.ptr);
}

enum err_code conf_check_regions(const void *value, struct err *err)
{
    const struct conf_texts *regions = value;
    for (size_t i = 0; i < regions->count; i++) {
        struct slice r = regions->items[i];
        if (r.len != 2 || r.ptr[0] < 'A' || r.ptr[0] > 'Z' || r.ptr[1] < 'A' || r.ptr[1] > 'Z')
            return err_set(err, ERR_INVALID,
                           "`%s` is no state or province; two capital letters, as NB or ME", r.ptr);
    }
    return OK;
}

/* --- tables --- */

static const struct conf_row relay_rows[] = {
    {.name = "name",
     .type = CONF_TEXT,
     AT(relay.name),
     .fallback = "caprelay",
     .check = conf_check_name,
     .help = "Name of this relay in every bulletin, beat and receipt. The relays of one cluster "
             "share it."},
    {.name = "sender",
     .type = CONF_TEXT,
     AT(relay.sender),
     .check = check_sender,
     .help = "The CAP `sender` of derived messages. Default: `caprelay:` and the relay's name. "
             "What comes back with it is a loop. "
             "Never change it while alerts are in force: references of later messages would no "
             "longer meet them."},
    {.type = CONF_END}};

static const struct conf_row journal_rows[] = {
    {.name = "path",
     .type = CONF_PATH,
     AT(journal.path),
     .help = "The SQLite file of everything that arrived. Default: journal.db in state_dir."},
    {.name = "free_min",
     .type = CONF_SIZE,
     AT(journal.free_min_bytes),
     .fallback = "256MiB",
     .min = 1024 * 1024,
     .max = 1099511627776.0,
     .help = "With less free space on its disk the journal is reported as low; when nothing is "
             "left the relay keeps alerts in memory, says so in "
             "beats and log, and goes on when there is room."},
    {.name = "group_max",
     .type = CONF_INT,
     AT(journal.group_max),
     .fallback = "256",
     .min = 1,
     .max = 10000,
     .help = "Messages that one transaction takes at most."},
    {.name = "queue_max",
     .type = CONF_INT,
     AT(journal.queue_max),
     .fallback = "4096",
     .min = 16,
     .max = 1000000,
     .help = "Messages that may wait for the disk; beyond it the sources are paused."},
    {.type = CONF_END}};

static const struct conf_row border_rows[] = {
    {.name = "filter",
     .type = CONF_BOOL,
     AT(border.filter),
     .fallback = "true",
     .help = "Whether an alert must touch the other country or come near it to cross. With false "
             "every alert crosses."},
    {.name = "within_km",
     .type = CONF_NUMBER,
     AT(border.within_km),
     .fallback = "50",
     .min = 0,
     .max = 1000,
     .unit = "km",
     .help = "How near: an alert crosses when its area lies within that distance of the other "
             "country."},
    {.name = "sliver_share",
     .type = CONF_NUMBER,
     AT(border.sliver_share),
     .fallback = "0.01",
     .min = 0,
     .max = 0.5,
     .help = "A county or division that is overlapped by less than this share of it and of the "
             "area is noted, not coded."},
    {.type = CONF_END}};

static const struct conf_row in_force_rows[] = {
    {.name = "default_hours",
     .type = CONF_INT,
     AT(in_force.default_hours),
     .fallback = "24",
     .min = 1,
     .max = 720,
     .unit = "hours",
     .help = "How long an alert counts as in force that says nothing of its end."},
    {.type = CONF_END}};

static const struct conf_row keys_rows[] = {
    {.name = "actual",
     .type = CONF_PATH,
     AT(keys.actual),
     .required = true,
     .help = "File of the key that signs bulletins of class actual (`caprelay keys new actual`)."},
    {.name = "exercise",
     .type = CONF_PATH,
     AT(keys.exercise),
     .required = true,
     .help = "File of the key that signs exercises and tests (`caprelay keys new exercise`)."},
    {.name = "list",
     .type = CONF_PATH,
     AT(keys.list),
     .help = "The key list that the offline root signed (`caprelay keys sign`); the relay hands it "
             "to clients."},
    {.name = "curve",
     .type = CONF_PATH,
     AT(keys.curve),
     .help = "File of the relay's CURVE key (`caprelay keys new curve`); needed unless access.mode "
             "is plain."},
    {.type = CONF_END}};

static const struct conf_row listen_rows[] = {
    {.name = "feed",
     .type = CONF_TEXT,
     AT(listen.feed),
     .required = true,
     .check = check_endpoint,
     .help = "Where subscribers connect, as tcp://0.0.0.0:9650."},
    {.name = "query",
     .type = CONF_TEXT,
     AT(listen.query),
     .required = true,
     .check = check_endpoint,
     .help = "Where clients ask for what they missed, as tcp://0.0.0.0:9651."},
    {.name = "inject",
     .type = CONF_TEXT,
     AT(listen.inject),
     .check = check_endpoint,
     .help = "Where the authorities below hand in alerts over ZeroMQ, as tcp://0.0.0.0:9652. "
             "Without it nobody can."},
    {.name = "inject_http",
     .type = CONF_TEXT,
     AT(listen.inject_http),
     .check = conf_check_http_listen,
     .help = "Where they POST them, for those without ZeroMQ, as https://0.0.0.0:9653. Without it "
             "nobody can. http:// is for the loopback alone, with something before it that has "
             "TLS."},
    {.type = CONF_END}};

static const struct conf_row access_rows[] = {
    {.name = "mode",
     .type = CONF_CHOICE,
     AT(access.mode),
     .fallback = "curve",
     .choices = access_choices,
     .help = "curve: every connection is encrypted and asked for its key. plain: neither, and "
             "therefore only on 127.0.0.0/8, [::1], ipc and inproc."},
    {.name = "allow",
     .type = CONF_TEXTS,
     AT(access.allow),
     .help = "Which CURVE public keys may connect: a list of keys (40 characters of Z85 or 64 hex "
             "digits), or the word any."},
    {.type = CONF_END}};

static const struct conf_row publish_rows[] = {
    {.name = "compress",
     .type = CONF_CHOICE,
     AT(publish.compress),
     .fallback = "zstd",
     .choices = compress_choices,
     .help = "Bulletins travel as one zstd frame, or plain for clients without zstd."},
    {.name = "inline_max",
     .type = CONF_SIZE,
     AT(publish.inline_max_bytes),
     .fallback = "512KiB",
     .min = 0,
     .max = 8388608,
     .help = "A larger original travels by its digest and is fetched with `get`."},
    {.name = "beat_interval",
     .type = CONF_DURATION,
     AT(publish.beat_interval_us),
     .fallback = "5s",
     .min = 0.1,
     .max = 60,
     .help = "How often the relay says that it is alive. After three intervals without a beat "
             "clients call the link dead."},
    {.name = "high_water_mark",
     .type = CONF_INT,
     AT(publish.high_water_mark),
     .fallback = "50000",
     .min = 1000,
     .max = 10000000,
     .unit = "messages",
     .help = "What ZeroMQ may keep for one subscriber; beyond it that subscriber loses messages "
             "and asks for them anew."},
    {.name = "in_flight_max",
     .type = CONF_SIZE,
     AT(publish.in_flight_max_bytes),
     .fallback = "64MiB",
     .min = 1048576,
     .max = 4294967296.0,
     .help = "Bytes that are handed to ZeroMQ in one burst before the publisher waits."},
    {.name = "backlog",
     .type = CONF_INT,
     AT(publish.backlog),
     .fallback = "1024",
     .min = 16,
     .max = 65535,
     .unit = "connections",
     .help = "Connections that may wait to be accepted, for the minute after an outage when "
             "everybody comes back."},
    {.name = "io_threads",
     .type = CONF_INT,
     AT(publish.io_threads),
     .fallback = "1",
     .min = 1,
     .max = 16,
     .help = "Threads of ZeroMQ's own; more help many CURVE subscribers on a machine with the "
             "cores for it."},
    {.name = "heartbeat",
     .type = CONF_DURATION,
     AT(publish.heartbeat_us),
     .fallback = "10s",
     .min = 1,
     .max = 300,
     .help = "ZMTP heartbeat on every connection; one that does not answer for three of them is "
             "closed."},
    {.name = "answer_max",
     .type = CONF_SIZE,
     AT(publish.answer_max_bytes),
     .fallback = "8MiB",
     .min = 65536,
     .max = 67108864,
     .help = "Size of one answer to a query; a longer one says that more follows."},
    {.type = CONF_END}};

static const struct conf_row log_rows[] = {
    {.name = "level",
     .type = CONF_CHOICE,
     AT(log.level),
     .fallback = "info",
     .choices = level_choices,
     .help = "The least urgent lines that are still written."},
    {.type = CONF_END}};

static const struct conf_row rule_rows[] = {
    {.name = "name",
     .type = CONF_TEXT,
     RULE(name),
     .required = true,
     .check = conf_check_name,
     .help = "Becomes the reason `rule:NAME` in journal and bulletin."},
    {.name = "do",
     .type = CONF_CHOICE,
     RULE(relay),
     .required = true,
     .choices = do_choices,
     .help = "relay or drop."},
    {.name = "status",
     .type = CONF_CHOICE,
     RULE(status),
     .choices = status_choices,
     .help = "Only alerts of that status."},
    {.name = "to",
     .type = CONF_CHOICE,
     RULE(to),
     .choices = side_choices,
     .help = "Only on the way to that side."},
    {.name = "events",
     .type = CONF_TEXTS,
     RULE(events),
     .help =
         "Only these: CAP-CP or SAME event codes, or event names as written, upper or lower case."},
    {.name = "severity_at_least",
     .type = CONF_CHOICE,
     RULE(severity_at_least),
     .choices = severity_choices,
     .help = "Only that severity and above; extreme is the highest, unknown the lowest."},
    {.name = "severity_at_most",
     .type = CONF_CHOICE,
     RULE(severity_at_most),
     .choices = severity_choices,
     .help = "Only that severity and below."},
    {.name = "sources",
     .type = CONF_TEXTS,
     RULE(sources),
     .help = "Only from these sources, by name."},
    {.name = "within_km",
     .type = CONF_NUMBER,
     RULE(within_km),
     .min = 0,
     .max = 20000,
     .unit = "km",
     .help = "Only where the area lies within that distance of the other country."},
    {.name = "beyond_km",
     .type = CONF_NUMBER,
     RULE(beyond_km),
     .min = 0,
     .max = 20000,
     .unit = "km",
     .help = "Only where it lies farther away than that."},
    {.type = CONF_NODE, RULE(node)},
    {.type = CONF_END}};

const struct conf_row relay_conf_source_rows[] = {
    {.name = "name",
     .type = CONF_TEXT,
     SOURCE(name),
     .required = true,
     .check = conf_check_name,
     .help =
         "Its name in journal, beats and `status`. Whoever changes it starts with new cursors."},
    {.name = "adapter",
     .type = CONF_TEXT,
     SOURCE(adapter),
     .required = true,
     .help = "Which code reads it: file or replay; the adapter's own keys follow."},
    {.name = "country",
     .type = CONF_CHOICE,
     SOURCE(country),
     .fallback = "auto",
     .choices = conf_country_choices,
     .help = "The side that its alerts come from; auto: told by profile, sender, then area of each "
             "alert."},
    {.name = "country_else",
     .type = CONF_CHOICE,
     SOURCE(country_else),
     .fallback = "both",
     .choices = else_choices,
     .help = "With country auto: what is taken where nothing tells; both: relayed to both sides "
             "with a remark."},
    {.name = "class",
     .type = CONF_CHOICE,
     SOURCE(class_max),
     .fallback = "actual",
     .choices = conf_class_choices,
     .help = "The highest class it may give. exercise: whatever it sends as Actual comes out as an "
             "exercise."},
    {.name = "signature",
     .type = CONF_MAP,
     .rows = conf_signature_rows,
     .help = "The XML signatures of its alerts: the only proof of where they came from."},
    {.type = CONF_REST, SOURCE(node)},
    {.type = CONF_END}};

const struct conf_row relay_conf_rows[] = {
    {.name = "relay", .type = CONF_MAP, .rows = relay_rows, .help = "Who this relay is."},
    {.name = "state_dir",
     .type = CONF_PATH,
     AT(state_dir),
     .fallback = "/var/lib/caprelay",
     .help = "Folder for what the relay keeps."},
    {.name = "journal", .type = CONF_MAP, .rows = journal_rows, .help = "The durable record."},
    {.name = "boundaries",
     .type = CONF_PATH,
     AT(boundaries),
     .help = "The file of boundaries. Default: the one that was installed with the program."},
    {.name = "border", .type = CONF_MAP, .rows = border_rows, .help = "What crosses by its place."},
    {.name = "in_force", .type = CONF_MAP, .rows = in_force_rows, .help = "What is in force."},
    {.name = "keys", .type = CONF_MAP, .rows = keys_rows, .help = "Files of keys, mode 0600."},
    {.name = "listen",
     .type = CONF_MAP,
     .rows = listen_rows,
     .help = "Endpoints of the three sockets."},
    {.name = "inject_http",
     .type = CONF_MAP,
     .rows = conf_inject_http_rows,
     .help = "What listen.inject_http needs."},
    {.name = "access", .type = CONF_MAP, .rows = access_rows, .help = "Who may connect."},
    {.name = "publish", .type = CONF_MAP, .rows = publish_rows, .help = "How bulletins go out."},
    {.name = "log", .type = CONF_MAP, .rows = log_rows, .help = "What is logged."},
    {.name = "rules",
     .type = CONF_LIST,
     AT(rules),
     .rows = rule_rows,
     .item_size = sizeof(struct relay_conf_rule),
     .help = "What crosses by more than its place. Every condition that a rule gives must hold; "
             "the first match decides; none matches: the border decides."},
    {.name = "authorities",
     .type = CONF_LIST,
     AT(authorities),
     .rows = conf_authority_rows,
     .item_size = sizeof(struct relay_conf_authority),
     .help = "Who may inject, and what."},
    {.name = "sources",
     .type = CONF_LIST,
     AT(sources),
     .rows = relay_conf_source_rows,
     .item_size = sizeof(struct relay_conf_source),
     .help = "Where alerts come from."},
    {.name = "outlets",
     .type = CONF_LIST,
     AT(outlets),
     .rows = relay_conf_outlet_rows,
     .item_size = sizeof(struct relay_conf_outlet),
     .help = "Where bulletins are delivered to, besides the feed."},
    {.type = CONF_END}};
