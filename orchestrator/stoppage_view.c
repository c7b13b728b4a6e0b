#include "orchestrator/stoppage_view.h"

#include <string.h>

#include "common/text.h"

enum { LINE_LENGTH = 90, STATEMENT_LENGTH = 4000, AROUND = 5 };

static void put_bold(const struct terminal *terminal, const char *text)
{
    fprintf(terminal->out, "%s%s%s", terminal_style(terminal->color_out, STYLE_BOLD), text,
            terminal_style(terminal->color_out, STYLE_PLAIN));
}

/* Escaped, on one line: white space of any kind is one blank. */
static void put_line(FILE *out, const char *text, size_t length)
{
    AUTO_BUFFER struct buffer line = {0};
    AUTO_BUFFER struct buffer escaped = {0};
    size_t at = 0;

    for (; at < length && line.length < LINE_LENGTH; at++) {
        bool blank = strchr(" \t\r\n", text[at]) != NULL;

        if (!blank || (line.length > 0 && line.bytes[line.length - 1] != ' '))
            buffer_append_char(&line, blank ? ' ' : text[at]);
    }
    /* Not in the middle of a character. */
    for (; at < length && ((unsigned char)text[at] & 0xc0) == 0x80; at++)
        buffer_append_char(&line, text[at]);
    text_append_escaped(&escaped, buffer_text(&line), line.length, false);
    fprintf(out, "%s%s", buffer_text(&escaped), at < length ? " …" : "");
}

/* Several lines, each behind the same indent. */
static void put_indented(FILE *out, const char *text, size_t length)
{
    AUTO_BUFFER struct buffer escaped = {0};
    bool cut = length > STATEMENT_LENGTH;
    const char *end = text + (cut ? STATEMENT_LENGTH : length);

    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t line = (size_t)((stop != NULL ? stop : end) - text);

        text_append_escaped(&escaped, text, line, false);
        fprintf(out, "      %s\n", buffer_text(&escaped));
        buffer_clear(&escaped);
        text += line + 1;
    }
    if (cut)
        fputs("      …\n", out);
}

static const char *state_word(enum statement_state state)
{
    static const char *const words[STATEMENT_STATE_COUNT] = {
        [STATEMENT_UNTOUCHED] = "not begun",
        [STATEMENT_SESSION] = "session only",
        [STATEMENT_BEGUN] = "begun",
        [STATEMENT_DONE] = "has run",
        [STATEMENT_UNDOING] = "being taken back",
        [STATEMENT_UNDONE] = "taken back",
    };

    return words[state];
}

/* A long script is shown at its ends and around the statement in question. */
static bool is_shown(const struct examined_part *part, size_t index)
{
    size_t number = index + 1;
    size_t statement = (size_t)part->statement;

    return number <= AROUND || number + AROUND > part->count ||
           (number + AROUND >= statement && number <= statement + AROUND);
}

static void print_statements(const struct stoppage *stoppage, const struct terminal *terminal)
{
    const struct examined_part *part = &stoppage->part;
    FILE *out = terminal->out;

    for (size_t i = 0; i < part->count; i++) {
        const struct statement *statement = &stoppage->script.statements[i];
        bool in_question = part->statement == (int)i + 1;

        if (!is_shown(part, i)) {
            if (i > 0 && is_shown(part, i - 1))
                fputs("        …\n", out);
            continue;
        }
        fprintf(out, "  %c %3zu  %-16s ", in_question ? '>' : ' ', i + 1,
                state_word(part->states[i]));
        put_line(out, statement->sql, statement->length);
        fputc('\n', out);
    }
}

static const struct statement *in_question(const struct stoppage *stoppage)
{
    const struct examined_part *part = &stoppage->part;

    if (part->statement == 0)
        return NULL;
    for (size_t i = 0; part->back && i < stoppage->way_back.count; i++)
        if (stoppage->way_back.statements[i].undoes == part->statement)
            return &stoppage->way_back.statements[i];
    return &stoppage->script.statements[part->statement - 1];
}

static void print_text(FILE *out, const char *title, const char *text)
{
    if (text[0] == '\0') {
        fprintf(out, "    %s: not there\n", title);
        return;
    }
    fprintf(out, "    %s:\n", title);
    put_indented(out, text, strlen(text));
}

