#include "relayd_check.h"

#include "adapters/host.h"
#include "geo/geo.h"
#include "httpd/httpd.h"
#include "origin/origin.h"
#include "outlets/outlets.h"
#include "relayd_house.h"
#include "relayd_keys.h"
#include "relayd_state.h"

#include <stdio.h>
#include <string.h>
#include <zmq.h>

static enum err_code check_pem(enum conf_file file, const char *path, struct err *err)
{
    return file == CONF_FILE_KEY ? origin_check_key(path, err)
                                 : origin_check_certificates(path, err);
}

/* Each step tells by relay_conf_place() or conf_fail(): the configuration keeps it. */
static void tell(const struct relay_conf *conf, const struct err *inner)
{
    relay_conf_place(conf, inner, NULL);
}

static void check_keys(const struct relay_conf *conf)
{
    struct relayd_keys keys = {0};
    struct relayd_key_list list = {0};
    struct err err = {0};
    bool good = true;

    if (!conf_is_sound(conf->root, "keys") || !conf_is_sound(conf->root, "access"))
        return;
    for (size_t i = 0; i < RELAYD_KEYS; i++)
        if (relayd_keys_load_one(conf, i, &keys, &err)) {
            tell(conf, &err);
            good = false;
        }
    /* Whose keys must be on it? */
    if (good && conf_is_sound(conf->root, "relay") &&
        relayd_key_list_load(conf, &keys, &clock_system, &list, &err))
        tell(conf, &err);
    relayd_key_list_fini(&list);
    relayd_keys_wipe(&keys);
}

static void check_boundaries(const struct relay_conf *conf)
{
    struct geo *geo = NULL;
    struct err err = {0};

    if (conf_is_sound(conf->root, "boundaries") && house_open_boundaries(conf, &geo, &err))
        tell(conf, &err);
    geo_close(geo);
}

static void check_state(const struct relay_conf *conf)
{
    struct err err = {0};

    if (!conf_is_sound(conf->root, "state_dir") || !conf_is_sound(conf->root, "journal"))
        return;
    if (relayd_state_check(conf, &err) || relayd_journal_check(conf, &err))
        tell(conf, &err);
}

static void check_inject_http(const struct relay_conf *conf)
{
    struct conf_http_listen listen;
    struct slice certificate = conf->inject_http.certificate, key = conf->inject_http.key;
    struct err inner = {0};

    if (!conf->listen.inject_http.ptr || !conf_http_listen(conf->listen.inject_http, &listen) ||
        !listen.tls || !certificate.ptr || !conf_is_sound(conf->root, "inject_http"))
        return;
    if (!httpd_check_files(certificate.ptr, key.ptr, &inner))
        return;
    bool of_key = !slice_eq(certificate, key) && strncmp(inner.text, key.ptr, key.len) == 0;
    conf_fail(conf->root, of_key ? "inject_http.key" : "inject_http.certificate", NULL,
              "%s; `certificate` is PEM with the certificates above it, `key` its private key, "
              "without a password",
              inner.text);
}

/* The folder of an ipc socket, which is not made for it. An abstract one (@) has none. */
static void check_ipc(const struct relay_conf *conf, const char *key, struct slice endpoint)
{
    struct err err = {0};

    if (slice_starts_with(endpoint, "ipc:///") && conf_is_sound(conf->root, key) &&
        relayd_folder_check(key, endpoint.ptr + strlen("ipc://"), &err))
        tell(conf, &err);
}

/* ZeroMQ is asked to bind to the address, at a port that the system chooses: whether the address is
 * this machine's, although a relay may be at work on the port. */
static void check_address(const struct relay_conf *conf, void *zmq_context, const char *key,
                          struct slice endpoint)
{
    char probe[256];
    size_t colon = endpoint.len;
    void *socket;
    int on = 1;

    while (colon > 0 && endpoint.ptr[colon - 1] != ':')
        colon--;
    if (!slice_starts_with(endpoint, "tcp://") || colon + 2 > sizeof(probe) ||
        !conf_is_sound(conf->root, key))
        return;
    snprintf(probe, sizeof(probe), "%.*s*", (int)colon, endpoint.ptr);
    socket = zmq_socket(zmq_context, ZMQ_XPUB);
    if (socket && strchr(probe, '['))
        zmq_setsockopt(socket, ZMQ_IPV6, &on, sizeof(on));
    if (!socket || zmq_bind(socket, probe) != 0)
        conf_fail(conf->root, key, NULL,
                  "`%s` cannot be listened at: %s; an address or an interface of this machine is "
                  "wanted, or 0.0.0.0 for all",
                  endpoint.ptr, zmq_strerror(zmq_errno()));
    if (socket)
        zmq_close(socket);
}

static void check_listen(const struct relay_conf *conf)
{
    void *zmq_context = zmq_ctx_new();

    if (!zmq_context)
        return;
    check_address(conf, zmq_context, "listen.feed", conf->listen.feed);
    check_address(conf, zmq_context, "listen.query", conf->listen.query);
    check_address(conf, zmq_context, "listen.inject", conf->listen.inject);
    zmq_ctx_term(zmq_context);
    check_ipc(conf, "listen.feed", conf->listen.feed);
    check_ipc(conf, "listen.query", conf->listen.query);
    check_ipc(conf, "listen.inject", conf->listen.inject);
}

static void check_all(const struct relay_conf *conf, bool files)
{
    static void (*const steps[])(const struct relay_conf *conf) = {
        check_keys, check_boundaries, check_state, check_inject_http, check_listen,
    };

    for (size_t i = 0; files && i < sizeof(steps) / sizeof(steps[0]); i++)
        steps[i](conf);
    hosts_check_files(conf, files ? check_pem : NULL, NULL);
    outlets_check_files(conf, files ? check_pem : NULL, NULL);
}

static void print_fault(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "caprelayd: %s\n", text);
}

bool relayd_inspect(const char *path, bool files, const struct relay_conf **out)
{
    struct err err = {0};
    size_t count;

    if (seal_init(&err) || (relay_conf_inspect(path, out, &err) && !*out)) {
        print_fault(NULL, err.text);
        return false;
    }
    check_all(*out, files);
    count = conf_fault_count((*out)->root);
    conf_faults_tell((*out)->root, print_fault, NULL);
    if (count > CONF_FAULTS_MAX)
        fprintf(stderr, "caprelayd: %s: and %zu further mistakes\n", path, count - CONF_FAULTS_MAX);
    if (count == 0)
        return true;
    relay_conf_release(*out);
    *out = NULL;
    return false;
}
