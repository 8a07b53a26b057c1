#include "src/socket.h"

#include <cpprest/ws_client.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace matchmaker {
namespace {

namespace ws = web::websockets::client;

constexpr int kBroken = 1006;
constexpr std::chrono::milliseconds kLook{1};
constexpr std::chrono::seconds kExitWait{1};

// Connections that close on threads of the pool. A program that ends waits for them a little, so that it does not end in
// the middle of one; a game that goes on waits for none.
class Closings {
 public:
  static Closings& get() {
    static Closings all;
    return all;
  }
  ~Closings() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, kExitWait, [this] { return under_way_ == 0; });
  }
  void begun() {
    std::lock_guard<std::mutex> lock(mutex_);
    ++under_way_;
  }
  void ended() {
    std::lock_guard<std::mutex> lock(mutex_);
    --under_way_;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int under_way_ = 0;
};

// Owners: the socket, and the library's callbacks while they run.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(ws::websocket_client_config config, Socket::Handlers handlers)
      : handlers_(std::move(handlers)), client_(std::move(config)) {}

  /// The library throws for addresses that it does not take.
  void connect(const std::string& url) {
    std::weak_ptr<Connection> weak = shared_from_this();
    client_.set_message_handler([weak](const ws::websocket_incoming_message& message) {
      if (auto self = weak.lock()) self->received(message);
    });
    client_.set_close_handler([weak](ws::websocket_close_status status, const std::string& reason, const std::error_code&) {
      if (auto self = weak.lock()) self->closed(static_cast<int>(status), reason);
    });
    try {
      auto connecting = client_.connect(web::uri(url));
      begun_ = true;
      connecting.then([self = shared_from_this()](const pplx::task<void>& done) {
        try {
          done.get();
          self->opened();
        } catch (const std::exception& error) {
          self->closed(kBroken, error.what());
        }
      });
    } catch (const std::exception& error) {
      closed(kBroken, error.what());
    }
  }

  void send(std::string text) {
    if (!begun_) return;
    try {
      ws::websocket_outgoing_message message;
      message.set_utf8_message(std::move(text));
      client_.send(message).then([](const pplx::task<void>& sent) {
        try {
          sent.get();
        } catch (const std::exception&) {
          // The close handler tells.
        }
      });
    } catch (const std::exception&) {
      // Not connected yet or any more: the close handler tells.
    }
  }

  /// No handler runs from now on.
  void forget() {
    std::lock_guard<std::mutex> lock(mutex_);
    handlers_ = {};
  }

  /// The library joins its own thread when the client goes, so the last reference may not be let go on that thread: a
  /// thread of the pool does it, once no callback holds on. Closing a client that never began to connect would crash.
  static void end(std::shared_ptr<Connection> connection) {
    if (!connection->begun_) return;
    Closings::get().begun();
    // The continuation's function is copied, so it holds one owner through a plain pointer.
    auto* owner = new std::shared_ptr<Connection>(std::move(connection));
    pplx::task<void> closing;
    try {
      closing = (*owner)->client_.close();
    } catch (const std::exception&) {
      closing = pplx::task_from_result();
    }
    closing.then([owner](const pplx::task<void>& closed) {
      try {
        closed.get();
      } catch (const std::exception&) {
        // It was never open, or broke: closed all the same.
      }
      while (owner->use_count() > 1) std::this_thread::sleep_for(kLook);
      delete owner;
      Closings::get().ended();
    });
  }

 private:
  void opened() {
    call([](const Socket::Handlers& h) { if (h.opened) h.opened(); });
  }

  void received(const ws::websocket_incoming_message& message) {
    if (message.message_type() != ws::websocket_message_type::text_message) return;
    try {
      // It is here already. A continuation would run on the pool, where a later message may overtake it.
      auto text = message.extract_string().get();
      call([&](const Socket::Handlers& h) { if (h.received) h.received(std::move(text)); });
    } catch (const std::exception&) {
      // No text after all: dropped.
    }
  }

  void closed(int code, const std::string& why) {
    if (told_.exchange(true)) return;
    call([&](const Socket::Handlers& h) { if (h.closed) h.closed(code, why); });
  }

  template <class F>
  void call(F f) {
    std::lock_guard<std::mutex> lock(mutex_);
    f(handlers_);
  }

  std::mutex mutex_;
  Socket::Handlers handlers_;  // guarded by mutex_
  std::atomic<bool> told_{false};
  std::atomic<bool> begun_{false};
  ws::websocket_callback_client client_;
};

class CpprestSocket final : public Socket {
 public:
  explicit CpprestSocket(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  ~CpprestSocket() override {
    connection_->forget();
    Connection::end(std::move(connection_));
  }
  void send(std::string text) override { connection_->send(std::move(text)); }

 private:
  std::shared_ptr<Connection> connection_;
};

// What could not be opened.
class NoSocket final : public Socket {
 public:
  void send(std::string) override {}
};

std::unique_ptr<Socket> refused(const std::string& why, const Socket::Handlers& handlers) {
  if (handlers.closed) handlers.closed(kBroken, why);
  return std::make_unique<NoSocket>();
}

}  // namespace

std::unique_ptr<Socket> open_socket(const Result<Address>& address, const std::string& access_token,
                                    Socket::Handlers handlers) {
  if (!address) return refused(address.error().detail, handlers);
  std::shared_ptr<Connection> connection;
  try {
    ws::websocket_client_config config;
    if (!access_token.empty()) {
      config.add_subprotocol("mm.v1.json");
      config.headers().add("Authorization", "Bearer " + access_token);
    }
    connection = std::make_shared<Connection>(std::move(config), handlers);
  } catch (const std::exception& error) {
    return refused(error.what(), handlers);
  }
  Closings::get();  // made before the first connection, so that it goes after the last
  connection->connect((address->tls ? "wss://" : "ws://") + address->place() + address->path);
  return std::make_unique<CpprestSocket>(std::move(connection));
}

}  // namespace matchmaker
