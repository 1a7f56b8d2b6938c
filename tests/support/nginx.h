/*
 * nginx: a real HTTP server as a child process, on ports of its own, in a folder of its own, with a
 * certificate made for it.
 */
#ifndef CAPRELAY_TESTS_NGINX_H
#define CAPRELAY_TESTS_NGINX_H

#include "tests/support/free_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct nginx {
    pid_t pid; /* 0: not running */
    char folder[64];
    char ca_file[96]; /* its own certificate, for the name localhost only */
    int port, tls_port;
};

static inline const char *nginx_program(void)
{
    static const char *const places[] = {"/usr/sbin/nginx", "/usr/bin/nginx",
                                         "/usr/local/sbin/nginx"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], X_OK) == 0)
            return places[i];
    return NULL;
}

static inline bool nginx_listens(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool good = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return good;
}

/* A file under www/; folders on the way are made. */
static inline void nginx_put(const struct nginx *nginx, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/www/%s", nginx->folder, name);
    for (char *at = path + strlen(nginx->folder) + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        mkdir(path, 0755);
        *at = '/';
    }
    FILE *file = fopen(path, "w");
    if (!file || fputs(text, file) == EOF || fclose(file) != 0)
        abort();
}

static inline void nginx_configure(const struct nginx *nginx, const char *server)
{
    char path[128];
    const char *at = nginx->folder;
    snprintf(path, sizeof path, "%s/nginx.conf", at);
    FILE *file = fopen(path, "w");
    if (!file)
        abort();
    fprintf(file,
            "daemon off; master_process off; pid %s/pid; error_log %s/error.log;\n"
            "events { worker_connections 256; }\n"
            "http { access_log %s/access.log; default_type application/octet-stream;\n"
            "types { application/geo+json json; application/atom+xml atom;\n"
            "        application/cap+xml cap; }\n"
            "client_body_temp_path %s/b; proxy_temp_path %s/p; fastcgi_temp_path %s/f;\n"
            "uwsgi_temp_path %s/u; scgi_temp_path %s/s; keepalive_timeout 5s;\n"
            "server { listen 127.0.0.1:%d; listen 127.0.0.1:%d ssl; root %s/www;\n"
            "ssl_certificate %s/cert.pem; ssl_certificate_key %s/key.pem;\n%s\n} }\n",
            at, at, at, at, at, at, at, at, nginx->port, nginx->tls_port, at, at, at, server);
    if (fclose(file) != 0)
        abort();
}

static inline bool nginx_launch(struct nginx *nginx)
{
    char conf[128], log[128];
    snprintf(conf, sizeof conf, "%s/nginx.conf", nginx->folder);
    snprintf(log, sizeof log, "%s/error.log", nginx->folder);
    nginx->pid = fork();
    if (nginx->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (!freopen(log, "a", stderr))
            _exit(126);
        execl(nginx_program(), "nginx", "-e", log, "-p", nginx->folder, "-c", conf, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 1000; i++) {
        if (waitpid(nginx->pid, NULL, WNOHANG) != 0)
            break; /* another took the port, or the configuration is wrong */
        if (nginx_listens(nginx->port) && nginx_listens(nginx->tls_port))
            return true;
        usleep(10000);
    }
    nginx->pid = 0;
    return false;
}

/* After nginx_stop(), on the same ports. */
static inline void nginx_start(struct nginx *nginx)
{
    if (!nginx_launch(nginx))
        abort();
}

/* `server`: further lines of the server block. False where nginx or openssl is not installed. */
static inline bool nginx_open(struct nginx *nginx, const char *server)
{
    char command[512];
    memset(nginx, 0, sizeof *nginx);
    if (!nginx_program() || access("/usr/bin/openssl", X_OK) != 0)
        return false;
    strcpy(nginx->folder, "/tmp/caprelay-nginx-XXXXXX");
    if (!mkdtemp(nginx->folder))
        abort();
    const char *at = nginx->folder;
    snprintf(nginx->ca_file, sizeof nginx->ca_file, "%s/cert.pem", at);
    snprintf(command, sizeof command,
             "mkdir %s/www && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 "
             "-nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost "
             "-keyout %s/key.pem -out %s/cert.pem 2>/dev/null",
             at, at, at);
    if (system(command) != 0)
        abort();
    for (int tries = 0; tries < 5; tries++) {
        nginx->port = free_port();
        nginx->tls_port = free_port();
        nginx_configure(nginx, server);
        if (nginx_launch(nginx))
            return true;
    }
    snprintf(command, sizeof command, "cat %s/error.log >&2", at);
    if (system(command) != 0)
        perror("cat");
    abort();
}

static inline void nginx_stop(struct nginx *nginx)
{
    if (nginx->pid == 0)
        return;
    kill(nginx->pid, SIGKILL);
    waitpid(nginx->pid, NULL, 0);
    nginx->pid = 0;
}

static inline void nginx_close(struct nginx *nginx)
{
    char command[128];
    nginx_stop(nginx);
    if (!nginx->folder[0])
        return;
    snprintf(command, sizeof command, "rm -rf %s", nginx->folder);
    if (system(command) != 0)
        abort();
}

#endif
