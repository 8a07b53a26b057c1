// The platform's nouns as a game sees them. Ids are UUID texts; times are RFC 3339 texts in UTC; durations and
// ratings carry their unit in the name or the comment.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace matchmaker {

struct Account {
  std::string player_id = {};
  std::string username = {};
  std::string email = {};
  std::string region = {};
  int mmr = 0;
  std::string created_at = {};
};

struct Rating {
  int mmr = 0;
  std::int64_t games = 0;
  std::int64_t wins = 0;
  std::int64_t losses = 0;
  std::int64_t draws = 0;
};

/// email and preferences_json only in one's own.
struct Profile {
  std::string player_id = {};
  std::string username = {};
  std::string email = {};
  std::string region = {};
  int mmr = 0;  ///< of the mode `ranked`
  std::map<std::string, Rating> ratings = {};  ///< by mode
  std::int64_t wins = 0;
  std::int64_t losses = 0;
  std::string preferences_json = {};
  std::string created_at = {};
  std::string updated_at = {};
};

struct PartyMember {
  std::string player_id = {};
  std::string username = {};
  bool ready = false;
  bool connected = false;  ///< has a realtime connection open; a player who only makes calls never has
  std::string joined_at = {};
};

enum class PartyStatus { idle, queued, in_match };

struct Party {
  std::string party_id = {};
  std::string leader_id = {};
  std::string region = {};
  int max_size = 0;
  bool is_public = true;
  PartyStatus status = PartyStatus::idle;
  std::string ticket_id = {};  ///< empty: none
  std::string match_id = {};   ///< empty: none
  std::vector<PartyMember> members = {};
  std::int64_t version = 0;
};

/// To join a party. It ends by itself at `expires_at`, an RFC 3339 time.
struct Invitation {
  std::string party_id = {};
  std::string from_player_id = {};
  std::string from_username = {};
  std::string expires_at = {};
};

struct ReadyState {
  std::string party_id = {};
  int ready_count = 0;
  int total_count = 0;
  bool all_ready = false;
  std::vector<std::string> not_ready = {};
};

enum class TicketStatus { searching, matched, cancelled, timed_out };

struct Ticket {
  std::string ticket_id = {};
  std::string party_id = {};  ///< empty: none
  TicketStatus status = TicketStatus::searching;
  std::string mode = {};
  std::string region = {};
  int team_size = 0;
  std::string queued_at = {};
  std::int64_t waited_ms = 0;
  double rating_window = 0;  ///< rating points to either side
  double estimated_wait_seconds = 0;
  double estimated_wait_p90_seconds = 0;
  std::string match_id = {};  ///< empty: none
};

/// What keeps a ticket waiting, and what `Explanation::by` counts.
enum class WaitRule {
  none,       ///< it waits no more
  window,     ///< the nearest ticket is so many rating points outside a window
  players,    ///< so many players too few are within reach; 0: the party sizes there are fill no teams
  latency,    ///< the region opens to it in so many seconds; absent: never
  outbid,     ///< there was a match for it, but its partners had a better one
  next_tick,  ///< nothing: it is about to be matched
  other,      ///< one that this version does not know
};

enum class WaitOutcome { matched, times_out, unknown };

/// What becomes of a ticket if nobody comes or goes.
struct WaitForecast {
  WaitOutcome outcome = WaitOutcome::unknown;
  double in_seconds = 0;          ///< until then; of unknown: it is not matched before
  std::optional<double> quality = {};  ///< of the match, 0 to 1
  std::optional<double> spread = {};   ///< of its ratings, in points
};

/// A rule that a ticket and a neighbour keep (`margin` of 0 and more) or break.
struct PairCheck {
  std::string rule = {};  ///< your_window, their_window, region, players, sizes
  std::optional<double> value = {};
  double limit = 0;
  std::optional<double> margin = {};  ///< absent: it is never kept
};

struct NearTicket {
  double rating = 0;
  int players = 1;
  std::int64_t waited_ms = 0;
  double rating_window = 0;
  std::vector<PairCheck> checks = {};
  std::optional<double> accept_in_seconds = {};  ///< absent: never
};

/// Newcomers with whom a ticket would be matched at once.
struct Newcomers {
  int parties = 1;
  int party_size = 1;
  double rating = 0;
  double within = 0;  ///< farther off than this nobody new could help
};

