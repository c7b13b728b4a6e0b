#include "orchestrator/report.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/buffer.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/text.h"
#include "embedded.h"

struct cell {
    const char *text; /* NULL: no value */
    enum style style;
};

struct report {
    const struct report_column *columns;
    size_t column_count;
    struct arena *arena;
    struct cell *cells; /* row by row */
    size_t cell_count;
    size_t capacity;
};

bool report_form_from_name(const char *name, enum report_form *form, struct error *err)
{
    static const char *const names[] = {[REPORT_TABLE] = "table",
                                        [REPORT_JSON] = "json",
                                        [REPORT_CSV] = "csv",
                                        [REPORT_HTML] = "html"};

    *form = REPORT_TABLE;
    if (name == NULL)
        return true;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (strcmp(names[i], name) == 0) {
            *form = (enum report_form)i;
            return true;
        }
    }
    return error_set(err, ERROR_USAGE, "--output %s: expected table, json, csv or html", name);
}

struct report *report_new(const struct report_column *columns, size_t count)
{
    struct report *report = xcalloc(1, sizeof *report);

    report->columns = columns;
    report->column_count = count;
    report->arena = arena_new();
    return report;
}

void report_free(struct report *report)
{
    if (report == NULL)
        return;
    arena_free(report->arena);
    free(report->cells);
    free(report);
}

void report_row(struct report *report)
{
    assert(report->cell_count % report->column_count == 0);
    if (report->cell_count + report->column_count > report->capacity) {
        report->capacity = (report->capacity + report->column_count) * 2;
        report->cells = xreallocarray(report->cells, report->capacity, sizeof *report->cells);
    }
}

void report_text(struct report *report, const char *text, enum style style)
{
    assert(report->cell_count < report->capacity);
    report->cells[report->cell_count++] = (struct cell){
        .text = text != NULL ? arena_strdup(report->arena, text) : NULL,
        .style = style,
    };
}

void report_number(struct report *report, int64_t number)
{
    assert(report->cell_count < report->capacity);
    report->cells[report->cell_count++] =
        (struct cell){.text = arena_printf(report->arena, "%" PRId64, number)};
}

size_t report_row_count(const struct report *report)
{
    return report->cell_count / report->column_count;
}

static json_t *json_cell(const struct report_column *column, const struct cell *cell)
{
    if (cell->text == NULL)
        return json_null();
    if (column->is_number)
        return json_integer(strtoll(cell->text, NULL, 10));
    return json_text(cell->text);
}

static void print_json(const struct report *report, const char *name, FILE *out)
{
    AUTO(json) json_t *document = json_pack("{s:i}", "format", 1);
    json_t *rows = json_array();
    AUTO_BUFFER struct buffer text = {0};

    for (size_t i = 0; i < report->cell_count; i += report->column_count) {
        json_t *row = json_object();

        for (size_t c = 0; c < report->column_count; c++)
            json_object_set_new(row, report->columns[c].key,
                                json_cell(&report->columns[c], &report->cells[i + c]));
        json_array_append_new(rows, row);
    }
    json_object_set_new(document, name, rows);
    json_write_pretty(document, &text);
    fwrite(text.bytes, 1, text.length, out);
}

static void print_csv_cell(const char *text, FILE *out)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"')
            fputc('"', out);
        fputc(*p, out);
    }
    fputc('"', out);
}

static void print_csv(const struct report *report, FILE *out)
{
    assert(report->column_count > 0);
    for (size_t c = 0; c < report->column_count; c++)
        fprintf(out, "%s%s", c > 0 ? "," : "", report->columns[c].key);
    fputs("\r\n", out);
    for (size_t i = 0; i < report->cell_count; i++) {
        const char *text = report->cells[i].text;

        print_csv_cell(text != NULL ? text : "", out);
        fputs((i + 1) % report->column_count == 0 ? "\r\n" : ",", out);
    }
}

static void print_html_text(const char *text, FILE *out)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '&')
            fputs("&amp;", out);
        else if (*p == '<')
            fputs("&lt;", out);
        else if (*p == '"')
            fputs("&quot;", out);
        else
            fputc(*p, out);
    }
}

