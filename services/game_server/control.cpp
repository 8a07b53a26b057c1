#include "services/game_server/control.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <set>

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include "common/runtime/log.h"
#include "common/wire/codec.h"

namespace mm::game {
namespace {

using Local = asio::local::stream_protocol;

bool is_own_user(Local::socket& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::geteuid();
}

std::string reason(const std::string& what) { return what + ": " + std::strerror(errno); }

}  // namespace

struct Control::Impl {
  class Link;

  Impl(asio::io_context& context, ControlHandlers h) : io(context), handlers(std::move(h)), acceptor(context) {}

  void accept(const std::shared_ptr<Impl>& self);

  asio::io_context& io;
  ControlHandlers handlers;
  Local::acceptor acceptor;
  std::string path;  // of the socket; the destructor removes it
  std::set<std::shared_ptr<Link>> links;
};

class Control::Impl::Link : public std::enable_shared_from_this<Link> {
 public:
  Link(std::shared_ptr<Impl> owner, Local::socket socket) : owner_(std::move(owner)), socket_(std::move(socket)) {}

  void start() {
    send(owner_->handlers.hello());
    read();
  }

  void send(const ServerLine& line) {
    auto text = wire::encode(line) + "\n";
    unsent_bytes_ += text.size();
    if (unsent_bytes_ > kMaxUnsentBytes) return stop();
    unsent_.push_back(std::move(text));
    if (unsent_.size() == 1) write();
  }

  void stop() {
    ErrorCode ignored;
    socket_.close(ignored);
    owner_->links.erase(shared_from_this());
  }

 private:
  void read() {
    asio::async_read_until(socket_, asio::dynamic_buffer(received_, kMaxLineBytes), '\n',
                           [self = shared_from_this()](ErrorCode error, std::size_t length) {
                             if (error) return self->stop();
                             self->take(std::string_view(self->received_).substr(0, length - 1));
                             self->received_.erase(0, length);
                             self->read();
                           });
  }

  void take(std::string_view line) {
    const auto document = json::Document::parse(line);
    if (!document) return log::error("line_refused", {{"reason", "the line is not JSON"}});
    if (document->root().find("end")) {
      const auto match = wire::decode<EndMatch>(document->root(), wire::Unknown::ignored);
      if (match) owner_->handlers.end(match->end);
      return;
    }
    auto match = wire::decode<HandOver>(document->root(), wire::Unknown::ignored);
    if (!match) return log::error("hand_over_refused", {{"reason", match.error().detail}});
    ServerLine answer;
    answer.match_id = match->match_id;
    answer.detail = owner_->handlers.host(*std::move(match));
    answer.event = answer.detail ? LineEvent::refused : LineEvent::hosting;
    send(answer);
  }

  void write() {
    asio::async_write(socket_, asio::buffer(unsent_.front()),
                      [self = shared_from_this()](ErrorCode error, std::size_t length) {
                        if (error) return self->stop();
                        self->unsent_bytes_ -= length;
                        self->unsent_.pop_front();
                        if (!self->unsent_.empty()) self->write();
                      });
  }

  const std::shared_ptr<Impl> owner_;
  Local::socket socket_;
  std::string received_;
  std::deque<std::string> unsent_;
  std::size_t unsent_bytes_ = 0;
};

void Control::Impl::accept(const std::shared_ptr<Impl>& self) {
  acceptor.async_accept([this, self](ErrorCode error, Local::socket socket) {
    if (!acceptor.is_open()) return;
    if (!error && links.size() < kMaxLinks && is_own_user(socket)) {
      const auto link = std::make_shared<Link>(self, std::move(socket));
      links.insert(link);
      link->start();
    }
    accept(self);
  });
}

Control::Control(asio::io_context& io, ControlHandlers handlers)
    : impl_(std::make_shared<Impl>(io, std::move(handlers))) {}

Control::~Control() {
  ErrorCode ignored;
  impl_->acceptor.close(ignored);
  const auto links = impl_->links;
  for (const auto& link : links) link->stop();
  if (!impl_->path.empty()) ::unlink(impl_->path.c_str());
}

// The path in a socket address has at most 107 bytes, which the folder may exceed. A path through /proc/self/fd is
// short.
Result<Done, std::string> Control::listen(const std::string& folder, const std::string& name) {
  const int directory = ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return fail(reason("cannot open " + folder));
  impl_->path = folder + "/" + name;
  ::unlink(impl_->path.c_str());
  const auto mask = ::umask(0177);
  ErrorCode error;
  impl_->acceptor.open(Local(), error);
  if (!error) impl_->acceptor.bind("/proc/self/fd/" + std::to_string(directory) + "/" + name, error);
  if (!error) impl_->acceptor.listen(kMaxLinks, error);
  ::umask(mask);
  ::close(directory);
  if (error) return fail("cannot listen on " + impl_->path + ": " + error.message());
  impl_->accept(impl_);
  return Done{};
}

void Control::send_to_all(const ServerLine& line) {
  const auto links = impl_->links;  // a copy, because send() may remove a link
  for (const auto& link : links) link->send(line);
}

bool Control::connected() const { return !impl_->links.empty(); }

}  // namespace mm::game
