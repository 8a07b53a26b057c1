#include "common/daemon/wait_until.h"

#include <algorithm>
#include <thread>

#include "common/daemon/daemon.h"

namespace mm::daemon {
namespace {

constexpr Milliseconds kPause{250};
constexpr Milliseconds kReportInterval{5'000};

}  // namespace

void wait_until(const std::atomic<bool>* stopping, std::string_view what,
                const std::function<Result<Done, std::string>()>& attempt, Deadline deadline) {
  auto report = Deadline::after(Milliseconds{0});
  while (true) {
    if (stopping != nullptr && *stopping) throw runtime::Stopped();
    const auto done = attempt();
    if (done) return;
    if (deadline.passed()) throw runtime::Unavailable(std::string(what) + ": " + done.error());
    if (report.passed()) {
      log::warning("waiting", {{"what", what}, {"reason", done.error()}});
      report = Deadline::after(kReportInterval);
    }
    std::this_thread::sleep_for(std::min(kPause, deadline.remaining()));
  }
}

void wait_until(const Runtime& runtime, std::string_view what,
                const std::function<Result<Done, std::string>()>& attempt, Deadline deadline) {
  wait_until(runtime.stopping, what, attempt, deadline);
}

}  // namespace mm::daemon
