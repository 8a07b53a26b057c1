// One connection through the proxy: a client's socket, a socket to the store, and the bytes between them. All functions
// and handlers run on the proxy's thread. Its owners are the link and the pending operations.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "tests/chaos/proxy/commit_watch.h"
#include "tests/chaos/proxy/fault.h"
#include "tests/chaos/proxy/message_schedule.h"
#include "tests/chaos/proxy/nats_frames.h"
#include "tests/chaos/proxy/net.h"
#include "tests/chaos/proxy/plan.h"

namespace mm::chaos {

/// Counted over all connections of a link.
struct Traffic {
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
  std::uint64_t commits = 0;
  std::uint64_t commits_cut = 0;
  std::uint64_t resets = 0;
  std::uint64_t dropped = 0;
  std::uint64_t repeated = 0;
  std::uint64_t held = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  /// `traffic` must live longer than the connection.
  Connection(Tcp::socket client, Protocol protocol, std::uint64_t seed, Traffic& traffic);

  void start(const Tcp::endpoint& store, const Fault& fault);
  void set(const Fault& fault);
  /// Closes both sockets with RST.
  void reset();
  bool closed() const { return closed_; }

 private:
  struct Piece {
    SteadyPoint due;
    std::string bytes;
    std::size_t sent = 0;
  };

  /// One direction.
  struct Lane {
    Lane(Direction d, Tcp::socket& f, Tcp::socket& t, std::uint64_t seed)
        : direction(d), from(f), to(t), timer(f.get_executor()), schedule(seed) {}

    const Direction direction;
    Tcp::socket& from;
    Tcp::socket& to;
    asio::steady_timer timer;
    std::array<char, 16 * 1024> buffer;
    std::deque<Piece> queue;
    std::size_t queued = 0;  // bytes
    bool reading = false;
    bool writing = false;
    bool at_end = false;  // the sender has closed its side
    bool end_passed_on = false;
    SteadyPoint not_before{};  // limit of a slow link
    NatsFrames frames;
    MessageSchedule schedule;
    MessageSchedule::Counts reported;  // the part of the schedule's counts that is in traffic_
  };

  void pump();
  void pump(Lane& lane);
  void read(Lane& lane);
  void on_read(Lane& lane, std::size_t count);
  void enqueue(Lane& lane, std::string bytes, SteadyPoint now);
  void write(Lane& lane, SteadyPoint now);
  void on_written(Lane& lane, std::size_t count);
  void arm(Lane& lane, SteadyPoint now);
  void pass_on_end(Lane& lane);
  void count_messages(Lane& lane);
  bool is_held(const Lane& lane) const;
  /// Bytes of the queue's first piece that may be written at once.
  std::size_t portion(const Lane& lane) const;

  const Protocol protocol_;
  Traffic& traffic_;
  std::mt19937_64 random_;
  Tcp::socket client_;
  Tcp::socket store_;
  asio::steady_timer connect_timer_;
  Lane up_;
  Lane down_;
  Fault fault_;
  CommitWatch commits_;
  bool drop_reply_ =
      false;  // a commit was forwarded: the next bytes from the store are dropped, then the reset follows
  std::optional<std::int64_t> bytes_until_cut_;
  bool connected_ = false;
  bool closed_ = false;
};

}  // namespace mm::chaos
