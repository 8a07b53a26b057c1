// The fault of a link: what a proxy does to the connections between one daemon and one store. Plain values, with the
// field lists of the control protocol.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/contracts/enum_text.h"
#include "common/contracts/fields.h"

namespace mm::chaos {

enum class FaultKind {
  none,
  delay,      ///< bytes arrive `delay_ms` later
  blackhole,  ///< connections are accepted, and no byte is forwarded while the fault lasts
  half_open,  ///< no byte is forwarded in the direction `direction`
  reset,      ///< existing and new connections are reset
  cut,        ///< each connection is reset after about `bytes` bytes
  slow,       ///< `bytes` per second (0: no limit), in writes of `slice` bytes
  commit,     ///< PostgreSQL: `percent` of the commits are forwarded, their reply is dropped and the connection reset
  messages,   ///< NATS: messages are dropped, repeated, delayed and reordered; the other protocol lines are not
};

/// `up`: from the daemon to the store. `down`: from the store to the daemon.
enum class Direction { up, down };

}  // namespace mm::chaos

template <>
struct mm::EnumText<mm::chaos::FaultKind> {
  using enum mm::chaos::FaultKind;
  static constexpr std::array<std::pair<mm::chaos::FaultKind, std::string_view>, 9> kAll{{
      {none, "none"},
      {delay, "delay"},
      {blackhole, "blackhole"},
      {half_open, "half_open"},
      {reset, "reset"},
      {cut, "cut"},
      {slow, "slow"},
      {commit, "commit"},
      {messages, "messages"},
  }};
};

template <>
struct mm::EnumText<mm::chaos::Direction> {
  static constexpr std::array<std::pair<mm::chaos::Direction, std::string_view>, 2> kAll{{
      {mm::chaos::Direction::up, "up"},
      {mm::chaos::Direction::down, "down"},
  }};
};

namespace mm::chaos {

struct Fault {
  FaultKind kind = FaultKind::none;
  std::optional<Direction> direction = {};  ///< half_open (default down) and messages (default both)
  std::int64_t delay_ms = 0;                ///< delay and messages
  std::int64_t bytes = 0;                   ///< cut and slow
  std::int64_t slice = 0;                   ///< slow; 0: a fiftieth of `bytes`
  int percent = 0;                          ///< commit: the share that is cut. messages: the share that is dropped
  int copies = 1;                           ///< messages: how often each message arrives
  int window = 0;                           ///< messages: a message arrives up to about this many messages late
  std::string subject{};  ///< messages: only those whose subject or reply subject begins with this text
};

template <class F>
void describe(F& f, Fault& m) {
  using namespace fields;
  f("kind", m.kind);
  f("direction", m.direction);
  f("delay_ms", m.delay_ms, Optional{}, InRange{0, 120'000});
  f("bytes", m.bytes, Optional{}, InRange{0, 1'000'000'000});
  f("slice", m.slice, Optional{}, InRange{0, 65'536});
  f("percent", m.percent, Optional{}, InRange{0, 100});
  f("copies", m.copies, Optional{}, InRange{1, 20});
  f("window", m.window, Optional{}, InRange{0, 1'000});
  f("subject", m.subject, Optional{}, Bytes{0, 200});
}

}  // namespace mm::chaos
