#include "services/gateway/transport/ws_session.h"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <deque>

#include "services/gateway/core/close_codes.h"
#include "services/gateway/sockets/link.h"
#include "services/gateway/sockets/sockets.h"

namespace mm::gateway {
namespace {

namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;

constexpr std::size_t kMaxMessageBytes = 64 * 1024;
constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::size_t kMaxQueueBytes = 256 * 1024;
// A message that arrives in more than kMaxPieces pieces with fewer than kMinPieceBytes bytes on average is refused,
// because it costs much CPU time.
constexpr std::size_t kMaxPieces = 64;
constexpr std::size_t kMinPieceBytes = 64;
constexpr Milliseconds kCloseTimeout{3'000};
constexpr std::size_t kMaxReasonBytes = 100;
// RFC 6455, 7.4.2: the last code that applications may use. Beast refuses the other codes that must not be sent.
constexpr std::uint16_t kMaxCloseCode = 4999;
constexpr std::size_t kMaxIdleBufferBytes = 4 * 1024;

class WsSession final : public Connection, public SocketLink, public std::enable_shared_from_this<WsSession> {
 public:
  WsSession(Sockets& sockets, Stream stream, ConnectionCap::Slot slot)
      : sockets_(sockets), shard_(sockets.shard()), slot_(std::move(slot)), ws_(std::move(stream)) {
    shard_.connections.add(this);
  }
  ~WsSession() override { shard_.connections.remove(this); }

  void start(const UpgradeRequest& request, SocketAdmission admission) {
    // Handshake timeout 10 s. Idle timeout 30 s, with a ping after half of it: without any answer the connection ends.
    ws_.set_option(websocket::stream_base::timeout{Seconds{10}, Seconds{30}, true});
    ws_.set_option(websocket::stream_base::decorator([fields = admission.headers](websocket::response_type& response) {
      for (const auto& [name, value] : fields) response.set(name, value);
      response.set(beast::http::field::server, "matchmaker");  // otherwise Beast sends its name and version
    }));
    ws_.read_message_max(kMaxMessageBytes);
    ws_.auto_fragment(false);
    ws_.text(true);
    ws_.control_callback([this](websocket::frame_type type, beast::string_view) { on_control(type); });
    ws_.async_accept(request, [self = shared_from_this(), admission = std::move(admission)](error_code error) mutable {
      if (error) return self->finish();
      self->player_ = self->sockets_.open(*self, std::move(admission));
      self->read();
    });
  }

  // --- SocketLink ---

  void send(FrameText text) override {
    if (closing_) return;
    queued_bytes_ += text->size();
    queue_.push_back(std::move(text));
    if (queued_bytes_ > kMaxQueueBytes) return close_too_slow();
    if (queue_.size() == 1) write();
  }

  void close(std::uint16_t code, std::string_view reason) override {
    if (closing_) return;
    closing_ = true;
    close_code_ = code;
    close_reason_ = reason.substr(0, kMaxReasonBytes);
    deadline_ = std::chrono::steady_clock::now() + kCloseTimeout;
    if (queue_.empty()) send_close();
  }

  // --- Connection ---

  void on_tick(SteadyPoint now) override {
    if (now < deadline_) return;
    deadline_ = SteadyPoint::max();
    error_code error;
    ws_.next_layer().next_layer().close(error);
    finish();
  }

  void wind_down() override {}  // Sockets::end_all ends the socket

 private:
  void read() {
    ws_.async_read_some(buffer_, kReadBytes,
                        [self = shared_from_this()](error_code error, std::size_t) { self->on_read(error); });
  }

  void on_read(error_code error) {
    if (error || finished_) return finish();
    if (!ws_.is_message_done()) {
      const bool tiny_pieces = ++pieces_ > kMaxPieces && buffer_.size() < pieces_ * kMinPieceBytes;
      if (tiny_pieces) close(static_cast<std::uint16_t>(websocket::close_code::too_big), "too many pieces");
      return read();
    }
    pieces_ = 0;
    const auto data = buffer_.data();
    if (ws_.got_binary()) {
      player_->on_binary();
    } else {
      player_->on_text({static_cast<const char*>(data.data()), data.size()});
    }
    buffer_.consume(buffer_.size());
    if (buffer_.capacity() > kMaxIdleBufferBytes) buffer_ = beast::flat_buffer();
    read();
  }

  // While Beast reads: what ends the socket here is done after that, except for the answer to a close code that must
  // not be sent, which has to come before the one that Beast would give.
  void on_control(websocket::frame_type type) {
    if (type == websocket::frame_type::close && ws_.reason().code > kMaxCloseCode) return refuse_close();
    if (closing_) return;
    net::post(ws_.get_executor(), [self = shared_from_this()] {
      if (self->player_) self->player_->on_control();
    });
  }

  void refuse_close() {
    if (close_sent_) return;
    closing_ = true;
    close_code_ = static_cast<std::uint16_t>(websocket::close_code::protocol_error);
    close_reason_.clear();
    deadline_ = std::chrono::steady_clock::now() + kCloseTimeout;
    if (!queue_.empty()) queue_.erase(queue_.begin() + 1, queue_.end());
    send_close();
  }

  void write() {
    ws_.async_write(net::buffer(*queue_.front()),
                    [self = shared_from_this()](error_code error, std::size_t) { self->on_written(error); });
  }

  void on_written(error_code error) {
    if (error) return finish();
    queued_bytes_ -= queue_.front()->size();
    queue_.pop_front();
    if (!queue_.empty()) return write();
    // An empty deque keeps a block of memory, which is released here because most sockets are idle.
    queue_.shrink_to_fit();
    if (closing_) send_close();
  }

  // The client reads too slowly: all queued frames are dropped, except the first, which is being written.
  void close_too_slow() {
    shard_.gateway.metrics.sockets_too_slow.add();
    queue_.erase(queue_.begin() + 1, queue_.end());
    queued_bytes_ = queue_.front()->size();
    if (player_) player_->end(close_codes::kTooSlow, "too slow");
    close(close_codes::kTooSlow, "too slow");
  }

  void send_close() {
    if (std::exchange(close_sent_, true)) return;
    websocket::close_reason reason;
    reason.code = close_code_;
    reason.reason = close_reason_;
    ws_.async_close(reason, [self = shared_from_this()](error_code) { self->finish(); });
  }

  void finish() {
    if (finished_) return;
    finished_ = true;
    closing_ = true;
    deadline_ = SteadyPoint::max();
    if (player_) player_->on_closed();
    player_.reset();
    error_code error;
    ws_.next_layer().next_layer().close(error);
  }

  Sockets& sockets_;
  Shard& shard_;
  ConnectionCap::Slot slot_;
  websocket::stream<Stream, false> ws_;  // false: without permessage-deflate
  beast::flat_buffer buffer_;
  std::deque<FrameText> queue_;  // the first frame is being written
  std::size_t queued_bytes_ = 0;
  std::size_t pieces_ = 0;
  std::shared_ptr<PlayerSocket> player_;  // owners: this, and the shard's Sockets
  SteadyPoint deadline_ = SteadyPoint::max();
  std::uint16_t close_code_ = 0;
  std::string close_reason_;
  bool closing_ = false;
  bool close_sent_ = false;
  bool finished_ = false;
};

}  // namespace

void serve_socket(Sockets& sockets, Stream stream, ConnectionCap::Slot slot, UpgradeRequest request,
                  SocketAdmission admission) {
  std::make_shared<WsSession>(sockets, std::move(stream), std::move(slot))->start(request, std::move(admission));
}

}  // namespace mm::gateway
