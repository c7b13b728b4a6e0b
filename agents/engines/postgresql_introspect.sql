-- What most schemas have, as rows of: whether postgresql_introspect_rare.sql has more to say, the
-- catalog and the oid of an object, the oid of the relation that it is part of, the line.
--
-- Plain statements without joins: one statement with joins takes the server three times as long to
-- plan as these. The reader leaves out members of extensions, and parts of relations that have no
-- row; the many parts of our own tables are not even spelt. $1 is the oid of the one schema that the
-- target is, or 0 for all. Objects of users have oids from 16384 on. The server prints names with
-- their schema unless the search_path finds them.
SELECT relhastriggers OR relhasrules, 1259, oid, NULL, concat(
    CASE relkind WHEN 'r' THEN 'table ' WHEN 'p' THEN 'partitioned table ' WHEN 'v' THEN 'view '
                 WHEN 'm' THEN 'materialized view ' WHEN 'S' THEN 'sequence '
                 WHEN 'f' THEN 'foreign table ' ELSE 'composite type ' END, oid::regclass,
    CASE relpersistence WHEN 'u' THEN ' unlogged' END,
    CASE WHEN relreplident IN ('f', 'i') THEN concat(' replica identity ', relreplident) END,
    CASE WHEN relrowsecurity THEN ' row security' END,
    CASE WHEN relforcerowsecurity THEN ' forced row security' END,
    CASE WHEN reloptions IS NOT NULL THEN concat(' with ', reloptions) END,
    CASE WHEN relispartition THEN concat(' ', pg_get_expr(relpartbound, oid)) END,
    CASE relkind WHEN 'p' THEN concat(' by ', pg_get_partkeydef(oid))
                 WHEN 'v' THEN concat(' as ', pg_get_viewdef(oid))
                 WHEN 'm' THEN concat(' as ', pg_get_viewdef(oid)) END)
FROM pg_class
WHERE oid >= 16384 AND relkind NOT IN ('i', 'I', 't') AND relpersistence <> 't'
  AND relname NOT IN ('fleet_history', 'fleet_fence', 'fleet_intent') AND $1 IN (0, relnamespace)
ORDER BY oid;

SELECT false, NULL, NULL, attrelid, concat('column ', attrelid::regclass, '.', quote_ident(attname),
    ' ', format_type(atttypid, atttypmod),
    CASE WHEN attcollation > 0 AND attcollation <> 100
         THEN concat(' collate ', attcollation::regcollation) END,
    CASE WHEN attnotnull THEN ' not null' END,
    CASE attidentity WHEN 'a' THEN ' identity always' WHEN 'd' THEN ' identity by default' END,
    CASE attgenerated WHEN 's' THEN ' generated stored' WHEN 'v' THEN ' generated virtual' END,
    CASE WHEN atthasdef THEN concat(' default ', (
        SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef
        WHERE adrelid = attrelid AND adnum = attnum)) END)
FROM pg_attribute
WHERE attnum > 0 AND NOT attisdropped AND attrelid = ANY (ARRAY(
    SELECT oid FROM pg_class
    WHERE oid >= 16384 AND relkind IN ('r', 'p', 'f', 'c') AND $1 IN (0, relnamespace)
      AND relname NOT IN ('fleet_history', 'fleet_fence', 'fleet_intent')))
ORDER BY attrelid, attnum;

SELECT false, 1247, contypid, NULLIF(conrelid, 0), concat('constraint ',
    CASE conrelid WHEN 0 THEN contypid::regtype::text ELSE conrelid::regclass::text END, '.',
    quote_ident(conname), ' ', pg_get_constraintdef(oid))
FROM pg_constraint
WHERE oid >= 16384 AND contype NOT IN ('t', 'n') AND $1 IN (0, connamespace)
  AND (conrelid = 0 OR (SELECT relname NOT IN ('fleet_history', 'fleet_fence', 'fleet_intent')
                        FROM pg_class WHERE oid = conrelid))
ORDER BY oid;

SELECT false, NULL, NULL, indrelid, concat('index ', indexrelid::regclass, ' ',
    pg_get_indexdef(indexrelid, 0, true), CASE WHEN indisreplident THEN ' replica identity' END,
    CASE WHEN NOT indisvalid THEN ' INVALID' END)
FROM pg_index
WHERE indexrelid >= 16384
  AND (SELECT relkind <> 't' AND $1 IN (0, relnamespace)
              AND relname NOT IN ('fleet_history', 'fleet_fence', 'fleet_intent')
       FROM pg_class WHERE oid = indrelid)
ORDER BY indexrelid;

SELECT false, NULL, NULL, seqrelid, concat('sequence ', seqrelid::regclass, ' as ',
    format_type(seqtypid, NULL), ' start ', seqstart, ' increment ', seqincrement, ' from ', seqmin,
    ' to ', seqmax, ' cache ', seqcache, CASE WHEN seqcycle THEN ' cycle' END,
    (SELECT concat(' owned by ', refobjid::regclass, '.', (
        SELECT quote_ident(attname) FROM pg_attribute
        WHERE attrelid = refobjid AND attnum = refobjsubid))
     FROM pg_depend WHERE classid = 1259 AND objid = seqrelid AND refclassid = 1259
                      AND refobjsubid > 0 AND deptype IN ('a', 'i')))
FROM pg_sequence
WHERE $1 = 0 OR (SELECT relnamespace FROM pg_class WHERE oid = seqrelid) = $1;

SELECT false, NULL, NULL, NULL, concat('schema ', quote_ident(nspname))
FROM pg_namespace WHERE oid >= 16384 AND nspname !~ '^pg_' AND $1 = 0;

SELECT true, NULL, NULL, NULL, CASE WHEN $1 = 0 THEN concat('extension ', quote_ident(extname)) END
FROM pg_extension WHERE oid >= 16384;

SELECT true, NULL, NULL, NULL, NULL FROM pg_policy LIMIT 1;

SELECT true, NULL, NULL, NULL, NULL FROM pg_inherits LIMIT 1;

SELECT true, NULL, NULL, NULL, NULL FROM pg_proc WHERE oid >= 16384 LIMIT 1;

SELECT true, NULL, NULL, NULL, NULL FROM pg_type
WHERE oid >= 16384 AND typtype IN ('d', 'e', 'r') LIMIT 1
