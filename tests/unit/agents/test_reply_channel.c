#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "agents/reply_channel.h"
#include "common/buffer.h"

static void listen(void *context, const struct reply *reply)
{
    static const char letters[REPLY_KIND_COUNT] = {
        [REPLY_HISTORY] = 'h', [REPLY_TARGET] = 't', [REPLY_ROWS] = 'r',    [REPLY_EVENT] = 'v',
        [REPLY_ERROR] = 'x',   [REPLY_END] = '.',    [REPLY_FOREIGN] = 'f',
    };

    buffer_append_char(context, letters[reply->kind]);
}

static void each_set_is_told_once_and_first(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer heard = {0};
    AUTO(reply_channel) struct reply_channel *channel = reply_channel_new(listen, &heard);
    const struct target_status status = {.target = "a"};

    for (int round = 0; round < 2; round++)
        for (uint8_t i = 0; i < 20; i++)
            reply_channel_status(channel, &status, &(struct applied_set){.id = {{i}}});
    reply_channel_status(channel, &status, NULL);
    reply_channel_end(channel, NULL);
    assert_string_equal(buffer_text(&heard), "hthththththththththththththththththththt"
                                             "tttttttttttttttttttt"
                                             "t.");
}

static void an_error_is_the_last_word(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer heard = {0};
    AUTO(reply_channel) struct reply_channel *channel = reply_channel_new(listen, &heard);
    const struct error err = {.code = ERROR_VERIFY, .message = "no"};

    reply_channel_event(channel, &(struct run_event){.kind = RUN_ACCEPTED});
    reply_channel_rows(channel, "a", NULL, 0);
    reply_channel_foreign(channel, "a", &(struct foreign_history){0});
    reply_channel_end(channel, &err);
    assert_string_equal(buffer_text(&heard), "vrfx");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_set_is_told_once_and_first),
        cmocka_unit_test(an_error_is_the_last_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
