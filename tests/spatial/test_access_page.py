"""The page of rights is what the database grants, role by role and table by table; where they differ it is written anew."""

from collections import defaultdict
from pathlib import Path

from spatial.references import reference_tables
from tests.conftest import Database
from tests.spatial.people import session

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "access.md"
HEAD = """# Who may do what

Written by `tests/spatial/test_access_page.py` from the rights in the database. R reads, I inserts, U updates, D deletes;
*(columns)*: some columns only. A role has what the roles have that it is a member of. Tables that are not named here are the
owner's alone. **Bold** is reference data, which no editor writes. An editor's rows are judged by her territory besides
([ADR 2](../adr/0002-territory-by-trigger.md), [ADR 15](../adr/0015-rights-follow-from-places.md)).
"""
WALK = """
    SELECT n.nspname, c.relname, r.rolname, string_agg(v.letter, '' ORDER BY v.place),
        bool_or(NOT has_table_privilege(r.oid, c.oid, v.verb))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN pg_roles r
    CROSS JOIN (VALUES (1, 'SELECT', 'R'), (2, 'INSERT', 'I'), (3, 'UPDATE', 'U'), (4, 'DELETE', 'D')) AS v (place, verb, letter)
    WHERE c.relkind IN ('r', 'p', 'v', 'm') AND r.rolname LIKE 'dothi\\_%' AND r.rolname <> 'dothi_owner'
        AND n.nspname = ANY (ARRAY['admin', 'land', 'planning', 'construction', 'infrastructure', 'landscape', 'underground',
            'population', 'survey', 'private', 'ingest', 'rollup', 'audit', 'history', 'staging'])
        AND has_schema_privilege(r.oid, n.oid, 'USAGE')
        AND CASE v.verb WHEN 'DELETE' THEN has_table_privilege(r.oid, c.oid, v.verb)
            ELSE has_any_column_privilege(r.oid, c.oid, v.verb) END
    GROUP BY 1, 2, 3"""
MEMBERS = """
    SELECT m.rolname, string_agg(g.rolname, ', ' ORDER BY g.rolname)
    FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member JOIN pg_roles g ON g.oid = a.roleid
    WHERE m.rolname LIKE 'dothi\\_%' GROUP BY 1 ORDER BY 1"""


def written(database: Database) -> str:
    """Give the page as the database has it."""
    with session(database.url) as cursor:
        cursor.execute(MEMBERS)
        members = [f"* `{role}` is a member of {groups}." for role, groups in cursor.fetchall()]
        cursor.execute(WALK)
        rights: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
        for schema, table, role, letters, is_partial in cursor.fetchall():
            rights[schema][table][role] = letters + (" (columns)" if is_partial else "")
    roles = sorted({role for tables in rights.values() for granted in tables.values() for role in granted})
    parts = [HEAD, "\n".join(members) + "\n"]
    for schema in sorted(rights):
        lines = [
            f"## {schema}\n",
            f"| table | {' | '.join(role.removeprefix('dothi_') for role in roles)} |",
            "|---" * (len(roles) + 1) + "|",
        ]
        for table, granted in sorted(rights[schema].items()):
            name = f"**{table}**" if f"{schema}.{table}" in reference_tables() else table
            lines.append(f"| {name} | {' | '.join(granted.get(role, '') for role in roles)} |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def test_the_page_of_rights_says_what_the_database_grants(database: Database) -> None:
    found = written(database)
    known = PAGE.read_text("utf-8") if PAGE.is_file() else ""
    PAGE.write_text(found, "utf-8")
    assert known == found, f"{PAGE.name} has been written anew: look at what changed, and commit it"
