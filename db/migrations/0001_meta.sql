-- What belongs to no service. (Schema meta and meta.migration are made by db/migrate itself.)

-- Which life of the data this is: an older state that was restored has the generation of its time, and the Redis
-- queue instance holds the same id, so that a restore of one of the two is noticed.
CREATE TABLE meta.generation (
  id uuid NOT NULL,
  the_only_row boolean PRIMARY KEY DEFAULT true CHECK (the_only_row)
);
INSERT INTO meta.generation (id) VALUES (gen_random_uuid());

-- Every service has its own schema and role; nobody has a share of the common ones.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
DO $$
BEGIN
  EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$$;
