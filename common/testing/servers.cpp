#include "common/testing/servers.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "common/testing/server_process.h"
#include "common/testing/wait.h"

namespace mm::testing {
namespace {

// Long, because a start is slow on an overloaded machine.
constexpr Milliseconds kStartTimeout{30'000};

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

sockaddr* generic(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }

void append(std::vector<std::string>& arguments, const std::vector<std::string>& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
}

}  // namespace

ReservedPort::ReservedPort() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  auto address = loopback(0);
  socklen_t length = sizeof address;
  const int on = 1;
  // Bound without SO_REUSEADDR, so that no other process has the port. Set afterwards, so that the server may share it.
  if (socket_ < 0 || bind(socket_, generic(address), length) != 0 ||
      setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      getsockname(socket_, generic(address), &length) != 0) {
    throw std::runtime_error("no free port: " + std::string(std::strerror(errno)));
  }
  number_ = ntohs(address.sin_port);
}

ReservedPort::~ReservedPort() { close(socket_); }

// Memory is preferred to disk if there is enough, because on a busy disk a start takes seconds.
std::string temporary_root() {
  constexpr std::uint64_t kEnough = 1'000'000'000;
  const char* root = getenv("TMPDIR");
  if (root != nullptr && *root != '\0') return root;
  struct statvfs memory {};
  const bool enough = statvfs("/dev/shm", &memory) == 0 && memory.f_bavail * memory.f_frsize >= kEnough;
  return enough && access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

std::string make_folder(const std::string& kind) {
  auto path = temporary_root() + "/mm-test-" + kind + "-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("cannot make " + path);
  return path;
}

bool answers(int port, std::string_view question, const std::function<bool(std::string_view)>& accepts) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(port);
  bool accepted = false;
  if (connect(fd, generic(address), sizeof address) == 0 &&
      send(fd, question.data(), question.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(question.size())) {
    pollfd wanted{fd, POLLIN, 0};
    char answer[4096];
    const auto count = poll(&wanted, 1, 1'000) == 1 ? recv(fd, answer, sizeof answer, 0) : 0;
    accepted = count > 0 && accepts(std::string_view(answer, static_cast<std::size_t>(count)));
  }
  close(fd);
  return accepted;
}

OwnServer::Impl::~Impl() {
  quit();
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

void OwnServer::Impl::start() {
  const auto plan = command();
  pid = start_child(plan);
  frozen = false;
  bool ended = false;
  const bool answered = eventually([&] { return (ended = has_ended(pid)) || ready(); }, kStartTimeout);
  if (answered && !ended) return;
  if (ended) pid = -1;
  kill();
  throw std::runtime_error(plan.arguments.front() + (ended ? " ended at its start\n" : " does not answer\n") +
                           tail(plan.output));
}

void OwnServer::Impl::kill() {
  if (pid > 0) kill_all(pid);
  pid = -1;
}

void OwnServer::Impl::quit() {
  if (pid <= 0) return;
  if (!frozen && quit_signal != SIGKILL && !has_ended(pid)) {
    ::kill(pid, quit_signal);
    if (eventually([this] { return has_ended(pid); }, Milliseconds{5'000})) pid = -1;
  }
  kill();
}

void OwnServer::Impl::stop() {
  ::kill(pid, stop_signal);
  if (!eventually([this] { return has_ended(pid); })) throw std::runtime_error("a server does not stop");
  pid = -1;
}

OwnServer::OwnServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)), port_(impl_->port.number()) {}

OwnServer::~OwnServer() = default;

int OwnServer::pid() const { return impl_->pid; }

std::string OwnServer::log() const { return impl_->folder + "/log"; }

void OwnServer::kill() { impl_->kill(); }

void OwnServer::stop() { impl_->stop(); }

void OwnServer::freeze() {
  if (impl_->pid > 0) stop_all(impl_->pid);
  impl_->frozen = true;
}

void OwnServer::thaw() {
  if (impl_->pid > 0) {
    for (const auto one : with_descendants(impl_->pid)) ::kill(one, SIGCONT);
  }
  impl_->frozen = false;
}

void OwnServer::restart() {
  impl_->kill();
  impl_->start();
}

OwnRedis::OwnRedis(Instance instance, std::vector<std::string> arguments)
    : OwnServer(std::make_unique<Impl>()), name_(instance == Instance::queue ? "queue" : "cache") {
  impl_->folder = make_folder("redis");
  configure_store({"redis", name_, impl_->folder, std::to_string(port_)});
  impl_->command = [own = impl_.get(), arguments] {
    ChildCommand command;
    command.arguments = {"redis-server", "./redis.conf"};
    append(command.arguments, arguments);
    command.folder = own->folder;
    command.output = own->folder + "/log";
    return command;
  };
  impl_->ready = [port = port_, hello = "AUTH operator " + password() + "\r\nPING\r\n"] {
    // While Redis loads its data, it answers PING with an error.
    return answers(port, hello, [](std::string_view text) { return text.find("+PONG") != text.npos; });
  };
  impl_->start();
  url_ = url_as("operator");
}

std::string OwnRedis::url_as(const std::string& user) const {
  return "redis://" + user + "@127.0.0.1:" + std::to_string(port_);
}

std::string OwnRedis::password_of(const std::string& user) const { return secret("redis_" + name_ + "_" + user); }

std::string OwnRedis::data_folder() const { return impl_->folder + "/appendonlydir"; }

void OwnRedis::restart_without_state() {
  impl_->kill();
  std::filesystem::remove_all(data_folder());
  impl_->start();
}

}  // namespace mm::testing
