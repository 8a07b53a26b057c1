-- Accounts and ratings, and the log of every change of a rating.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mm_profile') THEN
    CREATE ROLE mm_profile LOGIN;
  END IF;
END $$;

CREATE SCHEMA profile;
GRANT USAGE ON SCHEMA profile TO mm_profile;

-- The two unique constraints decide who gets a name or an address, and are named after the refusal.
CREATE TABLE profile.account (
  player_id uuid PRIMARY KEY,
  tenant text COLLATE "C" NOT NULL,
  username text NOT NULL,
  username_key text COLLATE "C" NOT NULL,   -- the name in lower case: names that differ in case only are one name
  email text COLLATE "C" NOT NULL,          -- in lower case
  password_hash text NOT NULL,
  region text NOT NULL,
  preferences text NOT NULL DEFAULT '{}' CHECK (octet_length(preferences) <= 4096),  -- one JSON object, unread
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT username_taken UNIQUE (tenant, username_key),
  CONSTRAINT email_taken UNIQUE (tenant, email)
);

-- What a player is worth in a mode. Ratings are in hundredths of a point, so that sums are exact. Players need no
-- account: matches may be of players that registered elsewhere.
CREATE TABLE profile.rating (
  tenant text COLLATE "C" NOT NULL,
  player_id uuid NOT NULL,
  mode text COLLATE "C" NOT NULL,
  mmr bigint NOT NULL DEFAULT 150000,
  games bigint NOT NULL DEFAULT 0,
  wins bigint NOT NULL DEFAULT 0,
  losses bigint NOT NULL DEFAULT 0,
  draws bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant, player_id, mode),
  CHECK (games = wins + losses + draws)
);
CREATE INDEX ON profile.rating (player_id);

-- The log. A match is applied in the transaction that inserts its row here. applied_seq is drawn while the rows of the
-- match's players are locked, so of two matches with a player in common the earlier applied has the lower number, and
-- replaying the log in this order gives the rating table again.
CREATE TABLE profile.applied (
  match_id uuid PRIMARY KEY,
  applied_seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  tenant text NOT NULL,
  mode text NOT NULL,
  rated boolean NOT NULL,          -- as the mode's rules said then
  winning_team integer,            -- none: a draw
  ended_at timestamptz NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE profile.rating_change (
  match_id uuid NOT NULL REFERENCES profile.applied (match_id),
  player_id uuid NOT NULL,
  team integer NOT NULL,
  slot integer NOT NULL,           -- place in the team: the last of all takes the remainder
  mmr_before bigint NOT NULL,
  mmr_after bigint NOT NULL,
  PRIMARY KEY (match_id, player_id)
);

CREATE TABLE profile.outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  message_id text NOT NULL UNIQUE,
  subject text NOT NULL,
  body text NOT NULL,
  traceparent text NOT NULL DEFAULT '',
  sent_under text,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON profile.outbox (id) WHERE sent_under IS NULL;
CREATE INDEX ON profile.outbox (created_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA profile TO mm_profile;
-- The log is only ever added to.
REVOKE UPDATE, DELETE ON profile.applied, profile.rating_change FROM mm_profile;
