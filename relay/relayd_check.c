#include "relayd_check.h"

#include "adapters/host.h"
#include "geo/geo.h"
#include "httpd/httpd.h"
#include "origin/origin.h"
#include "outlets/outlets.h"
#include "relayd_house.h"
#include "relayd_keys.h"

#include <stdio.h>

static enum err_code check_pem(enum conf_file file, const char *path, struct err *err)
{
    return file == CONF_FILE_KEY ? origin_check_key(path, err)
                                 : origin_check_certificates(path, err);
}

static enum err_code check_keys(const struct relay_conf *conf, struct err *err)
{
    struct relayd_keys keys = {0};
    struct relayd_key_list list = {0};
    enum err_code code = seal_init(err);

    if (!code)
        code = relayd_keys_load(conf, &keys, err);
    if (!code)
        code = relayd_key_list_load(conf, &keys, &clock_system, &list, err);
    relayd_key_list_fini(&list);
    relayd_keys_wipe(&keys);
    return code;
}

static enum err_code check_boundaries(const struct relay_conf *conf, struct err *err)
{
    struct geo *geo = NULL;
    enum err_code code = house_open_boundaries(conf, &geo, err);

    geo_close(geo);
    return code;
}

static enum err_code check_inject_http(const struct relay_conf *conf, struct err *err)
{
    struct conf_http_listen listen;
    struct err inner = {0};

    if (!conf->listen.inject_http.ptr || !conf_http_listen(conf->listen.inject_http, &listen) ||
        !listen.tls)
        return OK;
    if (!httpd_check_files(conf->inject_http.certificate.ptr, conf->inject_http.key.ptr, &inner))
        return OK;
    return err_set(err, inner.code,
                   "inject_http: %s; `certificate` is PEM with the certificates above it, `key` "
                   "its private key, without a password",
                   inner.text);
}

static enum err_code check_sources(const struct relay_conf *conf, struct err *err)
{
    return hosts_check_files(conf, check_pem, err);
}

static enum err_code check_outlets(const struct relay_conf *conf, struct err *err)
{
    return outlets_check_files(conf, check_pem, err);
}

bool relayd_check_files(const struct relay_conf *conf)
{
    static enum err_code (*const steps[])(const struct relay_conf *conf, struct err *err) = {
        check_keys, check_boundaries, check_inject_http, check_sources, check_outlets,
    };
    bool good = true;

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct err err = {0};

        if (!steps[i](conf, &err))
            continue;
        fprintf(stderr, "caprelayd: %s\n", err.text);
        good = false;
    }
    return good;
}
