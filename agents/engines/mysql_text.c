#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "agents/engines/mysql_session.h"

/* Plain words stay readable in the server's logs; anything else goes as hexadecimal, which
   means the same whatever a script set: NO_BACKSLASH_ESCAPES, SET NAMES. Under
   EMPTY_STRING_IS_NULL no literal is empty, but a function's value may be. */
void mysql_append_literal(struct buffer *out, const char *text)
{
    static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                   " .,:;_+-/=@#()";
    size_t length = strlen(text);

    if (length == 0) {
        buffer_append_text(out, "SPACE(0)");
        return;
    }
    if (strspn(text, harmless) == length) {
        buffer_printf(out, "'%s'", text);
        return;
    }
    buffer_append_text(out, "_utf8mb4 X'");
    for (size_t i = 0; i < length; i++)
        buffer_printf(out, "%02x", (unsigned)(unsigned char)text[i]);
    buffer_append_char(out, '\'');
}

void mysql_append_name(struct buffer *out, const char *name)
{
    buffer_append_char(out, '`');
    for (; *name != '\0'; name++) {
        if (*name == '`')
            buffer_append_char(out, '`');
        buffer_append_char(out, *name);
    }
    buffer_append_char(out, '`');
}

void mysql_expand(const char *sql, const char *const *parameters, size_t count, struct buffer *out)
{
    const char *dollar;

    for (; (dollar = strchr(sql, '$')) != NULL; sql = dollar) {
        char *end;
        unsigned long number = strtoul(dollar + 1, &end, 10);

        buffer_append(out, sql, (size_t)(dollar - sql));
        assert(isdigit((unsigned char)dollar[1]) && number >= 1 && number <= count);
        if (parameters[number - 1] != NULL)
            mysql_append_literal(out, parameters[number - 1]);
        else
            buffer_append_text(out, "NULL");
        dollar = end;
    }
    buffer_append_text(out, sql);
}
