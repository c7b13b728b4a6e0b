-- The schema as canonical lines. The parameter, always the same, is the schema when the target is
-- one schema, else NULL. Names carry their schema only in the second case, so that tenants compare
-- equal.
--
-- It runs with a search_path that makes the server's own functions print names in the same way.
-- Objects of users have oids from 16384 on, so range scans on oid skip the system's.
WITH scope AS MATERIALIZED (
    SELECT oid, nspname,
           CASE WHEN $1 IS NULL THEN quote_ident(nspname) || '.' ELSE '' END AS prefix
    FROM pg_namespace
    WHERE nspname = $2 OR ($3 IS NULL AND nspname <> 'information_schema' AND nspname !~ '^pg_')
), owned AS MATERIALIZED (
    SELECT classid, objid FROM pg_depend
    WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
), ours AS MATERIALIZED (
    SELECT oid FROM pg_class
    WHERE relname IN ('fleet_history', 'fleet_fence', 'fleet_intent')
      AND relnamespace IN (SELECT oid FROM scope)
), relation AS MATERIALIZED (
    SELECT c.oid, c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity,
           c.relispartition, c.relpartbound, c.reloptions, i.indisvalid, c.reltablespace,
           s.prefix || quote_ident(c.relname) AS name
    FROM pg_class c
    JOIN scope s ON s.oid = c.relnamespace
    LEFT JOIN pg_index i ON i.indexrelid = c.oid
    WHERE c.oid >= 16384 AND c.relkind <> 't'
      AND coalesce(i.indrelid, c.oid) NOT IN (SELECT oid FROM ours)
      AND c.oid NOT IN (SELECT objid FROM owned WHERE classid = 'pg_class'::regclass)
)
SELECT line FROM (
SELECT 'schema ' || quote_ident(nspname) FROM scope WHERE $4 IS NULL AND nspname <> 'public'
UNION ALL
SELECT CASE r.relkind
           WHEN 'r' THEN 'table ' || r.name
           WHEN 'p' THEN 'table ' || r.name || ' partition by ' || pg_get_partkeydef(r.oid)
           WHEN 'f' THEN 'foreign table ' || r.name
           WHEN 'c' THEN 'type ' || r.name || ' composite'
           WHEN 'v' THEN 'view ' || r.name || ' ' || pg_get_viewdef(r.oid)
           WHEN 'm' THEN 'materialized view ' || r.name || ' ' || pg_get_viewdef(r.oid)
           WHEN 'S' THEN 'sequence ' || r.name || (
               SELECT concat(' ', format_type(q.seqtypid, NULL), ' start ', q.seqstart,
                             ' increment ', q.seqincrement, ' min ', q.seqmin, ' max ', q.seqmax,
                             ' cache ', q.seqcache, CASE WHEN q.seqcycle THEN ' cycle' END)
               FROM pg_sequence q WHERE q.seqrelid = r.oid)
               || coalesce((
               SELECT ' owned by ' || d.refobjid::regclass || '.' || quote_ident(a.attname)
               FROM pg_depend d
               JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
               WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid
                 AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')), '')
           ELSE 'index ' || r.name || ' ' || pg_get_indexdef(r.oid, 0, true)
       END
       || CASE WHEN r.relpersistence = 'u' THEN ' unlogged' ELSE '' END
       || CASE WHEN r.relrowsecurity THEN ' row security' ELSE '' END
       || CASE WHEN r.relforcerowsecurity THEN ' forced' ELSE '' END
       || CASE WHEN r.relispartition AND r.relkind <> 'I' AND r.relpartbound IS NOT NULL
               THEN ' ' || pg_get_expr(r.relpartbound, r.oid) ELSE '' END
       || CASE WHEN r.relkind NOT IN ('i', 'I') AND r.reloptions IS NOT NULL
               THEN ' with ' || r.reloptions::text ELSE '' END
       || CASE WHEN NOT r.indisvalid THEN ' INVALID' ELSE '' END
FROM relation r
UNION ALL
SELECT concat('column ', r.name, '.', quote_ident(a.attname), ' ',
              format_type(a.atttypid, a.atttypmod),
              CASE WHEN a.attcollation NOT IN (0, 100)
                   THEN ' collate ' || a.attcollation::regcollation END,
              CASE WHEN a.attnotnull THEN ' not null' END,
              CASE a.attidentity WHEN 'a' THEN ' identity always'
                                 WHEN 'd' THEN ' identity by default' END,
              CASE WHEN d.oid IS NOT NULL
                   THEN CASE a.attgenerated WHEN '' THEN ' default ' WHEN 's' THEN ' generated '
                                            ELSE ' virtual ' END
                        || pg_get_expr(d.adbin, d.adrelid) END)
FROM relation r
JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE r.relkind IN ('r', 'p', 'f', 'c')
UNION ALL
SELECT 'inherits ' || r.name || ' ' || h.inhparent::regclass
FROM pg_inherits h JOIN relation r ON r.oid = h.inhrelid
UNION ALL
SELECT 'constraint ' || coalesce(r.name, format_type(k.contypid, NULL)) || '.'
       || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid)
FROM pg_constraint k
JOIN scope s ON s.oid = k.connamespace
LEFT JOIN relation r ON r.oid = k.conrelid
WHERE k.oid >= 16384 AND k.contype IN ('c', 'f', 'p', 'u', 'x')
  AND (r.oid IS NOT NULL
       OR (k.conrelid = 0
           AND k.contypid NOT IN (SELECT objid FROM owned WHERE classid = 'pg_type'::regclass)))
UNION ALL
SELECT 'trigger ' || r.name || ' ' || pg_get_triggerdef(t.oid, true)
       || CASE t.tgenabled WHEN 'O' THEN '' ELSE ' enabled ' || t.tgenabled::text END
FROM pg_trigger t JOIN relation r ON r.oid = t.tgrelid
WHERE t.oid >= 16384 AND NOT t.tgisinternal
UNION ALL
SELECT 'rule ' || r.name || ' ' || pg_get_ruledef(w.oid, true)
FROM pg_rewrite w JOIN relation r ON r.oid = w.ev_class
WHERE w.oid >= 16384 AND w.rulename <> '_RETURN'
UNION ALL
SELECT concat('policy ', r.name, '.', quote_ident(y.polname), ' ', y.polcmd,
              CASE WHEN y.polpermissive THEN ' permissive' ELSE ' restrictive' END, ' to ',
              (SELECT string_agg(CASE WHEN role = 0 THEN 'public'
                                      ELSE quote_ident(pg_get_userbyid(role)) END, ', '
                                 ORDER BY role <> 0, pg_get_userbyid(role))
               FROM unnest(y.polroles) role),
              ' using ' || pg_get_expr(y.polqual, y.polrelid),
              ' check ' || pg_get_expr(y.polwithcheck, y.polrelid))
FROM pg_policy y JOIN relation r ON r.oid = y.polrelid
WHERE y.oid >= 16384
UNION ALL
SELECT concat('routine ', s.prefix, quote_ident(p.proname), '(', pg_get_function_arguments(p.oid),
              ') kind ', p.prokind, ' returns ' || pg_get_function_result(p.oid), ' language ',
              l.lanname, ' ', p.provolatile, p.proparallel,
              CASE WHEN p.proisstrict THEN ' strict' END,
              CASE WHEN p.prosecdef THEN ' security definer' END,
              CASE WHEN p.proleakproof THEN ' leakproof' END,
              ' set ' || p.proconfig::text,
              CASE WHEN p.prokind = 'a' THEN (
                  SELECT concat(' ', g.aggtransfn::regprocedure, ' ', g.aggfinalfn::regprocedure,
                                ' ', format_type(g.aggtranstype, NULL), ' ', g.agginitval)
                  FROM pg_aggregate g WHERE g.aggfnoid = p.oid) END,
              ' as ', coalesce(pg_get_function_sqlbody(p.oid), p.prosrc))
FROM pg_proc p
JOIN scope s ON s.oid = p.pronamespace
JOIN pg_language l ON l.oid = p.prolang
WHERE p.oid >= 16384
  AND p.oid NOT IN (SELECT objid FROM owned WHERE classid = 'pg_proc'::regclass)
UNION ALL
SELECT concat('type ', s.prefix, quote_ident(t.typname), CASE t.typtype
              WHEN 'd' THEN concat(' domain ', format_type(t.typbasetype, t.typtypmod),
                                   CASE WHEN t.typcollation NOT IN (0, 100)
                                        THEN ' collate ' || t.typcollation::regcollation END,
                                   CASE WHEN t.typnotnull THEN ' not null' END,
                                   ' default ' || t.typdefault)
              WHEN 'e' THEN ' enum ' || coalesce((
                  SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
                  FROM pg_enum e WHERE e.enumtypid = t.oid), '')
              ELSE ' range ' || (
                  SELECT format_type(g.rngsubtype, NULL) FROM pg_range g WHERE g.rngtypid = t.oid)
              END)
FROM pg_type t JOIN scope s ON s.oid = t.typnamespace
WHERE t.oid >= 16384 AND t.typtype IN ('d', 'e', 'r')
  AND t.oid NOT IN (SELECT objid FROM owned WHERE classid = 'pg_type'::regclass)
UNION ALL
SELECT 'extension ' || quote_ident(extname) FROM pg_extension
WHERE $5 IS NULL AND extname <> 'plpgsql'
) AS lines (line)
ORDER BY line COLLATE "C"
