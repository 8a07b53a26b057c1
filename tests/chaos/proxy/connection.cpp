#include "tests/chaos/proxy/connection.h"

#include <algorithm>

namespace mm::chaos {
namespace {

constexpr std::chrono::seconds kConnectTimeout{10};
constexpr std::size_t kMaxQueued = 1024 * 1024;
constexpr int kPortionsPerSecond = 50;

}  // namespace

Connection::Connection(Tcp::socket client, Protocol protocol, std::uint64_t seed, Traffic& traffic)
    : protocol_(protocol),
      traffic_(traffic),
      random_(seed),
      client_(std::move(client)),
      store_(client_.get_executor()),
      connect_timer_(client_.get_executor()),
      up_(Direction::up, client_, store_, random_()),
      down_(Direction::down, store_, client_, random_()) {}

void Connection::start(const Tcp::endpoint& store, const Fault& fault) {
  set(fault);
  if (fault.kind == FaultKind::reset) return reset();
  connect_timer_.expires_after(kConnectTimeout);
  connect_timer_.async_wait([self = shared_from_this()](ErrorCode error) {
    if (!error && !self->connected_) self->reset();
  });
  store_.async_connect(store, [self = shared_from_this()](ErrorCode error) {
    self->connect_timer_.cancel();
    if (error || self->closed_) return self->reset();
    self->connected_ = true;
    ErrorCode ignored;
    self->client_.set_option(Tcp::no_delay(true), ignored);
    self->store_.set_option(Tcp::no_delay(true), ignored);
    self->pump();
  });
}

void Connection::set(const Fault& fault) {
  fault_ = fault;
  bytes_until_cut_.reset();
  if (fault.kind == FaultKind::cut) {
    bytes_until_cut_ = 1 + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(2 * fault.bytes + 1));
  }
  for (auto* lane : {&up_, &down_}) {
    const bool concerned = !fault.direction || *fault.direction == lane->direction;
    lane->schedule.set(concerned ? fault : Fault{});
    std::vector<std::string> late;
    lane->schedule.release_all(late);
    for (auto& bytes : late) enqueue(*lane, std::move(bytes), {});
    for (auto& piece : lane->queue) piece.due = {};
    lane->not_before = {};
  }
  if (connected_) pump();
}

void Connection::reset() {
  if (std::exchange(closed_, true)) return;
  ++traffic_.resets;
  ErrorCode ignored;
  connect_timer_.cancel();
  for (auto* lane : {&up_, &down_}) {
    lane->timer.cancel();
    lane->from.set_option(asio::socket_base::linger(true, 0), ignored);
    lane->from.close(ignored);
  }
}

bool Connection::is_held(const Lane& lane) const {
  if (fault_.kind == FaultKind::blackhole) return true;
  return fault_.kind == FaultKind::half_open && fault_.direction.value_or(Direction::down) == lane.direction;
}

void Connection::pump() {
  pump(up_);
  pump(down_);
}

void Connection::pump(Lane& lane) {
  if (closed_ || !connected_ || is_held(lane)) return;
  const auto now = std::chrono::steady_clock::now();
  if (!lane.reading && !lane.at_end && lane.queued < kMaxQueued) read(lane);
  if (lane.writing) return;
  if (!lane.queue.empty() && lane.queue.front().due <= now && lane.not_before <= now) return write(lane, now);
  arm(lane, now);
  if (lane.at_end && lane.queue.empty() && !lane.schedule.next_release()) pass_on_end(lane);
}

void Connection::read(Lane& lane) {
  lane.reading = true;
  lane.from.async_read_some(asio::buffer(lane.buffer),
                            [self = shared_from_this(), &lane](ErrorCode error, std::size_t count) {
                              lane.reading = false;
                              if (self->closed_) return;
                              if (error && error != asio::error::eof) return self->reset();
                              lane.at_end = static_cast<bool>(error);
                              if (count > 0) self->on_read(lane, count);
                              self->pump();
                            });
}

