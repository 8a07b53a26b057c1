// The nats-server of a test, and the check of its log for errors of its clients.
#include <stdlib.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "common/base/mutex.h"
#include "common/testing/server_process.h"

namespace mm::testing {
namespace {

/// The folder that ctest names, else the folder of the build: a test program can be run without ctest.
std::string folder_of(const char* variable, const char* otherwise) {
  const char* value = getenv(variable);
  return value == nullptr ? otherwise : value;
}
std::string source_folder() { return folder_of("MM_TEST_SOURCE_DIR", MM_SOURCE_FOLDER); }
std::string build_folder() { return folder_of("MM_TEST_BINARY_DIR", MM_BUILD_FOLDER); }

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// True for a line about a client that broke its permissions or read too slowly. A refused answer is no error: the
/// right to answer expires, so a daemon that was frozen for longer is refused when nothing waits for the answer any
/// more. A right to answer that is missing is found by other tests, because their requests stay without an answer.
bool is_error(const std::string& line) {
  const auto has = [&](const char* text) { return line.find(text) != std::string::npos; };
  if (has("Publish Violation - ") && has("Subject \"_INBOX")) return false;
  return has(" Violation - ") || has("Slow Consumer");
}

/// The logs of all nats-servers of this process, and the position up to which each was read. Thread-safe.
class NatsLogs {
 public:
  static NatsLogs& instance() {
    static auto* logs = new NatsLogs;  // never destroyed: servers may be static
    return *logs;
  }

  void add(const std::string& path) {
    const MutexLock lock(mutex_);
    read_to_[path] = 0;
  }
  void remove(const std::string& path) {
    const MutexLock lock(mutex_);
    read(path);
    read_to_.erase(path);
  }
  std::vector<std::string> take_errors() {
    const MutexLock lock(mutex_);
    for (const auto& [path, end] : read_to_) read(path);
    return std::exchange(errors_, {});
  }

 private:
  void read(const std::string& path) REQUIRES(mutex_) {
    std::ifstream file(path);
    file.seekg(read_to_[path]);
    for (std::string line; std::getline(file, line) && !file.eof();) {
      if (is_error(line)) errors_.push_back(line);
      read_to_[path] = file.tellg();
    }
  }

  Mutex mutex_;
  std::map<std::string, std::streamoff> read_to_ GUARDED_BY(mutex_);
  std::vector<std::string> errors_ GUARDED_BY(mutex_);
};

// Writes the shipped configuration with one more user, `test`.
void write_configuration(const std::string& folder) {
  const std::string shipped = source_folder() + "/deployments/nats/";
  std::filesystem::copy_file(shipped + "nats.conf", folder + "/nats.conf");
  auto accounts = read(shipped + "accounts.conf");
  constexpr std::string_view kUsers = "users: [\n";
  const auto at = accounts.find(kUsers);
  if (at == std::string::npos) throw std::runtime_error("accounts.conf has no users");
  accounts.insert(at + kUsers.size(), "      {user: test, password: $PASSWORD_TEST}\n");
  std::ofstream(folder + "/accounts.conf") << accounts;
  std::ofstream secrets(folder + "/secrets.conf");
  constexpr std::string_view kVariable = "$PASSWORD_";
  for (auto begin = accounts.find(kVariable); begin != std::string::npos; begin = accounts.find(kVariable, begin + 1)) {
    const auto name = begin + 1;
    const auto variable = accounts.substr(name, accounts.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_", name) - name);
    std::string user = variable.substr(kVariable.size() - 1);
    for (auto& c : user) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    secrets << variable << ": \"" << OwnNats::password(user) << "\"\n";
  }
}

}  // namespace

OwnNats::OwnNats(std::vector<std::string> instead) : OwnServer(std::make_unique<Impl>()) {
  impl_->folder = make_folder("nats");
  const auto program = build_folder() + "/bin/nats_setup";
  const auto run = source_folder() + "/deployments/nats/run";
  if (instead.empty()) write_configuration(impl_->folder);
  impl_->command = [own = impl_.get(), instead, program, run] {
    ChildCommand command;
    const auto port = std::to_string(own->port.number());
    if (instead.empty()) {
      command.arguments = {run, own->folder, port, std::to_string(own->second_port.number()), program};
    } else {
      command.arguments = {"nats-server", "-a", "127.0.0.1", "-p", port, "-js", "-sd", own->folder + "/data"};
      command.arguments.insert(command.arguments.end(), instead.begin(), instead.end());
    }
    command.output = own->folder + "/log";
    return command;
  };
  impl_->ready = [port = port_] {
    // The server sends its INFO line once JetStream is enabled. With users defined, it answers nothing else before a
    // login.
    return answers(port, "PING\r\n", [](std::string_view text) { return text.starts_with("INFO "); });
  };
  impl_->start();
  url_ = "nats://127.0.0.1:" + std::to_string(port_);
  NatsLogs::instance().add(impl_->folder + "/log");
}

std::string OwnNats::data_folder() const { return impl_->folder + "/data"; }

// `test` is not a user of the stack and has no secret. Its password is that of the operator, reversed.
std::string OwnNats::password(std::string_view user) {
  auto text = secret("nats_" + std::string(user == "test" ? "operator" : user));
  if (user == "test") std::reverse(text.begin(), text.end());
  return text;
}

OwnNats::~OwnNats() { NatsLogs::instance().remove(impl_->folder + "/log"); }

std::vector<std::string> OwnNats::take_errors() { return NatsLogs::instance().take_errors(); }

void OwnNats::restart_without_state() {
  impl_->kill();
  std::filesystem::remove_all(impl_->folder + "/data");
  impl_->start();
}

}  // namespace mm::testing
