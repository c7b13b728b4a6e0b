-- What some schemas have, in the rows of postgresql_introspect.sql. A row without a line is a
-- member of an extension.
SELECT false, classid, objid, NULL, NULL
FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e' AND objid >= 16384;

SELECT false, NULL, NULL, tgrelid, concat('trigger ', tgrelid::regclass, ' ',
    pg_get_triggerdef(oid, true), CASE WHEN tgenabled <> 'O' THEN concat(' ', tgenabled) END)
FROM pg_trigger
WHERE oid >= 16384 AND NOT tgisinternal
  AND (SELECT $1 IN (0, relnamespace) FROM pg_class WHERE oid = tgrelid);

SELECT false, NULL, NULL, ev_class, concat('rule ', ev_class::regclass, ' ',
    pg_get_ruledef(oid, true), CASE WHEN ev_enabled <> 'O' THEN concat(' ', ev_enabled) END)
FROM pg_rewrite
WHERE oid >= 16384 AND rulename <> '_RETURN'
  AND (SELECT $1 IN (0, relnamespace) FROM pg_class WHERE oid = ev_class);

SELECT false, NULL, NULL, polrelid, concat('policy ', polrelid::regclass, '.', quote_ident(polname),
    ' for ', polcmd, CASE WHEN polpermissive THEN ' permissive' ELSE ' restrictive' END, ' to ',
    ARRAY(SELECT CASE role WHEN 0 THEN 'public' ELSE pg_get_userbyid(role) END
          FROM unnest(polroles) AS role ORDER BY 1),
    CASE WHEN polqual IS NOT NULL THEN concat(' using ', pg_get_expr(polqual, polrelid)) END,
    CASE WHEN polwithcheck IS NOT NULL
         THEN concat(' check ', pg_get_expr(polwithcheck, polrelid)) END)
FROM pg_policy
WHERE (SELECT $1 IN (0, relnamespace) FROM pg_class WHERE oid = polrelid);

SELECT false, NULL, NULL, inhrelid, concat('inherits ', inhrelid::regclass, ' ', inhseqno, ' ',
    inhparent::regclass)
FROM pg_inherits
WHERE (SELECT relkind NOT IN ('i', 'I') AND $1 IN (0, relnamespace)
       FROM pg_class WHERE oid = inhrelid);

SELECT false, 1255, oid, NULL, concat('routine ', oid::regprocedure, ' kind ', prokind, ' (',
    pg_get_function_arguments(oid), ') returns ', pg_get_function_result(oid), ' language ',
    (SELECT lanname FROM pg_language WHERE pg_language.oid = prolang), ' ', provolatile,
    proparallel, CASE WHEN proisstrict THEN ' strict' END,
    CASE WHEN prosecdef THEN ' security definer' END, CASE WHEN proleakproof THEN ' leakproof' END,
    CASE WHEN proconfig IS NOT NULL THEN concat(' set ', proconfig) END,
    CASE prokind WHEN 'a' THEN (
        SELECT concat(' by ', aggtransfn::regprocedure, ' ', format_type(aggtranstype, NULL), ' ',
                      aggfinalfn::regprocedure, ' from ', agginitval)
        FROM pg_aggregate WHERE aggfnoid = pg_proc.oid) END,
    ' as ', probin, ' ', coalesce(pg_get_function_sqlbody(oid), prosrc))
FROM pg_proc
WHERE oid >= 16384 AND $1 IN (0, pronamespace) AND pronamespace <> pg_my_temp_schema()
  AND NOT pg_is_other_temp_schema(pronamespace);

SELECT false, 1247, oid, NULL, concat('type ', oid::regtype, CASE typtype
    WHEN 'd' THEN concat(' domain ', format_type(typbasetype, typtypmod),
                         CASE WHEN typcollation > 0 AND typcollation <> 100
                              THEN concat(' collate ', typcollation::regcollation) END,
                         CASE WHEN typnotnull THEN ' not null' END,
                         CASE WHEN typdefault IS NOT NULL THEN concat(' default ', typdefault) END)
    WHEN 'e' THEN concat(' enum ', ARRAY(SELECT enumlabel FROM pg_enum
                                         WHERE enumtypid = pg_type.oid ORDER BY enumsortorder))
    ELSE concat(' range ', (SELECT format_type(rngsubtype, NULL) FROM pg_range
                            WHERE rngtypid = pg_type.oid)) END)
FROM pg_type
WHERE oid >= 16384 AND typtype IN ('d', 'e', 'r') AND $1 IN (0, typnamespace)
  AND typnamespace <> pg_my_temp_schema() AND NOT pg_is_other_temp_schema(typnamespace)
