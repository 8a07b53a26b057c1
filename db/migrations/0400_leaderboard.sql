-- Finished matches, and the standings that follow from them.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mm_leaderboard') THEN
    CREATE ROLE mm_leaderboard LOGIN;
  END IF;
END $$;

CREATE SCHEMA leaderboard;
GRANT USAGE ON SCHEMA leaderboard TO mm_leaderboard;

-- A match is applied in the transaction that inserts its row here.
CREATE TABLE leaderboard.applied (
  match_id uuid PRIMARY KEY,
  applied_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE leaderboard.match (
  match_id uuid PRIMARY KEY REFERENCES leaderboard.applied (match_id),
  tenant text COLLATE "C" NOT NULL,
  mode text COLLATE "C" NOT NULL,
  region text COLLATE "C" NOT NULL,
  season text COLLATE "C",         -- by ended_at; none: before the first season
  rated boolean NOT NULL,          -- false: no standing comes from it
  winning_team integer,            -- none: a draw
  duration_ms bigint NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL
);

-- One side of a match: a player's history. Ratings are in hundredths of a point. tenant, mode and ended_at are those of
-- the match, so that a page of a history is one range of one index.
CREATE TABLE leaderboard.match_player (
  match_id uuid NOT NULL REFERENCES leaderboard.match (match_id),
  player_id uuid NOT NULL,
  tenant text COLLATE "C" NOT NULL,
  mode text COLLATE "C" NOT NULL,
  ended_at timestamptz NOT NULL,
  team integer NOT NULL,
  slot integer NOT NULL,
  result text NOT NULL CHECK (result IN ('win', 'loss', 'draw')),
  username text NOT NULL,          -- at that time; empty: unknown
  mmr_before bigint NOT NULL,
  mmr_after bigint NOT NULL,
  stats text NOT NULL,             -- one JSON value, unread
  PRIMARY KEY (match_id, player_id)
);
CREATE INDEX match_player_history ON leaderboard.match_player (tenant, player_id, ended_at DESC, match_id DESC);

-- One table of standings. Whoever changes it holds the lock on its row here: one writer at a time.
CREATE TABLE leaderboard.board (
  board_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant text COLLATE "C" NOT NULL,
  season text COLLATE "C" NOT NULL,
  mode text COLLATE "C" NOT NULL,
  region text COLLATE "C" NOT NULL,  -- empty: all regions
  players bigint NOT NULL DEFAULT 0,
  UNIQUE (tenant, season, mode, region)
);

-- `place` orders a board: bytewise ascending is mmr descending, then wins descending, then player_id ascending. Numbers
-- are turned round at 2^62, which makes them positive, and written with the highest byte first.
CREATE TABLE leaderboard.standing (
  board_id integer NOT NULL REFERENCES leaderboard.board (board_id),
  player_id uuid NOT NULL,
  username text NOT NULL,
  mmr bigint NOT NULL,             -- after the player's last match of this board
  wins bigint NOT NULL,
  losses bigint NOT NULL,
  draws bigint NOT NULL,
  mode_games bigint NOT NULL,      -- the player's games in the mode, ever, when mmr was set: a later match has more
  place bytea NOT NULL GENERATED ALWAYS AS
    (int8send(4611686018427387904 - mmr) || int8send(4611686018427387904 - wins) || uuid_send(player_id)) STORED,
  PRIMARY KEY (board_id, player_id)
);
CREATE UNIQUE INDEX standing_place ON leaderboard.standing (board_id, place);

-- Ranks: a counted tree over the places of a board (services/leaderboard/README.md argues for it). A node of a level
-- counts the players from its `low` up to the next node's; where a node of a level begins, one of each level below
-- begins. Nodes of level n hold up to fanout^n players, the leaves (level 1) up to fanout.
CREATE TABLE leaderboard.rank_node (
  board_id integer NOT NULL REFERENCES leaderboard.board (board_id),
  level integer NOT NULL CHECK (level BETWEEN 1 AND 3),
  low bytea NOT NULL,              -- inclusive; empty: the first
  players bigint NOT NULL CHECK (players >= 0),
  PRIMARY KEY (board_id, level, low)
);

CREATE FUNCTION leaderboard.rank_fanout() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 64::bigint';

CREATE FUNCTION leaderboard.rank_capacity(level integer) RETURNS bigint LANGUAGE sql IMMUTABLE
  AS 'SELECT (leaderboard.rank_fanout() ^ level)::bigint';

-- The node of a level that counts a place. (In PL/pgSQL its plan is kept; an SQL function would be planned at each call.)
CREATE FUNCTION leaderboard.rank_node_of(board integer, at_level integer, at bytea) RETURNS bytea
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT n.low FROM leaderboard.rank_node n WHERE n.board_id = board AND n.level = at_level AND n.low <= at
    ORDER BY n.low DESC LIMIT 1);
