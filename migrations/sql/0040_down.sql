DROP FUNCTION admin.without_marks(text);
DROP FUNCTION admin.power_of(double precision, double precision), admin.remainder_of(double precision, double precision),
    admin.quotient_of(double precision, double precision);
