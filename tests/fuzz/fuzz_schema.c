/* Any bytes as portable DDL: no crash; what reads prints as text that reads and prints the same;
   every operation that the model takes has words, or an error, on each engine, and so has its
   inverse. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plans/schema/desired.h"
#include "plans/schema/parser.h"
#include "plans/schema/print.h"
#include "plans/schema/render.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void print_all(const struct change *change, struct buffer *out)
{
    for (size_t i = 0; i < change->count; i++)
        print_operation(&change->operations[i], out);
}

static void print_again(struct arena *arena, const struct change *change)
{
    AUTO_BUFFER struct buffer once = {0};
    AUTO_BUFFER struct buffer twice = {0};
    struct change again = {0};
    struct error err = {0};

    print_all(change, &once);
    if (!parser_read(arena, buffer_text(&once), once.length, &again, &err)) {
        (void)fprintf(stderr, "line %d: %s\n%s", err.line, err.message, buffer_text(&once));
        abort();
    }
    assert(again.count == change->count);
    print_all(&again, &twice);
    assert(strcmp(buffer_text(&once), buffer_text(&twice)) == 0);
}

static void render_all(const struct operation *operation)
{
    for (int engine = 0; engine < ENGINE_KIND_COUNT; engine++) {
        AUTO_BUFFER struct buffer sql = {0};
        struct error err = {0};
        size_t statements = 0;
        bool done = render_operation((enum engine_kind)engine, RENDER_TOGETHER, operation, &sql,
                                     &statements, &err);

        assert(done == (err.code == ERROR_NONE));
    }
}

static void apply_all(struct arena *arena, struct change *change)
{
    struct model model = {.arena = arena};

    for (size_t i = 0; i < change->count; i++) {
        struct operation inverse = {0};
        const char *loss = NULL;
        struct error err = {0};

        if (!model_apply(&model, &change->operations[i], &inverse, &loss, &err)) {
            assert(err.code != ERROR_NONE);
            return;
        }
        render_all(&change->operations[i]);
        if (loss == NULL)
            render_all(&inverse);
    }
}

/* A schema that was wanted, printed, is wanted again without a difference. */
static void want(struct arena *arena, const char *text, size_t length)
{
    AUTO_BUFFER struct buffer printed = {0};
    struct desired desired;
    struct desired again;
    struct diff diff;
    struct error err = {0};

    if (!desired_read(arena, text, length, &desired, &err))
        return;
    print_model(&desired.model, &printed);
    bool read = desired_read(arena, buffer_text(&printed), printed.length, &again, &err);
    assert(read);
    bool compared = diff_models(&again.model, &desired.model, NULL, 0, &diff, &err);
    assert(compared && diff.count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *text = arena_copy(arena, bytes, length);
    struct change change = {0};
    struct error err = {0};

    if (parser_read(arena, text, length, &change, &err)) {
        print_again(arena, &change);
        apply_all(arena, &change);
        want(arena, text, length);
    } else {
        assert(err.code != ERROR_NONE && err.line > 0);
    }
    return 0;
}
