#include "agents/statement_class.h"

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "common/scope.h"

static const char *const names[] = {
    [CLASS_SESSION] = "session",     [CLASS_RERUNNABLE] = "rerunnable", [CLASS_DATA] = "data",
    [CLASS_PROBEABLE] = "probeable", [CLASS_OPAQUE] = "opaque",
};

static const struct {
    const char *word;
    enum statement_class statement_class;
} first_words[] = {
    {"set", CLASS_SESSION},         {"use", CLASS_SESSION},        {"pragma", CLASS_SESSION},
    {"prepare", CLASS_SESSION},     {"deallocate", CLASS_SESSION}, {"reset", CLASS_SESSION},
    {"attach", CLASS_SESSION},      {"detach", CLASS_SESSION},     {"show", CLASS_SESSION},
    {"lock", CLASS_SESSION},        {"unlock", CLASS_SESSION},     {"grant", CLASS_RERUNNABLE},
    {"revoke", CLASS_RERUNNABLE},   {"analyze", CLASS_RERUNNABLE}, {"vacuum", CLASS_RERUNNABLE},
    {"optimize", CLASS_RERUNNABLE}, {"flush", CLASS_RERUNNABLE},   {"comment", CLASS_RERUNNABLE},
    {"reindex", CLASS_RERUNNABLE},  {"insert", CLASS_DATA},        {"update", CLASS_DATA},
    {"delete", CLASS_DATA},         {"replace", CLASS_DATA},       {"select", CLASS_DATA},
    {"with", CLASS_DATA},           {"values", CLASS_DATA},        {"create", CLASS_PROBEABLE},
    {"alter", CLASS_PROBEABLE},     {"drop", CLASS_PROBEABLE},
};

static bool starts(const char *at, const char *end, const char *text)
{
    size_t length = strlen(text);

    return (size_t)(end - at) >= length && memcmp(at, text, length) == 0;
}

static const char *after(const char *at, const char *end, const char *mark)
{
    const char *found = memmem(at, (size_t)(end - at), mark, strlen(mark));

    return found != NULL ? found + strlen(mark) : end;
}

/* To the first word; an executable comment is entered, another one skipped. */
static const char *first_word(const char *at, const char *end)
{
    while (at < end) {
        if (isspace((unsigned char)*at) || *at == '(') {
            at++;
        } else if (starts(at, end, "/*!") || starts(at, end, "/*M!")) {
            at = after(at, end, "!");
            while (at < end && isdigit((unsigned char)*at))
                at++;
        } else if (starts(at, end, "/*")) {
            at = after(at + 2, end, "*/");
        } else if (starts(at, end, "--") || *at == '#') {
            at = after(at, end, "\n");
        } else {
            break;
        }
    }
    return at;
}

enum statement_class statement_class_of(const char *sql, size_t length)
{
    const char *end = sql + length;
    const char *word = first_word(sql, end);
    size_t size = 0;

    while (word + size < end && isalpha((unsigned char)word[size]))
        size++;
    for (size_t i = 0; i < COUNT_OF(first_words); i++) {
        if (strlen(first_words[i].word) != size ||
            strncasecmp(first_words[i].word, word, size) != 0)
            continue;
        bool several = strcmp(first_words[i].word, "drop") == 0 &&
                       memchr(word, ',', (size_t)(end - word)) != NULL;
        return several ? CLASS_OPAQUE : first_words[i].statement_class;
    }
    return CLASS_OPAQUE;
}

const char *statement_class_name(enum statement_class statement_class)
{
    assert((unsigned)statement_class < COUNT_OF(names));
    return names[statement_class];
}