/// Why a ticket waits, in one region.
struct Explanation {
  std::string ticket_id = {};
  TicketStatus status = TicketStatus::searching;
  std::string mode = {};
  std::string region = {};
  int team_size = 0;
  std::int64_t waited_ms = 0;
  std::string summary = {};  ///< all of it in a few English sentences
  // Only of a ticket that waits:
  WaitRule rule = WaitRule::none;
  std::optional<double> by = {};
  std::optional<double> rating = {};
  std::optional<double> rating_window = {};
  std::int64_t tickets_waiting = 0;  ///< in this queue, with this one
  std::int64_t players_waiting = 0;
  std::vector<NearTicket> nearest = {};  ///< in rating
  std::optional<WaitForecast> forecast = {};
  std::optional<double> matched_now_with_window = {};  ///< with windows of so many points for everybody
  std::optional<Newcomers> matched_now_with = {};
};

enum class MatchStatus { allocating, loading, ready, running, completed, cancelled };

/// A match this player is in. Endpoint, url and token are empty until it is ready.
struct Match {
  std::string match_id = {};
  MatchStatus status = MatchStatus::allocating;
  std::string mode = {};
  std::string region = {};
  std::vector<std::vector<std::string>> teams = {};  ///< player ids
  int team = 0;                                 ///< index of this player's
  std::string server_endpoint = {};                  ///< host:port
  std::string server_url = {};                       ///< ws://…
  std::string join_token = {};                       ///< this player's own; show it to the game server only
  std::string expires_at = {};
};

enum class Outcome { win, loss, draw };

/// A match of the last ten minutes and how it ended for this player.
struct RecentMatch {
  std::string match_id = {};
  std::string mode = {};
  std::string region = {};
  MatchStatus status = MatchStatus::completed;  ///< completed or cancelled
  std::string ended_at = {};
  int team = 0;  ///< index of this player's
  // Of a completed match:
  Outcome result = Outcome::draw;
  int winning_team = -1;  ///< -1: a draw
  double duration_seconds = 0;
  bool rated = false;  ///< the rating changed by it is known; not at once, and never in an unrated mode
  double mmr_before = 0;
  double mmr_after = 0;
  double mmr_change = 0;
  // Of a cancelled match:
  std::string reason = {};
  bool requeued = false;  ///< the ticket went back into the queue
};

/// What the player is in now, and what has just ended.
struct Active {
  std::optional<Party> party = {};
  std::optional<Ticket> ticket = {};
  std::optional<Match> match = {};
  std::vector<Invitation> invites = {};  ///< the one that ends soonest first
  std::vector<RecentMatch> recent = {};  ///< in the order in which they ended
};

struct HistoryEntry {
  std::string match_id = {};
  std::string mode = {};
  std::string region = {};
  std::string started_at = {};
  std::string ended_at = {};
  double duration_seconds = 0;
  Outcome result = Outcome::draw;
  int team = 0;
  double mmr_before = 0;
  double mmr_after = 0;
  double mmr_change = 0;
  std::string stats_json = {};
};

struct HistoryPage {
  std::vector<HistoryEntry> matches = {};
  std::string next_cursor = {};  ///< empty: the last page
};

struct LeaderboardEntry {
  std::int64_t rank = 0;
  std::string player_id = {};
  std::string username = {};
  int mmr = 0;
  std::int64_t wins = 0;
  std::int64_t losses = 0;
  std::int64_t games = 0;
  double win_rate = 0;
};

struct LeaderboardPage {
  std::string season = {};
  std::string mode = {};
  std::string region = {};  ///< empty: all
  std::vector<LeaderboardEntry> entries = {};
  std::int64_t total = 0;
  std::string next_cursor = {};  ///< empty: the last page
  std::optional<std::int64_t> your_rank = {};
};

// What calls take.

struct Registration {
  std::string username = {};
  std::string email = {};
  std::string password = {};
  std::string region = {};  ///< empty: the service's default
};

struct PartyOptions {
  int max_size = 5;
  std::string region = {};  ///< empty: the player's
  bool is_public = true;
};

struct QueueOptions {
  std::string mode = "ranked";
  int team_size = 0;   ///< 0: the mode's default
  std::string region = {};  ///< empty: the party's, or the player's
  std::map<std::string, double> latencies_ms = {};  ///< by region; empty: not measured
};

struct LeaderboardQuery {
  std::string season = {};  ///< empty: the present one
  std::string mode = "ranked";
  std::string region = {};  ///< empty: all
  int limit = 100;
  std::string cursor = {};
};

struct HistoryQuery {
  std::string player_id = {};  ///< empty: one's own
  std::string mode = {};       ///< empty: all
  int limit = 20;
  std::string cursor = {};
};

}  // namespace matchmaker
