/* Certificates: the relay's own, which can change while it runs, and the clients'. */
#include "httpd/internal.h"

#include "base/mem.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static enum err_code fail(struct err *err, const char *path, int code)
{
    return err_set(err, ERR_CRYPTO, "%s: %s", path, gnutls_strerror(code));
}

/* The key may lie in the certificate's file. */
static enum err_code check_secret(const char *path, struct err *err)
{
    struct stat found;
    if (stat(path, &found) != 0)
        return err_errno(err, errno, "%s", path);
    if (found.st_mode & (S_IROTH | S_IWOTH))
        return err_set(err, ERR_CRYPTO,
                       "%s: others than its owner and group may read it; chmod o-rw", path);
    return OK;
}

static enum err_code read_file(const char *path, gnutls_datum_t *out, struct err *err)
{
    struct stat found;
    if (stat(path, &found) != 0)
        return err_errno(err, errno, "%s", path);
    if (!S_ISREG(found.st_mode) || found.st_size > 1024 * 1024)
        return err_set(err, ERR_INVALID, "%s: no file of up to 1 MiB", path);
    int code = gnutls_load_file(path, out);
    return code == 0 ? OK : fail(err, path, code);
}

static enum err_code read_end(struct httpd_tls *tls, const char *path, struct err *err)
{
    gnutls_datum_t der;
    gnutls_x509_crt_t certificate;
    int code = gnutls_certificate_get_crt_raw(tls->credentials, 0, 0, &der);
    if (code == 0)
        code = gnutls_x509_crt_init(&certificate);
    if (code != 0)
        return fail(err, path, code);
    code = gnutls_x509_crt_import(certificate, &der, GNUTLS_X509_FMT_DER);
    if (code == 0)
        tls->ends_s = gnutls_x509_crt_get_expiration_time(certificate);
    gnutls_x509_crt_deinit(certificate);
    return code == 0 ? OK : fail(err, path, code);
}

/* Not gnutls_certificate_set_x509_key_mem2(), which loses memory with each certificate that it
 * cannot read. */
static int set_pair(const struct httpd_tls *tls)
{
    gnutls_x509_crt_t *chain = NULL;
    gnutls_x509_privkey_t key = NULL;
    unsigned count = 0;
    int code = gnutls_x509_crt_list_import2(&chain, &count, &tls->certificate_pem,
                                            GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_SORT);
    if (code >= 0)
        code = gnutls_x509_privkey_init(&key);
    if (code >= 0)
        code = gnutls_x509_privkey_import2(key, &tls->key_pem, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (code >= 0)
        code = gnutls_certificate_set_x509_key(tls->credentials, chain, (int)count, key);
    for (unsigned i = 0; i < count; i++)
        gnutls_x509_crt_deinit(chain[i]);
    gnutls_free(chain);
    gnutls_x509_privkey_deinit(key);
    return code;
}

static enum err_code load(struct httpd_tls *tls, const char *certificate, const char *key,
                          struct err *err)
{
    enum err_code result = check_secret(key, err);
    if (result == OK)
        result = read_file(certificate, &tls->certificate_pem, err);
    if (result == OK)
        result = read_file(key, &tls->key_pem, err);
    if (result != OK)
        return result;
    int code = gnutls_certificate_allocate_credentials(&tls->credentials);
    if (code == 0)
        code = set_pair(tls);
    if (code < 0)
        return err_set(err, ERR_CRYPTO, "%s with %s: %s", certificate, key, gnutls_strerror(code));
    return read_end(tls, certificate, err);
}

enum err_code httpd_tls_load(const char *certificate, const char *key, struct httpd_tls **out,
                             struct err *err)
{
    struct httpd_tls *tls = mem_alloc(sizeof *tls);
    tls->holds = 1;
    enum err_code code = load(tls, certificate, key, err);
    if (code != OK) {
        httpd_tls_release(tls);
        return code;
    }
    *out = tls;
    return OK;
}

enum err_code httpd_check_files(const char *certificate, const char *key, struct err *err)
{
    struct httpd_tls *tls = NULL;
    enum err_code code = httpd_tls_load(certificate, key, &tls, err);
    httpd_tls_release(tls);
    return code;
}

void httpd_tls_release(struct httpd_tls *tls)
{
    if (!tls || --tls->holds > 0)
        return;
    if (tls->credentials)
        gnutls_certificate_free_credentials(tls->credentials);
    if (tls->key_pem.data)
        explicit_bzero(tls->key_pem.data, tls->key_pem.size);
    gnutls_free(tls->certificate_pem.data);
    gnutls_free(tls->key_pem.data);
    free(tls);
}

void httpd_tls_begin(struct httpd_tls *tls, gnutls_session_t session)
{
    tls->holds++;
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, tls->credentials);
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
    /* Without names of issuers: any certificate will do, and is compared with what is pinned. */
    gnutls_certificate_send_x509_rdn_sequence(session, 1);
}

bool httpd_tls_peer(gnutls_session_t session, struct httpd_certificate *out)
{
    unsigned count = 0;
    gnutls_x509_crt_t certificate;
    const gnutls_datum_t *shown = gnutls_certificate_get_peers(session, &count);
    if (!shown || count == 0 || gnutls_x509_crt_init(&certificate) != 0)
        return false;
    bool good = gnutls_x509_crt_import(certificate, shown, GNUTLS_X509_FMT_DER) == 0;
    if (good) {
        sha256_of(slice_of(shown->data, shown->size), out->sha256);
        out->not_before_s = gnutls_x509_crt_get_activation_time(certificate);
        out->not_after_s = gnutls_x509_crt_get_expiration_time(certificate);
    }
    gnutls_x509_crt_deinit(certificate);
    return good;
}
