#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "agents/journal/frame.h"

enum { RECORDS = 4, ROOM = 64 };

static const char *const texts[RECORDS] = {"one", "", "three and more", "the last"};

/* A file of four records, each durable before the next but for the last two, and reserved room. */
static void make_file(struct buffer *file)
{
    static const char zeros[ROOM];

    journal_header_write(file, 1);
    for (uint64_t i = 0; i < RECORDS; i++)
        frame_write(file, &(struct frame){.type = 1,
                                          .format = 1,
                                          .sequence = i + 1,
                                          .synced = i < 3 ? i : 2,
                                          .payload = texts[i],
                                          .length = (uint32_t)strlen(texts[i])});
    buffer_append(file, zeros, sizeof zeros);
}

/* Counts records; one that is not as it was written fails the test. */
static bool take(void *context, const struct frame *frame, struct error *err)
{
    size_t *count = context;

    (void)err;
    assert_true(*count < RECORDS);
    assert_int_equal(frame->sequence, *count + 1);
    assert_int_equal(frame->length, strlen(texts[*count]));
    assert_memory_equal(frame->payload, texts[*count], frame->length);
    (*count)++;
    return true;
}

static bool read_all(const struct buffer *file, size_t length, size_t *count,
                     struct frame_scan *scan, struct error *err)
{
    *count = 0;
    return frame_read_all(file->bytes, length, take, count, scan, err);
}

static void the_checksum_is_that_of_rfc_3720(void **state)
{
    (void)state;
    uint8_t bytes[32] = {0};

    assert_int_equal(crc32c(0, bytes, sizeof bytes), 0x8A9136AA);
    memset(bytes, 0xFF, sizeof bytes);
    assert_int_equal(crc32c(0, bytes, sizeof bytes), 0x62A8AB43);
    assert_int_equal(crc32c(0, "123456789", 9), 0xE3069283);
    assert_int_equal(crc32c(crc32c(0, "1234", 4), "56789", 5), 0xE3069283);
}

static void a_file_cut_at_any_byte_is_read_up_to_the_cut(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer file = {0};
    size_t most = 0;

    make_file(&file);
    for (size_t length = 0; length <= file.length; length++) {
        struct frame_scan scan;
        struct error err = {0};
        size_t count;

        if (!read_all(&file, length, &count, &scan, &err))
            fail_msg("cut at %zu: %s", length, err.message);
        assert_true(count >= most && scan.end + scan.dropped <= length);
        assert_int_equal(scan.next_sequence, count + 1);
        most = count;
    }
    assert_int_equal(most, RECORDS);
}

/* A flipped byte is damage, or it makes the end look torn: never another record. */
static void every_flipped_byte_is_found(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer file = {0};
    size_t refused = 0;

    make_file(&file);
    for (size_t at = 0; at < file.length; at++)
        for (int bits = 1; bits < 256; bits = bits * 2 + 1) {
            struct frame_scan scan;
            struct error err = {0};
            size_t count;

            file.bytes[at] = (char)(file.bytes[at] ^ bits);
            if (!read_all(&file, file.length, &count, &scan, &err)) {
                assert_true(err.code == ERROR_VERIFY);
                refused++;
            } else {
                assert_true(scan.dropped > 0);
            }
            file.bytes[at] = (char)(file.bytes[at] ^ bits);
        }
    assert_true(refused > 0);
}

static void damage_before_what_was_durable_is_refused_with_its_place(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer file = {0};
    struct frame_scan scan;
    struct error err = {0};
    size_t count;

    make_file(&file);
    file.bytes[JOURNAL_HEADER_SIZE + FRAME_HEADER_SIZE] ^= 1;
    assert_false(read_all(&file, file.length, &count, &scan, &err));
    assert_int_equal(err.code, ERROR_VERIFY);
    assert_non_null(strstr(err.message, "record 1 at byte 28 is damaged"));
}

static void a_lost_write_before_a_later_one_that_no_sync_followed_is_a_torn_tail(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer file = {0};
    struct frame_scan scan;
    struct error err = {0};
    size_t count, third = JOURNAL_HEADER_SIZE + 2 * FRAME_HEADER_SIZE + 3;

    make_file(&file);
    memset(file.bytes + third, 0, FRAME_HEADER_SIZE + strlen(texts[2]));
    assert_true(read_all(&file, file.length, &count, &scan, &err));
    assert_int_equal(count, 2);
    assert_int_equal(scan.end, third);
    assert_true(scan.dropped > 0);
}

static void a_newer_format_is_refused_by_name(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer file = {0};
    struct frame_scan scan;
    struct error err = {0};
    size_t count;

    make_file(&file);
    file.bytes[8] = 2;
    uint32_t crc = crc32c(0, file.bytes, 24);
    for (size_t i = 0; i < 4; i++)
        file.bytes[24 + i] = (char)(uint8_t)(crc >> (8 * i));
    assert_false(read_all(&file, file.length, &count, &scan, &err));
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "format 2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_checksum_is_that_of_rfc_3720),
        cmocka_unit_test(a_file_cut_at_any_byte_is_read_up_to_the_cut),
        cmocka_unit_test(every_flipped_byte_is_found),
        cmocka_unit_test(damage_before_what_was_durable_is_refused_with_its_place),
        cmocka_unit_test(a_lost_write_before_a_later_one_that_no_sync_followed_is_a_torn_tail),
        cmocka_unit_test(a_newer_format_is_refused_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
