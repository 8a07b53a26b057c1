// A player's socket: HTTP upgrade for a hosted match, a valid join token within 5 s, then messages until one side
// closes. Timers end each wait. Frames are written one at a time, because Beast requires that.
#include "services/game_server/player_listener.h"

#include <deque>
#include <optional>

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

#include "common/wire/codec.h"
#include "services/game_server/bodies.h"
#include "services/game_server/core/token_bucket.h"

namespace mm::game {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using Limits = PlayerLimits;

constexpr std::size_t kMaxHeaderBytes = 8 * 1024;
/// How long a close may take before the connection is cut.
constexpr Seconds kCloseTimeout{2};
/// The delay after a failed accept, for example without a free file descriptor.
constexpr Milliseconds kAcceptRetryDelay{100};

std::optional<MatchId> match_in(beast::string_view target) {
  constexpr std::string_view kPrefix = "/match/";
  const std::string_view path(target.data(), target.size());
  if (!path.starts_with(kPrefix)) return std::nullopt;
  return MatchId::parse(path.substr(kPrefix.size()));
}

}  // namespace

struct PlayerListener::Impl {
  class Socket;

  Impl(asio::io_context& context, Matches& all) : io(context), matches(all), acceptor(context), pause(context) {}

  void accept(const std::shared_ptr<Impl>& self);

  asio::io_context& io;
  Matches& matches;
  Tcp::acceptor acceptor;
  asio::steady_timer pause;
  std::size_t sockets = 0;
  std::size_t not_joined = 0;
};

