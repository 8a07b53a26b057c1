#include "tests/chaos/proxy/control.h"

#include <fnmatch.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include <boost/asio/read_until.hpp>

#include "common/wire/codec.h"

namespace mm::chaos {
namespace {

constexpr std::size_t kMaxLine = 64 * 1024;
constexpr int kMaxClients = 16;

/// Sets `fault` on each link whose name matches one of the patterns (shell patterns, as "*.nats"). Without a fault, the
/// request only asks for the state of the links.
struct Request {
  std::vector<std::string> links{"*"};
  std::optional<Fault> fault;
};
template <class F>
void describe(F& f, Request& m) {
  f("links", m.links, fields::Optional{}, fields::Count{1, 200});
  f("fault", m.fault);
}

struct LinkState {
  std::string link;
  int port = 0;
  FaultKind fault = FaultKind::none;
  std::int64_t connections = 0;
  std::int64_t bytes_up = 0, bytes_down = 0, resets = 0;
  std::int64_t commits = 0, commits_cut = 0;
  std::int64_t dropped = 0, repeated = 0, held = 0;
};
template <class F>
void describe(F& f, LinkState& m) {
  f("link", m.link);
  f("port", m.port);
  f("fault", m.fault);
  f("connections", m.connections);
  f("bytes_up", m.bytes_up);
  f("bytes_down", m.bytes_down);
  f("resets", m.resets);
  f("commits", m.commits);
  f("commits_cut", m.commits_cut);
  f("dropped", m.dropped);
  f("repeated", m.repeated);
  f("held", m.held);
}

struct Answer {
  std::optional<std::string> error;
  std::vector<LinkState> links;
};
template <class F>
void describe(F& f, Answer& m) {
  f("error", m.error);
  f("links", m.links);
}

LinkState state_of(const Link& link) {
  const auto& traffic = link.traffic();
  const auto number = [](std::uint64_t count) { return static_cast<std::int64_t>(count); };
  LinkState state;
  state.link = link.name();
  state.port = link.port();
  state.fault = link.fault().kind;
  state.connections = number(link.open_connections());
  state.bytes_up = number(traffic.bytes_up);
  state.bytes_down = number(traffic.bytes_down);
  state.resets = number(traffic.resets);
  state.commits = number(traffic.commits);
  state.commits_cut = number(traffic.commits_cut);
  state.dropped = number(traffic.dropped);
  state.repeated = number(traffic.repeated);
  state.held = number(traffic.held);
  return state;
}

bool matches(const std::vector<std::string>& patterns, const std::string& name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return fnmatch(pattern.c_str(), name.c_str(), 0) == 0; });
}

std::string words_of(const Problem& problem) {
  std::string words(info(problem.code).name);
  if (!problem.detail.empty()) words += ": " + problem.detail;
  for (const auto& error : problem.errors) words += "; " + error.pointer + " " + error.detail;
  return words;
}

/// One client. Owner: its pending handler.
class Client : public std::enable_shared_from_this<Client> {
 public:
  Client(Local::socket socket, const Links& links, int& open) : socket_(std::move(socket)), links_(links), open_(open) {
    ++open_;
  }
  ~Client() { --open_; }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void read() {
    asio::async_read_until(socket_, asio::dynamic_buffer(text_, kMaxLine), '\n',
                           [self = shared_from_this()](ErrorCode error, std::size_t length) {
                             if (!error) self->answer(length);
                           });
  }

 private:
  void answer(std::size_t length) {
    answer_ = execute(links_, std::string_view(text_).substr(0, length - 1)) + "\n";
    text_.erase(0, length);
    asio::async_write(socket_, asio::buffer(answer_), [self = shared_from_this()](ErrorCode error, std::size_t) {
      if (!error) self->read();
    });
  }

  Local::socket socket_;
  const Links& links_;
  int& open_;
  std::string text_;
  std::string answer_;
};

}  // namespace

std::string execute(const Links& links, std::string_view line) {
  const auto request = wire::decode<Request>(line, wire::Unknown::refused);
  if (!request) return wire::encode(Answer{words_of(request.error()), {}});
  Answer answer;
  for (const auto& link : links) {
    if (!matches(request->links, link->name())) continue;
    if (request->fault) link->set(*request->fault);
    answer.links.push_back(state_of(*link));
  }
  if (answer.links.empty()) answer.error = "no link has such a name";
  return wire::encode(answer);
}

ControlServer::ControlServer(asio::io_context& io, const std::string& path, const Links& links)
    : acceptor_(io), links_(links) {
  ::unlink(path.c_str());
  acceptor_.open();
  acceptor_.bind(path);
  acceptor_.listen();
  accept();
}

void ControlServer::accept() {
  acceptor_.async_accept([this](ErrorCode error, Local::socket socket) {
    if (error) return;
    if (open_ < kMaxClients) std::make_shared<Client>(std::move(socket), links_, open_)->read();
    accept();
  });
}

}  // namespace mm::chaos
