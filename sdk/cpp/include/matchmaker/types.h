// The data that calls take and return. Ids are UUID texts; times are RFC 3339 texts in UTC; the unit of a duration is
// in the name of the member. Ratings are in rating points.
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

/// `email` and `preferences_json` are set only in the player's own profile.
struct Profile {
  std::string player_id = {};
  std::string username = {};
  std::string email = {};
  std::string region = {};
  int mmr = 0;                                 ///< the rating in the mode `ranked`
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
  bool connected = false;  ///< the player has an open realtime connection; calls do not open one
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
  std::string ticket_id = {};  ///< empty: not queued
  std::string match_id = {};   ///< empty: not in a match
  std::vector<PartyMember> members = {};
  std::int64_t version = 0;
};

/// An invitation to join a party. It expires at `expires_at`.
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
  std::string party_id = {};  ///< empty: no party
  TicketStatus status = TicketStatus::searching;
  std::string mode = {};
  std::string region = {};
  int team_size = 0;
  std::string queued_at = {};
  std::int64_t waited_ms = 0;
  double rating_window = 0;  ///< accepted difference of ratings in each direction
  double estimated_wait_seconds = 0;
  double estimated_wait_p90_seconds = 0;
  std::string match_id = {};  ///< empty: not matched
};

/// The rule that keeps a ticket waiting, and the meaning of `Explanation::by` for that rule.
enum class WaitRule {
  none,       ///< the ticket does not wait any more
  window,     ///< `by`: rating points by which the nearest ticket is outside a rating window
  players,    ///< `by`: missing players; 0: there are enough, but their party sizes do not fill the teams
  latency,    ///< `by`: seconds until the region accepts the ticket; absent: never
  outbid,     ///< a match was possible, but the other tickets had a better match
  next_tick,  ///< no rule: the next tick matches the ticket
  other,      ///< a rule that this version of the SDK does not know
};

enum class WaitOutcome { matched, times_out, unknown };

/// The forecast for a ticket, assuming that no tickets join or leave the queue.
struct WaitForecast {
  WaitOutcome outcome = WaitOutcome::unknown;
  double in_seconds = 0;               ///< time until the outcome; if unknown: the ticket is not matched before
  std::optional<double> quality = {};  ///< quality of the match, 0 to 1
  std::optional<double> spread = {};   ///< spread of the ratings in the match
};

/// A rule for a pair of tickets. The pair satisfies the rule if `margin` is at least 0.
struct PairCheck {
  std::string rule = {};  ///< your_window, their_window, region, players, sizes
  std::optional<double> value = {};
  double limit = 0;
  std::optional<double> margin = {};  ///< absent: the pair never satisfies the rule
};

/// Another waiting ticket with a similar rating.
struct NearTicket {
  double rating = 0;
  int players = 1;
  std::int64_t waited_ms = 0;
  double rating_window = 0;
  std::vector<PairCheck> checks = {};
  std::optional<double> accept_in_seconds = {};  ///< when both tickets accept each other; absent: never
};

/// If `parties` parties of `party_size` players with this rating joined the queue, the ticket would be matched at once.
struct Newcomers {
  int parties = 1;
  int party_size = 1;
  double rating = 0;
  double within = 0;  ///< new parties whose rating differs by more than this cannot help
};

/// The explanation why a ticket waits in its region.
struct Explanation {
  std::string ticket_id = {};
  TicketStatus status = TicketStatus::searching;
  std::string mode = {};
  std::string region = {};
  int team_size = 0;
  std::int64_t waited_ms = 0;
  std::string summary = {};  ///< the explanation in a few English sentences
  // Set only if the ticket waits:
  WaitRule rule = WaitRule::none;
  std::optional<double> by = {};
  std::optional<double> rating = {};
  std::optional<double> rating_window = {};
  std::int64_t tickets_waiting = 0;  ///< in this queue, including this ticket
  std::int64_t players_waiting = 0;
  std::vector<NearTicket> nearest = {};  ///< the tickets with the nearest ratings
  std::optional<WaitForecast> forecast = {};
  std::optional<double> matched_now_with_window = {};  ///< if all windows had this width
  std::optional<Newcomers> matched_now_with = {};
};

enum class MatchStatus { allocating, loading, ready, running, completed, cancelled };

/// A match of this player. The endpoint, the URL and the token of the server are empty until the match is ready.
struct Match {
  std::string match_id = {};
  MatchStatus status = MatchStatus::allocating;
  std::string mode = {};
  std::string region = {};
  std::vector<std::vector<std::string>> teams = {};  ///< player ids
  int team = 0;                                      ///< index of this player's team
  std::string server_endpoint = {};                  ///< host:port
  std::string server_url = {};                       ///< ws://…
  std::string join_token = {};                       ///< for this player only; send it to no one but the game server
  std::string expires_at = {};
};

enum class Outcome { win, loss, draw };

/// A match of this player that ended in the last ten minutes.
struct RecentMatch {
  std::string match_id = {};
  std::string mode = {};
  std::string region = {};
  MatchStatus status = MatchStatus::completed;  ///< completed or cancelled
  std::string ended_at = {};
  int team = 0;  ///< index of this player's team
  // Set only for a completed match:
  Outcome result = Outcome::draw;
  int winning_team = -1;  ///< -1: a draw
  double duration_seconds = 0;
  bool rated = false;  ///< the new rating is known; set some time after the end; never set in an unrated mode
  double mmr_before = 0;
  double mmr_after = 0;
  double mmr_change = 0;
  // Set only for a cancelled match:
  std::string reason = {};
  bool requeued = false;  ///< the ticket is back in the queue
};

/// The party, ticket, match and invitations of the player, and the matches that ended recently.
struct Active {
  std::optional<Party> party = {};
  std::optional<Ticket> ticket = {};
  std::optional<Match> match = {};
  std::vector<Invitation> invites = {};  ///< ordered by expiry, earliest first
  std::vector<RecentMatch> recent = {};  ///< ordered by end, earliest first
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
  std::string region = {};  ///< empty: all regions
  std::vector<LeaderboardEntry> entries = {};
  std::int64_t total = 0;
  std::string next_cursor = {};  ///< empty: the last page
  std::optional<std::int64_t> your_rank = {};
};

// Arguments of calls.

struct Registration {
  std::string username = {};
  std::string email = {};
  std::string password = {};
  std::string region = {};  ///< empty: the default region of the service
};

struct PartyOptions {
  int max_size = 5;
  std::string region = {};  ///< empty: the region of the player
  bool is_public = true;
};

struct QueueOptions {
  std::string mode = "ranked";
  int team_size = 0;                                ///< 0: the default of the mode
  std::string region = {};                          ///< empty: the region of the party or of the player
  std::map<std::string, double> latencies_ms = {};  ///< measured latency to each region; empty: not measured
};

struct LeaderboardQuery {
  std::string season = {};  ///< empty: the current season
  std::string mode = "ranked";
  std::string region = {};  ///< empty: all regions
  int limit = 100;
  std::string cursor = {};
};

struct HistoryQuery {
  std::string player_id = {};  ///< empty: the calling player
  std::string mode = {};       ///< empty: all modes
  int limit = 20;
  std::string cursor = {};
};

}  // namespace matchmaker
