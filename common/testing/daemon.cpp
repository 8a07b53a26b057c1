#include "common/testing/daemon.h"

#include <signal.h>

#include <cstdlib>
#include <utility>

#include "common/testing/child.h"
#include "common/testing/connections.h"

namespace mm::testing {

DaemonBase::DaemonBase(std::string_view name, const OwnNats& nats, const DaemonOptions& options)
    : credentials_(options.credentials.empty() ? credentials_of(std::string(name)) : options.credentials),
      bus_(connect(nats, metrics_, std::string(name))),
      runtime_{std::string(name), options.instance, options.clock, credentials_, metrics_, health_, *bus_} {}

double DaemonBase::metric(const std::string& series) const {
  const auto text = "\n" + metrics_.expose();
  const auto found = text.find("\n" + series + " ");
  return found == std::string::npos ? 0 : std::stod(text.substr(found + series.size() + 2));
}

std::string built_program(const std::string& name) {
  const char* build = std::getenv("MM_TEST_BINARY_DIR");
  return std::string(build != nullptr ? build : ".") + "/bin/" + name;
}

DaemonProcess::DaemonProcess(const std::string& name, std::vector<std::string> settings, const std::string& output) {
  ChildCommand command;
  command.arguments = {built_program(name)};
  command.environment = std::move(settings);
  command.environment.push_back("MM_CREDENTIALS_DIR=" + credentials_of(name));
  command.output = output;
  pid_ = start_child(command);
}

void DaemonProcess::signal(int number) const { ::kill(pid_, number); }
void DaemonProcess::freeze() const { stop_all(pid_); }
void DaemonProcess::thaw() const {
  for (const auto pid : with_descendants(pid_)) ::kill(pid, SIGCONT);
}

void DaemonProcess::kill() {
  if (pid_ > 0) kill_all(std::exchange(pid_, 0));
}

int DaemonProcess::end(int number) {
  signal(number);
  return wait_for_end(std::exchange(pid_, 0));
}

}  // namespace mm::testing
