/* Any lines as the schema of each engine, which the first byte tells: no crash, and what was found
   is portable DDL that makes the same model. */
#include <assert.h>
#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plans/introspection/found.h"
#include "plans/introspection/resolve.h"
#include "plans/schema/desired.h"
#include "plans/schema/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void compare(struct arena *arena, enum engine_kind engine, struct model *model)
{
    AUTO_BUFFER struct buffer printed = {0};
    struct desired desired;
    struct diff diff;
    struct error err = {0};

    print_model(model, &printed);
    if (!desired_read(arena, buffer_text(&printed), printed.length, &desired, &err)) {
        (void)fprintf(stderr, "line %d: %s\n%s", err.line, err.message, buffer_text(&printed));
        abort();
    }
    resolve(engine, model, &desired.model);
    bool same = diff_models(model, &desired.model, NULL, 0, &diff, &err) && diff.count == 0;
    if (!same) {
        (void)fprintf(stderr, "%s\n%s\n", err.message, buffer_text(&printed));
        buffer_clear(&printed);
        for (size_t i = 0; i < diff.count; i++)
            print_operation(&diff.operations[i], &printed);
        (void)fprintf(stderr, "DIFFERENCE:\n%s", buffer_text(&printed));
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct found found;

    if (length == 0)
        return 0;
    enum engine_kind engine = (enum engine_kind)(bytes[0] % ENGINE_KIND_COUNT);
    char *lines = arena_copy(arena, bytes + 1, length - 1);
    for (size_t i = 0; engine == ENGINE_SQLITE && i + 1 < length; i++)
        lines[i] = (char)tolower((unsigned char)lines[i]); /* A and a are one name there */
    found_read(arena, engine, lines, length - 1, &found);
    for (size_t i = 0; i < found.outside_count; i++)
        assert(found.outside[i].part != NULL && found.outside[i].reason[0] != '\0');
    if (found.model.table_count > 0) /* an empty text is no schema */
        compare(arena, engine, &found.model);
    return 0;
}