static void print_question(const struct stoppage *stoppage, const struct terminal *terminal)
{
    const struct examined_part *part = &stoppage->part;
    const struct statement *statement = in_question(stoppage);
    FILE *out = terminal->out;
    char started[TIMESTAMP_SIZE];

    if (statement == NULL)
        return;
    timestamp_format(part->started_ms, started);
    fprintf(out, "  %s %d of %zu, line %d, ",
            part->back ? "the way back of statement" : "statement", part->statement, part->count,
            statement->line);
    terminal_put_untrusted(out, part->class, false);
    fprintf(out, ", begun %s by session ", started);
    terminal_put_untrusted(out, part->session, false);
    fputs(":\n", out);
    put_indented(out, statement->sql, statement->length);
    if (part->probed && part->trace != TRACE_NOT_READ)
        fprintf(out, "    its probe says that it has %srun\n",
                part->trace == TRACE_NOT_RUN ? "not " : "");
    if (part->object[0] == '\0' || part->trace == TRACE_NOT_READ)
        return;
    fputs("    ", out);
    terminal_put_untrusted(out, part->object, false);
    fputc('\n', out);
    print_text(out, "when it began", part->before);
    if (strcmp(part->before, part->now) == 0)
        fputs("    now: the same\n", out);
    else
        print_text(out, "now", part->now);
}

static void print_run(const struct stoppage *stoppage, const struct terminal *terminal)
{
    FILE *out = terminal->out;

    if (stoppage->plan == NULL)
        return;
    fputs("  begun by ", out);
    terminal_put_untrusted(out, stoppage->run.operator_name, false);
    fprintf(out, " in rollout %.12s", stoppage->run.rollout);
    if (stoppage->run.message[0] != '\0') {
        fputs(", which says: ", out);
        terminal_put_untrusted(out, stoppage->run.message, false);
    }
    fputc('\n', out);
}

/* What a person can undo the statements with that stand. */
static void print_way_back(const struct stoppage *stoppage, const struct terminal *terminal)
{
    FILE *out = terminal->out;

    if (!stoppage_needs_operator(stoppage) || stoppage->kind == STOP_UNREAD)
        return;
    if (stoppage->way_back.count == 0) {
        fputs("  there is no script that takes this step back\n", out);
        return;
    }
    fputs("  its way back, to undo by hand what stands (", out);
    terminal_put_untrusted(out, stoppage->step.undo.file, false);
    fputs("):\n", out);
    for (size_t i = 0; i < stoppage->way_back.count && i < (size_t)4 * AROUND; i++) {
        const struct statement *statement = &stoppage->way_back.statements[i];

        fputs("      ", out);
        put_line(out, statement->sql, statement->length);
        if (statement->undoes > 0)
            fprintf(out, "  (undoes %d)", statement->undoes);
        fputc('\n', out);
    }
}

static void print_choices(const struct stoppage *stoppage, const struct terminal *terminal)
{
    AUTO(arena) struct arena *arena = arena_new();
    size_t count;
    const struct stop_choice *choices = stoppage_choices(stoppage, arena, &count);

    if (count > 0)
        fputs("  what may be done:\n", terminal->out);
    for (size_t i = 0; i < count; i++) {
        fputs("    ", terminal->out);
        put_bold(terminal, choices[i].command);
        fprintf(terminal->out, "\n        %s\n", choices[i].meaning);
    }
}

void stoppage_print(const struct stoppage *stoppage, const struct terminal *terminal)
{
    AUTO_BUFFER struct buffer summary = {0};
    AUTO_BUFFER struct buffer reason = {0};
    FILE *out = terminal->out;

    stoppage_summarise(stoppage, &summary);
    stoppage_reason(stoppage, &reason);
    fputc('\n', out);
    put_bold(terminal, stoppage->item->target->name);
    fputs(": ", out);
    terminal_put_untrusted(out, buffer_text(&summary), false);
    fputc('\n', out);
    print_run(stoppage, terminal);
    if (stoppage->kind != STOP_UNREAD) {
        print_statements(stoppage, terminal);
        print_question(stoppage, terminal);
    }
    fputs("  ", out);
    terminal_put_untrusted(out, buffer_text(&reason), false);
    fputc('\n', out);
    print_way_back(stoppage, terminal);
    print_choices(stoppage, terminal);
}
