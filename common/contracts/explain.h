// Why a ticket waits for a match, and what would have to change to match it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/contracts/matchmaker.h"

namespace mm {

/// The rule that keeps a ticket waiting. The comments give the meaning of `by`.
enum class WaitRule {
  window,     ///< the nearest ticket is outside the window of one of the two tickets, by this many points
  players,    ///< this many players are missing who accept the ticket and are accepted by it. 0: enough players do, but
              ///< not all accept each other, or their party sizes cannot fill the teams
  latency,    ///< seconds until the region opens to the ticket; absent: never
  outbid,     ///< there was a possible match, but the other tickets got a better one
  next_tick,  ///< no rule: the next tick will match the ticket
};

template <>
struct EnumText<WaitRule> {
  static constexpr std::array<std::pair<WaitRule, std::string_view>, 5> kAll{{
      {WaitRule::window, "window"},
      {WaitRule::players, "players"},
      {WaitRule::latency, "latency"},
      {WaitRule::outbid, "outbid"},
      {WaitRule::next_tick, "next_tick"},
  }};
};

/// A condition that is checked between a ticket and a neighbour (another ticket near it in rating).
enum class PairRule {
  your_window,   ///< value: difference of the ratings; limit: the ticket's window
  their_window,  ///< value: difference of the ratings; limit: the neighbour's window
  region,        ///< value: seconds until the region is open to both; limit: 0
  players,       ///< value: players who accept both tickets, including both; limit: players of a match
  sizes,         ///< value: 1 if their party sizes can fill the teams, else 0; limit: 1
};

template <>
struct EnumText<PairRule> {
  static constexpr std::array<std::pair<PairRule, std::string_view>, 5> kAll{{
      {PairRule::your_window, "your_window"},
      {PairRule::their_window, "their_window"},
      {PairRule::region, "region"},
      {PairRule::players, "players"},
      {PairRule::sizes, "sizes"},
  }};
};

struct PairCheck {
  PairRule rule = PairRule::your_window;
  std::optional<double> value;  ///< absent: never (rule region)
  double limit = 0;
  std::optional<double> margin;  ///< negative: the rule is violated by this much; absent if `value` is absent
};

template <class F>
void describe(F& f, PairCheck& m) {
  using namespace fields;
  f("rule", m.rule);
  f("value", m.value, Decimals{2});
  f("limit", m.limit, Decimals{2});
  f("margin", m.margin, Decimals{2});
}

/// Another waiting ticket, without any identity.
struct NearTicket {
  double rating = 0;
  int players = 1;
  std::int64_t waited_ms = 0;
  double rating_window = 0;
  std::vector<PairCheck> checks;
  std::optional<double> accept_in_seconds;  ///< time until both windows and regions accept the pair if both keep
                                            ///< waiting; absent: never
};

template <class F>
void describe(F& f, NearTicket& m) {
  using namespace fields;
  f("rating", m.rating, Decimals{2});
  f("players", m.players);
  f("waited_ms", m.waited_ms);
  f("rating_window", m.rating_window, Decimals{2});
  f("checks", m.checks);
  f("accept_in_seconds", m.accept_in_seconds, Decimals{1});
}

enum class WaitOutcome {
  matched,    ///< at that time
  times_out,  ///< not matched: at that time its longest wait is over
  unknown,    ///< not matched before that time; the later course depends on too many other tickets
};

template <>
struct EnumText<WaitOutcome> {
  static constexpr std::array<std::pair<WaitOutcome, std::string_view>, 3> kAll{{
      {WaitOutcome::matched, "matched"},
      {WaitOutcome::times_out, "times_out"},
      {WaitOutcome::unknown, "unknown"},
  }};
};

/// The expected fate of the ticket if no ticket joins and tickets leave only by being matched. Computed by planning
/// ahead.
struct Forecast {
  WaitOutcome outcome = WaitOutcome::unknown;
  double in_seconds = 0;          ///< from now
  std::int64_t at_waited_ms = 0;  ///< how long the ticket will have waited at that time
  std::optional<double> quality;  ///< of the match, 0 to 1
  std::optional<double> spread;   ///< difference of ratings in the match, in points
};

template <class F>
void describe(F& f, Forecast& m) {
  using namespace fields;
  f("outcome", m.outcome);
  f("in_seconds", m.in_seconds, Decimals{1});
  f("at_waited_ms", m.at_waited_ms);
  f("quality", m.quality, Decimals{3});
  f("spread", m.spread, Decimals{2});
}

/// The new tickets that would make a match possible now: this many parties of this size.
struct Newcomers {
  int parties = 1;
  int party_size = 1;
  double rating = 0;  ///< rating that was assumed for them: the ticket's own
  double within = 0;  ///< a newcomer whose rating differs by more could not be in a match with the ticket in the next
                      ///< tick
};

template <class F>
void describe(F& f, Newcomers& m) {
  using namespace fields;
  f("parties", m.parties);
  f("party_size", m.party_size);
  f("rating", m.rating, Decimals{2});
  f("within", m.within, Decimals{2});
}

struct Explanation {
  TicketId ticket_id;
  TicketStatus status = TicketStatus::searching;
  Mode mode;
  Region region;  ///< the region that is explained
  int team_size = 1;
  std::int64_t waited_ms = 0;
  std::string summary;  ///< the explanation in a few sentences
  // Only for a waiting ticket:
  std::optional<double> rating;  ///< the party's rating as used in matching
  std::optional<double> rating_window;
  std::optional<WaitRule> rule;
  std::optional<double> by;
  std::optional<std::int64_t> tickets_waiting;  ///< in this bucket, including this one
  std::optional<std::int64_t> players_waiting;
  std::vector<NearTicket> nearest;  ///< the nearest in rating, at most 10
  std::optional<Forecast> forecast;
  /// If every window had this many points, the next tick would match the ticket. Absent: no such window exists or was
  /// found.
  std::optional<double> matched_now_with_window;
  std::optional<Newcomers> matched_now_with;
};

template <class F>
void describe(F& f, Explanation& m) {
  using namespace fields;
  f("ticket_id", m.ticket_id);
  f("status", m.status);
  f("mode", m.mode);
  f("region", m.region);
  f("team_size", m.team_size);
  f("waited_ms", m.waited_ms);
  f("summary", m.summary);
  f("rating", m.rating, Decimals{2});
  f("rating_window", m.rating_window, Decimals{2});
  f("rule", m.rule);
  f("by", m.by, Decimals{2});
  f("tickets_waiting", m.tickets_waiting);
  f("players_waiting", m.players_waiting);
  f("nearest", m.nearest, Optional{}, Count{0, 10});
  f("forecast", m.forecast);
  f("matched_now_with_window", m.matched_now_with_window, Decimals{2});
  f("matched_now_with", m.matched_now_with);
}

/// Returns why a ticket waits. Any instance answers. Players can only ask about tickets that include them. For a ticket
/// that waits in several regions, the region with its lowest latency is explained.
struct GetExplanation {
  static constexpr Subject kSubject{"matchmaker.explain"};
  using Answer = Explanation;

  Tenant tenant = default_tenant();
  TicketId ticket_id;
};

template <class F>
void describe(F& f, GetExplanation& m) {
  f("tenant", m.tenant, fields::Optional{}, fields::Internal{});
  f("ticket_id", m.ticket_id, fields::InPath{});
}

/// The same request from one instance to the instance that holds the bucket (its address follows the subject). The
/// sender has checked that the caller may see the ticket. not_found: that instance does not hold the ticket.
struct ExplainHere {
  static constexpr Subject kSubject{"matchmaker.explain_here"};
  using Answer = Explanation;

  std::string bucket;
  TicketId ticket_id;
};

template <class F>
void describe(F& f, ExplainHere& m) {
  f("bucket", m.bucket, fields::Length{1, 200});
  f("ticket_id", m.ticket_id);
}

}  // namespace mm