static void print_html_row(const struct report *report, const struct cell *cells, FILE *out)
{
    fputs("<tr>", out);
    for (size_t c = 0; c < report->column_count; c++) {
        fputs(report->columns[c].is_number ? "<td class=\"number\">" : "<td>", out);
        print_html_text(cells[c].text != NULL ? cells[c].text : "", out);
        fputs("</td>", out);
    }
    fputs("</tr>\n", out);
}

static void print_html(const struct report *report, const char *name, FILE *out)
{
    fputs(text_report_page, out);
    fprintf(out, "<title>fleet %s</title>\n<h1>%s</h1>\n<table>\n<tr>", name, name);
    for (size_t c = 0; c < report->column_count; c++)
        fprintf(out, "<th>%s</th>", report->columns[c].title);
    fputs("</tr>\n", out);
    for (size_t i = 0; i < report->cell_count; i += report->column_count)
        print_html_row(report, report->cells + i, out);
    fputs("</table>\n", out);
}

static const char *shown(const struct cell *cell)
{
    return cell->text != NULL && cell->text[0] != '\0' ? cell->text : "-";
}

/* The cells as a table shows them: escaped, in the order of the cells. */
static const char **escape_cells(const struct report *report)
{
    const char **texts = xcalloc(report->cell_count, sizeof *texts);

    for (size_t i = 0; i < report->cell_count; i++) {
        AUTO_BUFFER struct buffer safe = {0};
        const char *text = shown(&report->cells[i]);

        text_append_escaped(&safe, text, strlen(text), false);
        texts[i] = arena_strdup(report->arena, buffer_text(&safe));
    }
    return texts;
}

static size_t characters(const char *text)
{
    return text_characters(text, strlen(text));
}

static void print_padding(size_t count, FILE *out)
{
    for (size_t i = 0; i < count; i++)
        fputc(' ', out);
}

struct table_row {
    const struct report *report;
    const size_t *widths;
    const struct terminal *terminal;
};

static void print_row(const struct table_row *row, const char *const *texts,
                      const struct cell *cells)
{
    const struct report *report = row->report;
    FILE *out = row->terminal->out;
    bool first = true;
    size_t pending = 0; /* padding owed, so that no line ends in blanks */

    for (size_t c = 0; c < report->column_count; c++) {
        const struct report_column *column = &report->columns[c];

        if (column->only_data)
            continue;
        size_t room = row->widths[c] - characters(texts[c]);
        print_padding(pending + (first ? 0 : 2) + (column->is_number ? room : 0), out);
        bool styled = cells == NULL || cells[c].style != STYLE_PLAIN;
        enum style style = cells == NULL ? STYLE_BOLD : cells[c].style;
        if (styled)
            fputs(terminal_style(row->terminal->color_out, style), out);
        fputs(texts[c], out);
        if (styled)
            fputs(terminal_style(row->terminal->color_out, STYLE_PLAIN), out);
        pending = column->is_number ? 0 : room;
        first = false;
    }
    fputc('\n', out);
}

static void print_table(const struct report *report, const struct terminal *terminal)
{
    size_t columns = report->column_count;
    size_t *widths = xcalloc(columns, sizeof *widths);
    const char **titles = xcalloc(columns, sizeof *titles);
    const char **texts = escape_cells(report);
    struct table_row row = {.report = report, .widths = widths, .terminal = terminal};

    assert(columns > 0);
    for (size_t c = 0; c < columns; c++) {
        titles[c] = report->columns[c].title;
        widths[c] = characters(titles[c]);
    }
    for (size_t i = 0; i < report->cell_count; i++) {
        size_t length = characters(texts[i]);

        if (length > widths[i % columns])
            widths[i % columns] = length;
    }
    print_row(&row, titles, NULL);
    for (size_t i = 0; i < report->cell_count; i += columns)
        print_row(&row, texts + i, report->cells + i);
    free(texts);
    free(titles);
    free(widths);
}

void report_print(const struct report *report, const char *name, enum report_form form,
                  const struct terminal *terminal)
{
    switch (form) {
    case REPORT_TABLE:
        print_table(report, terminal);
        break;
    case REPORT_JSON:
        print_json(report, name, terminal->out);
        break;
    case REPORT_CSV:
        print_csv(report, terminal->out);
        break;
    case REPORT_HTML:
        print_html(report, name, terminal->out);
        break;
    }
}
