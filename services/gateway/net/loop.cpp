#include "services/gateway/net/loop.h"

#include <thread>
#include <vector>

#include "services/gateway/net/net.h"

#include <boost/asio/basic_waitable_timer.hpp>

#include "common/runtime/log.h"

namespace mm::gateway {

namespace {
// A tick that is later than this is logged: some handler has blocked the loop.
constexpr Milliseconds kSlowTick{250};
}  // namespace

struct Loop::Impl {
  using Timer = net::basic_waitable_timer<std::chrono::steady_clock, net::wait_traits<std::chrono::steady_clock>,
                                          net::io_context::executor_type>;
  std::unique_ptr<net::io_context> context = std::make_unique<net::io_context>(1);
  std::unique_ptr<Timer> timer = std::make_unique<Timer>(*context);
  std::vector<std::function<void(SteadyPoint)>> ticks;
  std::thread thread;
  SteadyPoint due;

  void arm() {
    due = std::chrono::steady_clock::now() + kTick;
    timer->expires_at(due);
    timer->async_wait([this](error_code error) {
      if (error) return;
      const auto now = std::chrono::steady_clock::now();
      if (now - due > kSlowTick) log::warning("loop_late", {{"late_ms", (now - due) / Milliseconds{1}}});
      for (auto& tick : ticks) tick(now);
      arm();
    });
  }
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {}

Loop::~Loop() { stop(); }

void Loop::post(std::function<void()> work) {
  if (impl_->context != nullptr) net::post(*impl_->context, std::move(work));
}

void Loop::on_tick(std::function<void(SteadyPoint)> tick) { impl_->ticks.push_back(std::move(tick)); }

void Loop::start() {
  impl_->arm();
  impl_->thread = std::thread([this] { impl_->context->run(); });
}

void Loop::stop() {
  if (impl_->context != nullptr) impl_->context->stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

void Loop::drop_all() {
  impl_->timer.reset();
  // Handlers that are destroyed here may still call `post`, which does nothing when impl_->context is null.
  const auto context = std::move(impl_->context);
}

boost::asio::io_context& Loop::context() { return *impl_->context; }

}  // namespace mm::gateway
