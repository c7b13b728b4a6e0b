#include "common/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/text.h"

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

static struct {
    enum log_level level;
    bool json;
} configured = {.level = LOG_LEVEL_INFO};

void log_configure(enum log_level level, bool json)
{
    configured.level = level;
    configured.json = json;
}

bool log_level_from_name(const char *name, enum log_level *level)
{
    for (size_t i = 0; i < COUNT_OF(level_names); i++) {
        if (strcmp(level_names[i], name) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

struct line {
    const char *time;
    enum log_level level;
    const struct log_field *fields; /* ends with a NULL key; may be NULL */
    const char *message;
};

static void write_pair(struct buffer *out, const char *key, const char *value)
{
    buffer_append_char(out, ',');
    json_append_text(out, key);
    buffer_append_char(out, ':');
    json_append_text(out, value);
}

static void write_json(struct buffer *out, const struct line *line)
{
    buffer_append_text(out, "{\"time\":");
    json_append_text(out, line->time);
    write_pair(out, "level", level_names[line->level]);
    write_pair(out, "message", line->message);
    for (const struct log_field *field = line->fields; field && field->key; field++)
        write_pair(out, field->key, field->value);
    buffer_append_char(out, '}');
}

static void write_value(struct buffer *out, const char *value)
{
    bool bare = value[0] != '\0' && strpbrk(value, " \t\"=\\") == NULL;

    if (bare) {
        text_append_escaped(out, value, strlen(value), false);
        return;
    }
    buffer_append_char(out, '"');
    for (; *value != '\0'; value += strcspn(value, "\"\\")) {
        if (*value == '"' || *value == '\\') {
            buffer_printf(out, "\\%c", *value);
            value++;
        }
        text_append_escaped(out, value, strcspn(value, "\"\\"), false);
    }
    buffer_append_char(out, '"');
}

static void write_plain(struct buffer *out, const struct line *line)
{
    buffer_printf(out, "%s %s ", line->time, level_names[line->level]);
    text_append_escaped(out, line->message, strlen(line->message), false);
    for (const struct log_field *field = line->fields; field && field->key; field++) {
        buffer_printf(out, " %s=", field->key);
        write_value(out, field->value);
    }
}

void log_event(enum log_level level, const struct log_field *fields, const char *format, ...)
{
    const struct clock *clock = clock_system();
    AUTO_BUFFER struct buffer message = {0};
    AUTO_BUFFER struct buffer out = {0};
    char time[TIMESTAMP_SIZE];
    va_list args;

    if (level > configured.level)
        return;
    va_start(args, format);
    buffer_vprintf(&message, format, args);
    va_end(args);
    timestamp_format(clock->wall_ms(clock), time);
    const struct line line = {time, level, fields, buffer_text(&message)};
    (configured.json ? write_json : write_plain)(&out, &line);
    buffer_append_char(&out, '\n');
    /* One write, so that lines of several threads do not mix; if nobody reads them, so be it. */
    ssize_t written = write(STDERR_FILENO, out.bytes, out.length);
    (void)written;
}
