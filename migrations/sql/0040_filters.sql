-- What filters compute, each a call of one function: written out, their operands would stand there several times, and operators
-- inside one another would double the statement at each level.

-- A division that keeps whole numbers. No value for a divisor of 0.
CREATE FUNCTION admin.quotient_of(dividend double precision, divisor double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN trunc(dividend / nullif(divisor, 0));
COMMENT ON FUNCTION admin.quotient_of(double precision, double precision) IS 'Phép chia lấy phần nguyên';

-- What such a division leaves; the sign is the dividend's.
CREATE FUNCTION admin.remainder_of(dividend double precision, divisor double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN dividend - divisor * trunc(dividend / nullif(divisor, 0));
COMMENT ON FUNCTION admin.remainder_of(double precision, double precision) IS 'Phần dư của phép chia lấy phần nguyên';

-- A power; no value where it is no real number or beyond what a double precision can hold, so that no row makes the question fail.
CREATE FUNCTION admin.power_of(base double precision, exponent double precision) RETURNS double precision
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
DECLARE
    largest constant double precision := 709.78; -- natural logarithm of the largest double precision, a little less
    magnitude double precision := abs(base);
BEGIN
    IF (base = 0 AND exponent < 0) OR (base < 0 AND exponent <> trunc(exponent)) THEN
        RETURN NULL;
    END IF;
    IF magnitude NOT IN (0, 1) AND abs(exponent) > largest / abs(ln(magnitude)) THEN
        RETURN CASE WHEN (magnitude > 1) <> (exponent > 0) THEN 0 END;
    END IF;
    RETURN power(base, exponent);
END
$$;
COMMENT ON FUNCTION admin.power_of(double precision, double precision) IS 'Lũy thừa; không có giá trị nếu vượt phạm vi tính được';

-- A text without tones and marks, đ as d; case stays. What ACCENTI compares.
CREATE FUNCTION admin.without_marks(value text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN translate(regexp_replace(normalize(value, NFD), '[\u0300-\u036f]', '', 'g'), 'đĐ', 'dD');
COMMENT ON FUNCTION admin.without_marks(text) IS 'Bỏ dấu, giữ chữ hoa và chữ thường: dùng khi lọc';

-- The API says by its health whether program and schema belong together.
GRANT SELECT ON public.alembic_version TO dothi_public;
