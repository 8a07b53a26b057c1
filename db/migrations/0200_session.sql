-- Matches from found to over. The row decides what a match is; events are hints (see services/session/README.md).
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mm_session') THEN
    CREATE ROLE mm_session LOGIN;
  END IF;
END $$;

CREATE SCHEMA session;
GRANT USAGE ON SCHEMA session TO mm_session;

-- Never deleted within 8 days of its end: a late copy of match.found must meet its row, not make a second match.
CREATE TABLE session.match (
  match_id uuid PRIMARY KEY,
  tenant text NOT NULL,
  mode text NOT NULL,
  region text NOT NULL,
  source text NOT NULL CHECK (source IN ('queue', 'challenge')),
  team_size integer NOT NULL CHECK (team_size > 0),
  roster jsonb NOT NULL,                    -- the teams of match.found
  state text NOT NULL CHECK (state IN ('allocating', 'ready', 'running', 'completed', 'cancelled')),
  reason text CHECK (reason IN ('no_server', 'loading_timeout', 'no_show', 'server_lost', 'conflict')),
  requeue jsonb NOT NULL DEFAULT '[]',      -- ids of the tickets that search again
  server_id uuid,
  server_endpoint text,
  server_url text,
  found_at timestamptz NOT NULL,            -- when matchmaker made it: the order in which matches get servers
  stored_at timestamptz NOT NULL DEFAULT now(),
  ready_at timestamptz,
  started_at timestamptz,                   -- first heartbeat that said running
  heartbeat_at timestamptz,                 -- the last one; before the first, when the server was given
  ended_at timestamptz,
  result_hash text,                         -- of the accepted result: the same again is the same answer
  ended_event text,                         -- body of match.completed or match.cancelled, to say it again
  released boolean NOT NULL DEFAULT false,  -- the server has been given back
  CHECK ((state = 'cancelled') = (reason IS NOT NULL)),
  CHECK ((state = 'completed') = (result_hash IS NOT NULL)),
  CHECK ((state IN ('completed', 'cancelled')) = (ended_at IS NOT NULL)),
  CHECK ((state IN ('completed', 'cancelled')) = (ended_event IS NOT NULL)),
  CHECK (state NOT IN ('ready', 'running', 'completed') OR (server_url IS NOT NULL AND heartbeat_at IS NOT NULL)),
  CHECK (NOT released OR ended_at IS NOT NULL)
);
CREATE INDEX ON session.match (found_at) WHERE state = 'allocating';
CREATE INDEX ON session.match (heartbeat_at) WHERE state IN ('ready', 'running');
CREATE INDEX ON session.match (ended_at) WHERE NOT released AND ended_at IS NOT NULL;
CREATE INDEX ON session.match (ended_at) WHERE released;

-- Who plays now: the last guard against a player in two matches.
CREATE TABLE session.live_player (
  tenant text NOT NULL,
  player_id uuid NOT NULL,
  match_id uuid NOT NULL REFERENCES session.match (match_id),
  PRIMARY KEY (tenant, player_id)
);
CREATE INDEX ON session.live_player (match_id);

CREATE TABLE session.outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  message_id text NOT NULL UNIQUE,
  subject text NOT NULL,
  body text NOT NULL,
  traceparent text NOT NULL DEFAULT '',
  sent_under text,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON session.outbox (id) WHERE sent_under IS NULL;
CREATE INDEX ON session.outbox (created_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA session TO mm_session;
