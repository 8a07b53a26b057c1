#include "common/bus/reply_mux.h"

#include <charconv>
#include <utility>

namespace mm::bus {
namespace {

constexpr char kSeparator = '-';

}  // namespace

ReplyMux::ReplyMux(Bus::Impl& bus) : bus_(bus), prefix_(bus.new_inbox() + ".") {
  inbox_.emplace(bus_.connection, prefix_ + "*", "", [this](MsgPtr message) { on_answer(std::move(message)); });
  listener_ = bus_.listen([this] { end_all(NATS_CONNECTION_DISCONNECTED); });
  timer_ = std::thread([this] { run_timer(); });
}

ReplyMux::~ReplyMux() {
  bus_.forget(listener_);
  inbox_.reset();
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  timer_.join();
  end_all(NATS_CONNECTION_CLOSED);
}

void ReplyMux::send(std::string_view subject, std::string_view body, const HeaderList& headers, Deadline deadline,
                    Handler handler) {
  std::uint64_t id = 0;
  const auto word = random_word();
  {
    const MutexLock lock(mutex_);
    id = ++last_id_;
    pending_.emplace(id, Pending{word, std::move(handler)});
    due_.emplace(deadline.when(), id);
    if (pending_.size() == 1) changed_.notify_all();
  }
  const auto status = bus_.publish(subject, prefix_ + std::to_string(id) + kSeparator + word, body, headers);
  if (status == NATS_OK) return;
  auto refused = take(id);
  if (!refused) return;  // the connection was lost in between, and the handler was called then
  const MutexLock lock(mutex_);
  unsent_.emplace_back(std::move(*refused), status);
  changed_.notify_all();
}

std::size_t ReplyMux::waiting() const {
  const MutexLock lock(mutex_);
  return pending_.size();
}

void ReplyMux::on_answer(MsgPtr message) {
  const auto token = subject_of(message.get()).substr(prefix_.size());
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), id);
  if (error != std::errc{} || end == token.data() + token.size() || *end != kSeparator) return;
  auto handler = take(id, token.substr(static_cast<std::size_t>(end - token.data()) + 1));
  if (!handler) return;
  if (natsMsg_IsNoResponders(message.get())) return (*handler)(NATS_NO_RESPONDERS, nullptr);
  (*handler)(NATS_OK, std::move(message));
}

std::optional<ReplyMux::Handler> ReplyMux::take(std::uint64_t id) {
  const MutexLock lock(mutex_);
  auto node = pending_.extract(id);
  if (node.empty()) return std::nullopt;
  return std::move(node.mapped().handler);
}

std::optional<ReplyMux::Handler> ReplyMux::take(std::uint64_t id, std::string_view word) {
  const MutexLock lock(mutex_);
  const auto found = pending_.find(id);
  if (found == pending_.end() || found->second.word != word) return std::nullopt;
  auto handler = std::move(found->second.handler);
  pending_.erase(found);
  return handler;
}

void ReplyMux::end_all(natsStatus status) {
  std::unordered_map<std::uint64_t, Pending> ended;
  {
    const MutexLock lock(mutex_);
    ended.swap(pending_);
  }
  for (auto& [id, pending] : ended) pending.handler(status, nullptr);
  std::vector<std::pair<Handler, natsStatus>> unsent;
  {
    const MutexLock lock(mutex_);
    unsent.swap(unsent_);
  }
  for (auto& [handler, why] : unsent) handler(why, nullptr);
}

void ReplyMux::run_timer() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    if (pending_.empty() && unsent_.empty()) {
      due_ = {};
      changed_.wait(lock);
    } else if (unsent_.empty()) {
      changed_.wait_for(lock, kTick);
    }
    auto ended = take_ended();
    if (ended.empty()) continue;
    lock.unlock();
    for (auto& [handler, status] : ended) handler(status, nullptr);
    lock.lock();
  }
}

std::vector<std::pair<ReplyMux::Handler, natsStatus>> ReplyMux::take_ended() {
  auto ended = std::exchange(unsent_, {});
  const auto now = std::chrono::steady_clock::now();
  while (!due_.empty() && due_.top().first <= now) {
    auto node = pending_.extract(due_.top().second);
    due_.pop();
    if (!node.empty()) ended.emplace_back(std::move(node.mapped().handler), NATS_TIMEOUT);
  }
  return ended;
}

}  // namespace mm::bus