// Owned by its pending operations and, while the player has joined, by the match.
class PlayerListener::Impl::Socket final : public PlayerLink, public std::enable_shared_from_this<Socket> {
 public:
  Socket(std::shared_ptr<Impl> owner, Tcp::socket socket)
      : owner_(std::move(owner)), stream_(beast::tcp_stream(std::move(socket))), timer_(owner_->io) {
    ++owner_->sockets;
    ++owner_->not_joined;
  }
  ~Socket() override {
    --owner_->sockets;
    if (!player_) --owner_->not_joined;
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  void start() {
    beast::get_lowest_layer(stream_).expires_after(Limits::kJoinTimeout);
    request_.emplace();
    request_->header_limit(kMaxHeaderBytes);
    http::async_read(beast::get_lowest_layer(stream_), buffer_, *request_,
                     [self = shared_from_this()](ErrorCode error, std::size_t) {
                       if (!error) self->upgrade();
                     });
  }

  void send(std::shared_ptr<const std::string> text) override {
    if (closing_) return;
    unsent_bytes_ += text->size();
    if (unsent_bytes_ > Limits::kMaxUnsentBytes) return leave_and_close(kCloseTooSlow);
    unsent_.push_back(std::move(text));
    if (unsent_.size() == 1) write();
  }

  void close(std::uint16_t code) override {
    if (closing_) return;
    closing_ = code;
    if (unsent_.empty()) return send_close();
    // Only the frame that is being written is still sent.
    unsent_.resize(1);
    cut_after(kCloseTimeout);
  }

 private:
  void upgrade() {
    const auto& request = request_->get();
    const auto match = match_in(request.target());
    const bool hosted = match && owner_->matches.find(*match) != nullptr;
    if (!hosted || !websocket::is_upgrade(request)) {
      return refuse(hosted ? http::status::upgrade_required : http::status::not_found);
    }
    match_ = *match;
    beast::get_lowest_layer(stream_).expires_never();
    stream_.set_option(websocket::stream_base::timeout{Limits::kJoinTimeout, Limits::kIdleTimeout, true});
    stream_.read_message_max(Limits::kMaxMessageBytes);
    stream_.auto_fragment(false);
    stream_.text(true);
    stream_.async_accept(request, [self = shared_from_this()](ErrorCode error) {
      if (!error) self->accepted();
    });
  }

  void refuse(http::status status) {
    refusal_.emplace(status, 11);
    refusal_->keep_alive(false);
    refusal_->prepare_payload();
    http::async_write(beast::get_lowest_layer(stream_), *refusal_,
                      [self = shared_from_this()](ErrorCode, std::size_t) { self->cut(); });
  }

  void accepted() {
    request_.reset();
    timer_.expires_after(Limits::kJoinTimeout);
    timer_.async_wait([weak = weak_from_this()](ErrorCode error) {
      const auto self = weak.lock();
      if (!error && self && !self->player_) self->close(kCloseNotAuthenticated);
    });
    read();
  }

  void read() {
    stream_.async_read(buffer_, [self = shared_from_this()](ErrorCode error, std::size_t) {
      if (error) return self->gone();
      const auto text = beast::buffers_to_string(self->buffer_.data());
      self->buffer_.consume(self->buffer_.size());
      if (!self->closing_) self->player_ ? self->take_message(text) : self->take_join(text);
      self->read();  // also while closing, to receive the peer's close frame
    });
  }

  void take_join(const std::string& text) {
    const auto frame = wire::decode<ClientFrame>(text, wire::Unknown::refused);
    const auto match = owner_->matches.find(match_);
    if (!frame || frame->type != "join" || !frame->token || !match) return close(kCloseNotAuthenticated);
    const auto player = match->join(*frame->token, shared_from_this());
    if (!player) return close(kCloseNotAuthenticated);
    player_ = player;
    --owner_->not_joined;
    timer_.cancel();
    send(std::make_shared<const std::string>(wire::encode(ServerFrame{"joined", {}, {}})));
  }

  void take_message(const std::string& text) {
    if (!message_limit_.take(std::chrono::steady_clock::now())) return leave_and_close(kCloseTooMany);
    const auto frame = wire::decode<ClientFrame>(text, wire::Unknown::refused);
    if (!frame || frame->type != "message" || frame->token) return leave_and_close(kCloseBadFrame);
    if (const auto match = owner_->matches.find(match_))
      match->broadcast(*player_, frame->data ? frame->data->text : "null");
  }

  void leave_and_close(std::uint16_t code) {
    leave();
    close(code);
  }

  void leave() {
    if (!player_) return;
    if (const auto match = owner_->matches.find(match_)) match->leave(*player_, this);
  }

  void gone() {
    leave();
    if (!closing_) closing_ = kCloseOver;
    cut();
  }

  void write() {
    stream_.async_write(asio::buffer(*unsent_.front()), [self = shared_from_this()](ErrorCode error, std::size_t) {
      if (error) return;  // the pending read fails too, and cleans up
      self->unsent_bytes_ -= self->unsent_.front()->size();
      self->unsent_.pop_front();
      if (!self->unsent_.empty()) return self->write();
      if (self->closing_) self->send_close();
    });
  }

  void send_close() {
    cut_after(kCloseTimeout);
    stream_.async_close(websocket::close_reason(static_cast<websocket::close_code>(*closing_)),
                        [self = shared_from_this()](ErrorCode) { self->cut(); });
  }

  void cut_after(Seconds time) {
    timer_.expires_after(time);
    timer_.async_wait([weak = weak_from_this()](ErrorCode error) {
      const auto self = weak.lock();
      if (!error && self) self->cut();
    });
  }

  void cut() {
    timer_.cancel();
    ErrorCode ignored;
    beast::get_lowest_layer(stream_).socket().close(ignored);
  }

  const std::shared_ptr<Impl> owner_;
  websocket::stream<beast::tcp_stream, false>
      stream_;  // no compression, because of its memory and of decompression bombs
  beast::flat_buffer buffer_;
  asio::steady_timer timer_;  // the timeout of joining, then of closing
  std::optional<http::request_parser<http::empty_body>> request_;
  std::optional<http::response<http::empty_body>> refusal_;
  MatchId match_;
  std::optional<PlayerId> player_;
  TokenBucket message_limit_{Limits::kMaxMessagesPerSecond, Limits::kMaxMessageBurst, std::chrono::steady_clock::now()};
  std::deque<std::shared_ptr<const std::string>> unsent_;
  std::size_t unsent_bytes_ = 0;
  std::optional<std::uint16_t> closing_;
};

void PlayerListener::Impl::accept(const std::shared_ptr<Impl>& self) {
  acceptor.async_accept([this, self](ErrorCode error, Tcp::socket socket) {
    if (!acceptor.is_open()) return;
    if (error) {
      pause.expires_after(kAcceptRetryDelay);
      return pause.async_wait([this, self](ErrorCode stopped) {
        if (!stopped) accept(self);
      });
    }
    // At the limit the new socket is closed at once.
    if (sockets < Limits::kMaxSockets && not_joined < Limits::kMaxSocketsNotJoined) {
      ErrorCode ignored;
      socket.set_option(Tcp::no_delay(true), ignored);
      // The default of the kernel would buffer megabytes for a player who does not read.
      socket.set_option(Tcp::socket::send_buffer_size(static_cast<int>(Limits::kMaxUnsentBytes)), ignored);
      std::make_shared<Socket>(self, std::move(socket))->start();
    }
    accept(self);
  });
}

PlayerListener::PlayerListener(asio::io_context& io, Matches& matches) : impl_(std::make_shared<Impl>(io, matches)) {}

PlayerListener::~PlayerListener() {
  ErrorCode ignored;
  impl_->acceptor.close(ignored);
  impl_->pause.cancel();
}

Result<int, std::string> PlayerListener::listen(const std::string& address, int port) {
  ErrorCode error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) return fail(address + " is not an address");
  const Tcp::endpoint endpoint(ip, static_cast<std::uint16_t>(port));
  auto& acceptor = impl_->acceptor;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(Tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(1024, error);
  if (error) return fail("cannot listen on port " + std::to_string(port) + ": " + error.message());
  impl_->accept(impl_);
  return static_cast<int>(acceptor.local_endpoint().port());
}

}  // namespace mm::game
