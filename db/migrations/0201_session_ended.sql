-- A result may say that the match does not count: the match is cancelled, and the hash of the result stays, so that the
-- same result again is known.
ALTER TABLE session.match DROP CONSTRAINT match_reason_check;
ALTER TABLE session.match ADD CONSTRAINT match_reason_check
  CHECK (reason IN ('no_server', 'loading_timeout', 'no_show', 'server_lost', 'conflict', 'voided'));
ALTER TABLE session.match DROP CONSTRAINT match_check1;
ALTER TABLE session.match ADD CONSTRAINT match_result_check
  CHECK (CASE state WHEN 'completed' THEN result_hash IS NOT NULL
                    ELSE result_hash IS NULL OR reason IS NOT DISTINCT FROM 'voided' END);

-- Who played what ended lately (kRecentTime in common/contracts/recent.h): a client that was away asks for it. Rows are
-- written in the transaction that ends the match, and go after ten minutes.
CREATE TABLE session.ended_player (
  tenant text NOT NULL,
  player_id uuid NOT NULL,
  match_id uuid NOT NULL,
  ended_at timestamptz NOT NULL,
  PRIMARY KEY (tenant, player_id, match_id)
);
CREATE INDEX ON session.ended_player (ended_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON session.ended_player TO mm_session;
