REVOKE SELECT ON public.alembic_version FROM dothi_public;
DROP FUNCTION admin.without_marks(text);
DROP FUNCTION admin.power_of(double precision, double precision), admin.remainder_of(double precision, double precision),
    admin.quotient_of(double precision, double precision);