void Connection::on_read(Lane& lane, std::size_t count) {
  if (drop_reply_ && lane.direction == Direction::down) {
    ++traffic_.commits_cut;
    return reset();
  }
  const auto now = std::chrono::steady_clock::now();
  const std::string_view bytes(lane.buffer.data(), count);
  if (protocol_ == Protocol::postgres && lane.direction == Direction::up) {
    const auto commits = commits_.feed(bytes);
    traffic_.commits += static_cast<std::uint64_t>(commits);
    for (int i = 0; i < commits && fault_.kind == FaultKind::commit; ++i) {
      drop_reply_ = static_cast<int>(random_() % 100) < fault_.percent || drop_reply_;
    }
  }
  if (protocol_ != Protocol::nats) return enqueue(lane, std::string(bytes), now);
  std::vector<NatsFrame> frames;
  std::vector<std::string> ready;
  lane.frames.feed(bytes, frames);
  for (auto& frame : frames) lane.schedule.add(std::move(frame), now, ready);
  std::string together;
  for (const auto& one : ready) together += one;
  enqueue(lane, std::move(together), now);
  count_messages(lane);
}

void Connection::count_messages(Lane& lane) {
  const auto& counts = lane.schedule.counts();
  traffic_.dropped += counts.dropped - lane.reported.dropped;
  traffic_.repeated += counts.repeated - lane.reported.repeated;
  traffic_.held += counts.held - lane.reported.held;
  lane.reported = counts;
}

void Connection::enqueue(Lane& lane, std::string bytes, SteadyPoint now) {
  if (bytes.empty()) return;
  lane.queued += bytes.size();
  const auto delay = fault_.kind == FaultKind::delay ? Milliseconds{fault_.delay_ms} : Milliseconds{0};
  lane.queue.push_back({now + delay, std::move(bytes)});
}

std::size_t Connection::portion(const Lane& lane) const {
  auto most = lane.queue.front().bytes.size() - lane.queue.front().sent;
  if (fault_.kind == FaultKind::slow) {
    const auto slice = fault_.slice > 0 ? fault_.slice : std::max<std::int64_t>(1, fault_.bytes / kPortionsPerSecond);
    most = std::min(most, static_cast<std::size_t>(slice));
  }
  if (bytes_until_cut_) most = std::min(most, static_cast<std::size_t>(*bytes_until_cut_));
  return most;
}

void Connection::write(Lane& lane, SteadyPoint now) {
  const auto count = portion(lane);
  if (fault_.kind == FaultKind::slow && fault_.bytes > 0) {
    lane.not_before = now + std::chrono::microseconds(static_cast<std::int64_t>(count) * 1'000'000 / fault_.bytes);
  }
  lane.writing = true;
  const auto& piece = lane.queue.front();
  asio::async_write(lane.to, asio::buffer(piece.bytes.data() + piece.sent, count),
                    [self = shared_from_this(), &lane](ErrorCode error, std::size_t written) {
                      lane.writing = false;
                      if (self->closed_) return;
                      if (error) return self->reset();
                      self->on_written(lane, written);
                    });
}

void Connection::on_written(Lane& lane, std::size_t count) {
  (lane.direction == Direction::up ? traffic_.bytes_up : traffic_.bytes_down) += count;
  auto& piece = lane.queue.front();
  piece.sent += count;
  lane.queued -= count;
  if (piece.sent == piece.bytes.size()) lane.queue.pop_front();
  if (bytes_until_cut_) {
    *bytes_until_cut_ -= static_cast<std::int64_t>(count);
    if (*bytes_until_cut_ <= 0) return reset();
  }
  pump(lane);
}

// Sets the timer to the next time at which something can be sent.
void Connection::arm(Lane& lane, SteadyPoint now) {
  auto next = lane.schedule.next_release();
  if (!lane.queue.empty()) {
    const auto due = std::max(lane.queue.front().due, lane.not_before);
    next = next ? std::min(*next, due) : due;
  }
  if (!next) return;
  lane.timer.expires_at(std::max(*next, now));
  lane.timer.async_wait([self = shared_from_this(), &lane](ErrorCode error) {
    if (error || self->closed_) return;
    const auto then = std::chrono::steady_clock::now();
    std::vector<std::string> ready;
    lane.schedule.release(then, ready);
    for (auto& bytes : ready) self->enqueue(lane, std::move(bytes), then);
    self->pump(lane);
  });
}

void Connection::pass_on_end(Lane& lane) {
  if (std::exchange(lane.end_passed_on, true)) return;
  ErrorCode ignored;
  lane.to.shutdown(Tcp::socket::shutdown_send, ignored);
  if (!up_.end_passed_on || !down_.end_passed_on) return;
  closed_ = true;
  client_.close(ignored);
  store_.close(ignored);
}

}  // namespace mm::chaos
