// The lines of a run's history: operations with their outcome, and facts.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "common/contracts/enum_text.h"
#include "tests/chaos/checker/run/symbols.h"

namespace mm::chaos {

/// A line of a file of the run.
struct Where {
  std::uint32_t file = 0;  ///< index into Run::files
  std::uint32_t line = 0;  ///< from 1; 0: no line
  std::uint64_t offset = 0;

  friend auto operator<=>(const Where&, const Where&) = default;
};

/// Monotonic microseconds and wall milliseconds of one line. All writers run on one host.
struct Moment {
  std::int64_t us = 0;
  std::int64_t wall_ms = 0;
};

inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

enum class Op : std::uint8_t {
  registered,
  login,
  refresh,
  logout,
  enqueue,
  cancel,
  ticket,
  party_create,
  party_invite,
  party_join,
  party_leave,
  party_kick,
  party_promote,
  party_ready,
  party_get,
  match,
  me,
  history,
  active,
  top,
  connect,
  frame,
  disconnect,
  hosted,
  report,
  heartbeat,
  fault_begin,
  fault_end,
  load_begin,
  load_end,
  quiesced,
  ready,
  event,
  other,  ///< an operation that this version does not know; it is counted and not checked
};

/// `unknown`: the operation may have happened or not. An operation without a second line is unknown too.
enum class Outcome : std::uint8_t { ok, fail, unknown };

/// One operation: its invoke line and its end, or a fact, which is one line. A field that a line does not have has its
/// default. Fields of the end overwrite those of the invoke line.
struct Call {
  Op op = Op::other;
  Outcome outcome = Outcome::unknown;
  bool fact = false;
  Symbol writer;
  std::int64_t number = 0;
  Moment begin;
  Moment end{kNever, kNever};  ///< of an unknown operation without an end: never
  Where begin_at;
  Where end_at;  ///< line 0: no end

  int status = 0;
  Symbol code;
  Symbol tenant;
  Symbol player;
  Symbol target;
  Symbol leader;
  Symbol ticket;
  Symbol match;
  Symbol party;
  Symbol key;
  Symbol mode;
  Symbol region;
  Symbol name;
  Symbol family;
  Symbol token;
  Symbol parent;
  Symbol child;
  Symbol state;  ///< of a ticket or a match
  Symbol type;   ///< of a frame
  Symbol server;
  Symbol hash;
  Symbol endpoint;
  Symbol fault;
  std::int64_t sequence = -1;
  std::int64_t version = -1;
  std::int64_t bound_ms = -1;
  std::int64_t login = -1;  ///< number of the login whose access token was used
  std::int64_t after = -1;  ///< number of the call that read the page of a history before this one
  int team_size = 0;
  std::optional<int> winning_team;
  bool has_winning_team = false;  ///< true with an empty winning_team: a draw
  bool resumed = false;
  bool has_token = false;
  bool complete = false;
  bool wrong = false;           ///< a wrong password on purpose
  bool malformed = false;       ///< the answer was not what the API describes
  std::vector<Symbol> players;  ///< of enqueue and hosted
  std::vector<Symbol> members;
  std::vector<Symbol> matches;
  std::vector<Symbol> regions;  ///< of the latencies of enqueue

  bool ok() const { return outcome == Outcome::ok; }
  bool may_have_happened() const { return outcome != Outcome::fail; }
  /// The line that says most: the end if there is one.
  Where last_line() const { return end_at.line != 0 ? end_at : begin_at; }
};

}  // namespace mm::chaos

template <>
struct mm::EnumText<mm::chaos::Op> {
  using Op = mm::chaos::Op;
  static constexpr std::array<std::pair<Op, std::string_view>, 33> kAll{{
      {Op::registered, "register"},
      {Op::login, "login"},
      {Op::refresh, "refresh"},
      {Op::logout, "logout"},
      {Op::enqueue, "enqueue"},
      {Op::cancel, "cancel"},
      {Op::ticket, "ticket"},
      {Op::party_create, "party_create"},
      {Op::party_invite, "party_invite"},
      {Op::party_join, "party_join"},
      {Op::party_leave, "party_leave"},
      {Op::party_kick, "party_kick"},
      {Op::party_promote, "party_promote"},
      {Op::party_ready, "party_ready"},
      {Op::party_get, "party_get"},
      {Op::match, "match"},
      {Op::me, "me"},
      {Op::history, "history"},
      {Op::active, "active"},
      {Op::top, "top"},
      {Op::connect, "connect"},
      {Op::frame, "frame"},
      {Op::disconnect, "disconnect"},
      {Op::hosted, "hosted"},
      {Op::report, "report"},
      {Op::heartbeat, "heartbeat"},
      {Op::fault_begin, "fault_begin"},
      {Op::fault_end, "fault_end"},
      {Op::load_begin, "load_begin"},
      {Op::load_end, "load_end"},
      {Op::quiesced, "quiesced"},
      {Op::ready, "ready"},
      {Op::event, "event"},
  }};
};
