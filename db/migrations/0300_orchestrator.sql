-- Which game server hosts which match.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mm_orchestrator') THEN
    CREATE ROLE mm_orchestrator LOGIN;
  END IF;
END $$;

CREATE SCHEMA orchestrator;
GRANT USAGE ON SCHEMA orchestrator TO mm_orchestrator;

-- A released row is a tombstone: an allocate that comes late is refused by it.
CREATE TABLE orchestrator.allocation (
  match_id uuid PRIMARY KEY,
  state text NOT NULL CHECK (state IN ('allocated', 'released')),
  server_id uuid,                  -- none: released before it was ever allocated
  slot integer CHECK (slot BETWEEN 0 AND 63),
  endpoint text,                   -- host:port for players
  allocated_at timestamptz NOT NULL DEFAULT now(),
  checked_at timestamptz NOT NULL DEFAULT now(),  -- when session was last asked whether the match still lives
  released_at timestamptz,
  CHECK (state = 'released' OR (server_id IS NOT NULL AND slot IS NOT NULL AND endpoint IS NOT NULL)),
  CHECK ((state = 'released') = (released_at IS NOT NULL))
);
-- No place on a server is given to two matches, whatever a daemon believes.
CREATE UNIQUE INDEX allocation_slot ON orchestrator.allocation (server_id, slot) WHERE state = 'allocated';
CREATE INDEX ON orchestrator.allocation (checked_at) WHERE state = 'allocated';
CREATE INDEX ON orchestrator.allocation (released_at) WHERE state = 'released';

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA orchestrator TO mm_orchestrator;
