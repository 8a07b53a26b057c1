#include "services/lobby/teller.h"

#include <utility>

namespace mm::lobby {

Teller::Teller(bus::Bus& bus, bus::Notifier& notifier, metrics::Counter untold)
    : bus_(bus), notifier_(notifier), untold_(untold), thread_([this] { run(); }) {}

Teller::~Teller() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Teller::add(News news) {
  news.trace = trace::current();
  {
    std::lock_guard lock(mutex_);
    if (waiting_.size() >= kWaitingMax) return untold_.add();
    waiting_.push_back(std::move(news));
  }
  changed_.notify_one();
}

void Teller::run() {
  std::optional<Deadline> last;
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    if (stopping_ && !last) last = Deadline::after(kLastWords);
    if (waiting_.empty() || (last && last->passed())) break;
    const News news = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    pass_on(news);
    lock.lock();
  }
  untold_.add(static_cast<double>(waiting_.size()));
}

void Teller::pass_on(const News& news) {
  const trace::Scope scope(news.trace);
  if (news.subject.empty()) return notifier_.send(news.tenant, news.frames);
  if (!bus_.publish(news.subject, news.body)) untold_.add();
}

}  // namespace mm::lobby
