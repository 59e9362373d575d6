"""Files into the database: read, understand, check, stage, publish, report. Knows no HTTP."""
