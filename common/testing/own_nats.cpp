// A test's own nats-server, and what its log says about mistakes of its clients.
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <utility>

#include "common/testing/server_process.h"

namespace mm::testing {
namespace {

/// nats-server tells a client that breaks its permissions or reads too slowly; the client's program may well not look.
bool is_error(const std::string& line) {
  return line.find(" Violation - ") != std::string::npos || line.find("Slow Consumer") != std::string::npos;
}

/// The logs of all servers of this process, each read as far as it was looked at. Thread-safe.
class NatsLogs {
 public:
  static NatsLogs& instance() {
    static auto* logs = new NatsLogs;  // never destroyed: servers may be static
    return *logs;
  }

  void add(const std::string& path) {
    std::lock_guard lock(mutex_);
    read_to_[path] = 0;
  }
  void remove(const std::string& path) {
    std::lock_guard lock(mutex_);
    read(path);
    read_to_.erase(path);
  }
  std::vector<std::string> take_errors() {
    std::lock_guard lock(mutex_);
    for (const auto& [path, end] : read_to_) read(path);
    return std::exchange(errors_, {});
  }

 private:
  void read(const std::string& path) {
    std::ifstream file(path);
    file.seekg(read_to_[path]);
    for (std::string line; std::getline(file, line) && !file.eof();) {
      if (is_error(line)) errors_.push_back(line);
      read_to_[path] = file.tellg();
    }
  }

  std::mutex mutex_;
  // Protected by mutex_:
  std::map<std::string, std::streamoff> read_to_;
  std::vector<std::string> errors_;
};

}  // namespace

OwnNats::OwnNats(std::vector<std::string> arguments) : OwnServer(std::make_unique<Impl>()) {
  impl_->folder = make_folder("nats");
  impl_->command = [own = impl_.get(), arguments] {
    ChildCommand command;
    command.arguments = {"nats-server", "-a",  "127.0.0.1", "-p", std::to_string(own->port.number()),
                         "-js",         "-sd", own->folder};
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    command.output = own->folder + "/log";
    return command;
  };
  impl_->ready = [port = port_] {
    // The greeting comes once JetStream is enabled; with users defined, so does only the greeting.
    return answers(port, "PING\r\n", [](std::string_view text) { return text.starts_with("INFO "); });
  };
  impl_->start();
  url_ = "nats://127.0.0.1:" + std::to_string(port_);
  NatsLogs::instance().add(impl_->folder + "/log");
}

OwnNats::~OwnNats() { NatsLogs::instance().remove(impl_->folder + "/log"); }

std::vector<std::string> OwnNats::take_errors() { return NatsLogs::instance().take_errors(); }

void OwnNats::restart_without_state() {
  impl_->kill();
  std::filesystem::remove_all(impl_->folder + "/jetstream");
  impl_->start();
}

}  // namespace mm::testing
