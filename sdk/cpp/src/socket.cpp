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
constexpr std::chrono::milliseconds kPollInterval{1};
constexpr std::chrono::seconds kExitTimeout{1};

// Counts the connections that are closing on pool threads. At the end of the program the destructor waits up to
// kExitTimeout for them, so that the program does not end during a close. A running game never waits for a close.
class Closings {
 public:
  static Closings& get() {
    static Closings all;
    return all;
  }
  ~Closings() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, kExitTimeout, [this] { return under_way_ == 0; });
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

// One connection of cpprestsdk. Owners: the socket, and the callbacks of cpprestsdk while they run.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(ws::websocket_client_config config, Socket::Handlers handlers)
      : handlers_(std::move(handlers)), client_(std::move(config)) {}

  /// cpprestsdk throws if it does not accept the address; this is reported through the handler `closed`.
  void connect(const std::string& url) {
    std::weak_ptr<Connection> weak = shared_from_this();
    client_.set_message_handler([weak](const ws::websocket_incoming_message& message) {
      if (auto self = weak.lock()) self->received(message);
    });
    client_.set_close_handler(
        [weak](ws::websocket_close_status status, const std::string& reason, const std::error_code&) {
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
          // The close handler reports the failure.
        }
      });
    } catch (const std::exception&) {
      // Not connected. The close handler reports the failure.
    }
  }

  /// No handler runs after this call.
  void forget() {
    std::lock_guard<std::mutex> lock(mutex_);
    handlers_ = {};
  }

  /// Closes and destroys a connection. The destructor of the cpprestsdk client joins the thread of the client, so the
  /// last reference must not be released on that thread. A pool thread releases it when no callback has a reference any
  /// more. A client that never began to connect must not be closed, because close() would crash.
  static void end(std::shared_ptr<Connection> connection) {
    if (!connection->begun_) return;
    Closings::get().begun();
    // cpprestsdk copies the continuation. A raw pointer keeps the copies from adding references.
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
        // The connection was never open or broke. It counts as closed.
      }
      while (owner->use_count() > 1) std::this_thread::sleep_for(kPollInterval);
      delete owner;
      Closings::get().ended();
    });
  }

 private:
  void opened() {
    call([](const Socket::Handlers& h) {
      if (h.opened) h.opened();
    });
  }

  void received(const ws::websocket_incoming_message& message) {
    if (message.message_type() != ws::websocket_message_type::text_message) return;
    try {
      // The text is already available, so get() does not block. A continuation would run on the pool, where a later
      // message could overtake it.
      auto text = message.extract_string().get();
      call([&](const Socket::Handlers& h) {
        if (h.received) h.received(std::move(text));
      });
    } catch (const std::exception&) {
      // The message has no valid text. It is dropped.
    }
  }

  void closed(int code, const std::string& why) {
    if (told_.exchange(true)) return;
    call([&](const Socket::Handlers& h) {
      if (h.closed) h.closed(code, why);
    });
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

// A socket that could not be opened.
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
  Closings::get();  // constructed before the first connection, so that it is destroyed after the last one
  connection->connect((address->tls ? "wss://" : "ws://") + address->place() + address->path);
  return std::make_unique<CpprestSocket>(std::move(connection));
}

}  // namespace matchmaker
