-- How sure a rating is. Deviations are in hundredths of a point, volatilities in billionths; deviation_at is the end of
-- the last rated match, from which on the deviation grows. Players rated before this migration start as uncertain as a
-- new one, so that the log, which says nothing of their certainty, still gives the table again.
ALTER TABLE profile.rating
  ADD COLUMN deviation bigint NOT NULL DEFAULT 35000 CHECK (deviation BETWEEN 3000 AND 35000),
  ADD COLUMN volatility bigint NOT NULL DEFAULT 60000000 CHECK (volatility > 0),
  ADD COLUMN deviation_at timestamptz;

ALTER TABLE profile.applied
  ADD COLUMN rating text,                      -- the system that rated it; none: unrated, or Elo before this migration
  ADD COLUMN margin integer NOT NULL DEFAULT 0;  -- how one-sided it counted, in thousandths of a game

-- None of these: applied before this migration, and changed no certainty.
ALTER TABLE profile.rating_change
  ADD COLUMN deviation_before bigint,
  ADD COLUMN deviation_after bigint,
  ADD COLUMN volatility_before bigint,
  ADD COLUMN volatility_after bigint;
