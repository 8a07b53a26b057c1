#include "services/gateway/transport/http_session.h"

#include "services/gateway/transport/stream.h"
#include "services/gateway/transport/ws_session.h"

#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <chrono>
#include <optional>

#include "common/runtime/log.h"
#include "services/gateway/admission/request_admission.h"
#include "services/gateway/core/body.h"
#include "services/gateway/core/head.h"

namespace mm::gateway {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr Milliseconds kHandshakeTimeout{5'000};
constexpr Milliseconds kHeadTimeout{5'000};
constexpr Milliseconds kIdleTimeout{30'000};
constexpr Milliseconds kServingTimeout{60'000};
constexpr Milliseconds kWriteTimeout{10'000};
constexpr Milliseconds kLingerTimeout{1'000};
// During the shutdown, an idle connection stays open for this time, because a request may be on its way. Its answer
// tells the client to close the connection.
constexpr Milliseconds kIdleGrace{1'000};
// A body may take this long, plus one second for each kilobyte received.
constexpr Milliseconds kBodyTimeout{5'000};
constexpr std::size_t kBodyBytesPerSecond = 1024;
constexpr std::size_t kReadBytes = 4096;
// The largest head plus the bytes read after it.
constexpr std::size_t kBufferBytes = 40 * 1024;
constexpr std::size_t kMaxLingerBytes = 256 * 1024;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

class HttpSession final : public Connection, public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(Shard& shard, Sockets& sockets, TcpSocket socket, ConnectionCap::Slot slot, net::ssl::context* tls)
      : shard_(shard),
        sockets_(sockets),
        slot_(std::move(slot)),
        stream_(std::move(socket), tls),
        buffer_(kBufferBytes) {
    error_code error;
    const auto peer = stream_.next_layer().remote_endpoint(error);
    if (!error) peer_ = peer.address().to_string(error);
    const auto local = stream_.next_layer().local_endpoint(error);
    if (!error) local_ = {local.address().to_string(error), local.port(), tls != nullptr};
    shard_.connections.add(this);
  }
  ~HttpSession() override { shard_.connections.remove(this); }

  void start() {
    if (!stream_.is_tls()) return read_head();
    enter(Phase::handshake, kHandshakeTimeout);
    stream_.async_handshake([self = shared_from_this()](error_code error) {
      if (error) return self->close();
      self->read_head();
    });
  }

  void on_tick(SteadyPoint now) override {
    if (now < deadline_) return;
    const bool answers = phase_ == Phase::head || phase_ == Phase::body;
    if (!answers) return close();
    // Cancels the pending read. Its handler sees timed_out_ and answers with 408.
    timed_out_ = true;
    deadline_ = SteadyPoint::max();
    error_code error;
    stream_.next_layer().cancel(error);
  }

  void wind_down() override {
    if (phase_ == Phase::idle) deadline_ = std::min(deadline_, std::chrono::steady_clock::now() + kIdleGrace);
  }

 private:
  enum class Phase { handshake, idle, head, body, serving, writing, lingering };

  void enter(Phase phase, Milliseconds within) {
    phase_ = phase;
    deadline_ = std::chrono::steady_clock::now() + within;
  }

  // --- the head ---

  void read_head() {
    parser_.reset();
    if (buffer_.size() > 0) {
      enter(Phase::head, kHeadTimeout);
      return look_for_head();
    }
    enter(Phase::idle, shard_.gateway.draining ? kIdleGrace : served_ == 0 ? kHeadTimeout : kIdleTimeout);
    read_more();
  }

  void read_more() {
    const auto room = std::min(kReadBytes, buffer_.max_size() - buffer_.size());
    stream_.async_read_some(buffer_.prepare(room), [self = shared_from_this()](error_code error, std::size_t bytes) {
      self->on_head_bytes(error, bytes);
    });
  }

  void on_head_bytes(error_code error, std::size_t bytes) {
    if (timed_out_) return refuse(Code::request_timeout, "the header did not arrive in time");
    if (error) return close();
    buffer_.commit(bytes);
    if (phase_ == Phase::idle) {
      enter(Phase::head, kHeadTimeout);
      // One empty line before a request is ignored (RFC 9112, 2.2).
      if (text().starts_with("\r\n")) buffer_.consume(2);
    }
    look_for_head();
  }

  std::string_view text() const {
    const auto data = buffer_.data();
    return {static_cast<const char*>(data.data()), data.size()};
  }

  void look_for_head() {
    const auto length = find_head(text());
    if (!length) return refuse(length.error().code, length.error().detail);
    if (*length == 0) return read_more();
    auto head = parse_head(text().substr(0, *length));
    if (!head) return refuse(head.error().code, head.error().detail);
    take_head(*std::move(head), *length);
  }

  // Beast parses the head again: the WebSocket handshake needs its message, and a head that Beast refuses is refused.
  void take_head(Head head, std::size_t length) {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(kBufferBytes));
    error_code error;
    const auto used = parser_->put(net::const_buffer(buffer_.data().data(), length), error);
    if (error == http::error::need_more) error = {};
    if (error || used != length || !parser_->is_header_done())
      return refuse(Code::malformed_request, "the header is malformed");
    buffer_.consume(length);
    keep_alive_ = head.keep_alive;
    body_.reset();
    if (head.has_body()) body_.emplace(head);
    request_ = {};
    request_.method = std::move(head.method);
    request_.target = std::move(head.target);
    request_.minor_version = head.minor_version;
    request_.headers = std::move(head.headers);
    request_.peer = peer_;
    request_.local = local_;
    request_.upgrade = head.upgrade;
    if (!body_) return hand_over();
    body_started_ = std::chrono::steady_clock::now();
    enter(Phase::body, kBodyTimeout);
    if (!head.expects_continue || buffer_.size() > 0) return read_body();
    net::async_write(stream_, net::buffer(kContinue), [self = shared_from_this()](error_code failed, std::size_t) {
      if (failed) return self->close();
      self->read_body();
    });
  }

  // --- the body ---

  void read_body() {
    const auto used = body_->read(text());
    if (!used) return refuse(used.error().code, used.error().detail);
    buffer_.consume(*used);
    if (body_->is_done()) {
      request_.body = body_->take();
      return hand_over();
    }
    deadline_ = body_started_ + kBodyTimeout + Milliseconds(1000 * body_->received() / kBodyBytesPerSecond);
    stream_.async_read_some(buffer_.prepare(kReadBytes),
                            [self = shared_from_this()](error_code failed, std::size_t bytes) {
                              if (self->timed_out_)
                                return self->refuse(Code::request_timeout, "the body did not arrive in time");
                              if (failed) return self->close();
                              self->buffer_.commit(bytes);
                              self->read_body();
                            });
  }

  // --- the answer ---

  void hand_over() {
    enter(Phase::serving, kServingTimeout);
    ++served_;
    head_only_ = request_.method == "HEAD";
    // parser_ is kept until the answer, because an upgrade needs the Beast message.
    serve(shard_, std::move(request_), [self = shared_from_this()](Outcome outcome) {
      if (outcome.admission) return self->upgrade(*std::move(outcome.admission));
      self->write(std::move(outcome.answer));
    });
  }

  void upgrade(SocketAdmission admission) {
    // A client must not send frames before the handshake is answered.
    if (buffer_.size() > 0) return refuse(Code::malformed_request, "frames were sent before the handshake");
    serve_socket(sockets_, std::move(stream_), std::move(slot_), parser_->release(), std::move(admission));
    phase_ = Phase::serving;
    deadline_ = SteadyPoint::max();
  }

  /// Answers a request that could not be parsed or did not arrive in time, then closes the connection.
  void refuse(Code code, std::string_view detail) {
    shard_.gateway.metrics.heads_refused.add();
    timed_out_ = false;
    const auto trace = trace::new_trace();
    auto answer = problem_answer(mm::refuse(code, std::string(detail)).error, trace.trace_id_text());
    const trace::Scope scope(trace);
    log::info("request_refused", {{"status", answer.status}, {"code", info(code).name}, {"reason", detail}});
    const auto quota = quota_of(Cost::read);
    answer.headers.emplace_back("X-Request-Id", trace.trace_id_text());
    answer.headers.emplace_back("traceparent", trace.traceparent());
    answer.headers.emplace_back("X-Content-Type-Options", "nosniff");
    answer.headers.emplace_back("Cache-Control", "no-store");
    answer.headers.emplace_back("RateLimit", "limit=" + std::to_string(quota.capacity) +
                                                 ", remaining=" + std::to_string(quota.capacity) + ", reset=0");
    answer.headers.emplace_back("RateLimit-Policy",
                                std::to_string(quota.capacity) + ";w=" + std::to_string(quota.window.count()));
    answer.close = true;
    head_only_ = false;
    write(std::move(answer));
  }

  void write(HttpAnswer answer) {
    enter(Phase::writing, kWriteTimeout);
    keep_alive_ = keep_alive_ && !answer.close && !shard_.gateway.draining;
    answer_ = std::move(answer);
    const auto seconds = std::chrono::duration_cast<Seconds>(shard_.gateway.runtime.clock.now().time_since_epoch());
    head_text_ = render_head(answer_, keep_alive_, http_date(seconds.count()));
    const auto content =
        head_only_ || answer_.status == 304 || answer_.status == 204 ? std::string_view{} : answer_.content();
    const std::array<net::const_buffer, 2> parts{net::buffer(head_text_), net::buffer(content.data(), content.size())};
    net::async_write(stream_, parts,
                     [self = shared_from_this()](error_code error, std::size_t) { self->on_written(error); });
  }

  void on_written(error_code error) {
    if (error) return close();
    if (keep_alive_) return read_head();
    linger();
  }

  // Closing the socket while the client still sends would reset the connection, and the client might lose the answer.
  // So only the sending side is shut down, and input is discarded for up to kLingerTimeout or kMaxLingerBytes.
  void linger() {
    error_code error;
    stream_.next_layer().shutdown(TcpSocket::shutdown_send, error);
    if (error) return close();
    enter(Phase::lingering, kLingerTimeout);
    discard();
  }

  void discard() {
    buffer_.clear();
    stream_.next_layer().async_read_some(buffer_.prepare(kReadBytes),
                                         [self = shared_from_this()](error_code error, std::size_t bytes) {
                                           self->lingered_ += bytes;
                                           if (error || self->lingered_ > kMaxLingerBytes) return self->close();
                                           self->discard();
                                         });
  }

  void close() {
    deadline_ = SteadyPoint::max();
    error_code error;
    stream_.next_layer().close(error);
  }

  Shard& shard_;
  Sockets& sockets_;
  ConnectionCap::Slot slot_;
  Stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<BodyReader> body_;
  std::string peer_;
  LocalEnd local_;
  HttpRequest request_;
  HttpAnswer answer_;
  std::string head_text_;
  Phase phase_ = Phase::idle;
  SteadyPoint deadline_ = SteadyPoint::max();
  SteadyPoint body_started_{};
  std::size_t served_ = 0;
  std::size_t lingered_ = 0;
  bool keep_alive_ = false;
  bool head_only_ = false;
  bool timed_out_ = false;
};

}  // namespace

void serve_connection(Shard& shard, Sockets& sockets, TcpSocket socket, ConnectionCap::Slot slot,
                      boost::asio::ssl::context* tls) {
  std::make_shared<HttpSession>(shard, sockets, std::move(socket), std::move(slot), tls)->start();
}

}  // namespace mm::gateway
