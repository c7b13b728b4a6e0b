/* Our own statements recur on a kept session, and the server takes longer to plan most of them than
   to run them. PREPARE and EXECUTE go through the simple protocol, ahead of and between others. */
#include <stdlib.h>
#include <string.h>

#include "agents/engines/postgresql_session.h"
#include "common/memory.h"

/* The first use may be the only one. */
enum { WORTH_PREPARING = 2 };

/* What the server can plan ahead. A pooler could give EXECUTE to another session than PREPARE. */
static bool is_plannable(const struct postgresql_session *session, const char *sql)
{
    static const char *const beginnings[] = {"SELECT ", "INSERT ", "UPDATE "};

    if (session->pooled)
        return false;
    for (size_t i = 0; i < COUNT_OF(beginnings); i++)
        if (strncmp(sql, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}

/* The statement's entry, a new one if need be; NULL when there is no room. */
static struct postgresql_prepared *find(struct postgresql_session *session, const char *sql)
{
    for (size_t i = 0; i < COUNT_OF(session->prepared); i++) {
        struct postgresql_prepared *entry = &session->prepared[i];

        if (entry->sql == NULL) {
            entry->sql = xstrdup(sql);
            return entry;
        }
        if (strcmp(entry->sql, sql) == 0)
            return entry;
    }
    return NULL;
}

static bool append_execute(struct postgresql_session *session, unsigned number,
                           const char *const *parameters, size_t count, struct buffer *out,
                           struct error *err)
{
    buffer_printf(out, "EXECUTE fleet_%u", number);
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(out, i == 0 ? "(" : ", ");
        if (!postgresql_append_literal(session, parameters[i], out, err))
            return false;
    }
    buffer_append_text(out, count > 0 ? ");" : ";");
    return true;
}

bool postgresql_append_statement(struct postgresql_session *session, const char *sql,
                                 const char *const *parameters, size_t count, struct buffer *out,
                                 struct error *err)
{
    struct postgresql_prepared *entry = is_plannable(session, sql) ? find(session, sql) : NULL;

    if (entry == NULL || ++entry->uses < WORTH_PREPARING) {
        if (!postgresql_expand(session, sql, parameters, count, out, err))
            return false;
        buffer_append_char(out, ';');
        return true;
    }
    if (entry->number == 0) {
        entry->number = ++session->last_prepared;
        entry->unsure = true;
        buffer_printf(out, "PREPARE fleet_%u AS %s;", entry->number, sql);
    }
    return append_execute(session, entry->number, parameters, count, out, err);
}

/* A name is never used twice: of a message that failed nobody knows how far it came. */
void postgresql_settle_prepared(struct postgresql_session *session, bool done)
{
    for (size_t i = 0; i < COUNT_OF(session->prepared); i++) {
        struct postgresql_prepared *entry = &session->prepared[i];

        if (entry->unsure && !done)
            entry->number = 0;
        entry->unsure = false;
    }
}

void postgresql_forget_prepared(struct postgresql_session *session)
{
    for (size_t i = 0; i < COUNT_OF(session->prepared); i++) {
        free(session->prepared[i].sql);
        session->prepared[i] = (struct postgresql_prepared){0};
    }
}
