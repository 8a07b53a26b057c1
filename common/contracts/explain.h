// Why a ticket waits, and what would have to be otherwise.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/contracts/matchmaker.h"

namespace mm {

/// The rule that keeps a ticket waiting, and what `by` counts.
enum class WaitRule {
  window,     ///< the nearest ticket is outside the window of one of the two, by so many points
  players,    ///< so many players too few accept it and are accepted; 0: enough do, but not all of each other, or
              ///< their party sizes fill no teams
  latency,    ///< the region opens to the ticket in so many seconds; absent: never
  outbid,     ///< there was a match for it, but its partners had a better one
  next_tick,  ///< nothing: it will be matched in the next tick
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

/// What is looked at between a ticket and a neighbour.
enum class PairRule {
  your_window,   ///< value: the gap of the ratings; limit: the ticket's window
  their_window,  ///< value: the same; limit: the neighbour's window
  region,        ///< value: seconds until the region is open to both; limit: 0
  players,       ///< value: players who accept both, with both; limit: those of a match
  sizes,         ///< value: whether their party sizes can fill the teams, 1 or 0; limit: 1
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
  std::optional<double> value;  ///< absent: never (the region)
  double limit = 0;
  std::optional<double> margin;  ///< negative: the rule is broken by so much; absent with the value
};

template <class F>
void describe(F& f, PairCheck& m) {
  using namespace fields;
  f("rule", m.rule);
  f("value", m.value, Decimals{2});
  f("limit", m.limit, Decimals{2});
  f("margin", m.margin, Decimals{2});
}

/// Another waiting ticket, without saying whose.
struct NearTicket {
  double rating = 0;
  int players = 1;
  std::int64_t waited_ms = 0;
  double rating_window = 0;
  std::vector<PairCheck> checks;
  std::optional<double> accept_in_seconds;  ///< when both windows and regions allow it, as both wait on; absent: never
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
  times_out,  ///< never matched: at that time its longest wait is over
  unknown,    ///< not before that time; what follows depends on too many others to tell
};

template <>
struct EnumText<WaitOutcome> {
  static constexpr std::array<std::pair<WaitOutcome, std::string_view>, 3> kAll{{
      {WaitOutcome::matched, "matched"},
      {WaitOutcome::times_out, "times_out"},
      {WaitOutcome::unknown, "unknown"},
  }};
};

/// What becomes of the ticket if nobody comes, and nobody goes but into matches. Found by planning ahead.
struct Forecast {
  WaitOutcome outcome = WaitOutcome::unknown;
  double in_seconds = 0;          ///< from now
  std::int64_t at_waited_ms = 0;  ///< the ticket's wait then
  std::optional<double> quality;  ///< of the match, 0 to 1
  std::optional<double> spread;   ///< of its ratings, in points
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

/// Who would have to come for a match now: so many parties of that size.
struct Newcomers {
  int parties = 1;
  int party_size = 1;
  double rating = 0;  ///< tried with newcomers of this rating, the ticket's own
  double within = 0;  ///< farther off than this nobody new could help at once
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
  Region region;  ///< the one that is explained
  int team_size = 1;
  std::int64_t waited_ms = 0;
  std::string summary;  ///< all of it in a few sentences
  // Only of a ticket that waits:
  std::optional<double> rating;  ///< the party's, as matching sees it
  std::optional<double> rating_window;
  std::optional<WaitRule> rule;
  std::optional<double> by;
  std::optional<std::int64_t> tickets_waiting;  ///< in this queue, with this one
  std::optional<std::int64_t> players_waiting;
  std::vector<NearTicket> nearest;  ///< in rating, at most 10
  std::optional<Forecast> forecast;
  /// With windows of exactly so many points for everybody it would be matched now. Absent: with none, or not found.
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

/// Why a ticket waits, by any instance. A player caller sees only tickets that hold them. Of a ticket that waits in
/// several regions the one with its lowest latency is explained.
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

/// The same among instances, to the one that holds the bucket (its address follows the subject) and about a ticket that
/// the caller may see. not_found: it is not held there.
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
