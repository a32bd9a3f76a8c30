#!/bin/sh
# First start of the database container: the role the application runs as. It owns nothing and,
# after `manage.py prepare`, may add to history but not rewrite it.
set -eu

psql -X -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -v password="$APP_DB_PASSWORD" <<'SQL'
CREATE ROLE propdesk_app LOGIN PASSWORD :'password';
REVOKE CONNECT ON DATABASE propdesk FROM PUBLIC;
GRANT CONNECT ON DATABASE propdesk TO propdesk_app;
SQL
