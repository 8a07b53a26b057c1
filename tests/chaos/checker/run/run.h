// Everything that the checker knows of one run. It is read once and then constant: every check is a pure function of
// it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/contracts/modes.h"
#include "tests/chaos/checker/run/calls.h"
#include "tests/chaos/checker/run/stored.h"
#include "tests/chaos/checker/run/symbols.h"
#include "tests/chaos/checker/run/timeline.h"

namespace mm::chaos {

/// Indexes into Run::calls, Run::events and so on. 32 bits are enough for every run that fits into memory.
using Index = std::uint32_t;
inline constexpr Index kNone = 0xFFFFFFFF;

/// What is known of a ticket, from all sources.
struct TicketStory {
  Symbol ticket;
  std::vector<Index> enqueues;  ///< calls that were answered with this ticket, in order of their begin
  std::vector<Index> cancels;
  std::vector<Index> reads;     ///< in order of their begin
  Index key = kNone;            ///< Run::tickets
  std::vector<Index> closed;    ///< events, one for each message id
  std::vector<Index> requeued;  ///< the same, by attempt
  std::vector<Index> matches;   ///< Run::match_stories that list the ticket, in order of their time
};

/// What is known of a match, from all sources.
struct MatchStory {
  Symbol match;
  Index row = kNone;                                             ///< Run::matches
  std::vector<Index> found, ready, completed, cancelled, rated;  ///< events, one for each message id
  std::vector<Index> hosted;                                     ///< calls
  std::vector<Index> reports;                                    ///< calls, in order of their begin
  std::vector<Index> reads;                                      ///< calls
  std::vector<Seat> roster;                                      ///< of the row, otherwise of match.found
  std::int64_t found_ms = -1;
  std::int64_t ended_ms = -1;
  bool was_cancelled = false;  ///< by its row; without a row by its event
  Where at;                    ///< the row, otherwise the first event
};

struct Run {
  Symbols symbols;
  std::vector<std::string> files;  ///< names relative to the folder of the run, by Where::file
  std::string folder;

  // Settings.
  std::vector<ModeRules> modes;
  std::int64_t max_servers = 0;  ///< game server processes; 0: unknown
  std::int64_t tick_ms = 100;
  bool limits_known = false;  ///< whether rate limits were on, with these values
  std::int64_t reads_per_minute = 0;
  std::int64_t writes_per_minute = 0;

  // History, in order of begin.us.
  std::vector<Call> calls;
  std::uint64_t lines = 0;
  std::uint64_t cut_lines = 0;  ///< last lines that were not complete
  std::uint64_t unknown_ops = 0;
  std::uint64_t malformed = 0;  ///< answers that were not what the API describes
  Where first_malformed;
  Timeline timeline;
  std::int64_t first_ms = -1;
  std::int64_t dumped_ms = -1;  ///< wall time of `quiesced`; -1: no dump that can be judged as final

  // Dumps. A table that was not dumped is not in `tables`.
  std::set<std::string> tables;
  std::vector<MatchRow> matches;
  std::vector<LivePlayerRow> live_players;
  std::vector<OutboxRow> outbox;
  std::vector<AllocationRow> allocations;
  std::vector<AccountRow> accounts;
  std::vector<RatingRow> ratings;
  std::vector<AppliedRow> applied;  ///< in order of applied_seq
  std::vector<RatingChangeRow> changes;
  std::vector<BoardAppliedRow> board_applied;
  std::vector<RankedMatchRow> ranked_matches;
  std::vector<MatchPlayerRow> match_players;
  std::vector<BoardRow> boards;
  std::vector<StandingRow> standings;
  std::vector<TicketKey> tickets;
  std::vector<ClaimEntry> claims;
  std::vector<LiveEntry> live;
  std::vector<LiveEntry> unconfirmed;
  std::vector<PendingEvent> pending;
  std::vector<PartyKey> parties;
  std::vector<MemberEntry> members;
  std::vector<LeaseKey> leases;
  std::vector<EpochKey> epochs;
  std::vector<Takeover> takeovers;  ///< from the logs, in order of time
  std::vector<Event> events;        ///< stored ones in order of their stream, then the tap's

  /// Resident memory and so on, by daemon and name, before the load and after the end.
  std::map<std::string, std::map<std::string, double>> metrics_before;
  std::map<std::string, std::map<std::string, double>> metrics_after;
  std::map<std::string, Where> metrics_at;

  /// Places where a secret was found, with what was found. The text of the secret is not kept.
  struct Leak {
    Where at;
    std::string what;
  };
  std::vector<Leak> leaks;
  std::size_t canaries = 0;
  std::size_t files_searched = 0;
  std::uint64_t bytes_searched = 0;

  // Made from the above by connect().
  std::vector<TicketStory> ticket_stories;
  std::vector<MatchStory> match_stories;
  std::unordered_map<Symbol, Index> story_of_ticket;
  std::unordered_map<Symbol, Index> story_of_match;
  /// When the first attempt of an operation with this Idempotency-Key began. An answer to a later attempt may be the
  /// stored answer to the first one.
  std::unordered_map<Symbol, Moment> first_attempt;
  std::unordered_map<Symbol, Index> applied_of_match;
  std::unordered_map<Symbol, std::vector<Index>> changes_of_match;

  bool has(const std::string& table) const { return tables.contains(table); }
  std::string text(Symbol symbol) const { return std::string(symbols.text(symbol)); }
  const ModeRules* rules(Symbol mode) const;
  const MatchStory* match(Symbol match) const;
  const TicketStory* ticket(Symbol ticket) const;
  const MatchRow* row(const MatchStory& story) const { return story.row == kNone ? nullptr : &matches[story.row]; }
};

/// Orders the history and joins all sources by ticket and match. To be called once, after reading.
void connect(Run& run);

}  // namespace mm::chaos
