-- Dead letters: events that a consumer has given up. Leaderboard stores them on behalf of all daemons. Only an operator
-- reads, retries and discards them.
CREATE SCHEMA ops;
GRANT USAGE ON SCHEMA ops TO mm_leaderboard;

CREATE TABLE ops.dead_letter (
  letter_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  stream text NOT NULL,
  consumer text NOT NULL,
  sequence bigint NOT NULL,        -- in the stream
  stored_at timestamptz NOT NULL,  -- when JetStream stored the event
  subject text NOT NULL,
  message_id text NOT NULL,        -- headers of the event; empty: it had none
  traceparent text NOT NULL,
  signature text NOT NULL,
  body bytea NOT NULL,
  bytes integer NOT NULL GENERATED ALWAYS AS (octet_length(body)) STORED,
  deliveries integer NOT NULL,
  reason text NOT NULL,            -- why the consumer gave the event up
  given_up_at timestamptz NOT NULL DEFAULT now(),
  retries integer NOT NULL DEFAULT 0,
  retried_at timestamptz,
  retry_error text,                -- why the last retry failed
  outcome text CHECK (outcome IN ('handled', 'discarded')),
  resolved_at timestamptz,
  CHECK ((outcome IS NULL) = (resolved_at IS NULL)),
  -- Sequences repeat after JetStream has lost the end of a stream, so the time is part of the key.
  UNIQUE (stream, consumer, sequence, stored_at)
);
CREATE INDEX ON ops.dead_letter (given_up_at) WHERE resolved_at IS NULL;
CREATE INDEX ON ops.dead_letter (resolved_at) WHERE resolved_at IS NOT NULL;

-- RFC 3339 with milliseconds, as in messages.
CREATE FUNCTION ops.time_text(at timestamptz) RETURNS text LANGUAGE sql STABLE STRICT
  AS $$SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')$$;

-- Leaderboard adds letters, counts them and deletes resolved ones. It cannot read what an event contains, and cannot
-- change a letter.
GRANT INSERT (stream, consumer, sequence, stored_at, subject, message_id, traceparent, signature, body, deliveries, reason)
  ON ops.dead_letter TO mm_leaderboard;
GRANT SELECT (letter_id, stream, consumer, sequence, stored_at, bytes, given_up_at, resolved_at)
  ON ops.dead_letter TO mm_leaderboard;
GRANT DELETE ON ops.dead_letter TO mm_leaderboard;
ALTER TABLE ops.dead_letter ENABLE ROW LEVEL SECURITY;
CREATE POLICY insert_any ON ops.dead_letter FOR INSERT TO mm_leaderboard WITH CHECK (true);
CREATE POLICY select_any ON ops.dead_letter FOR SELECT TO mm_leaderboard USING (true);
CREATE POLICY delete_resolved ON ops.dead_letter FOR DELETE TO mm_leaderboard USING (resolved_at IS NOT NULL);
