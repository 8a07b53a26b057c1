-- The history of the Redis instance "queue" (docs/adr/0021-generation-of-the-queue.md). The queue holds the same
-- generation, so an empty or older queue is noticed. The mark grows about once a second.
CREATE TABLE session.queue_generation (
  id uuid NOT NULL,
  number bigint NOT NULL CHECK (number > 0),
  mark bigint NOT NULL CHECK (mark >= 0),
  marked_at timestamptz NOT NULL DEFAULT now(),
  the_only_row boolean PRIMARY KEY DEFAULT true CHECK (the_only_row)
);
GRANT SELECT, INSERT, UPDATE ON session.queue_generation TO mm_session;

-- The matches that are not over, in the order of their ids, for a matchmaker whose queue has lost them.
CREATE INDEX ON session.match (match_id) WHERE ended_at IS NULL;
