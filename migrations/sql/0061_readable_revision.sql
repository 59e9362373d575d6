GRANT SELECT ON public.alembic_version TO dothi_public;
