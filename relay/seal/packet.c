#include "seal/packet.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdlib.h>
#include <zstd.h>

/* Level 1: five times smaller in 13 us; higher levels cost more than they save (docs/decisions.md).
 */
enum { COMPRESSION_LEVEL = 1, LENGTH_BYTES = 4, KEPT_BYTES_MAX = 1024 * 1024 };

void packet_put(struct buf *out, struct slice part)
{
    buf_put_u32be(out, (uint32_t)part.len);
    buf_put(out, part);
}

void packet_put_signed(struct buf *out, const struct key *key, enum seal_kind kind,
                       struct slice header)
{
    uint8_t signature[KEY_SIGNATURE_BYTES];

    key_sign(key, kind, header, signature);
    packet_put(out, header);
    packet_put(out, slice_of(signature, sizeof signature));
}

static size_t read_u32be(const char *bytes)
{
    size_t value = 0;

    for (int i = 0; i < LENGTH_BYTES; i++)
        value = value << 8 | (unsigned char)bytes[i];
    return value;
}

enum err_code packet_split(struct slice bytes, struct packet *out, struct err *err)
{
    *out = (struct packet){0};
    if (bytes.len > PACKET_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "frame: a packet of %zu bytes is too large", bytes.len);
    while (bytes.len) {
        size_t len = bytes.len < LENGTH_BYTES ? 0 : read_u32be(bytes.ptr);
        if (bytes.len < LENGTH_BYTES || len > bytes.len - LENGTH_BYTES)
            return err_set(err, ERR_INVALID, "frame: part %zu is cut off", out->count);
        if (out->count == PACKET_PARTS_MAX)
            return err_set(err, ERR_INVALID, "frame: more than %d parts", PACKET_PARTS_MAX);
        out->parts[out->count++] = slice_of(bytes.ptr + LENGTH_BYTES, len);
        bytes = slice_sub(bytes, LENGTH_BYTES + len, bytes.len);
    }
    if (out->count == 0)
        return err_set(err, ERR_INVALID, "frame: empty");
    return OK;
}

/* What a thread that makes packets keeps for the next one until it ends: a compressor costs as much
 * as compressing an alert, and fresh memory for a large packet nearly as much. */
struct workbench {
    ZSTD_CCtx *compressor;
    struct buf packet;
};

static pthread_key_t workbench_key;
static pthread_once_t workbench_once = PTHREAD_ONCE_INIT;
static bool workbench_keyed;

static void workbench_free(void *memory)
{
    struct workbench *bench = memory;

    ZSTD_freeCCtx(bench->compressor);
    buf_fini(&bench->packet);
    free(bench);
}

static void workbench_init(void)
{
    workbench_keyed = pthread_key_create(&workbench_key, workbench_free) == 0;
}

/* This thread's own; NULL where there is no memory for it. */
static struct workbench *workbench(void)
{
    pthread_once(&workbench_once, workbench_init);
    struct workbench *own = workbench_keyed ? pthread_getspecific(workbench_key) : NULL;
    if (own || !workbench_keyed)
        return own;
    own = mem_alloc(sizeof *own);
    own->compressor = ZSTD_createCCtx();
    if (!own->compressor || pthread_setspecific(workbench_key, own) != 0) {
        workbench_free(own);
        return NULL;
    }
    return own;
}

void packet_begin(struct buf *packet)
{
    struct workbench *own = workbench();

    buf_init(packet, PACKET_BYTES_MAX);
    if (own) {
        *packet = own->packet;
        own->packet = (struct buf){0};
        packet->max_bytes = PACKET_BYTES_MAX;
    }
}

void packet_end(struct buf *packet)
{
    struct workbench *own = workbench();

    if (own && !own->packet.ptr && packet->capacity <= KEPT_BYTES_MAX) {
        buf_reset(packet);
        own->packet = *packet;
    } else {
        buf_fini(packet);
    }
}

enum err_code packet_compress(struct slice packet, struct buf *out, struct err *err)
{
    size_t bound = ZSTD_compressBound(packet.len);
    char *place = buf_reserve(out, bound);
    size_t written;

    if (!place)
        return err_set(err, ERR_LIMIT, "no room for a packet of %zu bytes", packet.len);
    struct workbench *own = workbench();
    written = own ? ZSTD_compressCCtx(own->compressor, place, bound, packet.ptr, packet.len,
                                      COMPRESSION_LEVEL)
                  : ZSTD_compress(place, bound, packet.ptr, packet.len, COMPRESSION_LEVEL);
    if (ZSTD_isError(written))
        return err_set(err, ERR_INVALID, "cannot compress: %s", ZSTD_getErrorName(written));
    buf_commit(out, written);
    return OK;
}

static bool is_zstd(struct slice frame)
{
    return frame.len >= 4 && memcmp(frame.ptr, "\x28\xb5\x2f\xfd", 4) == 0;
}

enum err_code packet_open(struct arena *arena, struct slice frame, struct packet *out,
                          struct err *err)
{
    unsigned long long size;
    size_t written;
    char *place;

    *out = (struct packet){0};
    if (!is_zstd(frame))
        return packet_split(frame, out, err);
    size = ZSTD_getFrameContentSize(frame.ptr, frame.len);
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR)
        return err_set(err, ERR_INVALID, "frame: compressed without a declared size");
    if (size > PACKET_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "frame: %llu bytes declared, at most %d allowed", size,
                       PACKET_BYTES_MAX);
    if (ZSTD_findFrameCompressedSize(frame.ptr, frame.len) != frame.len)
        return err_set(err, ERR_INVALID, "frame: cut off, or more behind the compressed packet");
    place = arena_alloc(arena, (size_t)size + 1);
    written = ZSTD_decompress(place, (size_t)size, frame.ptr, frame.len);
    if (ZSTD_isError(written) || written != size)
        return err_set(err, ERR_INVALID, "frame: damaged compression");
    return packet_split(slice_of(place, (size_t)size), out, err);
}
