// Creates the streams and consumers of the platform on a nats-server to which no other client can connect yet.
// deployments/nats/run runs it at each start; see README.md.
//
//   nats_setup FOLDER PORTS_FILE      FOLDER has nats_password, the password of the user `setup`; nats-server writes
//                                     its address into PORTS_FILE when it listens
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#include "common/bus/bus.h"
#include "common/bus/stream_setup.h"
#include "common/runtime/credentials.h"
#include "common/runtime/log.h"
#include "common/runtime/start_errors.h"
#include "common/wire/json.h"

namespace mm {
namespace {

// nats-server needs seconds to recover a large stream.
constexpr Milliseconds kStartTimeout{60'000};
constexpr Milliseconds kSetupTimeout{30'000};
constexpr Milliseconds kPollInterval{5};

// Reads the last address of {"nats":["nats://127.0.0.1:4222"],…}.
std::optional<std::string> read_address(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  const auto document = json::Document::parse(text.str());
  const auto list = document ? document->root().find("nats") : std::nullopt;
  std::optional<std::string> address;
  if (list && list->kind() == json::Kind::array) {
    list->each_element([&](const json::Value& one) { address = std::string(one.string()); });
  }
  return address;
}

// Throws StartRefused if the credential is not valid.
Result<Done, std::string> set_up(const std::string& folder, const std::string& ports_file) {
  const auto deadline = Deadline::after(kStartTimeout);
  std::optional<std::string> address;
  while (!(address = read_address(ports_file))) {
    if (deadline.passed()) return fail(std::string("nats-server has not written its address in time"));
    std::this_thread::sleep_for(kPollInterval);
  }
  auto password = runtime::Credentials(folder).require("nats_password");
  metrics::Registry metrics;
  const auto bus = bus::Bus::connect({*address, "setup", std::move(password), "nats_setup"}, metrics, deadline);
  if (!bus) return fail(bus.error());
  return bus::set_up_streams(**bus, rights::kConsumers, Deadline::after(kSetupTimeout));
}

}  // namespace
}  // namespace mm

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: nats_setup FOLDER PORTS_FILE\n", stderr);
    return mm::runtime::kExitUsage;
  }
  mm::log::start("nats_setup", "nats_setup", mm::log::Level::info);
  try {
    const auto done = mm::set_up(argv[1], argv[2]);
    if (!done) mm::log::error("streams_not_set_up", {{"reason", done.error()}});
    return done ? 0 : mm::runtime::kExitUnavailable;
  } catch (const mm::runtime::StartRefused& error) {
    mm::log::error("start_refused", {{"what", error.subject()}, {"reason", error.reasons().front()}});
    return mm::runtime::kExitConfig;
  }
}