END $$;

-- 1 + how many stand before. At each level only the siblings before the node on the way are added up.
CREATE FUNCTION leaderboard.rank_of(board integer, at bytea) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
  rank bigint := 1;
  parent bytea := '';
  node bytea;
  before bigint;
BEGIN
  FOR l IN REVERSE 3..1 LOOP
    node := leaderboard.rank_node_of(board, l, at);
    SELECT coalesce(sum(n.players), 0) INTO before FROM leaderboard.rank_node n
      WHERE n.board_id = board AND n.level = l AND n.low >= parent AND n.low < node;
    rank := rank + before;
    parent := node;
  END LOOP;
  SELECT count(*) INTO before FROM leaderboard.standing s
    WHERE s.board_id = board AND s.place >= parent AND s.place < at;
  RETURN rank + before;
END $$;

-- Cuts a node that has become too large in two, where something of the level below begins.
CREATE FUNCTION leaderboard.rank_split(board integer, at_level integer, node bytea, total bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  next_low bytea;
  cut bytea;
  kept bigint := total / 2;
BEGIN
  IF at_level = 1 THEN
    SELECT s.place INTO cut FROM leaderboard.standing s WHERE s.board_id = board AND s.place >= node
      ORDER BY s.place OFFSET kept LIMIT 1;
  ELSE
    SELECT n.low INTO next_low FROM leaderboard.rank_node n
      WHERE n.board_id = board AND n.level = at_level AND n.low > node ORDER BY n.low LIMIT 1;
    SELECT c.low, c.before INTO cut, kept FROM (
        SELECT n.low, sum(n.players) OVER (ORDER BY n.low) - n.players AS before FROM leaderboard.rank_node n
        WHERE n.board_id = board AND n.level = at_level - 1 AND n.low >= node AND (next_low IS NULL OR n.low < next_low)
      ) c WHERE c.low > node ORDER BY abs(c.before - total / 2) LIMIT 1;
  END IF;
  IF cut IS NULL THEN
    RETURN;  -- one child holds all: nothing to cut at
  END IF;
  INSERT INTO leaderboard.rank_node (board_id, level, low, players) VALUES (board, at_level, cut, total - kept);
  UPDATE leaderboard.rank_node n SET players = kept WHERE n.board_id = board AND n.level = at_level AND n.low = node;
END $$;

-- Counts a standing that is there now, in the lowest `levels` levels.
CREATE FUNCTION leaderboard.rank_add(board integer, at bytea, levels integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  node bytea;
  count bigint;
  nodes bytea[] := '{}';
  counts bigint[] := '{}';
BEGIN
  FOR l IN 1..levels LOOP
    node := leaderboard.rank_node_of(board, l, at);
    UPDATE leaderboard.rank_node n SET players = n.players + 1
      WHERE n.board_id = board AND n.level = l AND n.low = node RETURNING n.players INTO count;
    nodes[l] := node;
    counts[l] := count;
  END LOOP;
  -- From below: a node is cut where one below begins.
  FOR l IN 1..levels LOOP
    IF counts[l] > leaderboard.rank_capacity(l) THEN
      PERFORM leaderboard.rank_split(board, l, nodes[l], counts[l]);
    END IF;
  END LOOP;
END $$;

-- Joins a node that has become small with a neighbour of the same parent, if they are small enough together. Nothing
-- below changes. Returns where the node that counts its players begins now.
CREATE FUNCTION leaderboard.rank_join(board integer, at_level integer, node bytea, count bigint, parent bytea,
                                      parent_end bytea) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
  most bigint := leaderboard.rank_capacity(at_level) / 2;
  other_low bytea;
  other_count bigint;
BEGIN
  IF node > parent THEN
    SELECT n.low, n.players INTO other_low, other_count FROM leaderboard.rank_node n
      WHERE n.board_id = board AND n.level = at_level AND n.low < node ORDER BY n.low DESC LIMIT 1;
    IF other_count + count <= most THEN
      DELETE FROM leaderboard.rank_node n WHERE n.board_id = board AND n.level = at_level AND n.low = node;
      UPDATE leaderboard.rank_node n SET players = n.players + count
        WHERE n.board_id = board AND n.level = at_level AND n.low = other_low;
      RETURN other_low;
    END IF;
  END IF;
  SELECT n.low, n.players INTO other_low, other_count FROM leaderboard.rank_node n
    WHERE n.board_id = board AND n.level = at_level AND n.low > node AND (parent_end IS NULL OR n.low < parent_end)
    ORDER BY n.low LIMIT 1;
  IF other_count + count <= most THEN
    DELETE FROM leaderboard.rank_node n WHERE n.board_id = board AND n.level = at_level AND n.low = other_low;
    UPDATE leaderboard.rank_node n SET players = n.players + other_count
      WHERE n.board_id = board AND n.level = at_level AND n.low = node;
  END IF;
  RETURN node;
END $$;

-- No longer counts a standing at this place, in the lowest `levels` levels.
CREATE FUNCTION leaderboard.rank_remove(board integer, at bytea, levels integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  parent bytea := '';
  parent_end bytea;
  node bytea;
  count bigint;
BEGIN
  IF levels < 3 THEN
    parent := leaderboard.rank_node_of(board, levels + 1, at);
    SELECT n.low INTO parent_end FROM leaderboard.rank_node n
      WHERE n.board_id = board AND n.level = levels + 1 AND n.low > parent ORDER BY n.low LIMIT 1;
  END IF;
  -- From above: a node is joined within its parent.
  FOR l IN REVERSE levels..1 LOOP
    node := leaderboard.rank_node_of(board, l, at);
    UPDATE leaderboard.rank_node n SET players = n.players - 1
      WHERE n.board_id = board AND n.level = l AND n.low = node RETURNING n.players INTO count;
    IF count * 8 < leaderboard.rank_capacity(l) THEN
      node := leaderboard.rank_join(board, l, node, count, parent, parent_end);
    END IF;
    parent := node;
    SELECT n.low INTO parent_end FROM leaderboard.rank_node n
      WHERE n.board_id = board AND n.level = l AND n.low > node ORDER BY n.low LIMIT 1;
  END LOOP;
END $$;

-- One player's match on one board, whose row the caller has locked. Counts add up in any order; mmr and username are
-- those of the match in which the player had the most games in the mode, whatever comes first.
CREATE FUNCTION leaderboard.put_standing(board integer, player uuid, name text, new_mmr bigint, games bigint,
                                         win integer, loss integer, draw integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  old_place bytea;
  new_place bytea;
  levels integer := 3;
BEGIN
  SELECT s.place INTO old_place FROM leaderboard.standing s WHERE s.board_id = board AND s.player_id = player;
  IF old_place IS NULL THEN
    INSERT INTO leaderboard.standing (board_id, player_id, username, mmr, wins, losses, draws, mode_games)
      VALUES (board, player, name, new_mmr, win, loss, draw, games) RETURNING place INTO new_place;
    UPDATE leaderboard.board b SET players = b.players + 1 WHERE b.board_id = board;
    PERFORM leaderboard.rank_add(board, new_place, levels);
    RETURN;
  END IF;
  UPDATE leaderboard.standing s SET
      wins = s.wins + win, losses = s.losses + loss, draws = s.draws + draw,
      mmr = CASE WHEN games > s.mode_games THEN new_mmr ELSE s.mmr END,
      username = CASE WHEN name <> '' AND (games > s.mode_games OR s.username = '') THEN name ELSE s.username END,
      mode_games = greatest(games, s.mode_games)
    WHERE s.board_id = board AND s.player_id = player RETURNING s.place INTO new_place;
  -- Levels where both places are counted by the same node stay as they are.
  WHILE levels > 0 AND leaderboard.rank_node_of(board, levels, old_place)
      = leaderboard.rank_node_of(board, levels, new_place) LOOP
    levels := levels - 1;
  END LOOP;
  IF levels > 0 THEN
    PERFORM leaderboard.rank_remove(board, old_place, levels);
    PERFORM leaderboard.rank_add(board, new_place, levels);
  END IF;
END $$;

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA leaderboard TO mm_leaderboard;
