// The invariants, one pure function each, and the table that names them. A check never reports what the run does not
// prove: an operation with an unknown outcome may or may not have happened, times are compared only where they are
// certain, and limits of time are not checked while a fault disturbed (Timeline).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/chaos/checker/run/run.h"

namespace mm::chaos {

/// What was seen that must not be: one sentence, and the lines that prove it.
struct Violation {
  std::string sentence;
  std::vector<Where> lines;
};

struct Verdict {
  std::vector<Violation> violations;
  std::uint64_t checked = 0;  ///< how many things were looked at
  std::string_view things;    ///< what they are, in the plural
  std::string not_checked;    ///< why the run has no data for the invariant; empty: it was checked

  void add(std::string sentence, std::vector<Where> lines) {
    violations.push_back({std::move(sentence), std::move(lines)});
  }
};

struct Invariant {
  std::string_view id;
  std::string_view promise;
  Verdict (*check)(const Run&);
};

// tickets.cpp, ticket_players.cpp
Verdict check_tickets_end(const Run& run);
Verdict check_terminal_states(const Run& run);
Verdict check_tickets_were_asked_for(const Run& run);
Verdict check_one_ticket_per_player(const Run& run);
Verdict check_cancels(const Run& run);
Verdict check_parties_stay_together(const Run& run);
Verdict check_time_outs(const Run& run);
// matches.cpp, match_rows.cpp, epochs.cpp
Verdict check_one_match_per_player(const Run& run);
Verdict check_match_rules(const Run& run);
Verdict check_matched_tickets_have_rows(const Run& run);
Verdict check_matches_have_rows(const Run& run);
Verdict check_servers(const Run& run);
Verdict check_players_get_servers(const Run& run);
Verdict check_epochs(const Run& run);
// results.cpp
Verdict check_acknowledged_results(const Run& run);
Verdict check_repeated_results(const Run& run);
Verdict check_applied_once(const Run& run);
// ratings.cpp
Verdict check_rating_sums(const Run& run);
Verdict check_rating_replay(const Run& run);
// leaderboard.cpp
Verdict check_leaderboard(const Run& run);
Verdict check_match_history(const Run& run);
// logins.cpp
Verdict check_refresh_chains(const Run& run);
Verdict check_logouts(const Run& run);
Verdict check_accounts(const Run& run);
// limits.cpp
Verdict check_rate_limits(const Run& run);
// events.cpp
Verdict check_event_order(const Run& run);
Verdict check_events_have_rows(const Run& run);
Verdict check_outboxes(const Run& run);
// frames.cpp
Verdict check_frames(const Run& run);
// parties.cpp
Verdict check_parties(const Run& run);
// liveness.cpp
Verdict check_eligible_pairs(const Run& run);
Verdict check_intermediate_states(const Run& run);
Verdict check_resources(const Run& run);
// secrets.cpp
Verdict check_secrets(const Run& run);

/// I01 to I34, in order.
std::span<const Invariant> invariants();

/// Differences between the clocks of processes on one host, and rounding.
inline constexpr std::int64_t kClockSlackMs = 50;

Verdict not_checked(std::string why);

/// "ticket 0193…", for sentences.
std::string named(const Run& run, std::string_view kind, Symbol id);
std::string seconds_text(std::int64_t ms);

}  // namespace mm::chaos
