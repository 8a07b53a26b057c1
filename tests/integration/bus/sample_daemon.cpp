// A minimal daemon for the test of the daemon harness. MM_SAMPLE selects the behaviour of its constructor.
#include "common/bus/server.h"
#include "common/daemon/daemon.h"
#include "common/daemon/startup.h"
#include "common/daemon/wait_until.h"
#include "tests/integration/bus/messages.h"

namespace mm::sample {

class Service {
 public:
  static constexpr std::string_view kName = "sample";

  struct Settings {
    std::string sample = "serve";
    int most = 3;
  };

  Service(const Settings& settings, Runtime& runtime) : server_(runtime.bus, {.name = "sample"}, runtime.metrics) {
    runtime.health.probe("sample", [] { return true; });
    if (settings.sample == "throw") throw std::runtime_error("a bug at start");
    if (settings.sample == "refuse") daemon::refuse_to_start("MM_SAMPLE", "it must not be refuse");
    if (settings.sample == "unavailable" || settings.sample == "wait") {
      const auto budget = settings.sample == "wait" ? Milliseconds{600'000} : Milliseconds{10};
      daemon::wait_until(
          runtime, "store", []() -> Result<Done, std::string> { return fail(std::string("not there")); },
          Deadline::after(budget));
    }
    server_.serve<bus::Echo>(
        [](const bus::Echo& r, const bus::Context&) -> Reply<bus::Echoed> { return bus::Echoed{r.text}; });
    server_.start();
  }

 private:
  bus::Server server_;
};

template <class F>
void describe(F& f, Service::Settings& s) {
  f("MM_SAMPLE", s.sample, fields::Optional{});
  f("MM_SAMPLE_MOST", s.most, fields::Optional{}, fields::InRange{1, 9});
}

}  // namespace mm::sample

int main(int argc, char** argv) { return mm::run_daemon<mm::sample::Service>(argc, argv); }
