REVOKE SELECT ON public.alembic_version FROM dothi_public;
