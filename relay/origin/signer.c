/* A certificate with its private key, out of PEM files. */
#include "origin/internal.h"

#include "base/mem.h"
#include "base/sha1.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PEM_BYTES_MAX = 64 * 1024, BUNDLE_BYTES_MAX = 16 * 1024 * 1024 };

/* One descriptor for looking at the permissions and for reading: nothing can change in between. */
enum err_code origin_pem_open(const char *path, bool secret, off_t max, BIO **out, struct err *err)
{
    struct stat found;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_errno(err, errno, "%s", path);
    enum err_code code = OK;
    if (fstat(fd, &found) != 0)
        code = err_errno(err, errno, "%s", path);
    else if (!S_ISREG(found.st_mode))
        code = err_set(err, ERR_INVALID, "%s is no file", path);
    else if (secret && found.st_mode & S_IRWXO)
        code = err_set(err, ERR_INVALID,
                       "%s may be read by everybody; take that away (chmod o= %s)", path, path);
    else if (found.st_size > max)
        code = err_set(err, ERR_LIMIT, "%s is larger than %lld bytes", path, (long long)max);
    *out = code == OK ? BIO_new_fd(fd, BIO_CLOSE) : NULL;
    if (!*out)
        close(fd);
    return code == OK && !*out ? err_set(err, ERR_IO, "%s cannot be read", path) : code;
}

static enum err_code read_certificate(struct signer *signer, const char *path, bool secret,
                                      struct err *err)
{
    BIO *file = NULL;
    enum err_code code = origin_pem_open(path, secret, PEM_BYTES_MAX, &file, err);
    if (code)
        return code;
    signer->certificate = PEM_read_bio_X509(file, NULL, NULL, NULL);
    BIO_free(file);
    return signer->certificate
               ? OK
               : err_set(err, ERR_INVALID, "%s holds no certificate; PEM is wanted", path);
}

/* There is nobody to ask. */
static int no_password(char *buffer, int size, int writing, void *asked)
{
    (void)buffer, (void)size, (void)writing;
    *(bool *)asked = true;
    return -1;
}

static enum err_code read_key(struct signer *signer, const char *path, bool secret, struct err *err)
{
    BIO *file = NULL;
    bool asked = false;
    enum err_code code = origin_pem_open(path, secret, PEM_BYTES_MAX, &file, err);
    if (code)
        return code;
    signer->key = PEM_read_bio_PrivateKey(file, NULL, no_password, &asked);
    BIO_free(file);
    if (signer->key)
        return OK;
    return asked ? err_set(err, ERR_INVALID,
                           "%s: the key is encrypted; write it without a password, and let the "
                           "file's mode protect it",
                           path)
                 : err_set(err, ERR_INVALID, "%s holds no private key; PEM is wanted", path);
}

static enum err_code check_key(const struct signer *signer, const char *path, struct err *err)
{
    int bits = EVP_PKEY_get_bits(signer->key);
    if (EVP_PKEY_get_base_id(signer->key) != EVP_PKEY_RSA || bits < ORIGIN_RSA_BITS_GOOD ||
        bits > ORIGIN_RSA_BITS_MAX)
        return err_set(err, ERR_INVALID, "%s: RSA of %d to %d bits is wanted", path,
                       ORIGIN_RSA_BITS_GOOD, ORIGIN_RSA_BITS_MAX);
    if (X509_check_private_key(signer->certificate, signer->key) != 1)
        return err_set(err, ERR_INVALID, "%s: the key is not the certificate's", path);
    return OK;
}

static enum err_code describe(struct signer *signer, const char *path, struct err *err)
{
    unsigned char *der = NULL;
    int len = i2d_X509(signer->certificate, &der);
    if (len <= 0)
        return err_set(err, ERR_INVALID, "%s cannot be written as DER", path);
    char *text = arena_alloc(signer->arena, BASE64_MAX((size_t)len));
    base64_encode(slice_of(der, (size_t)len), text);
    OPENSSL_free(der);
    signer->base64 = slice_from_cstr(text);
    signer->common_name =
        certificate_common_name(signer->arena, X509_get_subject_name(signer->certificate));
    return OK;
}

enum err_code signer_create(const char *certificate, const char *key, struct signer **out,
                            struct err *err)
{
    *out = NULL;
    enum err_code code = crypto_init(err);
    if (code)
        return code;
    struct signer *signer = mem_alloc(sizeof *signer);
    signer->arena = arena_create();
    code = read_certificate(signer, certificate, !key, err);
    if (code)
        err_wrap(err, "certificate");
    if (!code) {
        code = read_key(signer, key ? key : certificate, true, err);
        if (!code)
            code = check_key(signer, key ? key : certificate, err);
        if (code)
            err_wrap(err, key ? "key" : "certificate");
    }
    if (!code)
        code = describe(signer, certificate, err);
    ERR_clear_error();
    if (code) {
        signer_destroy(signer);
        return code;
    }
    *out = signer;
    return OK;
}

/* As libcurl and GnuTLS take them: a bundle of authorities is large, and the first that cannot be
 * read ends the list. */
enum err_code origin_check_certificates(const char *path, struct err *err)
{
    BIO *file = NULL;
    enum err_code code = crypto_init(err);
    if (!code)
        code = origin_pem_open(path, false, BUNDLE_BYTES_MAX, &file, err);
    if (code)
        return code;
    X509 *certificate = PEM_read_bio_X509(file, NULL, NULL, NULL);
    if (!certificate)
        code = err_set(err, ERR_INVALID, "%s holds no certificate; PEM is wanted", path);
    X509_free(certificate);
    BIO_free(file);
    ERR_clear_error();
    return code;
}

enum err_code origin_check_key(const char *path, struct err *err)
{
    struct signer signer = {0};
    enum err_code code = crypto_init(err);
    if (!code)
        code = read_key(&signer, path, false, err);
    EVP_PKEY_free(signer.key);
    ERR_clear_error();
    return code;
}

void signer_destroy(struct signer *signer)
{
    if (!signer)
        return;
    X509_free(signer->certificate);
    EVP_PKEY_free(signer->key);
    arena_destroy(signer->arena);
    free(signer);
}

struct slice signer_common_name(const struct signer *signer)
{
    return signer->common_name;
}

struct slice signer_certificate(const struct signer *signer)
{
    return signer->base64;
}

int64_t signer_not_before_s(const struct signer *signer)
{
    return certificate_not_before_s(signer->certificate);
}

int64_t signer_not_after_s(const struct signer *signer)
{
    return certificate_not_after_s(signer->certificate);
}
